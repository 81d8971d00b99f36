"""Is the person found again? The walk-through's answers held against the truth, when there is one. NumPy only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.detection import IGNORED_IOU, iou_matrix, match_boxes
from learning_reid.metrics.retrieval import average_precision

FALSE_POSITIVE = -1  # a detection that stands for no true person: a false alarm
IGNORED = -2  # a detection on a true box that is to be ignored: no false alarm


@dataclass(frozen=True)
class ReidentificationMetrics:
    """Figures of one walk-through, shares in 0..1, means over the queries that could be scored (NaN where none could).

    Attributes:
        rank1: share of the queries whose nearest later detection is the right person.
        map: mean average precision over all later detections. Here and in `rank1` the excused ones are left out,
            as Market-1501 leaves out its junk pictures.
        refind_rate: of the later frames in which the query's person is present, the share whose nearest
            detection (rank_in_frame 1, whoever it is) is that person. A person the detector misses is not found again.
        frames_scored: how many such frames there were, summed over the queries.
        queries: how many queries were asked.
        queries_scored: those who stand for a true person that is present in a later frame; the others are left out.
    """

    rank1: float
    map: float
    refind_rate: float
    frames_scored: int
    queries: int
    queries_scored: int


def assign_identities(
    boxes: np.ndarray, true_boxes: np.ndarray, true_ids: np.ndarray, true_scores: np.ndarray, min_iou: float = 0.5
) -> np.ndarray:
    """Give the detections of a frame the identities of the true boxes they stand for: one-to-one, best overlap first.

    Args:
        boxes: (n, 4) detections, xyxy in pixels.
        true_boxes: (m, 4) xyxy in pixels.
        true_ids: (m,) int, from 0.
        true_scores: (m,), 0 marks a true box to ignore.
        min_iou: overlap from which a detection stands for a true box.

    Returns:
        (n,) int64: the identity, `FALSE_POSITIVE` (-1), or `IGNORED` (-2) for one left over on a box to ignore (IoU above 0.4).
    """
    real = np.asarray(true_scores) != 0
    matched = match_boxes(boxes, true_boxes[real], min_iou)
    on_ignored = iou_matrix(boxes, true_boxes[~real]).max(axis=1, initial=0.0) > IGNORED_IOU
    identity = np.where(on_ignored, IGNORED, FALSE_POSITIVE).astype(np.int64)
    found = matched >= 0
    identity[found] = np.asarray(true_ids)[real][matched[found]]
    return identity


def reidentification_metrics(
    query_ids: Sequence[int],
    distances: Sequence[np.ndarray],
    frames: Sequence[np.ndarray],
    identities: Sequence[np.ndarray],
    frames_present: Sequence[np.ndarray],
) -> ReidentificationMetrics:
    """Score the rankings of the queries; each sequence has one entry for each query.

    Args:
        query_ids: true identity of each query, negative where it stands for nobody.
        distances: (m,) of each query to the later detections; equal ones rank in the order given.
        frames: (m,) int, the frame of each later detection.
        identities: (m,) int, what `assign_identities` says of each later detection.
        frames_present: (p,) int, the later frames in which the query's true person is present.
    """
    figures = []
    frames_scored = 0
    for person, away, frame, identity, present in zip(
        query_ids, distances, frames, identities, frames_present, strict=True
    ):
        if person >= 0 and len(present):
            figures.append(_figures_of_one(person, away, frame, identity, present))
            frames_scored += len(present)
    rank1, mean_ap, refind_rate = np.mean(figures, axis=0).tolist() if figures else [math.nan] * 3
    return ReidentificationMetrics(rank1, mean_ap, refind_rate, frames_scored, len(query_ids), len(figures))


def _figures_of_one(
    person: int, distances: np.ndarray, frame: np.ndarray, identity: np.ndarray, present: np.ndarray
) -> tuple[float, float, float]:
    order = np.argsort(distances, kind="stable")  # nearest first
    hits = identity[order] == person
    _, first = np.unique(frame[order], return_index=True)  # the nearest of each frame
    refound = np.isin(present, frame[order][first][hits[first]])
    counted = hits[identity[order] != IGNORED]
    return float(counted[:1].sum()), average_precision(counted), float(refound.mean())
