"""Re-identification in video: rank-1, mAP and refind rate of the pipeline's rankings against ground truth."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.detection import is_inside, match_boxes
from learning_reid.metrics.retrieval import average_precision

FALSE_POSITIVE = -1  # identity of a detection that matches no true person
IGNORED = -2  # identity of a detection on a true box that is to be ignored


@dataclass(frozen=True)
class ReidentificationMetrics:
    """Metrics of one pipeline run, shares in 0..1, means over the scored queries (NaN if there are none)."""

    rank1: float  #: Share of the queries whose nearest later detection is the same person
    #: Mean average precision over all later detections. Here and in `rank1` ignored detections are left out, as
    #: Market-1501 leaves out its junk images.
    map: float
    #: Share of the later frames with the query's person in which the nearest detection (rank_in_frame 1) is that
    #: person. A person missed by the detector is not re-identified.
    refind_rate: float
    frames_scored: int  #: Number of such frames, summed over the queries
    queries: int  #: Number of queries
    queries_scored: int  #: Number of queries that match a true person who is present in a later frame


def assign_identities(
    boxes: np.ndarray, true_boxes: np.ndarray, true_ids: np.ndarray, true_scores: np.ndarray, min_iou: float = 0.5
) -> np.ndarray:
    """Give the detections of a frame the identities of the true boxes they match: one-to-one, largest IoU first.

    Args:
        boxes: (n, 4) detections, xyxy in pixels.
        true_boxes: (m, 4) xyxy in pixels.
        true_ids: (m,) int, from 0.
        true_scores: (m,), 0 marks a true box to ignore.
        min_iou: Minimum IoU of a match.

    Returns:
        (n,) int64: identity, `FALSE_POSITIVE` (-1), or `IGNORED` (-2) for an unmatched detection of which at
        least half lies inside an ignored box.

    >>> boxes = np.array([[0, 0, 2, 2], [5, 5, 9, 9]])
    >>> assign_identities(boxes, boxes[:1], np.array([7]), np.array([1.0])).tolist()
    [7, -1]
    """
    valid = np.asarray(true_scores) != 0
    matched = match_boxes(boxes, true_boxes[valid], min_iou)
    identity = np.where(is_inside(boxes, true_boxes[~valid]), IGNORED, FALSE_POSITIVE).astype(np.int64)
    found = matched >= 0
    identity[found] = np.asarray(true_ids)[valid][matched[found]]
    return identity


def reidentification_metrics(
    query_ids: Sequence[int],
    distances: Sequence[np.ndarray],
    frames: Sequence[np.ndarray],
    identities: Sequence[np.ndarray],
    frames_present: Sequence[np.ndarray],
) -> ReidentificationMetrics:
    """Score rankings of later detections; each sequence has one entry per query.

    Args:
        query_ids: True identity of each query; negative = matches no true person.
        distances: (m,) distances to the later detections; equal ones rank in the given order.
        frames: (m,) int, frame of each later detection.
        identities: (m,) int, true identity of each later detection (`assign_identities`).
        frames_present: (p,) int, later frames with the query's person.

    >>> one = [np.array([0.2, 0.1])], [np.array([1, 1])], [np.array([7, 8])], [np.array([1])]
    >>> reidentification_metrics([7], *one).map
    0.5
    """
    scored = [
        _metrics_of_query(person, distance, frame, identity, present)
        for person, distance, frame, identity, present in zip(
            query_ids, distances, frames, identities, frames_present, strict=True
        )
        if person >= 0 and len(present)
    ]
    rank1, mean_ap, refind_rate, _ = np.mean(scored, axis=0).tolist() if scored else [math.nan] * 4
    frames_scored = sum(num_frames for *_, num_frames in scored)
    return ReidentificationMetrics(rank1, mean_ap, refind_rate, frames_scored, len(query_ids), len(scored))


def _metrics_of_query(
    person: int, distances: np.ndarray, frame: np.ndarray, identity: np.ndarray, present: np.ndarray
) -> tuple[float, float, float, int]:
    """Return rank-1, AP, refind rate and the number of frames of one query."""
    order = np.argsort(distances, kind="stable")  # nearest first
    hits = identity[order] == person
    _, nearest = np.unique(frame[order], return_index=True)  # the nearest detection of each frame
    refound = np.isin(present, frame[order][nearest][hits[nearest]])
    counted = hits[identity[order] != IGNORED]
    return float(counted[:1].sum()), average_precision(counted), float(refound.mean()), len(present)
