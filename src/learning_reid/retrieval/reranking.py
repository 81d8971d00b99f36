"""k-reciprocal re-ranking: whom do the neighbours take for neighbours? Zhong et al., CVPR 2017, arXiv 1701.08398.

A wrong picture is often near to the query, but the query is seldom near to it: it has other pictures of its own that
are nearer. So every picture is described by the set of those that it and its neighbours find mutually, and pictures
are compared by how much these sets overlap (Jaccard). Sets are small: as sparse matrices all of them fit into memory
that the dense N × N matrices of the usual code would fill a hundred times over.
"""

from collections.abc import Callable

import numpy as np
from scipy.sparse import csc_matrix, csr_matrix

from learning_reid.retrieval.distances import DistanceRows, distance_rows, row_blocks

_NUMBERS_AT_ONCE = 1 << 20  # of the vectors of pairs whose distances are computed: few enough to stay in the cache


def reranked_rows(
    queries: np.ndarray,
    gallery: np.ndarray,
    metric: str = "euclidean",
    k1: int = 20,
    k2: int = 6,
    weight: float = 0.3,
    progress: Callable[[int], object] = lambda done: None,
) -> DistanceRows:
    """Prepare re-ranking, and give a function from query rows to their re-ranked distances.

    Args:
        queries: (q, d) embeddings.
        gallery: (g, d) embeddings.
        metric: `euclidean` or `cosine`; its squares are what the paper calls the original distance (torchreid's engine
            passes squares to a function that squares again).
        k1: neighbours that may be reciprocal (section 3.2).
        k2: nearest whose sets are averaged (local query expansion, equation 11).
        weight: λ, share of the original distance in the final one (equation 12).
        progress: told how many more of the q + g pictures are looked at.

    Returns:
        (k,) query rows -> (k, g) float32, smaller = more alike.
    """
    everybody = np.concatenate([np.asarray(queries, np.float32), np.asarray(gallery, np.float32)])
    neighbours, farthest = _neighbours(everybody, metric, max(k1 + 1, k2), progress)
    sets = _expanded_sets(neighbours[:, : k1 + 1], k1)
    weighted = _weigh(sets, everybody, metric, farthest)
    if k2 > 1:
        weighted = csr_matrix(_indicator(neighbours[:, :k2]) @ weighted) / min(k2, neighbours.shape[1])
    answering = csc_matrix(weighted[len(queries) :])  # by column: who has this member?
    original = distance_rows(queries, gallery, metric)

    def rows(wanted: np.ndarray) -> np.ndarray:
        final = original(wanted)
        final **= 2
        final *= weight / farthest[wanted, None]
        for place, row in enumerate(wanted):
            shared = _shared(weighted, int(row), answering)  # (g,) Σ min
            final[place] += (1 - weight) * (1 - shared / (2 - shared))  # equation 10, sums of a row are 1
        return final

    return rows


def _neighbours(
    features: np.ndarray, metric: str, k: int, progress: Callable[[int], object]
) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) nearest first, oneself among them, and (n,) squared distance of the farthest picture of all."""
    rows_of = distance_rows(features, features, metric)
    k = min(k, len(features))
    found, farthest = [], []
    for rows in row_blocks(np.arange(len(features)), len(features)):
        block = rows_of(rows)
        block[np.arange(len(rows)), rows] = 0  # oneself, without the error of rounding
        some = np.argpartition(block, k - 1, axis=1)[:, :k]
        order = np.argsort(np.take_along_axis(block, some, axis=1), axis=1, kind="stable")
        found.append(np.take_along_axis(some, order, axis=1))
        farthest.append(np.maximum(block.max(axis=1) ** 2, np.finfo(np.float32).tiny))
        progress(len(rows))
    return np.concatenate(found), np.concatenate(farthest)


def _indicator(members: np.ndarray) -> csr_matrix:
    """(n, k) members of each set -> sparse (n, n) of ones."""
    n, k = members.shape
    return csr_matrix((np.ones(n * k, np.float32), members.ravel(), np.arange(0, n * k + 1, k)), shape=(n, n))


def _reciprocal(members: np.ndarray) -> csr_matrix:
    """R(p, k), equation 3: those among the k nearest that have p among their own k nearest."""
    chosen = _indicator(members)
    return csr_matrix(chosen.multiply(chosen.T))


def _expanded_sets(neighbours: np.ndarray, k1: int) -> csr_matrix:
    """R*(p, k1), equation 5: R(p, k1), and R(q, k1 / 2) of each member q that shares two thirds of it with R(p, k1)."""
    sets = _reciprocal(neighbours)
    half = _reciprocal(neighbours[:, : int(np.around(k1 / 2)) + 1])
    sizes = np.asarray(half.sum(axis=1)).ravel()  # |R(q, k1 / 2)|
    shared = csr_matrix(sets.multiply(sets @ half))  # half is symmetric: |R(q, k1 / 2) ∩ R(p, k1)| for members q of p
    shared.data = (shared.data > 2 / 3 * sizes[shared.indices]).astype(np.float32)
    shared.eliminate_zeros()
    return csr_matrix(sets + shared @ half)


def _weigh(sets: csr_matrix, features: np.ndarray, metric: str, farthest: np.ndarray) -> csr_matrix:
    """Equation 7: members count by exp(-distance), and each row sums to 1."""
    who = np.repeat(np.arange(sets.shape[0]), np.diff(sets.indptr))
    weights = np.empty(len(who), np.float32)
    pairs_at_once = max(1, _NUMBERS_AT_ONCE // features.shape[1])
    for start in range(0, len(who), pairs_at_once):
        part = slice(start, start + pairs_at_once)
        a, b = features[who[part]], features[sets.indices[part]]
        if metric == "cosine":
            lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
            away = 1 - np.einsum("nd,nd->n", a, b) / np.where(lengths > 0, lengths, 1)
            squared = away**2
        else:
            squared = np.einsum("nd,nd->n", a - b, a - b)
        weights[part] = np.exp(-squared / farthest[who[part]])
    weights /= np.bincount(who, weights, sets.shape[0])[who]
    return csr_matrix((weights, sets.indices, sets.indptr), shape=sets.shape)


def _shared(weighted: csr_matrix, row: int, answering: csc_matrix) -> np.ndarray:
    """(g,) Σ over the members of `row` of the smaller of its weight and each gallery picture's."""
    inside = slice(weighted.indptr[row], weighted.indptr[row + 1])
    members, weights = weighted.indices[inside], weighted.data[inside]
    starts, lengths = answering.indptr[members], np.diff(answering.indptr)[members]
    ends = np.cumsum(lengths)
    where = np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)
    smaller = np.minimum(np.repeat(weights, lengths), answering.data[where])
    return np.bincount(answering.indices[where], smaller, answering.shape[0])
