"""Query expansion, one query and one neighbour at a time."""

import numpy as np
import pytest

from learning_reid.retrieval.nearest import nearest
from learning_reid.retrieval.query_expansion import alpha_expansion, average_expansion


def unit(vector: np.ndarray) -> np.ndarray:
    length = sum(float(x) ** 2 for x in vector) ** 0.5
    return vector / length if length else vector


def slow_expansion(queries: np.ndarray, gallery: np.ndarray, k: int, alpha: float) -> list[np.ndarray]:
    mixed = []
    for query in map(unit, queries):
        neighbours = sorted(map(unit, gallery), key=lambda g: -float(query @ g))[:k]
        total = query.copy()
        for neighbour in neighbours:
            total = total + max(0.0, float(query @ neighbour)) ** alpha * neighbour  # 0.0**0 is 1
        mixed.append(unit(total))
    return mixed


def random_features(seed: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Of any length; without a shift many of the neighbours point away."""
    rng = np.random.default_rng(seed)
    return tuple(rng.normal(shift, 1, (n, 6)) * rng.uniform(0.1, 9, (n, 1)) for n in (8, 25))  # type: ignore[return-value]


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0, 3.0, 20.0])
@pytest.mark.parametrize("k", [0, 1, 5, 25, 99])
@pytest.mark.parametrize("shift", [0.0, 2.0])
def test_equals_a_slow_loop(shift: float, k: int, alpha: float) -> None:
    queries, gallery = random_features(0, shift)
    ours = alpha_expansion(queries, gallery, k, alpha)
    assert ours.dtype == np.float32
    np.testing.assert_allclose(ours, slow_expansion(queries, gallery, k, alpha), atol=1e-5)


@pytest.mark.parametrize("k", [0, 3, 25])
def test_the_average_weighs_all_alike(k: int) -> None:
    queries, gallery = random_features(1, 0.5)
    ours = average_expansion(queries, gallery, k)
    np.testing.assert_array_equal(ours, alpha_expansion(queries, gallery, k, alpha=0.0))
    for query, mixed in zip(map(unit, queries), ours, strict=True):
        neighbours = sorted(map(unit, gallery), key=lambda g: -float(query @ g))[:k]
        np.testing.assert_allclose(mixed, unit(np.mean([query, *neighbours], axis=0)), atol=1e-5)


def test_lengths_change_nothing_and_the_answer_has_length_1() -> None:
    queries, gallery = random_features(2, 1.0)
    ours = alpha_expansion(queries, gallery)
    np.testing.assert_allclose(alpha_expansion(queries * 7, gallery * 0.01), ours, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-6)


def test_the_larger_alpha_the_less_changes() -> None:
    queries, gallery = random_features(3, 1.0)
    asked = np.array([unit(query) for query in queries])
    moved = [1 - (alpha_expansion(queries, gallery, 5, alpha) * asked).sum(axis=1).mean() for alpha in (0, 1, 3, 9)]
    assert moved == sorted(moved, reverse=True) and moved[0] > 2 * moved[-1] > 0


def test_nothing_to_mix_in() -> None:
    queries, gallery = random_features(4, 0.0)
    asked = np.array([unit(query) for query in queries])
    for none in (alpha_expansion(queries, gallery, k=0), average_expansion(queries, np.empty((0, 6)))):
        np.testing.assert_allclose(none, asked, atol=1e-6)
    assert alpha_expansion(np.empty((0, 6)), gallery).shape == (0, 6)
    assert not alpha_expansion(np.zeros((1, 6)), gallery, alpha=3.0).any()  # a query of zeros stays one


def test_what_was_given_stays_as_it_was() -> None:
    queries, gallery = random_features(5, 0.0)
    before = queries.copy(), gallery.copy()
    average_expansion(queries, gallery)
    np.testing.assert_array_equal(queries, before[0])
    np.testing.assert_array_equal(gallery, before[1])


def test_clear_groups_are_found_better() -> None:
    rng = np.random.default_rng(6)
    middle = rng.normal(size=(10, 16))
    gallery, queries = np.repeat(middle, 8, axis=0), middle.copy()
    gallery, queries = (x + rng.normal(scale=1.0, size=x.shape) for x in (gallery, queries))

    def right(asked: np.ndarray) -> float:
        rows, _ = nearest(asked, gallery, 8, "cosine")
        return float((rows // 8 == np.arange(10)[:, None]).mean())

    assert right(average_expansion(queries, gallery, 3)) > right(queries) + 0.05
