"""From distances to places: 1 = nearest, over all later frames and within each frame."""

from dataclasses import dataclass

import numpy as np

from learning_reid.retrieval.distances import DISTANCES
from learning_reid.retrieval.sightings import Sightings


def stable_ranks(distances: np.ndarray) -> np.ndarray:
    """Place of each distance, 1 = nearest; equal distances keep their order.

    Args:
        distances: (m,)

    Returns:
        (m,) int64, each of 1..m once.

    >>> stable_ranks(np.array([0.5, 0.1, 0.5])).tolist()
    [2, 1, 3]
    """
    ranks = np.empty(len(distances), np.int64)
    ranks[np.argsort(distances, kind="stable")] = np.arange(1, len(distances) + 1)
    return ranks


def ranks_within(distances: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Place of each distance among those of its own group, 1 = nearest; equal distances keep their order.

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
    """The later sightings, held against one query.

    Attributes:
        query: row of the query in the sightings.
        rows: (m,) int64, rows of all sightings in later frames, in the order seen.
        distances: (m,) float32, to the query.
        rank: (m,) int64, 1 = nearest over all later frames.
        rank_in_frame: (m,) int64, 1 = nearest of its frame.
        reject_above: from this distance on an answer is "not here"; None = always answer.
    """

    query: int
    rows: np.ndarray
    distances: np.ndarray
    rank: np.ndarray
    rank_in_frame: np.ndarray
    reject_above: float | None = None

    @property
    def accepted(self) -> np.ndarray:
        """(m,) bool, near enough to be called a match."""
        return self.distances <= (np.inf if self.reject_above is None else self.reject_above)

    @property
    def nearest_first(self) -> np.ndarray:
        """(m,) int64, the order by rank."""
        return np.argsort(self.rank)

    @property
    def best_match(self) -> int | None:
        """Which of `rows` is the answer; None = "not here": even the nearest is too far away."""
        nearest = int(np.argmin(self.rank))
        return nearest if self.accepted[nearest] else None


def rank_later(
    sightings: Sightings, query: int, metric: str = "euclidean", reject_above: float | None = None
) -> Ranking:
    """Rank everybody seen in frames after the query's.

    A person of the query's own frame is no candidate: nobody stands in one frame twice.

    Args:
        sightings: everybody seen.
        query: the row to look for.
        metric: `euclidean` or `cosine`.
        reject_above: matches farther away than this are withheld; their ranks stay.
    """
    rows = np.flatnonzero(sightings.frame > sightings.frame[query])
    distances = DISTANCES[metric](sightings.embeddings[query][None], sightings.embeddings[rows])[0]  # (m,)
    in_frame = ranks_within(distances, sightings.frame[rows])
    return Ranking(query, rows, distances, stable_ranks(distances), in_frame, reject_above)
