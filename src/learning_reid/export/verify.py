"""Is the exported file the same network? Parity of its features, and what became of its accuracy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.datasets.embeddings import embed_samples
from learning_reid.datasets.sample import CropDataset
from learning_reid.datasets.query_gallery_split import QueryGallerySplit, split_query_gallery
from learning_reid.datasets.retrieval_task import create_retrieval_task
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.metrics.matches import has_true_match, find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import retrieval_metrics

BATCHES = (1, 2, 17)
FLOAT_TOLERANCE = 1e-4  # of each number of a unit vector
INT8_COSINE = 0.8  # of the worst picture
GATES = {"float32": 0.5, "int8": 1.5}  # points of mAP that may be lost


@dataclass(frozen=True)
class Parity:
    """How far an exported network's unit vectors lie from the original's.

    Attributes:
        kind: of the pictures: "random" or "real".
        difference: the largest of any number, in batches of each of the sizes.
        cosine: of the worst picture.
    """

    kind: str
    difference: dict[int, float]
    cosine: float


@dataclass(frozen=True)
class Accuracy:
    """mAP of the original and of the exported network on the same crops, 0–1."""

    before: float
    after: float
    queries: int

    @property
    def fall(self) -> float:
        """Points of mAP (of 100) that were lost; negative where it rose."""
        return 100 * (self.before - self.after)


def open_exported(file: Path, name: str) -> Embedder:
    """An exported file as an embedder, in float32 where it is in float32."""
    return create_embedder(name, str(file), "openvino" if file.suffix == ".xml" else "onnx", precision="float32")


def compare_features(original: Embedder, exported: Embedder, pictures: Sequence[np.ndarray], kind: str) -> Parity:
    """Embed the same pictures with both, in batches of 1, 2 and 17.

    Args:
        original, exported: the two; both answer with unit vectors.
        pictures: (h, w, 3) uint8 RGB, at least one; they are repeated where there are fewer than 17.
        kind: what pictures they are, for the report.
    """
    taken = [pictures[index % len(pictures)] for index in range(max(BATCHES))]
    wanted = original(taken)  # (17, d)
    found = {size: exported(taken[:size]) for size in BATCHES}
    difference = {size: float(np.abs(found[size] - wanted[:size]).max()) for size in BATCHES}
    return Parity(kind, difference, float((found[max(BATCHES)] * wanted).sum(axis=1).min()))


def random_pictures(height: int, width: int, seed: int = 0) -> list[np.ndarray]:
    """Noise, 17 pictures (height, width, 3) uint8."""
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 256, (max(BATCHES), height, width, 3), np.uint8))


def check_answerable(crops: CropDataset) -> None:
    """Refuse crops on which no mAP can be measured.

    Raises:
        UserError: nobody can be found in them.
    """
    contest = split_query_gallery(crops)
    if not has_true_match(contest.query_labels, contest.gallery_labels, PROTOCOLS["market1501"]).any():
        raise UserError(
            f"{crops.root}: {contest.dataset.name}: nobody is seen by two cameras, so no mAP can be measured; give crops "
            "of people before two cameras or more"
        )


def compare_accuracy(original: Embedder, exported: Embedder, crops: CropDataset) -> Accuracy:
    """mAP of both by the Market-1501 rule; without a split the first camera asks. See `check_answerable`."""
    contest = split_query_gallery(crops)
    before, after = (_map(embedder, contest) for embedder in (original, exported))
    return Accuracy(before, after, len(contest.query))


def _map(embedder: Embedder, contest: QueryGallerySplit) -> float:
    labels, rule = (contest.query_labels, contest.gallery_labels), PROTOCOLS["market1501"]
    rows = create_retrieval_task(contest, embed_samples(contest.samples, embedder), "cosine").distance_rows()
    return retrieval_metrics(find_matches(rows, *labels, rule), *labels, rule).means["map"]


def check_parity(parity: Parity, int8: bool) -> None:
    """Refuse a file whose features are not those of the original.

    Raises:
        UserError: they differ by more than float32 allows; in int8, the worst picture points elsewhere.
    """
    worst = max(parity.difference.values())
    if not int8 and not worst <= FLOAT_TOLERANCE:
        raise UserError(
            f"the exported network is another one: on {parity.kind} pictures its unit vectors differ by {worst:.1e} "
            f"(allowed: {FLOAT_TOLERANCE:g}); export it again with another version of torch"
        )
    judged = parity.kind == "real" or np.isnan(parity.cosine)
    if int8 and judged and not parity.cosine >= INT8_COSINE:
        raise UserError(
            f"int8 changed the network: on the worst of the pictures the cosine to float32 is {parity.cosine:.3f} "
            f"(at least {INT8_COSINE}); calibrate on pictures like those it will see"
        )


def check_accuracy(accuracy: Accuracy, gate: float) -> None:
    """Refuse a file that finds people less well.

    Raises:
        UserError: mAP fell by more points than the gate lets through.
    """
    if not accuracy.fall <= gate:
        raise UserError(
            f"mAP fell by {accuracy.fall:.1f} points, from {100 * accuracy.before:.1f} to {100 * accuracy.after:.1f} "
            f"(allowed: {gate:g}); calibrate on pictures like those it will see, or stay with float32"
        )
