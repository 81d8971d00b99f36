"""Rank of every true match, against loops over the gallery."""

import tracemalloc

import numpy as np
import pytest

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import Matches, find_matches, has_true_match
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.metrics.slow_reference import Task, is_left_out, is_true_match, random_task

MARKET = PROTOCOLS["market1501"]


def matches_of(task: Task, name: str = "market1501") -> Matches:
    return find_matches(task.distance_rows, task.query, task.gallery, PROTOCOLS[name])


@pytest.mark.parametrize("name", [name for name, protocol in PROTOCOLS.items() if not protocol.repeats])
@pytest.mark.parametrize("decimals", [None, 1])
def test_equals_loops_over_the_gallery(name: str, decimals: int | None) -> None:
    task = random_task(4, decimals=decimals)
    found = matches_of(task, name)
    assert sorted(found.query) == list(range(len(task.query)))
    for trial, q in enumerate(found.query):
        competing = [g for g in range(len(task.gallery)) if not is_left_out(task, q, g, name)]
        right = sorted((task.distances[q, g], g) for g in competing if is_true_match(task, q, g))
        wrong = [task.distances[q, g] for g in competing if not is_true_match(task, q, g)]
        here = found.trial == trial
        assert found.gallery[here].tolist() == [g for _, g in right]
        assert found.distance[here].tolist() == [distance for distance, _ in right]
        assert found.num_negatives_before[here].tolist() == [sum(w <= distance for w in wrong) for distance, _ in right]
        assert found.nearest_negative[trial] == min(wrong, default=np.inf)
        assert found.match_index[here].tolist() == list(range(len(right)))
        places = sorted([(w, 0) for w in wrong] + [(distance, 1) for distance, _ in right])
        assert found.rank[here].tolist() == [place + 1 for place, (_, hit) in enumerate(places) if hit]
    assert (np.diff(found.trial) >= 0).all()


def test_each_draw_is_one_trial_with_rows_of_the_whole_gallery() -> None:
    task = random_task(5)
    protocol = PROTOCOLS["cuhk03-single-shot"]
    found = matches_of(task, protocol.name)
    assert (np.bincount(found.query) == protocol.repeats).all()
    assert (found.match_index == 0).all()  # one image per person
    query = found.query[found.trial]
    assert (task.gallery.person[found.gallery] == task.query.person[query]).all()
    assert (task.gallery.camera[found.gallery] != task.query.camera[query]).all()
    assert (task.distances[query, found.gallery] == found.distance).all()
    trials = dict(zip(found.trial.tolist(), found.num_negatives_before.tolist(), strict=True))
    for rows, draws in protocol.query_groups(task.query, task.gallery):
        for q in rows:
            for trial, drawn in zip(np.flatnonzero(found.query == q), draws, strict=True):
                right = [g for g in drawn if is_true_match(task, q, g)]
                nearer = [sum(task.distances[q, drawn] <= task.distances[q, g]) - 1 for g in right]
                assert nearer == [trials[t] for t in [trial] if t in trials]


def test_distractors_have_no_true_match() -> None:
    # two distractors are two persons, although their numbers are equal
    task = Task(np.array([[0.1, 0.2]]), Labels.of([-1], [1]), Labels.of([-1, -1], [2, 2]))
    found = matches_of(task)
    assert (found.query.tolist(), len(found.trial), found.nearest_negative.tolist()) == ([0], 0, [0.1])


def test_the_dtype_of_the_distances_is_kept() -> None:
    task = random_task(6)
    for dtype in (np.float32, np.float64):
        found = matches_of(Task(task.distances.astype(dtype), task.query, task.gallery))
        assert found.distance.dtype == found.nearest_negative.dtype == dtype


def test_other_groups_than_the_protocols() -> None:
    task = random_task(7)
    columns, rows = np.array([40, 3, 17, 22, 5, 31, 8]), np.array([4, 0, 9])
    found = find_matches(task.distance_rows, task.query, task.gallery, MARKET, [(rows, [columns])])
    part = task.with_queries(rows).with_gallery(columns)
    expected = matches_of(part)
    assert found.query.tolist() == rows[expected.query].tolist()
    assert found.gallery.tolist() == columns[expected.gallery].tolist()
    assert found.num_negatives_before.tolist() == expected.num_negatives_before.tolist()
    assert len(found.gallery)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_progress_counts_every_query_once(name: str, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 1000)
    task, finished = random_task(8), []
    find_matches(task.distance_rows, task.query, task.gallery, PROTOCOLS[name], progress=finished.append)
    assert sum(finished) == len(task.query) and len(finished) > 3


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("seed", range(3))
def test_has_true_match_equals_a_loop(name: str, seed: int) -> None:
    task = random_task(seed, queries=30, gallery=20, people=12)
    task.query.person[4] = -1
    expected = [
        any(is_true_match(task, q, g) and not is_left_out(task, q, g, name) for g in range(len(task.gallery)))
        for q in range(len(task.query))
    ]
    assert has_true_match(task.query, task.gallery, PROTOCOLS[name]).tolist() == expected
    assert len(set(expected)) == 2
    found = matches_of(task, name)
    assert sorted(set(found.query[found.trial])) == np.flatnonzero(expected).tolist()


def test_wrong_shapes_nan_and_infinite_distances_are_refused() -> None:
    query, gallery = Labels.of([1], [1]), Labels.of([1, 2, 3], [1, 1, 1])
    with pytest.raises(ValueError, match=r"shape \(1, 2\) for 1 queries × 3 gallery"):
        matches_of(Task(np.zeros((1, 2)), query, gallery))
    with_match = Labels.of([1, 2, 3], [2, 1, 1])
    for distances in ([0.1, np.nan, 0.2], [np.nan, 0.1, 0.2], [np.inf, 0.1, 0.2], [-np.inf, 0.1, 0.2]):
        with pytest.raises(ValueError, match="not numbers"):
            matches_of(Task(np.array([distances]), query, with_match))


@pytest.mark.parametrize("name", PROTOCOLS)
def test_the_callers_matrix_is_not_changed(name: str) -> None:
    task = random_task(9)
    before = task.distances.copy()
    queries = Labels(task.query.person, np.zeros_like(task.query.camera), task.query.image)  # one group in row order
    whole = find_matches(lambda rows: task.distances[:], queries, task.gallery, PROTOCOLS[name])  # a view
    np.testing.assert_array_equal(task.distances, before)
    task.distances.flags.writeable = False
    again = find_matches(lambda rows: task.distances[:], queries, task.gallery, PROTOCOLS[name])
    assert again.rank.tolist() == whole.rank.tolist() and len(again.rank)


def test_the_full_distance_matrix_is_never_in_memory(monkeypatch) -> None:
    num_queries, num_gallery = 1500, 4000
    whole = 4 * num_queries * num_gallery
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", whole // 50)
    rng = np.random.default_rng(0)
    query, gallery = (Labels.of(rng.integers(0, 500, n), rng.integers(0, 3, n)) for n in (num_queries, num_gallery))
    tracemalloc.start()
    find_matches(lambda rows: np.full((len(rows), num_gallery), 0.5, np.float32), query, gallery, MARKET)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole / 4
