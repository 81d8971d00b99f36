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
from learning_reid.models.weights_file import resolve_weights
from learning_reid.zoo.checksums import sha256_of
from reid_store.app.footage import Footage
from reid_store.browse import count_embedded
from reid_store.detection_filter import DetectionFilter
from reid_store.schema import Model
from reid_store.search import SearchHit, read_embedding, read_thumbnail, search_store
from reid_store.search_results import draw_hits, is_match
from reid_store.thumbnails import decode_jpeg

Metric = Literal["euclidean", "cosine"]
MAX_HITS = 5000  # kept of a large store
STRIP_LENGTH = 10
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

    def num_matches(self, threshold: float | None) -> int:
        """Count the hits within a Euclidean distance; without one, none."""
        return sum(bool(is_match(hit, threshold)) for hit in self.hits)


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


def calibrated_threshold(model: Model) -> tuple[float | None, str]:
    """Return the calibrated threshold of a network, a Euclidean distance, and a sentence on its origin.

    Without one it is None, and people are ranked without a decision.
    """
    found, reason = None, "No threshold was calibrated for this network"
    if model.weights == "embedded" or Path(model.weights).expanduser().is_file():  # others would be downloaded
        try:
            found = find_threshold(model.name, model.weights, "euclidean")
        except UserError as error:
            reason = str(error)
        if found is not None and sha256_of(resolve_weights(model.name, model.weights)) != model.weights_sha256:
            found, reason = None, "The weights have changed since these people were embedded"
    if found is None:
        return None, f"{reason}: people are ranked, and nothing is decided. Choose a distance to mark matches."
    return found.distance, (
        f"{found.origin[0].upper()}{found.origin[1:]}. There, searches found "
        f"{100 * found.accepted_correctly:.0f} % of people who were present and returned a wrong person for "
        f"{100 * found.accepted_wrongly:.1f} % of those who were not. Adjust it to your footage."
    )


def format_csv(ranking: Ranking, threshold: float | None, metric: Metric) -> str:
    """Format a ranking as CSV, a header and one line per hit; without a threshold, nothing is within it."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for rank, hit in enumerate(ranking.hits, start=1):
        time = datetime.fromtimestamp(hit.time_s, UTC).isoformat()
        within = {True: "yes", False: "no", None: ""}[is_match(hit, threshold)]
        box = [f"{edge:.1f}" for edge in hit.box_xyxy]
        is_formula = hit.camera.startswith(("=", "+", "-", "@"))  # in a spreadsheet
        camera = f"'{hit.camera}" if is_formula else hit.camera
        distance = f"{convert_distance(hit.distance, metric):.6f}"
        table.writerow([rank, distance, within, camera, time, hit.frame, *box, hit.detection])
    return text.getvalue()


def render_strip(ranking: Ranking, threshold: float | None, metric: Metric) -> bytes:
    """Draw the query and the ten nearest hits side by side; return a PNG file."""
    nearest = [replace(hit, distance=convert_distance(hit.distance, metric)) for hit in ranking.hits[:STRIP_LENGTH]]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "strip.png"
        shown = None if threshold is None else convert_distance(threshold, metric)
        draw_hits(file, decode_jpeg(ranking.thumbnail), nearest, shown)
        return file.read_bytes()
