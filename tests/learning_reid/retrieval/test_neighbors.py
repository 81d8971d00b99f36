"""The k nearest against a full sort of the gallery, and rejection by a threshold."""

import numpy as np
import pytest

from learning_reid.retrieval.distances import DISTANCES
from learning_reid.retrieval.neighbors import SearchResult, search

METRICS = pytest.mark.parametrize("metric", DISTANCES)
GALLERY = np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 11.0]])  # their mean and all squares are whole numbers
QUERIES = np.array([[0.0, 0.0], [0.0, 10.0]])  # nearest: row 1 at distance 1, and row 2 at distance 1


@METRICS
@pytest.mark.parametrize("k", [1, 2, 7, 39, 40, 41, 1000])
@pytest.mark.parametrize("block_bytes", [1, 1000, 2**20])
def test_equals_a_full_sort(metric: str, k: int, block_bytes: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    queries, gallery = rng.normal(size=(13, 8)), rng.normal(size=(40, 8))
    whole = DISTANCES[metric](queries, gallery)
    found = search(queries, gallery, k, metric)
    assert (found.indices.dtype, found.distances.dtype) == (np.int64, np.float32)
    assert found.indices.shape == (13, min(k, 40))
    np.testing.assert_array_equal(found.indices, whole.argsort(axis=1)[:, :k])
    np.testing.assert_allclose(found.distances, np.sort(whole, axis=1)[:, :k], atol=1e-5)
    assert found.best.tolist() == found.indices[:, 0].tolist()


@METRICS
def test_equal_distances_come_in_any_order_but_no_row_twice(metric: str) -> None:
    rng = np.random.default_rng(1)
    gallery = np.repeat(rng.normal(size=(5, 4)), 6, axis=0)[rng.permutation(30)]
    queries = rng.normal(size=(9, 4))
    found = search(queries, gallery, 11, metric)
    whole = DISTANCES[metric](queries, gallery)
    np.testing.assert_allclose(found.distances, np.sort(whole, axis=1)[:, :11], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(whole, found.indices, axis=1), found.distances, atol=1e-5)
    assert all(len(set(row)) == 11 for row in found.indices.tolist())


@METRICS
@pytest.mark.parametrize(("queries", "gallery", "k"), [(3, 0, 5), (0, 4, 2), (0, 0, 1), (3, 4, 0)])
def test_empty_query_gallery_or_result(metric: str, queries: int, gallery: int, k: int) -> None:
    found = search(np.ones((queries, 3)), np.ones((gallery, 3)), k, metric)
    assert found.indices.shape == found.distances.shape == (queries, min(k, gallery))


def test_progress_counts_every_query_once(monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 100)
    finished: list[int] = []
    search(np.ones((13, 3)), np.ones((10, 3)), 2, progress=finished.append)
    assert sum(finished) == 13 and len(finished) > 1


@pytest.mark.parametrize(
    ("reject_above", "best", "accepted"),
    [
        (None, [1, 2], [[True, True, True]] * 2),
        (7.0, [1, 2], [[True, True, False], [True, True, False]]),
        (1.0, [1, 2], [[True, False, False]] * 2),
        (np.nextafter(np.float32(1), np.float32(0)), [-1, -1], [[False] * 3] * 2),
        (-1.0, [-1, -1], [[False] * 3] * 2),
        (np.inf, [1, 2], [[True, True, True]] * 2),
    ],
)
def test_matches_up_to_the_threshold_are_accepted(reject_above, best: list[int], accepted: list[list[bool]]) -> None:
    found = search(QUERIES, GALLERY, 3, reject_above=reject_above)
    assert found.best.tolist() == best
    assert found.accepted.tolist() == accepted
    assert found.indices.tolist() == [[1, 0, 2], [2, 0, 1]]  # rejected matches are still listed
    assert found.distances.tolist() == [[1, 3, 11], [1, 7, 9]]


@METRICS
def test_a_threshold_equal_to_a_distance_accepts_it(metric: str) -> None:
    rng = np.random.default_rng(0)
    queries, gallery = rng.normal(size=(30, 8)), rng.normal(size=(20, 8))
    distances = search(queries, gallery, 1, metric).distances[:, 0]
    for q in range(30):
        found = search(queries, gallery, 1, metric, reject_above=float(distances[q]))
        assert found.accepted[:, 0].tolist() == (distances <= distances[q]).tolist() and found.best[q] >= 0


@pytest.mark.parametrize("reject_above", [None, 0.5])
def test_nothing_is_found_in_an_empty_gallery(reject_above: float | None) -> None:
    found = search(QUERIES, np.empty((0, 2)), reject_above=reject_above)
    assert (found.best.tolist(), found.indices.shape, found.accepted.shape) == ([-1, -1], (2, 0), (2, 0))


def test_search_result_properties() -> None:
    found = SearchResult(np.array([[4, 2]]), np.array([[0.5, 0.6]], np.float32), 0.5)
    assert (found.best.tolist(), found.accepted.tolist()) == ([4], [[True, False]])
