"""The shipped score: the lowest with enough precision on average over the kinds of places."""

import numpy as np

from learning_reid.metrics.detection import DetectionMetrics, detection_metrics
from tools.weights.detector_evaluation import choose_score


def scored(hits: list[float], misses: list[float]) -> DetectionMetrics:
    """Return the metrics of detections on people (`hits`) and elsewhere (`misses`) with these scores."""
    people = np.array([[20.0 * i, 0, 20 * i + 10, 30] for i in range(len(hits))])
    elsewhere = np.array([[20.0 * i, 200, 20 * i + 10, 230] for i in range(len(misses))]).reshape(-1, 4)
    found = np.concatenate([people, elsewhere]), np.array(hits + misses)
    return detection_metrics([found], [people], [np.zeros((0, 4))])


def test_every_kind_has_the_same_weight_however_many_people_it_shows() -> None:
    easy = scored([0.9] * 50, [])
    hard = scored([0.9, 0.9], [0.455, 0.555, 0.655, 0.655])
    assert choose_score([easy], 0.8) == 0.3
    assert choose_score([hard], 0.5) == 0.56
    assert choose_score([easy, hard], 0.7) == 0.46
    assert choose_score([easy, hard], 0.9) == 0.66


def test_a_precision_that_no_score_reaches_gives_the_highest() -> None:
    assert choose_score([scored([0.5], [0.995, 0.996])], 0.8) == 0.99
