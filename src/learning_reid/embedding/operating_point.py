"""Calibrated thresholds: the distance below which two crops count as one person, stored beside the weights.

Distances of different models have different scales, so a threshold belongs to one model, one weights file and one
metric, and is refused for any other. `calibrate` chooses it on labeled data.
"""

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import write_text
from learning_reid.io.yaml_file import read_mapping
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo.checksums import sha256_of


@dataclass(frozen=True)
class OperatingPoint:
    """Thresholds for verification and identification, with error rates on other people than they were chosen on."""

    embedder: str  #: The model
    weights_sha256: str  #: Checksum of the weights that the thresholds belong to
    metric: str  #: "euclidean" or "cosine", on unit vectors
    pair_threshold: float  #: Verification: two crops at or below this distance are accepted as one person
    search_threshold: float  #: Identification: a query whose nearest gallery crop is farther is rejected as unknown
    pair_far_wanted: float  #: Requested false acceptance rate of pairs
    pair_far: float  #: Measured share of impostor pairs that are accepted
    pair_tar: float  #: Measured share of genuine pairs that are accepted
    fpr_at_95: float  #: Share of impostor pairs accepted at the threshold that accepts 95 % of the genuine pairs
    eer: float  #: Equal error rate
    search_far_wanted: float  #: Requested false alarm rate of searches
    search_far: float  #: Measured share of queries without a true match in the gallery that are not rejected
    search_dir: float  #: Measured share of queries with a true match that are identified correctly
    gallery: int  #: Number of gallery crops; a larger gallery causes more false alarms
    persons: list[int]  #: Number of people the thresholds were chosen on, and of others they were measured on
    data: str  #: The dataset and the fingerprint of the samples that were used
    seed: int  #: Seed of the split of the people


@dataclass(frozen=True)
class CalibratedThreshold:
    """A distance up to which two crops are accepted as one person, and its measured error rates."""

    distance: float  #: The threshold
    #: Share of genuine pairs that are accepted (TAR), or of people in the gallery that are found (DIR)
    accepted_correctly: float
    #: Share of impostor pairs that are accepted, or of absent people who are matched to another person (FAR)
    accepted_wrongly: float
    data: str  #: The dataset and the fingerprint of the samples that were used
    weights_sha256: str  #: Checksum of the weights that it belongs to


def operating_point_file(weights: Path) -> Path:
    """Return the file with the operating point of a weights file: `a.pth` → `a.pth.threshold.yml`."""
    return weights.with_name(f"{weights.name}.threshold.yml")


def write_operating_point(file: Path, point: OperatingPoint) -> None:
    """Write or replace the file of an operating point."""
    write_text(file, yaml.safe_dump(asdict(point), sort_keys=False, allow_unicode=True))


def load_operating_point(name: str, weights: str, metric: str) -> OperatingPoint:
    """Read the operating point that was calibrated for a model.

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


def find_threshold(
    name: str, weights: str, metric: str, pairs: bool = False, required: bool = False
) -> CalibratedThreshold | None:
    """Look up the threshold that was calibrated for a model, its weights and a metric.

    Args:
        name, weights, metric: As in the settings `embedder.name`, `embedder.weights` and `ranking.metric`.
        pairs: Return the threshold for pairs (verification) instead of the one for searches in a gallery.
        required: Raise if nothing was calibrated, instead of returning None.

    Raises:
        UserError: The calibration is damaged or belongs to something else, or it is required and missing.

    >>> find_threshold("osnet_x0_25", "embedded", "euclidean").distance < 2
    True
    """
    if not required and not operating_point_file(resolve_weights(name, weights)).is_file():
        return None
    point = load_operating_point(name, weights, metric)
    if pairs:
        rates = point.pair_threshold, point.pair_tar, point.pair_far
    else:
        rates = point.search_threshold, point.search_dir, point.search_far
    return CalibratedThreshold(*rates, point.data, point.weights_sha256)


def _is_distance(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
