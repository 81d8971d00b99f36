"""Identity figures: cases worked out by hand, a slow twin that tries everything, and motmetrics."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from learning_reid.metrics.identities import IdentityMetrics, identity_metrics, identity_switches, pairwise_metrics, purity

NUMBERS = st.lists(st.tuples(st.integers(-1, 3), st.integers(-1, 3), st.integers(0, 2)), max_size=14)


def columns(rows: list[tuple[int, int, int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    true, said, missed = np.array(rows, np.int64).reshape(-1, 3).T
    return true, said, missed


def boxes_of(true: np.ndarray, missed: np.ndarray) -> dict[int, int]:
    """True boxes of each person, some never detected."""
    return {int(p): int((true == p).sum() + missed[true == p].sum()) for p in np.unique(true[true >= 0])}


def scores_of(true: np.ndarray, said: np.ndarray, there: dict[int, int]) -> IdentityMetrics:
    """Where each detection overlaps one true box, or none."""
    rows = np.flatnonzero(true >= 0)
    return identity_metrics(said, rows, true[rows], there)


def slow_idtp(true: np.ndarray, said: np.ndarray) -> int:
    """Try all ways to pair true and given persons."""
    best = 0
    for partners in permutations(range(4)):
        best = max(best, sum(int(((true == t) & (said == g)).sum()) for t, g in enumerate(partners)))
    return best


def slow_pairs(true: np.ndarray, said: np.ndarray) -> tuple[int, int, int]:
    pairs = [(i, j) for i in range(len(true)) for j in range(i)]
    one = {(i, j) for i, j in pairs if true[i] == true[j] >= 0}
    put = {(i, j) for i, j in pairs if said[i] == said[j] >= 0}
    return len(one & put), len(put), len(one)


def test_perfect_split_and_merged() -> None:
    true = np.array([1, 1, 1, 1, 2, 2])
    there = {1: 4, 2: 2}
    perfect = scores_of(true, true + 40, there)
    assert (perfect.idf1, perfect.idp, perfect.idr, perfect.persons, perfect.true_persons) == (1, 1, 1, 2, 2)
    split = scores_of(true, np.array([7, 7, 7, 8, 9, 9]), there)
    assert split.idf1 == pytest.approx(10 / 12) and split.persons == 3
    merged = scores_of(true, np.zeros(6, int), there)
    assert merged.idf1 == pytest.approx(8 / 12) and pairwise_metrics(true, np.zeros(6, int)).recall == 1


def test_missed_boxes_false_alarms_and_nobody() -> None:
    true, said = np.array([1, 1, -1, -1]), np.array([5, -1, 5, 6])
    scores = scores_of(true, said, {1: 4})
    assert scores.idp == pytest.approx(1 / 3), "two false alarms were claimed to be somebody"
    assert scores.idr == pytest.approx(1 / 4), "two were missed, one was given to nobody"
    assert scores.idf1 == pytest.approx(2 / 7)
    assert pairwise_metrics(true, said).precision == 0 == pairwise_metrics(true, said).recall


def test_a_detection_on_two_true_boxes_may_stand_for_either() -> None:
    given_, rows, persons = np.array([5, 5]), np.array([0, 1, 1]), np.array([1, 1, 2])
    assert identity_metrics(given_, rows, persons, {1: 2, 2: 1}).idf1 == pytest.approx(4 / 5)


def test_purity_and_switches() -> None:
    true, said = np.array([1, 1, 2, 2, 2]), np.array([5, 5, 5, 6, 6])
    assert purity(true, said) == pytest.approx(4 / 5)
    assert np.isnan(purity(true, np.full(5, -1)))
    camera, time = np.array([0, 0, 0, 0, 1]), np.array([0, 1, 0, 1, 2])
    assert identity_switches(true, said, camera, time) == 1, "another camera is no switch"
    assert identity_switches(true, said, np.zeros(5), time) == 1 == identity_switches(true[::-1], said[::-1], np.zeros(5), time[::-1])


def test_nothing_at_all() -> None:
    none = np.zeros(0, int)
    assert scores_of(none, none, {}).idf1 == 0 == pairwise_metrics(none, none).f1 == identity_switches(none, none, none, none)


@settings(deadline=None)
@over(NUMBERS)
def test_as_the_slow_twin(rows: list[tuple[int, int, int]]) -> None:
    true, said, missed = columns(rows)
    there = boxes_of(true, missed)
    right, claimed = slow_idtp(true, said), int((said >= 0).sum())
    found = scores_of(true, said, there)
    assert found.idf1 == pytest.approx(2 * right / max(claimed + sum(there.values()), 1))
    both, put, one = slow_pairs(true, said)
    pairs = pairwise_metrics(true, said)
    assert (pairs.precision, pairs.recall) == pytest.approx((both / max(put, 1), both / max(one, 1)))
    shuffled = np.random.default_rng(0).permutation(len(true))
    assert scores_of(true[shuffled], said[shuffled], there) == found, "the order says nothing"


def test_as_motmetrics() -> None:
    motmetrics = pytest.importorskip("motmetrics")
    for seed in range(6):
        rng = np.random.default_rng(seed)
        events, said, rows, persons, there = motmetrics.MOTAccumulator(auto_id=True), [], [], [], {}
        for _ in range(40):
            present = rng.permutation(5)[: rng.integers(0, 6)]
            found = present[rng.random(len(present)) < 0.8]
            numbers = np.where(rng.random(len(found)) < 0.7, found, rng.integers(5, 9, len(found)))
            numbers, first = np.unique(numbers, return_index=True)  # a number is given once in a frame
            found = found[first]
            alarms = np.arange(20, 20 + rng.integers(0, 3))
            given_now = np.concatenate([numbers, alarms])
            near = np.full((len(present), len(given_now)), np.nan)
            near[[list(present).index(p) for p in found], np.arange(len(found))] = 0.1
            near[rng.random(near.shape) < 0.1] = 0.3  # some overlap two
            events.update(present, given_now, near)
            for person in present.tolist():
                there[person] = there.get(person, 0) + 1
            who, which = np.nonzero(np.isfinite(near))
            rows += (which + len(said)).tolist()
            persons += present[who].tolist()
            said += given_now.tolist()
        peer = motmetrics.metrics.create().compute(events, metrics=["idf1", "idp", "idr"], name="all")
        ours = identity_metrics(np.array(said), np.array(rows), np.array(persons), there)
        assert (ours.idf1, ours.idp, ours.idr) == pytest.approx(tuple(peer.iloc[0]), abs=1e-12)
