"""Detection metrics against loops, cases counted by hand and supervision's mean average precision."""

import numpy as np
import pytest
import supervision as sv
from sklearn.metrics import average_precision_score
from supervision.metrics import MeanAveragePrecision

from learning_reid.metrics.detection import coco_average_precision, detection_metrics, iou_matrix, match_boxes


def random_boxes(rng: np.random.Generator, n: int, low: int = 1) -> np.ndarray:
    corner = rng.integers(0, 60, (n, 2))
    return np.concatenate([corner, corner + rng.integers(low, 40, (n, 2))], axis=1).astype(np.float32)


def slow_iou(a: np.ndarray, b: np.ndarray) -> float:
    """Count pixels: whole-numbered boxes are sets of unit squares."""
    squares = [{(x, y) for x in range(int(q[0]), int(q[2])) for y in range(int(q[1]), int(q[3]))} for q in (a, b)]
    either = squares[0] | squares[1]
    return len(squares[0] & squares[1]) / len(either) if either else 0.0


def test_iou_counts_shared_pixels() -> None:
    rng = np.random.default_rng(0)
    a, b = random_boxes(rng, 12, low=0), random_boxes(rng, 9, low=0)  # some without any area
    expected = [[slow_iou(p, q) for q in b] for p in a]
    np.testing.assert_allclose(iou_matrix(a, b), expected, atol=1e-12)


def test_iou_of_empty_input_has_the_right_shape() -> None:
    assert iou_matrix(np.zeros((0, 4)), np.zeros((3, 4))).shape == (0, 3)
    assert iou_matrix(np.zeros((3, 4)), np.zeros((0, 4))).shape == (3, 0)
    assert iou_matrix(np.zeros((2, 4)), np.zeros((2, 4))).tolist() == [[0, 0], [0, 0]]


def test_iou_agrees_with_supervision_in_single_precision() -> None:
    rng = np.random.default_rng(1)
    a, b = (random_boxes(rng, n) + rng.random((n, 4)).astype(np.float32) for n in (30, 40))
    np.testing.assert_allclose(iou_matrix(a, b), sv.box_iou_batch(a, b), atol=1e-6)


def slow_matches(boxes: np.ndarray, truth: np.ndarray, min_iou: float) -> list[int]:
    """Repeatedly take the best remaining pair."""
    matched, rows, columns = [-1] * len(boxes), set(range(len(boxes))), set(range(len(truth)))
    while rows and columns:
        overlap, row, column = max(
            ((slow_iou(boxes[r], truth[c]), r, c) for r in sorted(rows) for c in sorted(columns)), key=lambda t: t[0]
        )
        if overlap < min_iou:
            break
        matched[row] = column
        rows.discard(row)
        columns.discard(column)
    return matched


@pytest.mark.parametrize("seed", range(8))
def test_matching_takes_the_best_pair_first(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = random_boxes(rng, 8)
    boxes = np.concatenate([truth[:5] + rng.integers(-3, 4, (5, 4)), random_boxes(rng, 4)])
    assert match_boxes(boxes, truth, 0.3).tolist() == slow_matches(boxes, truth, 0.3)


def test_matching_follows_the_boxes_when_they_are_shuffled() -> None:
    rng = np.random.default_rng(3)
    truth = random_boxes(rng, 10)
    boxes = truth + rng.normal(0, 2, truth.shape)
    order = rng.permutation(10)
    assert match_boxes(boxes, truth)[order].tolist() == match_boxes(boxes[order], truth).tolist()


def test_metrics_of_two_images_counted_by_hand() -> None:
    person, other, far = [0, 0, 10, 10], [20, 0, 30, 10], [80, 80, 90, 90]
    found = [
        (np.array([person, person, far]), np.array([0.9, 0.8, 0.3])),  # hit, the same person again, no person
        (np.array([person]), np.array([0.6])),  # hit
    ]
    truth = [np.array([person, other]), np.array([person])]
    scores = detection_metrics(found, truth)
    # by descending score: hit, miss, hit, miss; three persons in all
    assert scores.hits.tolist() == [True, False, True, False]
    assert (scores.people, scores.recall, scores.precision) == (3, 2 / 3, 0.5)
    assert scores.at(0.6) == (2 / 3, 2 / 3)  # a box of exactly that score stays
    assert scores.at(0.95) == (0.0, 0.0)
    assert scores.ap50 == pytest.approx((1 + 2 / 3) / 3)  # precision 1 up to recall 1/3, then 2/3 up to recall 2/3


def test_a_detection_half_inside_an_ignored_region_is_neither_true_nor_false_positive() -> None:
    person, crowd = [0, 0, 10, 10], [20, 0, 90, 40]
    small_inside, half_inside, less_inside = [30, 5, 34, 15], [16, 0, 24, 10], [15, 0, 24, 10]
    found = [(np.array([person, small_inside, half_inside, less_inside]), np.array([0.5, 0.9, 0.8, 0.7]))]
    scores = detection_metrics(found, [np.array([person])], [np.array([crowd])])
    assert scores.scores.tolist() == [0.7, 0.5]
    assert scores.hits.tolist() == [False, True]
    assert detection_metrics(found, [np.array([person])]).precision == 1 / 4


def slow_average_precision(
    found: list[tuple[np.ndarray, np.ndarray]], truth: list[np.ndarray], ignored: list[np.ndarray], min_iou: float
) -> float:
    """Follow the definition detection by detection, then integrate the curve from recall to recall."""
    counted: list[tuple[float, bool]] = []
    for (boxes, scores), people, regions in zip(found, truth, ignored, strict=True):
        free = list(range(len(people)))
        for row in sorted(range(len(boxes)), key=lambda row: -scores[row]):
            overlaps = {column: slow_iou(boxes[row], people[column]) for column in free}
            best = max(overlaps, key=overlaps.__getitem__, default=None)
            if best is not None and overlaps[best] >= min_iou:
                free.remove(best)
                counted.append((scores[row], True))
            elif all(slow_share(boxes[row], region) < 0.5 for region in regions):
                counted.append((scores[row], False))
    counted.sort(key=lambda pair: -pair[0])
    total, points = sum(map(len, truth)), []
    for n in range(1, len(counted) + 1):
        hits = sum(hit for _, hit in counted[:n])
        points.append((hits / total, hits / n))  # recall and precision of the n best
    steps = sorted({recall for recall, _ in points} - {0.0})
    area, before = 0.0, 0.0
    for recall in steps:
        area += (recall - before) * max(precision for other, precision in points if other >= recall)
        before = recall
    return area


def slow_share(box: np.ndarray, region: np.ndarray) -> float:
    squares = [
        {(x, y) for x in range(int(q[0]), int(q[2])) for y in range(int(q[1]), int(q[3]))} for q in (box, region)
    ]
    return len(squares[0] & squares[1]) / len(squares[0]) if squares[0] else 0.0


@pytest.mark.parametrize("seed", range(4))
def test_average_precision_with_ignored_regions_equals_the_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, truth = noisy_set(rng)
    ignored = [random_boxes(rng, int(rng.integers(0, 3)), low=10) for _ in truth]
    expected = [slow_average_precision(found, truth, ignored, iou) for iou in (0.5, 0.75)]
    assert expected[0] != slow_average_precision(found, truth, [np.zeros((0, 4))] * len(truth), 0.5)
    assert detection_metrics(found, truth, ignored).ap50 == pytest.approx(expected[0])
    assert detection_metrics(found, truth, ignored, min_iou=0.75).ap50 == pytest.approx(expected[1])
    every = [slow_average_precision(found, truth, ignored, iou / 100) for iou in range(50, 100, 5)]
    assert coco_average_precision(found, truth, ignored) == pytest.approx(np.mean(every))


def test_a_person_on_an_ignored_box_still_counts_as_found() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    scores = detection_metrics([(box, np.array([0.9]))], [box], [box])
    assert scores.recall == scores.precision == scores.ap50 == 1.0


def noisy_set(rng: np.random.Generator) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[np.ndarray]]:
    found, truth = [], []
    for _ in range(15):
        real = random_boxes(rng, 6, low=8)
        seen = np.concatenate([real[rng.random(6) < 0.8] + 1.0, random_boxes(rng, 3, low=8)])
        found.append((seen, np.round(rng.random(len(seen)), 6)))
        truth.append(real)
    return found, truth


def test_average_precision_equals_supervision() -> None:
    found, truth = noisy_set(np.random.default_rng(5))
    peer = MeanAveragePrecision()
    peer.update(
        [sv.Detections(b.astype(np.float32), confidence=s, class_id=np.zeros(len(b), int)) for b, s in found],
        [sv.Detections(t, class_id=np.zeros(len(t), int)) for t in truth],
    )
    ours, result = detection_metrics(found, truth).ap50, peer.compute()
    assert 0.3 < ours < 0.95
    assert ours == pytest.approx(result.map50, abs=0.01)  # supervision samples the curve at 101 recalls
    assert coco_average_precision(found, truth) == pytest.approx(result.map50_95, abs=0.01)


def test_average_precision_equals_scikit_learn_without_interpolation() -> None:
    box = np.array([[0.0, 0, 10, 10]])
    far = np.array([[50.0, 50, 60, 60]])
    found = [(box, np.array([0.9])), (box, np.array([0.8])), (np.concatenate([far, box]), np.array([0.7, 0.6]))]
    scores = detection_metrics(found, [box, box, box])
    assert scores.ap50 == pytest.approx(average_precision_score(scores.hits, scores.scores))


def test_image_order_does_not_change_the_result() -> None:
    found, truth = noisy_set(np.random.default_rng(6))
    backwards = detection_metrics(found[::-1], truth[::-1])
    assert backwards.ap50 == pytest.approx(detection_metrics(found, truth).ap50)


def test_no_detections_and_no_people() -> None:
    nothing = (np.zeros((0, 4)), np.zeros(0))
    empty = detection_metrics([nothing], [np.zeros((0, 4))])
    assert (empty.recall, empty.precision, empty.ap50, empty.people) == (0, 0, 0, 0)
    assert detection_metrics([], []).ap50 == coco_average_precision([], []) == 0
    assert [len(part) for part in empty.curve] == [0, 0]
    with pytest.raises(ValueError, match="1, 0 and 0 images"):
        detection_metrics([nothing], [])
