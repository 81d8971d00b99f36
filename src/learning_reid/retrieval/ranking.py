"""Rank the detections of later frames by their distance to a query: over all frames and within each frame."""

from dataclasses import dataclass

import numpy as np

from learning_reid.retrieval.distances import DISTANCES
from learning_reid.retrieval.person_detections import PersonDetections


def ranks_within(distances: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Rank each distance among those of its group, 1 = nearest; equal distances keep their order.

    Args:
        distances: (m,)
        groups: (m,) int, such as the frame numbers.

    Returns:
        (m,) int64

    >>> ranks_within(np.array([0.5, 0.1, 0.9]), np.array([1, 1, 2])).tolist()
    [2, 1, 1]
    """
    order = np.lexsort((distances, groups))  # by group, nearest first within it
    start = np.searchsorted(groups[order], groups[order], side="left")  # where each group begins in that order
    ranks = np.empty(len(distances), np.int64)
    ranks[order] = np.arange(len(order)) - start + 1
    return ranks


@dataclass(frozen=True, eq=False)
class Ranking:
    """The detections of later frames, ranked by their distance to one query."""

    query: int  #: Row of the query in the detections
    rows: np.ndarray  #: (m,) int64, rows of all detections in later frames, in frame order
    distances: np.ndarray  #: (m,) float32, to the query
    rank: np.ndarray  #: (m,) int64, 1 = nearest over all later frames
    rank_in_frame: np.ndarray  #: (m,) int64, 1 = nearest of its frame
    reject_above: float | None = None  #: Threshold above which a match is rejected; None = accept every match

    @property
    def accepted(self) -> np.ndarray:
        """(m,) bool, distances at or below the threshold."""
        return self.distances <= (np.inf if self.reject_above is None else self.reject_above)

    @property
    def nearest_first(self) -> np.ndarray:
        """(m,) int64, the order by rank."""
        return np.argsort(self.rank)

    @property
    def best_match(self) -> int | None:
        """Index in `rows` of the nearest detection; None if even that one is rejected."""
        nearest = int(np.argmin(self.rank))
        return nearest if self.accepted[nearest] else None


def rank_later_detections(
    detections: PersonDetections, query: int, metric: str = "euclidean", reject_above: float | None = None
) -> Ranking:
    """Rank all detections in frames after the query's frame.

    Detections of the query's own frame are other people, so they are not candidates.

    Args:
        detections: All detections.
        query: Row of the query.
        metric: "euclidean" or "cosine".
        reject_above: Threshold above which a match is rejected; the ranks do not change.
    """
    rows = np.flatnonzero(detections.frame > detections.frame[query])
    distances = DISTANCES[metric](detections.embeddings[query][None], detections.embeddings[rows])[0]  # (m,)
    rank = ranks_within(distances, np.zeros(len(rows), np.int64))
    rank_in_frame = ranks_within(distances, detections.frame[rows])
    return Ranking(query, rows, distances, rank, rank_in_frame, reject_above)
