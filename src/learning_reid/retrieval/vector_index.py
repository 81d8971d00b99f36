"""Index for repeated nearest-neighbor queries on one gallery, exact or approximate."""

from typing import Any

import numpy as np

from learning_reid.errors import UserError
from learning_reid.registry import missing_package

HNSW_LINKS = 32  # links per vector
EF_CONSTRUCTION, EF_SEARCH = 80, 128  # candidates followed at once, while building and while searching
EXACT_LIMIT = 20_000  # up to this many candidates, comparing with each is fast enough
_ROUNDING = 1e-3  # maximum error of a squared distance of unit vectors in single precision


class VectorIndex:
    """Nearest neighbors by Euclidean distance.

    Exact: one product with the whole gallery. Approximate: a graph of near vectors that a search follows towards the
    query (HNSW: Malkov and Yashunin, *Efficient and robust approximate nearest neighbor search using hierarchical
    navigable small world graphs*, TPAMI 2020). Building the graph takes long, and a search may miss a neighbor.

    Args:
        vectors: (n, d) float32, of about unit length.
        approximate: Build the graph; needs faiss.

    Raises:
        UserError: faiss is not installed.

    >>> index = VectorIndex(np.array([[1, 0], [0, 1], [-1, 0]], np.float32))
    >>> rows, distances = index.search(np.array([0.6, 0.8]), k=2)
    >>> rows.tolist(), [f"{distance:.2f}" for distance in distances]
    ([1, 0], ['0.63', '0.89'])
    """

    def __init__(self, vectors: np.ndarray, approximate: bool = False) -> None:
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        self._squares = np.einsum("nd,nd->n", self._vectors, self._vectors)
        self._graph = _build_graph(self._vectors) if approximate else None

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, query: np.ndarray, k: int, among: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Find the k nearest vectors, nearest first; equal distances in row order.

        Args:
            query: (d,)
            k: Maximum number of neighbors.
            among: Rows to search; None = all.

        Returns:
            (k,) int64 rows and (k,) float32 distances; fewer if there are fewer vectors.
        """
        query = np.asarray(query, np.float32)
        count = len(self) if among is None else len(among)
        if min(k, count) < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        exact = self._graph is None or count <= EXACT_LIMIT
        near = self._search_exact(query, k, among) if exact else self._search_graph(query, k, among)
        difference = self._vectors[near].astype(np.float64) - query
        distances = np.sqrt((difference**2).sum(axis=1)).astype(np.float32)
        order = np.lexsort((near, distances))[:k]
        return near[order], distances[order]

    def _search_exact(self, query: np.ndarray, k: int, among: np.ndarray | None) -> np.ndarray:
        """Return the k nearest rows, and those that rounding may have put behind the last of them."""
        vectors = self._vectors if among is None else self._vectors[among]
        squares = self._squares if among is None else self._squares[among]
        scores = squares - 2 * (vectors @ query)  # |v - q|² - |q|²
        if k >= len(scores):
            near = np.arange(len(scores))
        else:
            near = np.flatnonzero(scores <= np.partition(scores, k - 1)[k - 1] + _ROUNDING)
        return near if among is None else np.asarray(among, np.int64)[near]

    def _search_graph(self, query: np.ndarray, k: int, among: np.ndarray | None) -> np.ndarray:
        import faiss

        selector = None if among is None else faiss.IDSelectorBatch(np.asarray(among, np.int64))
        params = faiss.SearchParametersHNSW(efSearch=max(EF_SEARCH, 2 * k), sel=selector)  # type: ignore[attr-defined]
        rows = self._graph.search(query[None], k, params=params)[1][0]  # type: ignore[union-attr]
        return rows[rows >= 0]


def _build_graph(vectors: np.ndarray) -> Any:
    try:
        import faiss
    except ImportError:
        raise UserError(missing_package("an approximate index", "faiss", "fast")) from None
    graph = faiss.IndexHNSWFlat(vectors.shape[1], HNSW_LINKS)
    graph.hnsw.efConstruction = EF_CONSTRUCTION
    graph.add(vectors)
    return graph
