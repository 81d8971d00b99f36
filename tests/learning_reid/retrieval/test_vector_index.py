"""The index against a full sort of the gallery."""

import sys

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.retrieval import vector_index as module
from learning_reid.retrieval.vector_index import VectorIndex


def unit(rng: np.random.Generator, count: int, size: int = 24) -> np.ndarray:
    vectors = rng.normal(size=(count, size))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def sort_all(vectors: np.ndarray, query: np.ndarray, k: int, among: np.ndarray) -> list[int]:
    distances = [(float(np.linalg.norm(vectors[row].astype(np.float64) - query)), int(row)) for row in among]
    return [row for _, row in sorted(distances)[:k]]


@pytest.mark.parametrize("k", [1, 10, 299, 300, 1000])
@pytest.mark.parametrize("some", [False, True])
def test_equals_a_full_sort(k: int, some: bool) -> None:
    rng = np.random.default_rng(k)
    vectors, queries = unit(rng, 300), unit(rng, 7)
    among = np.sort(rng.choice(300, 120, replace=False)) if some else np.arange(300)
    index = VectorIndex(vectors)
    for query in queries:
        rows, distances = index.search(query, k, among if some else None)
        assert rows.tolist() == sort_all(vectors, query, k, among)
        np.testing.assert_allclose(distances, np.linalg.norm(vectors[rows] - query, axis=1), atol=1e-6)


def test_ties_come_in_row_order_also_at_rank_k() -> None:
    rng = np.random.default_rng(0)
    vectors = np.repeat(unit(rng, 5), 40, axis=0)[rng.permutation(200)]
    for query in unit(rng, 10):
        assert VectorIndex(vectors).search(query, 50)[0].tolist() == sort_all(vectors, query, 50, np.arange(200))


@pytest.mark.parametrize(("count", "k", "among"), [(0, 3, None), (4, 0, None), (4, 3, np.empty(0, np.int64))])
def test_empty_gallery_or_result(count: int, k: int, among: np.ndarray | None) -> None:
    rows, distances = VectorIndex(np.ones((count, 3), np.float32)).search(np.ones(3), k, among)
    assert len(rows) == len(distances) == 0


def test_the_graph_finds_nearly_all_and_respects_the_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_LIMIT", 100)
    rng = np.random.default_rng(0)
    vectors, queries = unit(rng, 3000, 16), unit(rng, 50, 16)
    exact, near = VectorIndex(vectors), VectorIndex(vectors, approximate=True)
    among = np.flatnonzero(rng.random(3000) < 0.5)
    for allowed in (None, among):
        hits = []
        for query in queries:
            truth, rows = exact.search(query, 10, allowed)[0], near.search(query, 10, allowed)[0]
            assert len(set(rows.tolist())) == 10 and (allowed is None or np.isin(rows, allowed).all())
            hits.append(np.isin(rows, truth).mean())
        assert np.mean(hits) >= 0.98
    few = among[:90]
    assert near.search(queries[0], 10, few)[0].tolist() == exact.search(queries[0], 10, few)[0].tolist()


def test_without_faiss_the_extra_to_install_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(UserError, match=r"needs the package 'faiss'.*fast"):
        VectorIndex(np.ones((3, 2), np.float32), approximate=True)
