"""Who is it, if anybody? The nearest is the answer up to the threshold, the threshold included."""

import numpy as np
import pytest

from learning_reid.retrieval.nearest import nearest
from learning_reid.retrieval.search import Answers, search

GALLERY = np.array([[0.0, 3.0], [0.0, 1.0], [0.0, 11.0]])  # their mean and all squares are whole numbers
QUERIES = np.array([[0.0, 0.0], [0.0, 10.0]])  # nearest: row 1 at 1, and row 2 at 1


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
def test_up_to_the_threshold_is_an_answer(reject_above, best: list[int], accepted: list[list[bool]]) -> None:
    found = search(QUERIES, GALLERY, 3, reject_above=reject_above)
    assert found.best.tolist() == best
    assert found.accepted.tolist() == accepted
    assert found.rows.tolist() == [[1, 0, 2], [2, 0, 1]]  # what is refused is still listed
    assert found.distances.tolist() == [[1, 3, 11], [1, 7, 9]]


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_threshold_taken_from_a_distance_lets_that_distance_in(metric: str) -> None:
    rng = np.random.default_rng(0)
    queries, gallery = rng.normal(size=(30, 8)), rng.normal(size=(20, 8))
    distances = search(queries, gallery, 1, metric).distances[:, 0]
    for q in range(30):
        found = search(queries, gallery, 1, metric, reject_above=float(distances[q]))
        assert found.accepted[:, 0].tolist() == (distances <= distances[q]).tolist() and found.best[q] >= 0


def test_searching_is_nearest_with_an_answer() -> None:
    rng = np.random.default_rng(1)
    queries, gallery = rng.normal(size=(5, 8)), rng.normal(size=(20, 8))
    rows, distances = nearest(queries, gallery, 10, "cosine")
    found = search(queries, gallery, metric="cosine")
    np.testing.assert_array_equal(found.rows, rows)
    np.testing.assert_array_equal(found.distances, distances)
    assert found.best.tolist() == rows[:, 0].tolist()


@pytest.mark.parametrize("reject_above", [None, 0.5])
def test_in_an_empty_gallery_nobody_is_found(reject_above: float | None) -> None:
    found = search(QUERIES, np.empty((0, 2)), reject_above=reject_above)
    assert (found.best.tolist(), found.rows.shape, found.accepted.shape) == ([-1, -1], (2, 0), (2, 0))


def test_nobody_asks() -> None:
    assert search(np.empty((0, 2)), GALLERY).best.tolist() == []


def test_answers_are_what_they_were_given() -> None:
    found = Answers(np.array([[4, 2]]), np.array([[0.5, 0.6]], np.float32), 0.5)
    assert (found.best.tolist(), found.accepted.tolist()) == ([4], [[True, False]])
