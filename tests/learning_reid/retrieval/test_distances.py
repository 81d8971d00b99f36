"""Matrix forms against loops over pairs and SciPy, and numerically difficult inputs."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.retrieval.distances import DISTANCES, cosine_distance, distance_rows, euclidean_distance, row_blocks


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
def test_equal_vectors_have_distance_zero(name: str) -> None:
    vectors = np.random.default_rng(1).normal(size=(50, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.diag(DISTANCES[name](vectors, vectors)).max() < 1e-6


def test_small_differences_survive_the_cancelling_terms() -> None:
    rng = np.random.default_rng(2)
    a = rng.normal(size=(1, 512)).astype(np.float32)
    b = a + rng.normal(scale=1e-4, size=(20, 512)).astype(np.float32)
    np.testing.assert_allclose(euclidean_distance(a, b), cdist(a.astype(np.float64), b.astype(np.float64)), rtol=1e-5)


def test_both_metrics_rank_unit_vectors_alike() -> None:
    vectors = np.random.default_rng(3).normal(size=(40, 16))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.testing.assert_array_equal(
        euclidean_distance(vectors[:1], vectors).argsort(), cosine_distance(vectors[:1], vectors).argsort()
    )
    np.testing.assert_allclose(
        euclidean_distance(vectors, vectors) ** 2, 2 * cosine_distance(vectors, vectors), atol=1e-5
    )


def test_a_zero_vector_has_cosine_distance_one_to_everything() -> None:
    assert cosine_distance(np.zeros((1, 3)), np.eye(3)).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("name", DISTANCES)
def test_empty_input(name: str) -> None:
    assert DISTANCES[name](np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)


def in_rows(queries: np.ndarray, gallery: np.ndarray, metric: str) -> np.ndarray:
    return distance_rows(queries, gallery, metric)(np.arange(len(queries)))


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("shape", [(7, 40, 16), (1, 1, 1), (30, 5, 512), (5, 1, 8)])
def test_rows_equal_the_whole_matrix(metric: str, shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(4)
    queries, gallery = (rng.normal(size=(n, shape[2])).astype(np.float32) for n in shape[:2])
    result = in_rows(queries, gallery, metric)
    assert result.dtype == np.float32 and result.shape == shape[:2]
    np.testing.assert_allclose(result, DISTANCES[metric](queries, gallery), atol=2e-6 * shape[2] ** 0.5)


@pytest.mark.parametrize("metric", DISTANCES)
def test_rows_of_other_dtypes(metric: str) -> None:
    vectors = np.random.default_rng(5).integers(-9, 9, (12, 6))
    expected = DISTANCES[metric](vectors, vectors)
    for kind in (np.int64, np.float64, np.float16, np.float32):
        np.testing.assert_allclose(in_rows(vectors.astype(kind), vectors.astype(kind), metric), expected, atol=2e-2)
    off = ~np.eye(12, dtype=bool)
    np.testing.assert_allclose(in_rows(vectors, vectors, metric)[off], expected[off], atol=1e-5)


@pytest.mark.parametrize("offset", [0.0, 10.0, 1000.0])
def test_a_common_offset_costs_no_precision(offset: float) -> None:
    rng = np.random.default_rng(6)
    queries, gallery = (np.float32(rng.normal(size=(n, 64)) + offset) for n in (9, 300))
    np.testing.assert_allclose(in_rows(queries, gallery, "euclidean"), euclidean_distance(queries, gallery), rtol=1e-5)
    in_double = [[slow_euclidean(q, g) for g in gallery[:5]] for q in queries]
    np.testing.assert_allclose(in_rows(queries, gallery, "euclidean")[:, :5], in_double, rtol=1e-5)


def test_rows_of_nearly_equal_vectors_are_exact_to_a_thousandth_of_their_length() -> None:
    rng = np.random.default_rng(7)
    vectors = np.float32(rng.normal(size=(200, 512)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.diag(in_rows(vectors, vectors, "euclidean")).max() < 1e-3
    assert np.abs(np.diag(in_rows(vectors, vectors, "cosine"))).max() < 1e-6
    assert np.isfinite(in_rows(vectors, vectors, "euclidean")).all()  # no square root of a negative number


def test_a_zero_row_has_cosine_distance_one_to_everything() -> None:
    vectors = np.array([[0.0, 0.0], [3.0, 0.0], [0.0, -2.0]])
    assert in_rows(vectors, vectors, "cosine").tolist() == [[1, 1, 1], [1, 0, 1], [1, 1, 0]]
    assert l2_normalize(vectors).tolist() == [[0, 0], [1, 0], [0, -1]]


@pytest.mark.parametrize("metric", DISTANCES)
def test_rows_in_any_order_and_number(metric: str) -> None:
    rng = np.random.default_rng(8)
    queries, gallery = rng.normal(size=(20, 8)), rng.normal(size=(15, 8))
    rows, whole = distance_rows(queries, gallery, metric), DISTANCES[metric](queries, gallery)
    for size in (3, 1, 20, 0, 7, 20):  # the buffer grows and is used again
        chosen = rng.integers(0, 20, size)  # also the same row twice
        np.testing.assert_allclose(rows(chosen), whole[chosen], atol=1e-5)


@pytest.mark.parametrize("metric", DISTANCES)
def test_two_functions_do_not_share_their_buffer(metric: str) -> None:
    rng = np.random.default_rng(9)
    a, b = rng.normal(size=(4, 8)), rng.normal(size=(4, 8))
    one, two = distance_rows(a, b, metric), distance_rows(b, a, metric)
    first = one(np.arange(4))
    kept = first.copy()
    two(np.arange(4))
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize(("num_queries", "num_gallery"), [(0, 3), (3, 0), (0, 0)])
def test_no_rows_or_no_columns(metric: str, num_queries: int, num_gallery: int) -> None:
    result = in_rows(np.zeros((num_queries, 4)), np.zeros((num_gallery, 4)), metric)
    assert result.shape == (num_queries, num_gallery)


@pytest.mark.parametrize("block_bytes", [1, 39, 40, 41, 1000])
@pytest.mark.parametrize("columns", [0, 1, 10, 10_000])
@pytest.mark.parametrize("size", [0, 1, 17])
def test_blocks_have_every_row_once_and_fit_into_memory(size: int, columns: int, block_bytes: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    rows = np.random.default_rng(size).permutation(size) * 3
    blocks = row_blocks(rows, columns)
    assert [int(row) for block in blocks for row in block] == rows.tolist()
    row_bytes = max(1, 4 * columns)
    assert all(len(block) == 1 or row_bytes < row_bytes * len(block) <= block_bytes for block in blocks)
    assert all(row_bytes * (len(block) + 1) > block_bytes for block in blocks[:-1])  # each as large as possible


@pytest.mark.parametrize("metric", ["Cosine", "manhattan", ""])
def test_an_unknown_metric_is_refused(metric: str) -> None:
    with pytest.raises(ValueError, match="unknown metric"):
        distance_rows(np.eye(2), np.eye(2), metric)


@pytest.mark.parametrize("metric", DISTANCES)
def test_equal_features_have_equal_distances_up_to_rounding(metric: str) -> None:
    rng = np.random.default_rng(1)
    for size in (64, 128, 512):  # matrix products round the last columns differently
        gallery = np.repeat(rng.normal(size=(1, size)), 1003, axis=0)
        gallery[rng.random(1003) < 0.5] = rng.normal(size=size)
        result = in_rows(rng.normal(size=(37, size)), gallery, metric)
        _, group = np.unique(gallery, axis=0, return_inverse=True)
        for number in range(2):
            equal = result[:, group.ravel() == number]
            assert np.ptp(equal, axis=1).max() <= 8 * np.finfo(np.float32).eps * equal.max()


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("columns", [1, 7, 300, 301, 8192])
def test_the_number_of_columns_at_once_does_not_change_the_result(metric: str, columns: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._COLUMNS_AT_ONCE", columns)
    rng = np.random.default_rng(10)
    queries, gallery = rng.normal(size=(6, 8)), rng.normal(size=(301, 8))
    np.testing.assert_allclose(in_rows(queries, gallery, metric), DISTANCES[metric](queries, gallery), atol=1e-5)


def test_blocks_have_at_most_256_rows() -> None:
    blocks = row_blocks(np.arange(1000), 10)
    assert [len(block) for block in blocks] == [256, 256, 256, 232]
    assert np.concatenate(blocks).tolist() == list(range(1000))


def test_embeddings_of_different_dimensions_are_refused() -> None:
    with pytest.raises(ValueError, match=r"embeddings of \(4,\) and \(5,\) dimensions"):
        distance_rows(np.ones((2, 4)), np.ones((3, 5)), "cosine")
