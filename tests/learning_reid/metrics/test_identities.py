"""Identity metrics against cases counted by hand, exhaustive search and motmetrics."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from learning_reid.metrics.identities import (
    IdentityMetrics,
    identity_metrics,
    identity_switches,
    pairwise_metrics,
    purity,
)

NUMBERS = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3), st.integers(0, 2)), max_size=14)


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    true, assigned, missed = np.array(rows, np.int64).reshape(-1, 3).T
    return true, assigned, missed


def boxes_of(true: np.ndarray, missed: np.ndarray) -> dict[int, int]:
    """True boxes of each person, some never detected."""
    return {int(p): int((true == p).sum() + missed[true == p].sum()) for p in np.unique(true[true >= 0])}


def scores_of(true: np.ndarray, assigned: np.ndarray, true_boxes: dict[int, int]) -> IdentityMetrics:
    """Identity metrics where each detection overlaps at most one true box."""
    rows = np.flatnonzero(true >= 0)
    return identity_metrics(assigned, rows, true[rows], true_boxes)


def slow_idtp(true: np.ndarray, assigned: np.ndarray) -> int:
    """Try all matchings of true and assigned persons."""
    best = 0
    for partners in permutations(range(4)):
        best = max(best, sum(int(((true == t) & (assigned == g)).sum()) for t, g in enumerate(partners)))
    return best


def slow_pairs(true: np.ndarray, assigned: np.ndarray) -> tuple[int, int, int]:
    pairs = [(i, j) for i in range(len(true)) for j in range(i)]
    one = {(i, j) for i, j in pairs if true[i] == true[j] >= 0}
    put = {(i, j) for i, j in pairs if assigned[i] == assigned[j] >= 0}
    return len(one & put), len(put), len(one)


def test_perfect_split_and_merged() -> None:
    true = np.array([1, 1, 1, 1, 2, 2])
    true_boxes = {1: 4, 2: 2}
    perfect = scores_of(true, true + 40, true_boxes)
    assert (perfect.idf1, perfect.idp, perfect.idr, perfect.persons, perfect.true_persons) == (1, 1, 1, 2, 2)
    split = scores_of(true, np.array([7, 7, 7, 8, 9, 9]), true_boxes)
    assert split.idf1 == pytest.approx(10 / 12) and split.persons == 3
    merged = scores_of(true, np.zeros(6, int), true_boxes)
    assert merged.idf1 == pytest.approx(8 / 12) and pairwise_metrics(true, np.zeros(6, int)).recall == 1


def test_missed_boxes_false_positives_and_unassigned_detections() -> None:
    true, assigned = np.array([1, 1, -1, -1]), np.array([5, -1, 5, 6])
    scores = scores_of(true, assigned, {1: 4})
    assert scores.idp == pytest.approx(1 / 3), "two false positives were assigned"
    assert scores.idr == pytest.approx(1 / 4), "two were missed, one was not assigned"
    assert scores.idf1 == pytest.approx(2 / 7)
    assert pairwise_metrics(true, assigned).precision == 0 == pairwise_metrics(true, assigned).recall


def test_a_detection_on_two_true_boxes_may_match_either() -> None:
    assigned, rows, persons = np.array([5, 5]), np.array([0, 1, 1]), np.array([1, 1, 2])
    assert identity_metrics(assigned, rows, persons, {1: 2, 2: 1}).idf1 == pytest.approx(4 / 5)


def test_purity_and_identity_switches() -> None:
    true, assigned = np.array([1, 1, 2, 2, 2]), np.array([5, 5, 5, 6, 6])
    assert purity(true, assigned) == pytest.approx(4 / 5)
    assert np.isnan(purity(true, np.full(5, -1)))
    camera, time = np.array([0, 0, 0, 0, 1]), np.array([0, 1, 0, 1, 2])
    assert identity_switches(true, assigned, camera, time) == 1, "a change of camera is no switch"
    assert (
        identity_switches(true, assigned, np.zeros(5), time)
        == 1
        == identity_switches(true[::-1], assigned[::-1], np.zeros(5), time[::-1])
    )


def test_no_detections() -> None:
    none = np.zeros(0, int)
    assert (
        scores_of(none, none, {}).idf1
        == 0
        == pairwise_metrics(none, none).f1
        == identity_switches(none, none, none, none)
    )


@settings(deadline=None)
@over(NUMBERS)
def test_equals_exhaustive_search(rows: list[tuple[int, int, int]]) -> None:
    true, assigned, missed = columns(rows)
    true_boxes = boxes_of(true, missed)
    right, claimed = slow_idtp(true, assigned), int((assigned >= 0).sum())
    found = scores_of(true, assigned, true_boxes)
    assert found.idf1 == pytest.approx(2 * right / max(claimed + sum(true_boxes.values()), 1))
    both, put, one = slow_pairs(true, assigned)
    pairs = pairwise_metrics(true, assigned)
    assert (pairs.precision, pairs.recall) == pytest.approx((both / max(put, 1), both / max(one, 1)))
    shuffled = np.random.default_rng(0).permutation(len(true))
    assert scores_of(true[shuffled], assigned[shuffled], true_boxes) == found, "the order does not matter"


def test_equals_motmetrics() -> None:
    motmetrics = pytest.importorskip("motmetrics")
    for seed in range(6):
        rng = np.random.default_rng(seed)
        events, assigned, rows, persons, true_boxes = motmetrics.MOTAccumulator(auto_id=True), [], [], [], {}
        for _ in range(40):
            present = rng.permutation(5)[: rng.integers(0, 6)]
            found = present[rng.random(len(present)) < 0.8]
            numbers = np.where(rng.random(len(found)) < 0.7, found, rng.integers(5, 9, len(found)))
            numbers, first = np.unique(numbers, return_index=True)  # a number occurs once per frame
            found = found[first]
            alarms = np.arange(20, 20 + rng.integers(0, 3))
            current = np.concatenate([numbers, alarms])
            near = np.full((len(present), len(current)), np.nan)
            near[[list(present).index(p) for p in found], np.arange(len(found))] = 0.1
            near[rng.random(near.shape) < 0.1] = 0.3  # some overlap two
            events.update(present, current, near)
            for person in present.tolist():
                true_boxes[person] = true_boxes.get(person, 0) + 1
            person_rows, which = np.nonzero(np.isfinite(near))
            rows += (which + len(assigned)).tolist()
            persons += present[person_rows].tolist()
            assigned += current.tolist()
        peer = motmetrics.metrics.create().compute(events, metrics=["idf1", "idp", "idr"], name="all")
        ours = identity_metrics(np.array(assigned), np.array(rows), np.array(persons), true_boxes)
        assert (ours.idf1, ours.idp, ours.idr) == pytest.approx(tuple(peer.iloc[0]), abs=1e-12)
