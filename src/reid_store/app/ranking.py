"""A click on somebody becomes a ranking; a threshold parts it into matches and the others."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from learning_reid.embedding.operating_point import calibrated
from learning_reid.errors import UserError
from reid_store.app.footage import Footage
from reid_store.browse import count_embedded, crowded
from reid_store.detection_filter import DetectionFilter
from reid_store.identities import UNKNOWN_NETWORK
from reid_store.schema import Model
from reid_store.search import SearchHit, search_store, read_thumbnail, read_embedding
from reid_store.search_results import draw_hits, is_match
from reid_store.thumbnails import decode_jpeg
from learning_reid.tracking.tracklets import impostor_quantile

Metric = Literal["euclidean", "cosine"]
MOST = 5000  # answers that are kept of a large store
ON_STRIP = 10
COLUMNS = ("rank", "distance", "within_threshold", "camera", "time", "frame", "x1", "y1", "x2", "y2", "detection")


@dataclass(frozen=True, eq=False)
class Answer:
    """Who was asked for, and everybody else by distance.

    Attributes:
        asked: the stored detection that was clicked.
        thumbnail: its picture, a JPEG file.
        found: nearest first; distances are Euclidean.
        compared: how many people that were; `found` holds the nearest 5,000 of them.
    """

    asked: int
    thumbnail: bytes
    found: Sequence[SearchHit]
    compared: int

    def matches(self, limit: float) -> int:
        """How many are within a Euclidean distance."""
        return sum(is_match(hit, limit) for hit in self.found)


def ask(footage: Footage, model: Model, detection: int, cameras: Sequence[str] = ()) -> Answer:
    """Compare somebody with everybody in the other frames.

    Args:
        footage: where to look.
        model: the network whose vectors are compared.
        detection: who was clicked; the frame that shows them is left out.
        cameras: look at these only; none: at all.

    Raises:
        UserError: the network has not looked at this person.
    """
    query, where = read_embedding(footage.engine, detection, model), DetectionFilter(tuple(cameras), not_frame_of=detection)
    found = search_store(footage.engine, query, model, MOST, where, footage.held(model), footage.approximate)
    compared = len(found) if len(found) < MOST else count_embedded(footage.engine, model, where)
    return Answer(detection, read_thumbnail(footage.engine, detection), found, compared)


def shown(distance: float, metric: Metric) -> float:
    """A Euclidean distance of unit vectors in a metric: |a - b|² = 2 - 2 a·b, so the cosine distance is half of that.

    >>> shown(0.6, "euclidean"), round(shown(0.6, "cosine"), 3)
    (0.6, 0.18)
    """
    return distance if metric == "euclidean" else distance**2 / 2


def as_euclidean(distance: float, metric: Metric) -> float:
    """The way back; vectors of unit length are 0 to 2 apart.

    >>> round(as_euclidean(0.18, "cosine"), 3), as_euclidean(-3, "cosine"), as_euclidean(99, "euclidean")
    (0.6, 0.0, 2.0)
    """
    distance = max(0.0, distance)
    return min(2.0, distance if metric == "euclidean" else math.sqrt(2 * distance))


def first_limit(footage: Footage, model: Model) -> tuple[float, str]:
    """The Euclidean distance at which the threshold starts, and a sentence that says where it comes from.

    It is the calibrated one where these very weights have one. Else the footage itself gives it, as in `identities`:
    people in one frame are different people, and 95 % of such pairs are farther apart than some distance; 0.7 of it is
    taken.
    """
    point = _calibrated(model)
    if point is not None:
        return point
    strangers = impostor_quantile(*crowded(footage.engine, model))
    if strangers is None:
        return 0.5, "Nothing was calibrated for this network, and this footage is too small to tell: 0.5 is a guess."
    return (
        UNKNOWN_NETWORK * strangers,
        f"Nothing was calibrated for this network. People in one frame are different people: 95 % of such pairs are "
        f"farther apart than {strangers:.2f}, and {UNKNOWN_NETWORK:g} of that is where the threshold starts.",
    )


def _calibrated(model: Model) -> tuple[float, str] | None:
    if model.weights != "embedded" and not Path(model.weights).expanduser().is_file():
        return None  # a published name: to locate it might download it
    try:
        point = calibrated(model.name, model.weights, "euclidean")
    except UserError:
        return None
    if point is None or point.weights_sha256 != model.weights_sha256:
        return None
    return point.search_threshold, (
        f"Up to this distance it may be them. Calibrated on {point.data}, where searches within it found "
        f"{100 * point.search_dir:.0f} % of those present, and named somebody for {100 * point.search_far:.1f} % of "
        "the absent. Footage differs: move it and look."
    )


def as_csv(answer: Answer, limit: float, metric: Metric) -> str:
    """All answers as a table: a header, then a line each, nearest first."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for rank, hit in enumerate(answer.found, start=1):
        time = datetime.fromtimestamp(hit.time_s, UTC).isoformat()
        within = "yes" if is_match(hit, limit) else "no"
        box = [f"{edge:.1f}" for edge in hit.box_xyxy]
        computes = hit.camera.startswith(("=", "+", "-", "@"))  # in Excel
        camera = f"'{hit.camera}" if computes else hit.camera
        table.writerow(
            [rank, f"{shown(hit.distance, metric):.6f}", within, camera, time, hit.frame, *box, hit.detection]
        )
    return text.getvalue()


def as_strip(answer: Answer, limit: float, metric: Metric) -> bytes:
    """The person and the ten nearest side by side, a PNG file."""
    nearest = [replace(hit, distance=shown(hit.distance, metric)) for hit in answer.found[:ON_STRIP]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "strip.png"
        draw_hits(file, decode_jpeg(answer.thumbnail), nearest, shown(limit, metric))
        return file.read_bytes()
