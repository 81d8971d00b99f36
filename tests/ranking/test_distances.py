"""Matrix forms against one pair at a time, and the numbers that trip naive formulas."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from src.ranking.distances import DISTANCES, cosine, euclidean


def slow_euclidean(a: np.ndarray, b: np.ndarray) -> float:
    return sum((float(p) - float(q)) ** 2 for p, q in zip(a, b, strict=True)) ** 0.5


def slow_cosine(a: np.ndarray, b: np.ndarray) -> float:
    dot = sum(float(p) * float(q) for p, q in zip(a, b, strict=True))
    return 1 - dot / (sum(float(p) ** 2 for p in a) ** 0.5 * sum(float(q) ** 2 for q in b) ** 0.5)


@pytest.mark.parametrize(("name", "slow"), [("euclidean", slow_euclidean), ("cosine", slow_cosine)])
def test_equals_one_pair_at_a_time_and_scipy(name: str, slow) -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(7, 20)).astype(np.float32), rng.normal(size=(5, 20)).astype(np.float32)
    result = DISTANCES[name](a, b)
    assert result.dtype == np.float32 and result.shape == (7, 5)
    np.testing.assert_allclose(result, [[slow(p, q) for q in b] for p in a], rtol=1e-5)
    np.testing.assert_allclose(result, cdist(a, b, name), rtol=1e-5)


@pytest.mark.parametrize("name", DISTANCES)
def test_equal_vectors_are_at_no_distance(name: str) -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.diag(DISTANCES[name](vectors, vectors)).max() < 1e-6


def test_small_differences_survive_the_cancelling_terms() -> None:
    rng = np.random.default_rng(2)
    a = rng.normal(size=(1, 512)).astype(np.float32)
    b = a + rng.normal(scale=1e-4, size=(20, 512)).astype(np.float32)
    np.testing.assert_allclose(euclidean(a, b), cdist(a.astype(np.float64), b.astype(np.float64)), rtol=1e-5)


def test_on_unit_vectors_both_rank_alike() -> None:
    vectors = np.random.default_rng(3).normal(size=(40, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_array_equal(euclidean(vectors[:1], vectors).argsort(), cosine(vectors[:1], vectors).argsort())
    np.testing.assert_allclose(euclidean(vectors, vectors) ** 2, 2 * cosine(vectors, vectors), atol=1e-5)


def test_a_vector_without_length_is_far_from_everything_and_nothing_divides_by_zero() -> None:
    assert cosine(np.zeros((1, 3)), np.eye(3)).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("name", DISTANCES)
def test_nothing_to_compare(name: str) -> None:
    assert DISTANCES[name](np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)
