"""Calibrated thresholds: the distance below which two crops count as one person, stored beside the weights.

Distances of different models have different scales, so a threshold belongs to one model, one weights file and one
metric, and is refused for any other. `calibrate` chooses it on labelled data.
"""

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.yaml_file import read_mapping
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo.checksums import sha256_of


@dataclass(frozen=True)
class OperatingPoint:
    """A verification and an identification threshold, with their error rates on other people than they were chosen on.

    Attributes:
        embedder: The model.
        weights_sha256: Checksum of the weights that the thresholds belong to.
        metric: "euclidean" or "cosine", on unit vectors.
        pair_threshold: Verification: two crops at or below this distance are accepted as one person.
        search_threshold: Identification: a query whose nearest gallery crop is farther is rejected as unknown.
        pair_far_wanted: Requested false acceptance rate of pairs.
        pair_far: Measured share of impostor pairs that are accepted.
        pair_tar: Measured share of genuine pairs that are accepted.
        fpr_at_95: Share of impostor pairs accepted at the threshold that accepts 95 % of the genuine pairs.
        eer: Equal error rate.
        search_far_wanted: Requested false alarm rate of searches.
        search_far: Measured share of queries without a true match in the gallery that are not rejected.
        search_dir: Measured share of queries with a true match that are identified correctly.
        gallery: Number of gallery crops; a larger gallery causes more false alarms.
        persons: Number of people the thresholds were chosen on, and of others they were measured on.
        data: The dataset and the fingerprint of the samples that were used.
        seed: Seed of the split of the people.
    """

    embedder: str
    weights_sha256: str
    metric: str
    pair_threshold: float
    search_threshold: float
    pair_far_wanted: float
    pair_far: float
    pair_tar: float
    fpr_at_95: float
    eer: float
    search_far_wanted: float
    search_far: float
    search_dir: float
    gallery: int
    persons: list[int]
    data: str
    seed: int


def operating_point_file(weights: Path) -> Path:
    """Return the file with the operating point of a weights file: `a.pth` → `a.pth.threshold.yml`."""
    return weights.with_name(f"{weights.name}.threshold.yml")


def write_operating_point(file: Path, point: OperatingPoint) -> None:
    """Write or replace the file of an operating point.

    Raises:
        UserError: The file cannot be written.
    """
    with atomic_write(file) as temporary:
        temporary.write_text(yaml.safe_dump(asdict(point), sort_keys=False, allow_unicode=True), encoding="utf-8")


def load_operating_point(name: str, weights: str, metric: str) -> OperatingPoint:
    """Read the operating point that was calibrated for a model.

    Args:
        name: The model.
        weights: See the setting `embedder.weights`.
        metric: "euclidean" or "cosine".

    Raises:
        UserError: There is none, it belongs to other weights, another model or another metric, or the file is damaged.
    """
    found = resolve_weights(name, weights)
    file = operating_point_file(found)
    calibrate = f"calibrate --embedder {name} --weights {weights} --metric {metric} --root DIR"
    if not file.is_file():
        raise UserError(f"no threshold was calibrated for {weights}: {file} is missing; run: main.py {calibrate}")
    values: dict[str, Any] = read_mapping(file)
    known = {field.name for field in fields(OperatingPoint)}
    if set(values) != known or not all(_is_distance(values[key]) for key in ("pair_threshold", "search_threshold")):
        raise UserError(f"{file} is not a file that calibrate writes; run again: main.py {calibrate}")
    point = OperatingPoint(**values)
    for what, stored, expected in (
        ("model", point.embedder, name),
        ("metric", point.metric, metric),
        ("weights (sha256)", point.weights_sha256, sha256_of(found)),
    ):
        if stored != expected:
            raise UserError(f"{file} was calibrated for the {what} {stored}, not {expected}; run: main.py {calibrate}")
    return point


def _is_distance(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
