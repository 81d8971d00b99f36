"""Verify an exported file: parity of its embeddings, and change of its mAP."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.datasets.retrieval_task import create_retrieval_task
from learning_reid.datasets.sample import CropDataset
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.metrics.matches import find_matches, has_true_match
from learning_reid.metrics.protocol import Protocol, get_protocol
from learning_reid.metrics.retrieval import retrieval_metrics

BATCHES = (1, 2, 17)
FLOAT_TOLERANCE = 1e-4  # accepted difference of each component of a unit vector
INT8_COSINE = 0.8  # lowest accepted cosine similarity
GATES = {"float32": 0.5, "int8": 1.5}  # largest accepted loss of mAP in points


@dataclass(frozen=True)
class Parity:
    """Differences between the embeddings of an exported and the original model."""

    kind: str  #: Kind of the images: "random" or "real"
    difference: dict[int, float]  #: Batch size → largest absolute difference of any component
    cosine: float  #: Lowest cosine similarity of any image


@dataclass(frozen=True)
class AccuracyChange:
    """mAP of the original and of the exported model on the same crops, 0–1."""

    before: float
    after: float
    queries: int

    @property
    def loss(self) -> float:
        """Loss of mAP in points (of 100); negative if it rose."""
        return 100 * (self.before - self.after)


def open_exported(file: Path, name: str) -> Embedder:
    """Create an embedder from an exported file, without further loss of precision."""
    return create_embedder(name, str(file), "openvino" if file.suffix == ".xml" else "onnx", precision="float32")


def compare_features(original: Embedder, exported: Embedder, images: Sequence[np.ndarray], kind: str) -> Parity:
    """Compare the embeddings of the same images in batches of 1, 2 and 17.

    Args:
        original, exported: Both return unit vectors.
        images: (h, w, 3) uint8 RGB, at least one; repeated if there are fewer than 17.
        kind: "random" or "real".
    """
    chosen = [images[index % len(images)] for index in range(max(BATCHES))]
    expected = original(chosen)  # (17, d)
    found = {size: exported(chosen[:size]) for size in BATCHES}
    difference = {size: float(np.abs(found[size] - expected[:size]).max()) for size in BATCHES}
    return Parity(kind, difference, float((found[max(BATCHES)] * expected).sum(axis=1).min()))


def random_images(height: int, width: int, seed: int = 0) -> list[np.ndarray]:
    """Generate 17 images of noise, (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 256, (max(BATCHES), height, width, 3), np.uint8))


def check_crops(crops: CropDataset, protocol: str = "market1501") -> None:
    """Raise a UserError for crops on which mAP cannot be measured: no query has a true match in the gallery."""
    rule = get_protocol(protocol)
    split = split_query_gallery(crops, all_as_queries=rule.removes == "same picture")
    if not has_true_match(split.query_labels, split.gallery_labels, rule).any():
        raise UserError(
            f"{crops.root}: {split.dataset.name}: no query has a true match by the protocol {protocol}, so mAP cannot "
            "be measured; use crops of people seen by two cameras or more, or another --protocol"
        )


def compare_accuracy(
    original: Embedder, exported: Embedder, crops: CropDataset, protocol: str = "market1501"
) -> AccuracyChange:
    """Measure the mAP of both models; without a split, queries are of the first camera."""
    rule = get_protocol(protocol)
    split = split_query_gallery(crops, all_as_queries=rule.removes == "same picture")
    before, after = (_map(embedder, split, rule) for embedder in (original, exported))
    return AccuracyChange(before, after, len(split.query))


def _map(embedder: Embedder, split: QueryGallerySplit, rule: Protocol) -> float:
    labels = split.query_labels, split.gallery_labels
    rows = create_retrieval_task(split, embed_samples(split.samples, embedder), "cosine").distance_rows()
    return retrieval_metrics(find_matches(rows, *labels, rule), *labels, rule).means["map"]


def check_parity(parity: Parity, int8: bool) -> None:
    """Raise a UserError if the embeddings differ by more than the tolerance of float32.

    In int8, the lowest cosine on real images must reach its limit.
    """
    worst = max(parity.difference.values())
    if not int8 and not worst <= FLOAT_TOLERANCE:
        raise UserError(
            f"the exported model is not the original one: on {parity.kind} images unit vectors differ by {worst:.1e} "
            f"(allowed: {FLOAT_TOLERANCE:g}); export it again with another version of torch"
        )
    judged = parity.kind == "real" or np.isnan(parity.cosine)
    if int8 and judged and not parity.cosine >= INT8_COSINE:
        raise UserError(
            f"int8 changed the model too much: the lowest cosine to float32 is {parity.cosine:.3f} "
            f"(at least {INT8_COSINE}); calibrate on images like those it will be used on"
        )


def check_accuracy(accuracy: AccuracyChange, gate: float) -> None:
    """Raise a UserError if mAP fell by more points than the gate allows."""
    if not accuracy.loss <= gate:
        raise UserError(
            f"mAP fell by {accuracy.loss:.1f} points, from {100 * accuracy.before:.1f} to {100 * accuracy.after:.1f} "
            f"(allowed: {gate:g}); calibrate on images like those it will be used on, or use float32"
        )
