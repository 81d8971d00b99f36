"""Query expansion: search again with the mean of a query and its nearest neighbors.

If most of the neighbors are true matches, the mean is closer to the person than the single image; if they are not, the
query drifts. It costs a second search.
"""

import numpy as np

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.retrieval.neighbors import search


def average_query_expansion(queries: np.ndarray, gallery: np.ndarray, k: int = 5) -> np.ndarray:
    """Replace each query by the mean of itself and its k nearest by cosine (AQE: Chum et al., ICCV 2007).

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: Number of neighbors; 0 leaves the queries unchanged.

    Returns:
        (q, d) float32 of unit length.
    """
    return alpha_query_expansion(queries, gallery, k, alpha=0.0)


def alpha_query_expansion(queries: np.ndarray, gallery: np.ndarray, k: int = 10, alpha: float = 3.0) -> np.ndarray:
    """Weight the neighbors by their similarity to the power α, so that uncertain ones count less (αQE).

    Radenović et al., TPAMI 2018, section 3.4. The query itself has weight 1.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        k: Number of neighbors.
        alpha: 0 weights all neighbors equally (AQE); large values let only the nearest count.

    Returns:
        (q, d) float32 of unit length.

    >>> alpha_query_expansion(np.array([[1.0, 0.0]]), np.array([[0.6, 0.8]]), k=1, alpha=0.0).round(3)
    array([[0.894, 0.447]], dtype=float32)
    """
    queries, gallery = l2_normalize(queries, np.float32), l2_normalize(gallery, np.float32)
    found = search(queries, gallery, k, "cosine")
    weights = np.clip(1 - found.distances, 0, None) ** alpha  # (q, k); 0⁰ = 1
    mixed = queries + np.einsum("qk,qkd->qd", weights, gallery[found.indices])
    return l2_normalize(mixed, np.float32)
