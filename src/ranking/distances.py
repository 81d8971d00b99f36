"""How unlike are two embeddings? Two distances, each as one matrix product instead of a loop over pairs.

On unit vectors both rank alike, for |a - b|² = 2 (1 - cos): the choice only matters where lengths differ.
"""

from collections.abc import Callable

import numpy as np


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
    return np.clip(1 - _unit(a) @ _unit(b).T, 0, 2).astype(np.float32)


def _unit(vectors: np.ndarray) -> np.ndarray:
    vectors = np.asarray(vectors, np.float64)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 0)


DISTANCES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {"euclidean": euclidean, "cosine": cosine}
