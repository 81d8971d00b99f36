"""The distance up to which two crops count as one person: chosen on data (`calibrate`) and kept beside the weights.

No threshold fits all networks: their distances live on different scales. So it belongs to one file of weights, one
metric and one network, and is refused for any other.
"""

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from learning_reid.errors import UserError
from learning_reid.io.yaml_file import read_mapping
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo.checksums import sha256_of


@dataclass(frozen=True)
class OperatingPoint:
    """Two thresholds and what they were worth on people who took no part in choosing them.

    Attributes:
        embedder: the network.
        weights_sha256: of the file that the thresholds belong to.
        metric: `euclidean` or `cosine`, on features of unit length.
        pair_threshold: for "are these two the same?": at or below it they are.
        search_threshold: for "who of the gallery is it?": where even the nearest is farther, nobody.
        pair_far_wanted: rate of false acceptance that was asked for.
        pair_far: share of the impostor pairs accepted.
        pair_tar: share of the genuine pairs accepted.
        fpr_at_95: share of the impostor pairs accepted where 95 % of the genuine ones are.
        eer: equal error rate.
        search_far_wanted: rate of false alarms that was asked for.
        search_far: share of the searches for an absent person that were answered.
        search_dir: share of the searches for a present person answered rightly.
        gallery: how many pictures were searched; in a larger gallery a stranger finds a look-alike more often.
        persons: how many chose the thresholds, and how many others measured them.
        data: the data set and the fingerprint of what was used.
        seed: of the division of the persons.
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
    """Where the operating point of a weights file lies: `a.pth` → `a.pth.threshold.yml`."""
    return weights.with_name(f"{weights.name}.threshold.yml")


def write_operating_point(file: Path, point: OperatingPoint) -> None:
    """Write or replace the file.

    Raises:
        UserError: it cannot be written.
    """
    try:
        part = file.with_name(file.name + ".part")
        part.write_text(yaml.safe_dump(asdict(point), sort_keys=False, allow_unicode=True), encoding="utf-8")
        part.replace(file)
    except OSError as problem:
        raise UserError(
            f"{file} cannot be written ({problem.strerror}); copy the weights to a folder of yours"
        ) from None


def load_operating_point(name: str, weights: str, metric: str) -> OperatingPoint:
    """The operating point that was calibrated for these weights.

    Args:
        name: the network.
        weights: as the setting `embedder.weights`.
        metric: what the distances are computed with.

    Raises:
        UserError: nothing was calibrated, it was for other weights, another network or another metric, or the file is
            damaged.
    """
    found = resolve_weights(name, weights)
    file = operating_point_file(found)
    calibrate = f"calibrate --embedder {name} --weights {weights} --metric {metric} --root DIR"
    if not file.is_file():
        raise UserError(f"no threshold was calibrated for {weights}: {file} is missing; run: main.py {calibrate}")
    values: dict[str, Any] = read_mapping(file)
    known = {field.name for field in fields(OperatingPoint)}
    if set(values) != known or not all(_is_distance(values[key]) for key in ("pair_threshold", "search_threshold")):
        raise UserError(f"{file} is not what calibrate writes; run again: main.py {calibrate}")
    point = OperatingPoint(**values)
    for what, is_, wanted in (
        ("network", point.embedder, name),
        ("metric", point.metric, metric),
        ("weights (sha256)", point.weights_sha256, sha256_of(found)),
    ):
        if is_ != wanted:
            raise UserError(f"{file} was calibrated for the {what} {is_}, not {wanted}; run: main.py {calibrate}")
    return point


def calibrated(name: str, weights: str, metric: str) -> OperatingPoint | None:
    """The same; None where nothing was calibrated.

    Raises:
        UserError: as `load_operating_point`, where something was.
    """
    if not operating_point_file(resolve_weights(name, weights)).is_file():
        return None
    return load_operating_point(name, weights, metric)


def _is_distance(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
