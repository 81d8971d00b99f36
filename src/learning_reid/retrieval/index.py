"""A gallery that is asked again and again: made ready once, then each question is quick."""

from __future__ import annotations

from typing import Any

import numpy as np

from learning_reid.errors import UserError
from learning_reid.registry import missing_package

LINKS = 32  # of each vector in the graph, to either side
WIDTH_BUILDING, WIDTH_ASKING = 80, 128  # how many candidates are followed at once
FEW = 20_000  # of so many, comparing with each is quick enough
_ROUNDING = 1e-3  # by which a squared distance in single precision may be wrong, of unit vectors


class VectorIndex:
    """The nearest of a gallery by Euclidean distance.

    Exact: one product with the whole gallery. Approximate: a graph in which each vector is linked to near ones, and
    from neighbour to neighbour the way leads to the query (HNSW: Malkov and Yashunin, *Efficient and robust approximate
    nearest neighbor search using hierarchical navigable small world graphs*, TPAMI 2020). Making the graph takes long,
    and now and then it misses somebody.

    Args:
        vectors: (n, d) float32, of about unit length.
        approximate: make the graph; needs faiss.

    Raises:
        UserError: faiss is missing.

    >>> index = VectorIndex(np.array([[1, 0], [0, 1], [-1, 0]], np.float32))
    >>> rows, distances = index.search(np.array([0.6, 0.8]), k=2)
    >>> rows.tolist(), [f"{distance:.2f}" for distance in distances]
    ([1, 0], ['0.63', '0.89'])
    """

    def __init__(self, vectors: np.ndarray, approximate: bool = False) -> None:
        self._vectors = np.ascontiguousarray(vectors, np.float32)
        self._squares = np.einsum("nd,nd->n", self._vectors, self._vectors)
        self._graph = _graph(self._vectors) if approximate else None

    def __len__(self) -> int:
        return len(self._vectors)

    def search(self, query: np.ndarray, k: int, among: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest, nearest first; equals by row.

        Args:
            query: (d,)
            k: how many, at most.
            among: rows of the gallery that may answer; None = all.

        Returns:
            (k,) int64 rows and (k,) float32 distances; fewer where there are fewer.
        """
        query = np.asarray(query, np.float32)
        count = len(self) if among is None else len(among)
        if min(k, count) < 1:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        near = self._compare(query, k, among) if self._graph is None or count <= FEW else self._walk(query, k, among)
        difference = self._vectors[near].astype(np.float64) - query
        distances = np.sqrt((difference**2).sum(axis=1)).astype(np.float32)
        order = np.lexsort((near, distances))[:k]
        return near[order], distances[order]

    def _compare(self, query: np.ndarray, k: int, among: np.ndarray | None) -> np.ndarray:
        """Rows that are among the k nearest, and those that may be as near as the last of them."""
        vectors = self._vectors if among is None else self._vectors[among]
        squares = self._squares if among is None else self._squares[among]
        scores = squares - 2 * (vectors @ query)  # |v - q|² - |q|²
        if k >= len(scores):
            near = np.arange(len(scores))
        else:
            near = np.flatnonzero(scores <= np.partition(scores, k - 1)[k - 1] + _ROUNDING)
        return near if among is None else np.asarray(among, np.int64)[near]

    def _walk(self, query: np.ndarray, k: int, among: np.ndarray | None) -> np.ndarray:
        import faiss

        chosen = None if among is None else faiss.IDSelectorBatch(np.asarray(among, np.int64))
        how = faiss.SearchParametersHNSW(efSearch=max(WIDTH_ASKING, 2 * k), sel=chosen)  # type: ignore[attr-defined]
        rows = self._graph.search(query[None], k, params=how)[1][0]  # type: ignore[union-attr]
        return rows[rows >= 0]


def _graph(vectors: np.ndarray) -> Any:
    try:
        import faiss
    except ImportError:
        raise UserError(missing_package("an approximate index", "faiss", "fast")) from None
    graph = faiss.IndexHNSWFlat(vectors.shape[1], LINKS)
    graph.hnsw.efConstruction = WIDTH_BUILDING
    graph.add(vectors)
    return graph
