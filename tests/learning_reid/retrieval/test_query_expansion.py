"""Query expansion against a loop over queries and neighbors."""

import numpy as np
import pytest

from learning_reid.retrieval.neighbors import search
from learning_reid.retrieval.query_expansion import alpha_query_expansion, average_query_expansion


def unit(vector: np.ndarray) -> np.ndarray:
    length = sum(float(x) ** 2 for x in vector) ** 0.5
    return vector / length if length else vector


def slow_expansion(queries: np.ndarray, gallery: np.ndarray, k: int, alpha: float) -> list[np.ndarray]:
    mixed = []
    for query in map(unit, queries):
        neighbors = sorted(map(unit, gallery), key=lambda g: -float(query @ g))[:k]
        total = query.copy()
        for neighbor in neighbors:
            total = total + max(0.0, float(query @ neighbor)) ** alpha * neighbor  # 0.0**0 is 1
        mixed.append(unit(total))
    return mixed


def random_features(seed: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of any length; without a shift many neighbors have negative similarity."""
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(shift, 1, (n, 6)) * rng.uniform(0.1, 9, (n, 1)) for n in (8, 25))  # type: ignore[return-value]


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("k", [0, 1, 5, 25, 99])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_equals_a_slow_loop(shift: float, k: int, alpha: float) -> None:
    queries, gallery = random_features(0, shift)
    ours = alpha_query_expansion(queries, gallery, k, alpha)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, slow_expansion(queries, gallery, k, alpha), atol=1e-5)


@pytest.mark.parametrize("k", [0, 3, 25])
def test_average_expansion_weights_all_neighbors_equally(k: int) -> None:
    queries, gallery = random_features(1, 0.5)
    ours = average_query_expansion(queries, gallery, k)
    np.testing.assert_array_equal(ours, alpha_query_expansion(queries, gallery, k, alpha=0.0))
    for query, mixed in zip(map(unit, queries), ours, strict=True):
        neighbors = sorted(map(unit, gallery), key=lambda g: -float(query @ g))[:k]
        np.testing.assert_allclose(mixed, unit(np.mean([query, *neighbors], axis=0)), atol=1e-5)


def test_result_has_unit_length_and_ignores_input_lengths() -> None:
    queries, gallery = random_features(2, 1.0)
    ours = alpha_query_expansion(queries, gallery)
    np.testing.assert_allclose(alpha_query_expansion(queries * 7, gallery * 0.01), ours, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


def test_larger_alpha_changes_queries_less() -> None:
    queries, gallery = random_features(3, 1.0)
    before = np.array([unit(query) for query in queries])
    moved = [
        1 - (alpha_query_expansion(queries, gallery, 5, alpha) * before).sum(axis=1).mean() for alpha in (0, 1, 3, 9)
    ]
    assert moved == sorted(moved, reverse=True) and moved[0] > 2 * moved[-1] > 0


def test_without_neighbors_queries_stay() -> None:
    queries, gallery = random_features(4, 0.0)
    before = np.array([unit(query) for query in queries])
    for none in (alpha_query_expansion(queries, gallery, k=0), average_query_expansion(queries, np.empty((0, 6)))):
        np.testing.assert_allclose(none, before, atol=1e-6)
    assert alpha_query_expansion(np.empty((0, 6)), gallery).shape == (0, 6)
    assert not alpha_query_expansion(np.zeros((1, 6)), gallery, alpha=3.0).any()  # a zero query stays zero


def test_expansion_helps_on_clear_clusters() -> None:
    rng = np.random.default_rng(6)
    centers = rng.normal(size=(10, 16))
    gallery, queries = (x + rng.normal(scale=1.0, size=x.shape) for x in (np.repeat(centers, 8, axis=0), centers))

    def precision_at_8(features: np.ndarray) -> float:
        return float((search(features, gallery, 8, "cosine").indices // 8 == np.arange(10)[:, None]).mean())

    assert precision_at_8(average_query_expansion(queries, gallery, 3)) > precision_at_8(queries) + 0.05
