"""Open-set identification against a search over all thresholds."""

import numpy as np
import pytest

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.open_set import OPEN_SET_FARS, dir_at_far
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.metrics.slow_reference import Task, is_left_out, is_true_match, random_task


def found(task: Task, far: float, name: str = "market1501") -> float:
    return dir_at_far(find_matches(task.distance_rows, task.query, task.gallery, PROTOCOLS[name]), far)


def slow_dir(task: Task, far: float, name: str = "market1501") -> float:
    """Rank every query with and without its person, at every threshold that could make a difference."""
    with_person, without = [], []
    for q in range(len(task.query)):
        competing = [g for g in range(len(task.gallery)) if not is_left_out(task, q, g, name)]
        right = [task.distances[q, g] for g in competing if is_true_match(task, q, g)]
        wrong = [task.distances[q, g] for g in competing if not is_true_match(task, q, g)]
        if right:
            with_person.append((min(right), min(wrong, default=np.inf)))
            without.append(min(wrong, default=np.inf))
    if not without or far < 1 / len(without) - 1e-12:
        return float("nan")
    best = 0.0
    for threshold in {*without, *(right for right, _ in with_person)}:
        if np.mean([distance <= threshold for distance in without]) <= far + 1e-12:
            hits = [right <= threshold and right < wrong for right, wrong in with_person]
            best = max(best, float(np.mean(hits)))
    return best


@pytest.mark.parametrize("name", ["market1501", "self-only", "single-camera"])
@pytest.mark.parametrize("decimals", [None, 1])
@pytest.mark.parametrize("seed", range(3))
def test_equals_a_search_over_all_thresholds(seed: int, decimals: int | None, name: str) -> None:
    task = random_task(seed, queries=60, gallery=40, people=12, decimals=decimals)
    for far in (*OPEN_SET_FARS, 0.05, 0.5, 1.0):
        np.testing.assert_equal(found(task, far, name), slow_dir(task, far, name))


def test_a_negative_at_the_same_distance_is_not_found() -> None:
    tie = Task(np.array([[0.3, 0.3]]), Labels.of([1], [1]), Labels.of([1, 2], [2, 2]))
    assert found(tie, 1.0) == 0
    assert found(Task(np.array([[0.29, 0.3]]), tie.query, tie.gallery), 1.0) == 1


def test_a_match_beyond_the_threshold_is_not_found() -> None:
    # both nearest images are true matches, the second beyond the distance of the first false alarm
    task = Task(np.array([[0.1, 0.2], [0.9, 0.5]]), Labels.of([1, 2], [1, 1]), Labels.of([1, 2], [2, 2]))
    assert (found(task, 0.5), found(task, 1.0)) == (1.0, 1.0)
    assert found(Task(task.distances[:, ::-1], task.query, Labels.of([2, 1], [2, 2])), 0.5) == 1.0
    strict = Task(np.vstack([task.distances, [[0.25, 0.3]]]), Labels.of([1, 2, 1], [1, 1, 1]), task.gallery)
    assert found(strict, 1 / 3) == pytest.approx(2 / 3)  # the threshold is below .3: .1 and .25 are accepted, .5 is not


def test_without_negatives_there_is_no_false_alarm() -> None:
    task = Task(np.array([[0.1], [0.7]]), Labels.of([1, 1], [1, 1]), Labels.of([1], [2]))
    assert found(task, 0.5) == found(task, 1.0) == 1.0


def test_what_cannot_be_measured_is_nan() -> None:
    unmatched = Task(np.array([[0.1]]), Labels.of([1], [1]), Labels.of([2], [2]))
    assert np.isnan(found(unmatched, 0.5))
    ten = random_task(1, queries=10, people=1)
    assert np.isnan(found(ten, 0.01)) and not np.isnan(found(ten, 0.2))
