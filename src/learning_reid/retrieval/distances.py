"""Distances between embeddings, as one matrix product instead of a loop over pairs.

On unit vectors both metrics give the same ranking, since |a - b|² = 2 (1 - cos): the choice only matters where the
lengths differ.
"""

from collections.abc import Callable

import numpy as np

from learning_reid.embedding.normalization import l2_normalize

DistanceRows = Callable[[np.ndarray], np.ndarray]
"""Maps (k,) query rows to their (k, g) distances, smaller = more similar.

The result is read-only for the caller: it may be shared, or be a buffer that the next call overwrites.
"""

_BLOCK_BYTES = 256 * 2**20  # upper bound for one block of distances
_BLOCK_ROWS = 256  # larger blocks do not make the matrix product faster
_COLUMNS_AT_ONCE = 8192  # distances that stay in the CPU cache until they are finished


def euclidean_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the Euclidean distance of every row of `a` to every row of `b`.

    Uses |a - b|² = |a|² + |b|² - 2 a·b. The terms cancel for vectors that are nearly equal, so they are summed in
    double precision.

    Args:
        a: (n, d) embeddings.
        b: (m, d) embeddings.

    Returns:
        (n, m) float32, 0 = equal; at most 2 on unit vectors.

    >>> euclidean_distance(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[5.0, 0.0]]
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T  # (n, m)
    return np.sqrt(np.clip(squared, 0, None)).astype(np.float32)


def cosine_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute one minus the cosine similarity of every row of `a` with every row of `b`.

    Lengths do not matter. A zero vector has distance 1 to everything.

    Args:
        a: (n, d) embeddings.
        b: (m, d) embeddings.

    Returns:
        (n, m) float32 in 0..2, 0 = same direction.

    >>> cosine_distance(np.array([[2.0, 0.0]]), np.array([[5.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).tolist()
    [[0.0, 1.0, 2.0]]
    """
    return np.clip(1 - l2_normalize(a) @ l2_normalize(b).T, 0, 2).astype(np.float32)


def distance_rows(queries: np.ndarray, gallery: np.ndarray, metric: str) -> DistanceRows:
    """Prepare distances for a few queries at a time, in single precision, for galleries of any size.

    Euclidean distances are computed relative to the gallery's mean: this changes none of them, but the numbers that
    cancel are smaller. Between nearly equal vectors they are exact to about a thousandth of the vectors' length. Two
    images with identical features may differ in the last bit.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        metric: "euclidean" or "cosine".

    Returns:
        A function from (k,) query rows to (k, g) float32; each call overwrites the result of the last one.

    Raises:
        ValueError: The metric is unknown, or the embeddings differ in dimension.

    >>> rows = distance_rows(np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([[4.0, 0.0]]), "euclidean")
    >>> rows(np.array([1, 0])).tolist()
    [[5.0], [3.0]]
    """
    if metric not in DISTANCES:
        raise ValueError(f"unknown metric {metric!r}: {', '.join(DISTANCES)}")
    gallery = np.asarray(gallery, np.float32)
    queries = np.asarray(queries, np.float32)
    if queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(f"embeddings of {queries.shape[1:]} and {gallery.shape[1:]} dimensions cannot be compared")
    if metric == "cosine":
        gallery, queries = l2_normalize(gallery, np.float32), l2_normalize(queries, np.float32)
    else:
        center = gallery.mean(axis=0) if len(gallery) else 0
        gallery, queries = gallery - center, queries - center
    gallery_squared = np.einsum("gd,gd->g", gallery, gallery)
    buffer = np.empty((0, len(gallery)), np.float32)

    def compute_rows(rows: np.ndarray) -> np.ndarray:
        nonlocal buffer
        if len(buffer) < len(rows):
            buffer = np.empty((len(rows), len(gallery)), np.float32)
        chosen = queries[rows]  # (k, d)
        squared = np.einsum("kd,kd->k", chosen, chosen)[:, None]
        for start in range(0, len(gallery), _COLUMNS_AT_ONCE):
            columns = slice(start, start + _COLUMNS_AT_ONCE)
            part = np.matmul(chosen, gallery[columns].T, out=buffer[: len(rows), columns])  # (k, columns)
            if metric == "cosine":
                np.subtract(1, part, out=part)
            else:
                part *= -2
                part += gallery_squared[columns]
                part += squared
                np.sqrt(np.maximum(part, 0, out=part), out=part)
        return buffer[: len(rows)]

    return compute_rows


def row_blocks(rows: np.ndarray, columns: int) -> list[np.ndarray]:
    """Split rows into blocks of at most 256, fewer where their distances to `columns` others would exceed 256 MB.

    >>> [len(rows) for rows in row_blocks(np.arange(5), 30_000_000)]
    [2, 2, 1]
    """
    size = min(_BLOCK_ROWS, max(1, _BLOCK_BYTES // max(1, 4 * columns)))
    return [rows[start : start + size] for start in range(0, len(rows), size)]


DISTANCES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "euclidean": euclidean_distance,
    "cosine": cosine_distance,
}
"""Distance functions by the name of their metric."""
