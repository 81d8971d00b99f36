"""The k nearest, against sorting the whole gallery."""

import numpy as np
import pytest

from learning_reid.retrieval.distances import DISTANCES
from learning_reid.retrieval.nearest import nearest

METRICS = pytest.mark.parametrize("metric", DISTANCES)


@METRICS
@pytest.mark.parametrize("k", [1, 2, 7, 39, 40, 41, 1000])
@pytest.mark.parametrize("block_bytes", [1, 1000, 2**20])
def test_equals_sorting_everything(metric: str, k: int, block_bytes: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    queries, gallery = rng.normal(size=(13, 8)), rng.normal(size=(40, 8))
    whole = DISTANCES[metric](queries, gallery)
    rows, distances = nearest(queries, gallery, k, metric)
    assert (rows.dtype, distances.dtype, rows.shape) == (np.int64, np.float32, (13, min(k, 40)))
    np.testing.assert_array_equal(rows, whole.argsort(axis=1)[:, :k])
    np.testing.assert_allclose(distances, np.sort(whole, axis=1)[:, :k], atol=1e-5)


@METRICS
def test_among_equals_any_are_right_but_none_comes_twice(metric: str) -> None:
    rng = np.random.default_rng(1)
    gallery = np.repeat(rng.normal(size=(5, 4)), 6, axis=0)[rng.permutation(30)]
    queries = rng.normal(size=(9, 4))
    rows, distances = nearest(queries, gallery, 11, metric)
    whole = DISTANCES[metric](queries, gallery)
    np.testing.assert_allclose(distances, np.sort(whole, axis=1)[:, :11], atol=1e-5)
    np.testing.assert_allclose(np.take_along_axis(whole, rows, axis=1), distances, atol=1e-5)
    assert all(len(set(row)) == 11 for row in rows.tolist())


@METRICS
@pytest.mark.parametrize(("asking", "answering", "k"), [(3, 0, 5), (0, 4, 2), (0, 0, 1), (3, 4, 0)])
def test_nobody_asks_or_answers(metric: str, asking: int, answering: int, k: int) -> None:
    rows, distances = nearest(np.ones((asking, 3)), np.ones((answering, 3)), k, metric)
    assert rows.shape == distances.shape == (asking, min(k, answering))


def test_progress_counts_every_query_once(monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 100)
    told: list[int] = []
    nearest(np.ones((13, 3)), np.ones((10, 3)), 2, progress=told.append)
    assert sum(told) == 13 and len(told) > 1
