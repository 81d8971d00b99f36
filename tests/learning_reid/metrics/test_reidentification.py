"""Metrics of the pipeline's rankings on cases counted by hand and against a loop."""

import math

import numpy as np
import pytest

from learning_reid.metrics.reidentification import (
    FALSE_POSITIVE,
    IGNORED,
    assign_identities,
    reidentification_metrics,
)


def test_a_detection_takes_the_identity_of_the_true_box_it_overlaps() -> None:
    true_boxes = np.array([[0, 0, 10, 10], [20, 0, 30, 10], [40, 0, 50, 10]])
    ids, scores = np.array([7, 8, 9]), np.array([1, 1, 0])  # 9 is to be ignored
    boxes = np.array([[0, 0, 10, 9], [0, 0, 10, 8], [20, 0, 30, 5], [20, 6, 30, 10], [40, 0, 50, 10], [80, 80, 90, 90]])
    # the first takes 7 (0.9 before 0.8), so the second matches none; 0.5 is enough, 0.4 is not
    expected = [7, FALSE_POSITIVE, 8, FALSE_POSITIVE, IGNORED, FALSE_POSITIVE]
    assert assign_identities(boxes, true_boxes, ids, scores).tolist() == expected


def test_metrics_counted_by_hand() -> None:
    # Query A (person 1) is present in frames 1, 2, 3. Later detections, nearest first:
    #   frame 1: person 1 at 0.1, person 2 at 0.5     → re-identified
    #   frame 2: person 2 at 0.2, person 1 at 0.3     → not
    #   frame 3: only person 2 at 0.4                 → not: the detector missed person 1
    # rank 1 is a true match; true matches at ranks 1 and 3 of 5 → AP = (1/1 + 2/3) / 2; refind = 1/3.
    # Query B (person 2), present in frames 1 and 2: other distances → rank 1 is frame 1's person 2.
    #   order: p2@1 0.1, p1@2 0.2, p2@2 0.3, p1@1 0.4, p2@3 0.9 → hits at 1, 3, 5 → AP = (1 + 2/3 + 3/5) / 3
    #   frame 1 yes, frame 2 no → refind = 1/2.
    frame, identity = np.array([1, 1, 2, 2, 3]), np.array([1, 2, 2, 1, 2])
    scores = reidentification_metrics(
        [1, 2],
        [np.array([0.1, 0.5, 0.2, 0.3, 0.4]), np.array([0.4, 0.1, 0.3, 0.2, 0.9])],
        [frame, frame],
        [identity, identity],
        [np.array([1, 2, 3]), np.array([1, 2])],
    )
    assert scores.rank1 == 1.0
    assert scores.map == pytest.approx(((1 + 2 / 3) / 2 + (1 + 2 / 3 + 3 / 5) / 3) / 2)
    assert scores.refind_rate == pytest.approx((1 / 3 + 1 / 2) / 2)
    assert (scores.frames_scored, scores.queries, scores.queries_scored) == (5, 2, 2)


def test_queries_without_a_true_person_or_later_frame_are_not_scored() -> None:
    one = (np.array([0.1]), np.array([1]), np.array([5]))
    present = [np.array([1]), np.array([1]), np.zeros(0, int)]
    scores = reidentification_metrics([5, FALSE_POSITIVE, 6], *([part] * 3 for part in one), present)
    assert (scores.queries, scores.queries_scored, scores.frames_scored, scores.refind_rate) == (3, 1, 1, 1.0)
    nothing = reidentification_metrics([FALSE_POSITIVE], [one[0]], [one[1]], [one[2]], [np.zeros(0, int)])
    assert math.isnan(nothing.refind_rate) and math.isnan(nothing.map) and nothing.queries_scored == 0


def test_an_ignored_detection_does_not_count_but_may_be_the_nearest_of_its_frame() -> None:
    distances, frame, identity = np.array([0.1, 0.2]), np.array([1, 1]), np.array([IGNORED, 4])
    scores = reidentification_metrics([4], [distances], [frame], [identity], [np.array([1])])
    assert (scores.rank1, scores.map, scores.refind_rate) == (1, 1, 0)
    as_false_positive = reidentification_metrics(
        [4], [distances], [frame], [np.array([FALSE_POSITIVE, 4])], [np.array([1])]
    )
    assert (as_false_positive.rank1, as_false_positive.map, as_false_positive.refind_rate) == (0, 0.5, 0)


@pytest.mark.parametrize("seed", range(6))
def test_equals_a_slow_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    frame = np.sort(rng.integers(1, 12, 60))
    identity = rng.integers(-1, 4, 60)
    distances = np.round(rng.random(60), 1)  # with ties
    present = np.unique(rng.integers(1, 14, 9))  # also frames without a detection
    found = 0
    for number in present:
        here = [(distances[i], i) for i in range(60) if frame[i] == number]
        found += bool(here) and identity[min(here)[1]] == 2
    order = sorted(range(60), key=lambda i: (distances[i], i))
    precisions = [
        sum(identity[j] == 2 for j in order[: place + 1]) / (place + 1)
        for place, i in enumerate(order)
        if identity[i] == 2
    ]
    scores = reidentification_metrics([2], [distances], [frame], [identity], [present])
    assert scores.refind_rate == pytest.approx(found / len(present))
    assert scores.map == pytest.approx(np.mean(precisions))
    assert scores.rank1 == (identity[order[0]] == 2)
