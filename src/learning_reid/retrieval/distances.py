"""How unlike are two embeddings? Two distances, each as one matrix product instead of a loop over pairs.

On unit vectors both rank alike, for |a - b|² = 2 (1 - cos): the choice only matters where lengths differ.
"""

from collections.abc import Callable

import numpy as np

from learning_reid.embedding.normalization import l2_normalize

DistanceRows = Callable[[np.ndarray], np.ndarray]
"""(k,) query rows -> (k, gallery) distances, smaller = more alike; the caller and the next call may overwrite them."""

_BLOCK_BYTES = 256 * 2**20  # of distances held at once, at most
_BLOCK_ROWS = 256  # more make no product of matrices faster
_COLUMNS_AT_ONCE = 8192  # distances that stay in the processor's cache until they are finished


def euclidean(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Straight-line distance, from |a - b|² = |a|² + |b|² - 2 a·b.

    The terms cancel for vectors that are nearly equal, so they are summed in double precision.

    Args:
        a: (n, d) embeddings.
        b: (m, d) embeddings.

    Returns:
        (n, m) float32, 0 = equal; at most 2 on unit vectors.

    >>> euclidean(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[5.0, 0.0]]
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squared = (a**2).sum(axis=1)[:, None] + (b**2).sum(axis=1)[None, :] - 2 * a @ b.T  # (n, m)
    return np.sqrt(np.clip(squared, 0, None)).astype(np.float32)


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """One minus the cosine of the angle; lengths do not matter. A vector of length 0 is at 1 from everything.

    Args:
        a: (n, d) embeddings.
        b: (m, d) embeddings.

    Returns:
        (n, m) float32 in 0..2, 0 = same direction.

    >>> cosine(np.array([[2.0, 0.0]]), np.array([[5.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).tolist()
    [[0.0, 1.0, 2.0]]
    """
    return np.clip(1 - l2_normalize(a) @ l2_normalize(b).T, 0, 2).astype(np.float32)


def distance_rows(queries: np.ndarray, gallery: np.ndarray, metric: str) -> DistanceRows:
    """The same distances for a few queries at a time, in single precision: for galleries of any size.

    Euclidean distances are taken from the gallery's mean, which changes none of them but shrinks the numbers that
    cancel; between vectors that are nearly equal they are exact to about a thousandth of their length. Two pictures
    with the very same features may differ in the last bit.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        metric: a name of `DISTANCES`.

    Raises:
        ValueError: there is no such distance, or the features differ in length.

    Returns:
        A function from (k,) rows of the queries to (k, g) float32; its answer is overwritten by its next one.

    >>> rows = distance_rows(np.array([[1.0, 0.0], [0.0, 3.0]]), np.array([[4.0, 0.0]]), "euclidean")
    >>> rows(np.array([1, 0])).tolist()
    [[5.0], [3.0]]
    """
    if metric not in DISTANCES:
        raise ValueError(f"unknown distance {metric!r}: {', '.join(DISTANCES)}")
    gallery = np.asarray(gallery, np.float32)
    queries = np.asarray(queries, np.float32)
    if queries.shape[1:] != gallery.shape[1:]:
        raise ValueError(f"features of {queries.shape[1:]} and of {gallery.shape[1:]} numbers cannot be compared")
    if metric == "cosine":
        gallery, queries = l2_normalize(gallery, np.float32), l2_normalize(queries, np.float32)
    else:
        middle = gallery.mean(axis=0) if len(gallery) else 0
        gallery, queries = gallery - middle, queries - middle
    squares = np.einsum("gd,gd->g", gallery, gallery)
    room = np.empty((0, len(gallery)), np.float32)

    def rows(wanted: np.ndarray) -> np.ndarray:
        nonlocal room
        if len(room) < len(wanted):
            room = np.empty((len(wanted), len(gallery)), np.float32)
        asked = queries[wanted]
        own = np.einsum("kd,kd->k", asked, asked)[:, None]
        for start in range(0, len(gallery), _COLUMNS_AT_ONCE):
            columns = slice(start, start + _COLUMNS_AT_ONCE)
            part = np.matmul(asked, gallery[columns].T, out=room[: len(wanted), columns])  # (k, columns)
            if metric == "cosine":
                np.subtract(1, part, out=part)
            else:
                part *= -2
                part += squares[columns]
                part += own
                np.sqrt(np.maximum(part, 0, out=part), out=part)
        return room[: len(wanted)]

    return rows


def row_blocks(rows: np.ndarray, columns: int) -> list[np.ndarray]:
    """Cut rows into blocks of 256, or of so few that their distances to `columns` others fill 256 MB; one at least.

    >>> [len(rows) for rows in row_blocks(np.arange(5), 30_000_000)]
    [2, 2, 1]
    """
    most = min(_BLOCK_ROWS, max(1, _BLOCK_BYTES // max(1, 4 * columns)))
    return [rows[start : start + most] for start in range(0, len(rows), most)]


DISTANCES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"euclidean": euclidean, "cosine": cosine}
