"""k-reciprocal re-ranking (Zhong et al., CVPR 2017, arXiv 1701.08398).

A wrong image is often near the query, but the query is seldom among the nearest of the wrong image, which has closer
images of its own person. So each image is represented by the set of images that are mutual neighbors of it and of its
neighbors, and images are compared by the overlap of these sets (Jaccard distance). The sets are small: as sparse
matrices they need about a hundredth of the memory of the usual code's dense N × N matrices.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from learning_reid.retrieval.distances import DistanceRows, distance_rows, row_blocks
from learning_reid.retrieval.neighbors import smallest

_VALUES_AT_ONCE = 1 << 20  # of the paired vectors whose distances are computed: few enough for the CPU cache


def k_reciprocal_rerank(
    query_features: np.ndarray,
    gallery_features: np.ndarray,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    metric: str = "euclidean",
) -> np.ndarray:
    """Compute the re-ranked distance of every query to every gallery image.

    For galleries whose matrix does not fit into memory use `reranked_distance_rows`.

    Args:
        query_features: (q, d) embeddings.
        gallery_features: (g, d) embeddings.
        k1: Number of neighbors that may be reciprocal (section 3.2).
        k2: Number of neighbors whose sets are averaged (local query expansion, equation 11).
        lambda_value: λ, weight of the original distance in the final one (equation 12).
        metric: "euclidean" or "cosine"; its square is the paper's original distance (torchreid's engine passes squares
            to a function that squares again).

    Returns:
        (q, g) float32 distances, smaller = more similar.

    >>> features = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0]])
    >>> k_reciprocal_rerank(features[:1], features[1:], k1=1, k2=1).round(1).tolist()
    [[0.0, 1.0]]
    """
    compute_rows = reranked_distance_rows(query_features, gallery_features, k1, k2, lambda_value, metric)
    return compute_rows(np.arange(len(query_features))).copy()


def reranked_distance_rows(
    query_features: np.ndarray,
    gallery_features: np.ndarray,
    k1: int = 20,
    k2: int = 6,
    lambda_value: float = 0.3,
    metric: str = "euclidean",
    progress: Callable[[int], object] = lambda done: None,
) -> DistanceRows:
    """Prepare re-ranked distances for a few queries at a time.

    Args:
        query_features, gallery_features, k1, k2, lambda_value, metric: As for `k_reciprocal_rerank`.
        progress: Called with the number of images, of all q + g, finished since the last call.

    Returns:
        A function from (k,) query rows to (k, g) float32; each call overwrites the result of the last one.
    """
    features = np.concatenate([np.asarray(query_features, np.float32), np.asarray(gallery_features, np.float32)])
    neighbors, farthest = _nearest_and_farthest(features, metric, max(k1 + 1, k2), progress)
    sets = _expanded_sets(neighbors[:, : k1 + 1], k1)
    weighted = _weigh(sets, features, metric, farthest)
    if k2 > 1:
        weighted = csr_matrix(_indicator(neighbors[:, :k2]) @ weighted) / min(k2, neighbors.shape[1])
    gallery_columns = csc_matrix(weighted[len(query_features) :])  # by column: which images have this member?
    original = distance_rows(query_features, gallery_features, metric)

    def compute_rows(rows: np.ndarray) -> np.ndarray:
        final = original(rows)
        final **= 2
        final *= lambda_value / farthest[rows, None]
        for i, row in enumerate(rows):
            shared = _shared(weighted, int(row), gallery_columns)  # (g,) Σ min
            final[i] += (1 - lambda_value) * (1 - shared / (2 - shared))  # equation 10; each row's weights sum to 1
        return final

    return compute_rows


def _nearest_and_farthest(
    features: np.ndarray, metric: str, k: int, progress: Callable[[int], object]
) -> tuple[np.ndarray, np.ndarray]:
    """Return (n, k) rows nearest first, each image among its own, and the (n,) squared distance of the farthest."""
    compute_rows = distance_rows(features, features, metric)
    k = min(k, len(features))
    nearest, farthest = [], []
    for rows in row_blocks(np.arange(len(features)), len(features)):
        block = compute_rows(rows)
        block[np.arange(len(rows)), rows] = 0  # the image itself, without rounding error
        nearest.append(smallest(block, k)[0])
        farthest.append(np.maximum(block.max(axis=1) ** 2, np.finfo(np.float32).tiny))
        progress(len(rows))
    return np.concatenate(nearest), np.concatenate(farthest)


def _indicator(members: np.ndarray) -> csr_matrix:
    """Turn the (n, k) members of each set into a sparse (n, n) matrix of ones."""
    n, k = members.shape
    return csr_matrix((np.ones(n * k, np.float32), members.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))


def _reciprocal(members: np.ndarray) -> csr_matrix:
    """Compute R(p, k), equation 3: the k nearest of p that have p among their own k nearest."""
    chosen = _indicator(members)
    return csr_matrix(chosen.multiply(chosen.T))


def _expanded_sets(neighbors: np.ndarray, k1: int) -> csr_matrix:
    """Compute R*(p, k1), equation 5: add R(q, k1 / 2) of each member q that shares two thirds of it with R(p, k1)."""
    sets = _reciprocal(neighbors)
    half = _reciprocal(neighbors[:, : int(np.around(k1 / 2)) + 1])
    sizes = np.asarray(half.sum(axis=1)).ravel()  # |R(q, k1 / 2)|
    shared = csr_matrix(sets.multiply(sets @ half))  # half is symmetric: |R(q, k1 / 2) ∩ R(p, k1)| for members q of p
    shared.data = (shared.data > 2 / 3 * sizes[shared.indices]).astype(np.float32)
    shared.eliminate_zeros()
    return csr_matrix(sets + shared @ half)


def _weigh(sets: csr_matrix, features: np.ndarray, metric: str, farthest: np.ndarray) -> csr_matrix:
    """Weight members by exp(-distance), equation 7, so that each row sums to 1."""
    owners = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    weights = np.empty(len(owners), np.float32)
    pairs_at_once = max(1, _VALUES_AT_ONCE // features.shape[1])
    for start in range(0, len(owners), pairs_at_once):
        part = slice(start, start + pairs_at_once)
        a, b = features[owners[part]], features[sets.indices[part]]
        if metric == "cosine":
            lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
            distance = 1 - np.einsum("nd,nd->n", a, b) / np.where(lengths > 0, lengths, 1)
            squared = distance**2
        else:
            squared = np.einsum("nd,nd->n", a - b, a - b)
        weights[part] = np.exp(-squared / farthest[owners[part]])
    weights /= np.bincount(owners, weights, sets.shape[0])[owners]
    return csr_matrix((weights, sets.indices, sets.indptr), shape=sets.shape)


def _shared(weighted: csr_matrix, row: int, gallery_columns: csc_matrix) -> np.ndarray:
    """Sum, for each gallery image, the smaller of its and the row's weight over the members of the row: (g,)."""
    inside = slice(weighted.indptr[row], weighted.indptr[row + 1])
    members, weights = weighted.indices[inside], weighted.data[inside]
    starts, lengths = gallery_columns.indptr[members], np.diff(gallery_columns.indptr)[members]
    ends = np.cumsum(lengths)
    entries = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)
    smaller = np.minimum(np.repeat(weights, lengths), gallery_columns.data[entries])
    return np.bincount(gallery_columns.indices[entries], smaller, gallery_columns.shape[0])
