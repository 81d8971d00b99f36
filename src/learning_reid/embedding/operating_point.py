"""Calibrated thresholds: the distance below which two crops count as one person.

Distances of different models have different scales, so a threshold belongs to one model, one weights file and one
metric, and is refused for any other. `calibrate` chooses it on labeled data. It is looked up in the user's own folder
first, then beside the weights.
"""

import math
import os
import stat
from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import write_text
from learning_reid.io.paths import PACKAGE, home
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
    date: str = ""  #: Day of the calibration, such as 2026-12-01; empty in files of earlier versions


@dataclass(frozen=True)
class CalibratedThreshold:
    """A distance up to which two crops are accepted as one person, and its measured error rates."""

    distance: float  #: The threshold
    #: Share of genuine pairs that are accepted (TAR), or of people in the gallery that are found (DIR)
    accepted_correctly: float
    #: Share of impostor pairs that are accepted, or of absent people who are matched to another person (FAR)
    accepted_wrongly: float
    data: str  #: The dataset and the fingerprint of the samples that were used
    date: str  #: Day of the calibration; empty if the file does not contain it
    file: Path  #: The file that contains it
    pairs: bool = False  #: Whether it is for pairs instead of for searches

    @property
    def origin(self) -> str:
        """Where the threshold comes from: dataset, date and file."""
        return f"calibrated on {self.data}{self.date and f', on {self.date}'} ({self.file})"

    @property
    def note(self) -> str:
        """The threshold, its origin and its measured error rates."""
        correct, wrong = f"{100 * self.accepted_correctly:.1f} %", f"{100 * self.accepted_wrongly:.1f} %"
        if self.pairs:
            rates = f"{correct} of genuine and {wrong} of impostor pairs are accepted"
        else:
            rates = f"{correct} of present people are found and {wrong} of absent people are matched to another person"
        return f"threshold {self.distance:.4f}, {self.origin}; there, {rates}"


def operating_point_file(weights: Path) -> Path:
    """Return the file beside a weights file with its operating point: `a.pth` → `a.pth.threshold.yml`."""
    return weights.with_name(f"{weights.name}.threshold.yml")


def find_operating_point(weights: Path) -> Path | None:
    """Return the file of the operating point that belongs to a weights file, or None if nothing was calibrated."""
    own = _own_file(weights) if _own_folder().is_dir() else None
    return next((file for file in (own, operating_point_file(weights)) if file is not None and file.is_file()), None)


def default_operating_point_file(weights: Path) -> Path:
    """Return the file that `calibrate` writes if none is named.

    It is beside the weights, where other commands find it, unless that folder cannot be written, belongs to others as
    well, or is part of this package: then it is in `data/thresholds` of the user's own folder, which is searched first.
    """
    own = _own_file(weights)
    return own if own.is_file() or _is_shared(weights.parent) else operating_point_file(weights)


def write_operating_point(file: Path, point: OperatingPoint) -> None:
    """Write or replace the file of an operating point."""
    write_text(file, yaml.safe_dump(asdict(point), sort_keys=False, allow_unicode=True))


def read_operating_point(file: Path) -> OperatingPoint:
    """Read a file that `calibrate` wrote.

    Raises:
        UserError: It is missing or damaged.
    """
    values: dict[str, Any] = read_mapping(file)
    known = {field.name for field in fields(OperatingPoint)}
    required = {field.name for field in fields(OperatingPoint) if field.default is MISSING}
    texts = ("embedder", "weights_sha256", "metric", "data", "date")
    if not (
        required <= set(values) <= known
        and all(_is_distance(values[key]) for key in required if key.endswith("_threshold"))
        and all(_is_distance(values[key]) and values[key] <= 1 for key in ("pair_far", "pair_tar"))
        and all(_is_distance(values[key]) and values[key] <= 1 for key in ("search_far", "search_dir"))
        and all(isinstance(values.get(key, ""), str) for key in texts)
    ):
        raise UserError(f"{file} is not a file that calibrate writes; run again: main.py calibrate")
    return OperatingPoint(**values)


def load_operating_point(name: str, weights: str, metric: str, file: Path | None = None) -> OperatingPoint:
    """Read the operating point that was calibrated for a model.

    Args:
        name, weights, metric: As in the settings `embedder.name`, `embedder.weights` and `ranking.metric`.
        file: A file that `calibrate` wrote; None = look it up.

    Raises:
        UserError: There is none, it belongs to other weights, another model or another metric, or the file is damaged.
    """
    found = resolve_weights(name, weights)
    file = file or find_operating_point(found)
    calibrate = f"calibrate --embedder {name} --weights {weights} --metric {metric} --root DIR"
    if file is None:
        missing = operating_point_file(found)
        raise UserError(f"no threshold was calibrated for {weights}: {missing} is missing; run: main.py {calibrate}")
    point = read_operating_point(file)
    for what, stored, expected in (
        ("model", point.embedder, name),
        ("metric", point.metric, metric),
        ("weights (sha256)", point.weights_sha256, sha256_of(found)),
    ):
        if stored != expected:
            raise UserError(f"{file} was calibrated for the {what} {stored}, not {expected}; run: main.py {calibrate}")
    return point


def find_threshold(
    name: str, weights: str, metric: str, pairs: bool = False, required: bool = False, file: Path | None = None
) -> CalibratedThreshold | None:
    """Look up the threshold that was calibrated for a model, its weights and a metric.

    Args:
        name, weights, metric: As in the settings `embedder.name`, `embedder.weights` and `ranking.metric`.
        pairs: Return the threshold for pairs (verification) instead of the one for searches in a gallery.
        required: Raise if nothing was calibrated, instead of returning None.
        file: A file that `calibrate` wrote; None = look it up.

    Raises:
        UserError: The calibration is damaged or belongs to something else, or it is required and missing.

    >>> find_threshold("osnet_x0_25", "embedded", "euclidean").distance < 2
    True
    """
    file = file or find_operating_point(resolve_weights(name, weights))
    if file is None and not required:
        return None
    point = load_operating_point(name, weights, metric, file)
    assert file is not None  # otherwise it has raised
    if pairs:
        rates = point.pair_threshold, point.pair_tar, point.pair_far
    else:
        rates = point.search_threshold, point.search_dir, point.search_far
    return CalibratedThreshold(*rates, point.data, point.date, file, pairs)


def _own_folder() -> Path:
    return home() / "data" / "thresholds"


def _own_file(weights: Path) -> Path:
    return _own_folder() / f"{weights.name}.{sha256_of(weights)[:12]}.threshold.yml"


def _is_shared(folder: Path) -> bool:
    """Return whether a folder cannot be written, belongs to others as well, or is part of this package."""
    status = folder.stat()
    group_folder = status.st_mode & stat.S_ISGID and status.st_mode & stat.S_IWGRP
    owned = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    writable = os.access(folder, os.W_OK)
    is_packaged = folder.resolve().is_relative_to(PACKAGE)
    return is_packaged or not (writable and owned) or bool(status.st_mode & stat.S_IWOTH or group_folder)


def _is_distance(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
