"""Sparse re-ranking against torchreid's dense one; and how little it holds."""

import tracemalloc
import warnings

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import score_retrieval
from learning_reid.retrieval.distances import distance_rows
from learning_reid.retrieval.reranking import reranked_rows

METRICS = pytest.mark.parametrize("metric", ["euclidean", "cosine"])


def scattered(seed: int, queries: int = 30, gallery: int = 90) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(queries, 8)).astype(np.float32), rng.normal(size=(gallery, 8)).astype(np.float32)


def clustered(seed: int, people: int = 12, pictures: int = 10, asking: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Of each person some pictures ask and some answer; row r of either is of person r // its number of pictures."""
    rng = np.random.default_rng(seed)
    middle = rng.normal(size=(people, 1, 16))
    crops = (middle + rng.normal(scale=0.9, size=(people, pictures, 16))).astype(np.float32)
    return crops[:, :asking].reshape(-1, 16), crops[:, asking:].reshape(-1, 16)


def torchreid_says(
    queries: np.ndarray, gallery: np.ndarray, metric: str, k1: int, k2: int, weight: float
) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torchreid.reid.utils.rerank import re_ranking

    both = np.concatenate([queries, gallery]).astype(np.float64)
    away, q = cdist(both, both, metric), len(queries)
    return re_ranking(away[:q, q:], away[:q, :q], away[q:, q:], k1, k2, weight)


def whole(queries: np.ndarray, gallery: np.ndarray, metric: str = "euclidean", **settings) -> np.ndarray:
    return reranked_rows(queries, gallery, metric, **settings)(np.arange(len(queries)))


@METRICS
@pytest.mark.parametrize("features", [scattered, clustered])
@pytest.mark.parametrize(
    ("k1", "k2", "weight"),
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
def test_equals_torchreid(metric: str, features, k1: int, k2: int, weight: float) -> None:
    queries, gallery = features(k1)
    ours = whole(queries, gallery, metric, k1=k1, k2=k2, weight=weight)
    assert ours.shape == (len(queries), len(gallery)) and ours.dtype == np.float32
    np.testing.assert_allclose(ours, torchreid_says(queries, gallery, metric, k1, k2, weight), atol=1e-5, rtol=0)


@pytest.mark.parametrize(("k1", "k2"), [(3, 6), (5, 20)])
def test_more_sets_are_averaged_than_neighbours_may_be_reciprocal(k1: int, k2: int) -> None:
    queries, gallery = clustered(1)
    expected = torchreid_says(queries, gallery, "euclidean", k1, k2, 0.3)
    np.testing.assert_allclose(whole(queries, gallery, k1=k1, k2=k2), expected, atol=1e-5)


@METRICS
@pytest.mark.parametrize("seed", range(3))
def test_the_figures_equal_those_of_torchreid_and_are_better_than_without(metric: str, seed: int) -> None:
    queries, gallery = clustered(seed, people=20)
    query, answering = (
        Labels.of(np.arange(len(x)) // (len(x) // 20), np.full(len(x), c)) for c, x in ((0, queries), (1, gallery))
    )

    def mean_ap(rows) -> float:
        protocol = PROTOCOLS["market1501"]
        matches = find_matches(rows, query, answering, protocol)
        return score_retrieval(matches, query, answering, protocol).figures["map"]

    theirs = torchreid_says(queries, gallery, metric, 10, 4, 0.3)
    ours = mean_ap(reranked_rows(queries, gallery, metric, k1=10, k2=4))
    assert ours == pytest.approx(mean_ap(lambda wanted: theirs[wanted].copy()), abs=1e-4)
    assert ours > mean_ap(distance_rows(queries, gallery, metric)) + 0.02


@METRICS
def test_any_rows_at_any_time(metric: str) -> None:
    queries, gallery = clustered(2)
    rows = reranked_rows(queries, gallery, metric)
    expected = whole(queries, gallery, metric)
    for wanted in ([5, 0, 5], [], [7], list(range(len(queries)))[::-1]):
        answer = rows(np.array(wanted, int))
        np.testing.assert_allclose(answer, expected[wanted], atol=1e-6)
        answer[:] = np.nan  # the caller may overwrite it


@METRICS
@pytest.mark.parametrize("block_bytes", [1, 5000])
def test_the_size_of_the_blocks_changes_nothing(metric: str, block_bytes: int, monkeypatch) -> None:
    queries, gallery = clustered(3)
    expected = whole(queries, gallery, metric)
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    monkeypatch.setattr("learning_reid.retrieval.reranking._NUMBERS_AT_ONCE", 17)
    told: list[int] = []
    rows = reranked_rows(queries, gallery, metric, progress=told.append)
    np.testing.assert_allclose(rows(np.arange(len(queries))), expected, atol=1e-5)
    assert sum(told) == len(queries) + len(gallery) and len(told) > 1


def test_the_order_of_the_gallery_changes_nothing() -> None:
    queries, gallery = clustered(4)
    order = np.random.default_rng(0).permutation(len(gallery))
    np.testing.assert_allclose(whole(queries, gallery[order]), whole(queries, gallery)[:, order], atol=1e-5)


def test_with_the_whole_weight_only_the_squares_of_the_distances_are_left() -> None:
    queries, gallery = scattered(5)
    both = np.concatenate([queries, gallery])
    squared = cdist(queries, both, "sqeuclidean")
    expected = squared[:, len(queries) :] / squared.max(axis=1, keepdims=True)
    np.testing.assert_allclose(whole(queries, gallery, weight=1.0), expected, atol=1e-6)


@METRICS
@pytest.mark.parametrize("copies", [2, 5, 60])
def test_copies_of_pictures_do_no_harm(metric: str, copies: int) -> None:
    queries, gallery = scattered(6, queries=4, gallery=6)
    gallery = np.repeat(np.concatenate([gallery, queries[:2]]), copies, axis=0)
    ours = whole(np.repeat(queries, 3, axis=0), gallery, metric, k1=5, k2=3)
    assert np.isfinite(ours).all() and ours.min() > -1e-3 and ours.max() < 1 + 1e-3


@METRICS
@pytest.mark.parametrize(("asking", "answering"), [(1, 1), (1, 2), (3, 1), (0, 3), (2, 0)])
def test_few_or_no_pictures(metric: str, asking: int, answering: int) -> None:
    queries, gallery = scattered(7, queries=asking, gallery=answering)
    ours = whole(queries, gallery, metric)
    assert ours.shape == (asking, answering) and np.isfinite(ours).all()
    if asking and answering:
        np.testing.assert_allclose(ours, torchreid_says(queries, gallery, metric, 20, 6, 0.3), atol=1e-5)


@METRICS
def test_equal_vectors_and_zeros_divide_by_nothing(metric: str) -> None:
    for value in (0.0, 1.0):
        assert np.isfinite(whole(np.full((3, 4), value), np.full((30, 4), value), metric)).all()


def test_the_matrix_of_all_distances_is_never_held(monkeypatch) -> None:
    queries, gallery = clustered(8, people=300, pictures=10, asking=1)
    everybody = len(queries) + len(gallery)
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 2**20)
    tracemalloc.start()
    rows = reranked_rows(queries, gallery, k1=10, k2=3)
    rows(np.arange(20))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert everybody == 3000 and peak < 4 * everybody**2 / 2
