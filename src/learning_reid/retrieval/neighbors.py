"""Nearest-neighbor search in blocks: the full distance matrix is never in memory."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from learning_reid.retrieval.distances import distance_rows, row_blocks


@dataclass(frozen=True, eq=False)
class SearchResult:
    """The nearest gallery rows of each query."""

    indices: np.ndarray  #: (q, k) int64, gallery rows, nearest first; equal distances in any order
    distances: np.ndarray  #: (q, k) float32
    reject_above: float | None = None  #: Threshold for "not in the gallery"; None = accept every match

    @property
    def accepted(self) -> np.ndarray:
        """(q, k) bool, distances at or below the threshold."""
        return self.distances <= (np.inf if self.reject_above is None else self.reject_above)

    @property
    def best(self) -> np.ndarray:
        """(q,) int64, the accepted nearest gallery row of each query; -1 = not in the gallery."""
        if not self.indices.shape[1]:
            return np.full(len(self.indices), -1)
        return np.where(self.accepted[:, 0], self.indices[:, 0], -1)


def search(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int = 10,
    metric: str = "euclidean",
    reject_above: float | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> SearchResult:
    """Find the k nearest gallery rows of each query.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: Number of neighbors; at most g are returned.
        metric: "euclidean" or "cosine".
        reject_above: Calibrated threshold on the same metric; farther matches are not accepted.
        progress: Called with the number of queries finished since the last call.

    >>> found = search(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([[0.9, 0.1]]), reject_above=0.3)
    >>> found.best.tolist()
    [0, -1]
    """
    k = min(k, len(gallery))
    compute_rows = distance_rows(queries, gallery, metric)
    indices, distances = [np.empty((0, k), np.int64)], [np.empty((0, k), np.float32)]
    for rows in row_blocks(np.arange(len(queries)), len(gallery)):
        block_indices, block_distances = smallest(compute_rows(rows), k)
        indices.append(block_indices)
        distances.append(block_distances)
        progress(len(rows))
    return SearchResult(np.concatenate(indices), np.concatenate(distances), reject_above)


def smallest(distances: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Select the k smallest values of each row, in ascending order.

    Args:
        distances: (n, m)
        k: At most m.

    Returns:
        (n, k) int64 columns and (n, k) values.

    >>> smallest(np.array([[0.3, 0.1, 0.2]]), 2)[0].tolist()
    [[1, 2]]
    """
    columns = np.argpartition(distances, k - 1, axis=1)[:, :k] if k else np.empty((len(distances), 0), np.int64)
    values = np.take_along_axis(distances, columns, axis=1)
    order = np.argsort(values, axis=1, kind="stable")
    return np.take_along_axis(columns, order, axis=1), np.take_along_axis(values, order, axis=1)
