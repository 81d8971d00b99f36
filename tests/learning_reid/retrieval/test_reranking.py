"""Sparse re-ranking against torchreid's dense one, and its memory."""

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import retrieval_metrics
from learning_reid.retrieval.distances import distance_rows
from learning_reid.retrieval.reranking import k_reciprocal_rerank, reranked_distance_rows

METRICS = pytest.mark.parametrize("metric", ["euclidean", "cosine"])


def scattered(seed: int, queries: int = 30, gallery: int = 90) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(queries, 8)).astype(np.float32), rng.normal(size=(gallery, 8)).astype(np.float32)


def clustered(seed: int, people: int = 12, images: int = 10, query_images: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Split each person's images into query and gallery; rows are sorted by person."""
    rng = np.random.default_rng(seed)
    centers = rng.normal(size=(people, 1, 16))
    crops = (centers + rng.normal(scale=0.9, size=(people, images, 16))).astype(np.float32)
    return crops[:, :query_images].reshape(-1, 16), crops[:, query_images:].reshape(-1, 16)


def torchreid_rerank(
    queries: np.ndarray, gallery: np.ndarray, metric: str, k1: int, k2: int, lambda_value: float
) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchreid.reid.utils.rerank import re_ranking

    both = np.concatenate([queries, gallery]).astype(np.float64)
    distances, q = cdist(both, both, metric), len(queries)
    return re_ranking(distances[:q, q:], distances[:q, :q], distances[q:, q:], k1, k2, lambda_value)


@METRICS
@pytest.mark.parametrize("features", [scattered, clustered])
@pytest.mark.parametrize(
    ("k1", "k2", "lambda_value"),
    [
        (20, 6, 0.3),
        (20, 1, 0.3),
        (7, 3, 0.0),
        (5, 5, 0.7),
        (1, 1, 0.3),
        (2, 2, 0.5),
        (3, 4, 0.3),
        (10, 6, 1.0),
        (300, 6, 0.3),
    ],
)
def test_equals_torchreid(metric: str, features, k1: int, k2: int, lambda_value: float) -> None:
    queries, gallery = features(k1)
    ours = k_reciprocal_rerank(queries, gallery, metric=metric, k1=k1, k2=k2, lambda_value=lambda_value)
    assert ours.shape == (len(queries), len(gallery)) and ours.dtype == np.float32
    np.testing.assert_allclose(
        ours, torchreid_rerank(queries, gallery, metric, k1, k2, lambda_value), atol=1e-5, rtol=0
    )


@pytest.mark.parametrize(("k1", "k2"), [(3, 6), (5, 20)])
def test_k2_larger_than_k1(k1: int, k2: int) -> None:
    queries, gallery = clustered(1)
    expected = torchreid_rerank(queries, gallery, "euclidean", k1, k2, 0.3)
    np.testing.assert_allclose(k_reciprocal_rerank(queries, gallery, k1=k1, k2=k2), expected, atol=1e-5)


@METRICS
@pytest.mark.parametrize("seed", range(3))
def test_map_equals_torchreid_and_improves_on_plain_distances(metric: str, seed: int) -> None:
    queries, gallery = clustered(seed, people=20)
    query, gallery_labels = (
        Labels.of(np.arange(len(x)) // (len(x) // 20), np.full(len(x), c)) for c, x in ((0, queries), (1, gallery))
    )

    def mean_ap(rows) -> float:
        protocol = PROTOCOLS["market1501"]
        matches = find_matches(rows, query, gallery_labels, protocol)
        return retrieval_metrics(matches, query, gallery_labels, protocol).means["map"]

    theirs = torchreid_rerank(queries, gallery, metric, 10, 4, 0.3)
    ours = mean_ap(reranked_distance_rows(queries, gallery, metric=metric, k1=10, k2=4))
    assert ours == pytest.approx(mean_ap(lambda rows: theirs[rows]), abs=1e-4)
    assert ours > mean_ap(distance_rows(queries, gallery, metric)) + 0.02


@METRICS
def test_rows_in_any_order_and_number(metric: str) -> None:
    queries, gallery = clustered(2)
    rows = reranked_distance_rows(queries, gallery, metric=metric)
    expected = k_reciprocal_rerank(queries, gallery, metric=metric)
    for chosen in ([5, 0, 5], [], [7], list(range(len(queries)))[::-1]):
        np.testing.assert_allclose(rows(np.array(chosen, int)), expected[chosen], atol=1e-6)


@METRICS
@pytest.mark.parametrize("block_bytes", [1, 5000])
def test_block_size_does_not_change_the_result(metric: str, block_bytes: int, monkeypatch) -> None:
    queries, gallery = clustered(3)
    expected = k_reciprocal_rerank(queries, gallery, metric=metric)
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    monkeypatch.setattr("learning_reid.retrieval.reranking._VALUES_AT_ONCE", 17)
    finished: list[int] = []
    rows = reranked_distance_rows(queries, gallery, metric=metric, progress=finished.append)
    np.testing.assert_allclose(rows(np.arange(len(queries))), expected, atol=1e-5)
    assert sum(finished) == len(queries) + len(gallery) and len(finished) > 1


def test_gallery_order_does_not_change_the_result() -> None:
    queries, gallery = clustered(4)
    order = np.random.default_rng(0).permutation(len(gallery))
    np.testing.assert_allclose(
        k_reciprocal_rerank(queries, gallery[order]), k_reciprocal_rerank(queries, gallery)[:, order], atol=1e-5
    )


def test_lambda_one_gives_the_squared_distances() -> None:
    queries, gallery = scattered(5)
    both = np.concatenate([queries, gallery])
    squared = cdist(queries, both, "sqeuclidean")
    expected = squared[:, len(queries) :] / squared.max(axis=1, keepdims=True)
    np.testing.assert_allclose(k_reciprocal_rerank(queries, gallery, lambda_value=1.0), expected, atol=1e-6)


@METRICS
@pytest.mark.parametrize("copies", [2, 5, 60])
def test_copies_of_images_give_finite_distances(metric: str, copies: int) -> None:
    queries, gallery = scattered(6, queries=4, gallery=6)
    gallery = np.repeat(np.concatenate([gallery, queries[:2]]), copies, axis=0)
    ours = k_reciprocal_rerank(np.repeat(queries, 3, axis=0), gallery, metric=metric, k1=5, k2=3)
    assert np.isfinite(ours).all() and ours.min() > -1e-3 and ours.max() < 1 + 1e-3


@METRICS
@pytest.mark.parametrize(("num_queries", "num_gallery"), [(1, 1), (1, 2), (3, 1), (0, 3), (2, 0)])
def test_few_or_no_images(metric: str, num_queries: int, num_gallery: int) -> None:
    queries, gallery = scattered(7, queries=num_queries, gallery=num_gallery)
    ours = k_reciprocal_rerank(queries, gallery, metric=metric)
    assert ours.shape == (num_queries, num_gallery) and np.isfinite(ours).all()
    if num_queries and num_gallery:
        np.testing.assert_allclose(ours, torchreid_rerank(queries, gallery, metric, 20, 6, 0.3), atol=1e-5)


@METRICS
def test_equal_and_zero_vectors_give_finite_distances(metric: str) -> None:
    for value in (0.0, 1.0):
        assert np.isfinite(k_reciprocal_rerank(np.full((3, 4), value), np.full((30, 4), value), metric=metric)).all()


def test_the_full_distance_matrix_is_never_in_memory(monkeypatch) -> None:
    queries, gallery = clustered(8, people=300, images=10, query_images=1)
    num_images = len(queries) + len(gallery)
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 2**20)
    tracemalloc.start()
    rows = reranked_distance_rows(queries, gallery, k1=10, k2=3)
    rows(np.arange(20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert num_images == 3000 and peak < 4 * num_images**2 / 2
