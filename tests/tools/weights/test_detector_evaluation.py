"""The shipped score: the lowest with enough precision on average over the kinds of places."""

from pathlib import Path

import cv2
import numpy as np

from learning_reid.metrics.detection import DetectionMetrics, detection_metrics
from tools.weights.detector_evaluation import choose_score, mean_in_percent, real_scenes


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


def test_the_mean_over_scenes_gives_each_the_same_weight() -> None:
    mean = mean_in_percent([scored([0.9] * 9, []), scored([0.9], [0.95])], 0.8)
    assert mean == {"ap50": 75.0, "recall": 100.0, "precision": 75.0, "people": 10}


def test_scenes_are_folders_with_images_and_truth(tmp_path: Path) -> None:
    for name in ("hall", "yard"):
        (tmp_path / name / "img").mkdir(parents=True)
        cv2.imwrite(str(tmp_path / name / "img/000001.jpg"), np.full((40, 60, 3), 90, np.uint8))
        (tmp_path / name / "gt.txt").write_text("1,-1,10,5,10,30,1,1,1\n1,-1,30,5,20,30,0,1,1\n")
    (tmp_path / "notes").mkdir()
    scenes = real_scenes(tmp_path)
    assert list(scenes) == ["hall", "yard"]
    (image,) = scenes["hall"]
    assert image.boxes_xyxy.tolist() == [[10, 5, 20, 35]] and image.ignored_xyxy.tolist() == [[30, 5, 50, 35]]
    assert real_scenes(tmp_path / "missing") == {}
