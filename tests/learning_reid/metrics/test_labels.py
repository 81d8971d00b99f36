"""Labels from lists and arrays, and what is refused."""

import numpy as np
import pytest

from learning_reid.metrics.labels import DISTRACTOR, Labels


def test_lists_tuples_and_arrays_are_read() -> None:
    for kind in (list, tuple, np.array, lambda values: np.array(values, np.int16)):
        labels = Labels.of(kind([3, DISTRACTOR]), kind([1, 2]), kind([7, 8]))
        assert [part.dtype for part in (labels.person, labels.camera, labels.image)] == [np.int64] * 3
        assert (labels.person.tolist(), labels.camera.tolist(), labels.image.tolist()) == ([3, -1], [1, 2], [7, 8])
        assert len(labels) == 2


def test_without_image_numbers_no_image_is_in_both_lists() -> None:
    assert (Labels.of([1, 2], [1, 1]).image < 0).all()


def test_take() -> None:
    some = Labels.of([3, 4, 5], [1, 2, 3], [7, 8, 9]).take(np.array([2, 0, 2]))
    assert (some.person.tolist(), some.camera.tolist(), some.image.tolist()) == ([5, 3, 5], [3, 1, 3], [9, 7, 9])
    assert len(Labels.of([], []).take(np.array([], int))) == 0


@pytest.mark.parametrize("lists", [([1, 2], [1]), ([1], [1, 2]), ([1], [1], [1, 2])])
def test_lists_of_different_length_are_refused(lists) -> None:
    with pytest.raises(ValueError, match=r"\d persons, \d cameras, \d images: lengths differ"):
        Labels.of(*lists)
