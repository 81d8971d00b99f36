"""Rank all other detections by their distance to a clicked one, and export the ranking."""

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

from learning_reid.embedding.operating_point import find_threshold
from learning_reid.errors import UserError
from learning_reid.tracking.identities import PROTOTYPE_SHARE
from learning_reid.tracking.tracklets import impostor_quantile
from reid_store.app.footage import Footage
from reid_store.browse import count_embedded, read_crowded_frames
from reid_store.detection_filter import DetectionFilter
from reid_store.schema import Model
from reid_store.search import SearchHit, read_embedding, read_thumbnail, search_store
from reid_store.search_results import draw_hits, is_match
from reid_store.thumbnails import decode_jpeg

Metric = Literal["euclidean", "cosine"]
MAX_HITS = 5000  # kept of a large store
STRIP_LENGTH = 10
DEFAULT_THRESHOLD = 0.5  # without calibration and with too little footage to derive one
COLUMNS = ("rank", "distance", "within_threshold", "camera", "time", "frame", "x1", "y1", "x2", "y2", "detection")


@dataclass(frozen=True, eq=False)
class Ranking:
    """A query detection and all others by distance.

    Attributes:
        query: Id of the detection that was clicked.
        thumbnail: Its thumbnail, a JPEG file.
        hits: Nearest first, at most 5,000; distances are Euclidean.
        num_compared: Number of detections that were compared.
    """

    query: int
    thumbnail: bytes
    hits: Sequence[SearchHit]
    num_compared: int

    def num_matches(self, threshold: float) -> int:
        """Count the hits within a Euclidean distance."""
        return sum(is_match(hit, threshold) for hit in self.hits)


def rank_detections(footage: Footage, model: Model, query: int, cameras: Sequence[str] = ()) -> Ranking:
    """Rank the detections of all other frames by their distance to a query.

    Args:
        footage: Where to search.
        model: The network whose embeddings are compared.
        query: Id of the query detection; its own frame is excluded.
        cameras: Cameras to search; empty = all.

    Raises:
        UserError: The network has not embedded the query.
    """
    embedding = read_embedding(footage.engine, query, model)
    searched = DetectionFilter(tuple(cameras), not_frame_of=query)
    hits = search_store(footage.engine, embedding, model, MAX_HITS, searched, footage.cache(model), footage.approximate)
    compared = len(hits) if len(hits) < MAX_HITS else count_embedded(footage.engine, model, searched)
    return Ranking(query, read_thumbnail(footage.engine, query), hits, compared)


def convert_distance(distance: float, metric: Metric) -> float:
    """Convert a Euclidean distance of unit embeddings to a metric: |a - b|² = 2 - 2 a·b, twice the cosine distance.

    >>> convert_distance(0.6, "euclidean"), round(convert_distance(0.6, "cosine"), 3)
    (0.6, 0.18)
    """
    return distance if metric == "euclidean" else distance**2 / 2


def to_euclidean(distance: float, metric: Metric) -> float:
    """Convert a distance to a Euclidean one in the range of unit embeddings, 0 to 2.

    >>> round(to_euclidean(0.18, "cosine"), 3), to_euclidean(-3, "cosine"), to_euclidean(99, "euclidean")
    (0.6, 0.0, 2.0)
    """
    distance = max(0.0, distance)
    return min(2.0, distance if metric == "euclidean" else math.sqrt(2 * distance))


def initial_threshold(footage: Footage, model: Model) -> tuple[float, str]:
    """Return the initial threshold, a Euclidean distance, and a sentence on its origin.

    It is the calibrated threshold of these weights, if there is one. Otherwise it is derived from the footage as in
    `cluster_detections`: 0.7 × the 5th percentile of the distances between people of the same frame.
    """
    if (calibrated_one := _calibrated_threshold(model)) is not None:
        return calibrated_one
    quantile = impostor_quantile(*read_crowded_frames(footage.engine, model))
    if quantile is None:
        return DEFAULT_THRESHOLD, (
            "This network is not calibrated, and there is too little footage to derive a threshold: "
            f"{DEFAULT_THRESHOLD} is a guess."
        )
    return (
        PROTOTYPE_SHARE * quantile,
        f"This network is not calibrated. 95 % of the pairs of different people in one frame are farther apart than "
        f"{quantile:.2f}; the initial threshold is {PROTOTYPE_SHARE:g} times that.",
    )


def _calibrated_threshold(model: Model) -> tuple[float, str] | None:
    if model.weights != "embedded" and not Path(model.weights).expanduser().is_file():
        return None  # resolving the name of published weights might download them
    try:
        found = find_threshold(model.name, model.weights, "euclidean")
    except UserError:
        return None
    if found is None or found.weights_sha256 != model.weights_sha256:
        return None
    return found.distance, (
        f"Calibrated on {found.data}: searches found {100 * found.accepted_correctly:.0f} % of people who were present "
        f"and returned a wrong person for {100 * found.accepted_wrongly:.1f} % of those who were not. Adjust it to "
        "your footage."
    )


def format_csv(ranking: Ranking, threshold: float, metric: Metric) -> str:
    """Format a ranking as CSV, a header and one line per hit."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for rank, hit in enumerate(ranking.hits, start=1):
        time = datetime.fromtimestamp(hit.time_s, UTC).isoformat()
        within = "yes" if is_match(hit, threshold) else "no"
        box = [f"{edge:.1f}" for edge in hit.box_xyxy]
        is_formula = hit.camera.startswith(("=", "+", "-", "@"))  # in a spreadsheet
        camera = f"'{hit.camera}" if is_formula else hit.camera
        distance = f"{convert_distance(hit.distance, metric):.6f}"
        table.writerow([rank, distance, within, camera, time, hit.frame, *box, hit.detection])
    return text.getvalue()


def render_strip(ranking: Ranking, threshold: float, metric: Metric) -> bytes:
    """Draw the query and the ten nearest hits side by side; return a PNG file."""
    nearest = [replace(hit, distance=convert_distance(hit.distance, metric)) for hit in ranking.hits[:STRIP_LENGTH]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "strip.png"
        draw_hits(file, decode_jpeg(ranking.thumbnail), nearest, convert_distance(threshold, metric))
        return file.read_bytes()
