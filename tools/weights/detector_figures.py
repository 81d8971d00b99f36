"""How good detector weights are: on generated streets and scenes nobody trained on, and on real frames a reader has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from learning_reid.detection.detections import Detector
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import read_mot
from learning_reid.frames.sources import open_frames
from learning_reid.metrics.detection import DetectionMetrics, detection_metrics
from reid_synth.camera import sample_camera_response
from reid_synth.places.street import MIN_VISIBILITY
from tools.weights.detector_data import load_streets

UNSEEN_SEED = 101
UNSEEN_STREETS, UNSEEN_SPRITES = 200, 300
SCENES = tuple(f"synthetic:{seed}:48" for seed in range(900, 906))
REAL_FRAMES, REAL_TRUTH = (
    Path("frames/pets2009_s2l1/View_001"),
    Path("frames/pets2009_s2l1/gt.txt"),
)  # in REID_REAL_DATA
_ENOUGH = 0.9  # precision on generated streets that the shipped score must reach


class Labelled(NamedTuple):
    """A picture with its true boxes (n, 4), and those (k, 4) of whom too little is seen to count."""

    image: np.ndarray
    boxes_xyxy: np.ndarray
    ignored_xyxy: np.ndarray


def generated_streets(cache: Path) -> Iterable[Labelled]:
    """Streets, people and cameras of an unseen seed."""
    streets = load_streets(cache, UNSEEN_STREETS, UNSEEN_SPRITES, UNSEEN_SEED)
    for index in range(len(streets)):
        image, boxes, visibility = streets.street(index)
        rng = np.random.default_rng([UNSEEN_SEED, index, 1])
        clear = visibility >= MIN_VISIBILITY
        yield Labelled(sample_camera_response(rng).apply(image, rng), boxes[clear], boxes[~clear])


def frames_with_truth(source: str, truth: Path | None = None) -> Iterable[Labelled]:
    """Frames of a folder or a scene; the scene knows its own truth."""
    frames = open_frames(source)
    table = frames.truth if truth is None else read_mot(truth)
    assert table is not None
    for frame in frames:
        here = table.at(frame.index)
        counts = here.score > 0
        yield Labelled(frame.image, here.boxes_xyxy[counts], here.boxes_xyxy[~counts])


def score_detector(detector: Detector, pictures: Iterable[Labelled], name: str) -> DetectionMetrics:
    """Hold a detector against the truth of some pictures, one after the other."""
    found, truth, ignored = [], [], []
    for picture in tqdm(pictures, desc=f"measuring on {name}", unit="picture"):
        detections = detector(Frame(0, "", picture.image))
        found.append((detections.xyxy, np.asarray(detections.confidence)))
        truth.append(picture.boxes_xyxy)
        ignored.append(picture.ignored_xyxy)
    return detection_metrics(found, truth, ignored)


def choose_score(scores: DetectionMetrics, enough: float = _ENOUGH) -> float:
    """The lowest score, in hundredths, from which on precision is `enough`; 0.99 where it never is."""
    for score in np.arange(0.3, 0.99, 0.01):
        if scores.at(score).precision >= enough:
            return round(float(score), 2)
    return 0.99


def in_percent(scores: DetectionMetrics, min_score: float) -> dict[str, float]:
    """AP50, and recall and precision at the shipped score, in percent with one decimal."""
    point = scores.at(min_score)
    figures = {"ap50": scores.ap50, "recall": point.recall, "precision": point.precision}
    return {name: round(100 * value, 1) for name, value in figures.items()} | {"people": scores.people}
