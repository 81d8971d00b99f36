"""Query expansion: ask again with what was found. The nearest answers are mixed into the question.

Where most of the nearest are right, the mixture is nearer to the person than one picture was; where they are wrong, it
drifts. It costs a second search.
"""

import numpy as np

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.retrieval.nearest import nearest


def average_expansion(queries: np.ndarray, gallery: np.ndarray, k: int = 5) -> np.ndarray:
    """AQE: the mean of a query and its k nearest by cosine (Chum et al., ICCV 2007).

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: how many neighbours are mixed in; 0 = none.

    Returns:
        (q, d) float32 of unit length.
    """
    return alpha_expansion(queries, gallery, k, alpha=0.0)


def alpha_expansion(queries: np.ndarray, gallery: np.ndarray, k: int = 10, alpha: float = 3.0) -> np.ndarray:
    """αQE: neighbours weighted by similarity to the power α, so that doubtful ones count little.

    Radenović et al., TPAMI 2018, section 3.4. The query itself has weight 1.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: how many neighbours are mixed in.
        alpha: 0 weighs all alike (AQE); the larger, the fewer count.

    Returns:
        (q, d) float32 of unit length.

    >>> alpha_expansion(np.array([[1.0, 0.0]]), np.array([[0.6, 0.8]]), k=1, alpha=0.0).round(3)
    array([[0.894, 0.447]], dtype=float32)
    """
    asking, answering = l2_normalize(queries, np.float32), l2_normalize(gallery, np.float32)
    rows, distances = nearest(asking, answering, k, "cosine")  # (q, k)
    weights = np.clip(1 - distances, 0, None) ** alpha  # (q, k); 0⁰ = 1
    mixed = asking + np.einsum("qk,qkd->qd", weights, answering[rows])
    return l2_normalize(mixed, np.float32)
