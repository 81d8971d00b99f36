"""True identities of the pipeline's detections, and the metrics of its rankings."""

from collections.abc import Sequence

import numpy as np

from learning_reid.frames.mot import MotTable
from learning_reid.metrics.reidentification import (
    ReidentificationMetrics,
    assign_identities,
    reidentification_metrics,
)
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import Ranking


def true_identities(detections: PersonDetections, truth: MotTable) -> np.ndarray:
    """Return the true person of each detection, (n,) int64; negative = false positive or ignored box."""
    identity = np.empty(len(detections), np.int64)
    for frame_index in np.unique(detections.frame):
        rows, boxes = detections.rows_of(int(frame_index)), truth.at(int(frame_index))
        identity[rows] = assign_identities(detections.boxes_xyxy[rows], boxes.boxes_xyxy, boxes.person_id, boxes.score)
    return identity


def evaluate_rankings(
    detections: PersonDetections, rankings: Sequence[Ranking], truth: MotTable
) -> ReidentificationMetrics:
    """Compute the metrics of the pipeline's rankings, means over the queries; `reject_above` is not used."""
    identity = true_identities(detections, truth)
    query_ids = [int(identity[ranking.query]) for ranking in rankings]
    return reidentification_metrics(
        query_ids,
        [ranking.distances for ranking in rankings],
        [detections.frame[ranking.rows] for ranking in rankings],
        [identity[ranking.rows] for ranking in rankings],
        [
            _later_frames_with(detections, ranking.query, person, truth)
            for ranking, person in zip(rankings, query_ids, strict=True)
        ],
    )


def _later_frames_with(detections: PersonDetections, query: int, person: int, truth: MotTable) -> np.ndarray:
    """Return the frames read after the query's frame in which the person has a true box that is not ignored."""
    frames = np.unique(truth.frame[(truth.person_id == person) & (truth.score != 0)])
    return frames[(frames > detections.frame[query]) & np.isin(frames, detections.frames_read)]
