"""The k nearest of a gallery for each query, in blocks: the matrix of all distances is never held."""

from collections.abc import Callable

import numpy as np

from learning_reid.retrieval.distances import distance_rows, row_blocks


def nearest(
    queries: np.ndarray,
    gallery: np.ndarray,
    k: int,
    metric: str = "euclidean",
    progress: Callable[[int], object] = lambda done: None,
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest gallery rows of each query, nearest first; equals in any order.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: how many; at most g are given.
        metric: `euclidean` or `cosine`.
        progress: told how many more queries are done.

    Returns:
        (q, k) int64 rows of the gallery, and (q, k) float32 distances.

    >>> nearest(np.array([[0.0, 1.0]]), np.array([[0.0, 3.0], [0.0, 1.5], [4.0, 1.0]]), 2)[0].tolist()
    [[1, 0]]
    """
    k = min(k, len(gallery))
    rows_of = distance_rows(queries, gallery, metric)
    indices, distances = [np.empty((0, k), np.int64)], [np.empty((0, k), np.float32)]
    for rows in row_blocks(np.arange(len(queries)), len(gallery)):
        block = rows_of(rows)
        some = np.argpartition(block, k - 1, axis=1)[:, :k] if k else np.empty((len(rows), 0), np.int64)
        away = np.take_along_axis(block, some, axis=1)
        order = np.argsort(away, axis=1, kind="stable")
        indices.append(np.take_along_axis(some, order, axis=1))
        distances.append(np.take_along_axis(away, order, axis=1))
        progress(len(rows))
    return np.concatenate(indices), np.concatenate(distances)
