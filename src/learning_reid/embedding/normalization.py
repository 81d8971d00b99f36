"""L2 normalization of embeddings."""

import numpy as np


def l2_normalize(vectors: np.ndarray, dtype: type = np.float64) -> np.ndarray:
    """Divide each row by its Euclidean norm; a row of zeros stays as it is, NaN stays NaN.

    Args:
        vectors: (n, d) embeddings.
        dtype: Floating-point type of the computation and the result.

    Returns:
        (n, d) rows of length 1.

    >>> l2_normalize(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6, 0.8], [0.0, 0.0]]
    """
    vectors = np.asarray(vectors, dtype)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
    return vectors / np.where(lengths == 0, 1, lengths)
