"""`evaluate_retrieval` on plain matrices: equal to the task-based evaluation, and its input stays unchanged."""

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.evaluation.distance_matrix import evaluate_retrieval
from learning_reid.metrics.protocol import PROTOCOLS
from learning_reid.metrics.retrieval import METRICS
from tests.learning_reid.metrics.slow_reference import evaluate, random_task


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("names_are_text", [False, True])
def test_equals_the_evaluation_of_labels(name: str, names_are_text: bool) -> None:
    task = random_task(0, distractors=0.0 if names_are_text else 0.2)
    labels = [task.query.person, task.gallery.person, task.query.camera, task.gallery.camera]
    convert = np.char.mod if names_are_text else lambda pattern, values: values
    lists = [convert("name %d", values) for values in labels]
    images = {"query_images": task.query.image, "gallery_images": task.gallery.image}
    before = task.distances.copy()
    task.distances.flags.writeable = False
    ours = evaluate_retrieval(task.distances, *lists, name, **images)
    np.testing.assert_array_equal(task.distances, before)
    expected = evaluate(task, PROTOCOLS[name])
    np.testing.assert_array_equal(ours.cmc, expected.cmc)
    for metric in METRICS:
        np.testing.assert_array_equal(ours.per_query[metric], expected.per_query[metric])
        assert ours.means[metric] == expected.means[metric]
    assert (ours.rank1, ours.rank5, ours.rank10) == (ours.cmc[0], ours.cmc[4], ours.cmc[9])
    assert (ours.map, ours.minp) == (ours.means["map"], ours.means["minp"])


def test_lists_and_integer_distances_are_accepted() -> None:
    metrics = evaluate_retrieval([[3, 1, 2]], ["anna"], ["anna", "ben", "anna"], ["a"], ["a", "b", "b"])
    assert (metrics.rank1, metrics.map, metrics.queries, metrics.gallery) == (0.0, 0.5, 1, 3)
    own = evaluate_retrieval([[3, 1, 2]], [1], [1, 2, 1], [1], [1, 2, 2], PROTOCOLS["self-only"], ap="interpolated")
    assert (own.protocol.name, own.ap) == ("self-only", "interpolated")


def test_wrong_shapes_nan_and_unknown_protocols_are_refused() -> None:
    for distances in (np.zeros((3, 2)), np.zeros((2, 4)), np.zeros(6), np.zeros((4, 3))):
        with pytest.raises(ValueError, match="for 2 queries × 3 gallery images"):
            evaluate_retrieval(distances, [1, 2], [1, 2, 3], [1, 1], [2, 2, 2])
    with pytest.raises(ValueError, match="not numbers"):
        evaluate_retrieval([[np.nan, 1.0]], [1], [1, 2], [1], [2, 2])
    with pytest.raises(ValueError, match="lengths differ"):
        evaluate_retrieval([[0.5]], [1], [1], [1, 2], [2])
    with pytest.raises(UserError, match="did you mean 'market1501'"):
        evaluate_retrieval([[0.5]], [1], [1], [1], [2], "market1051")
