"""Evaluate detector weights on unseen generated streets and scenes, and on real frames if they are available."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
from reid_synth.places.anywhere import KINDS
from reid_synth.places.street import MIN_VISIBILITY
from tools.weights.detector_data import load_streets

UNSEEN_SEED = 101
UNSEEN_PLACES, UNSEEN_SPRITES = 300, 300
SCENES = tuple(f"synthetic:{seed}:48" for seed in range(900, 906))
REAL_FRAMES, REAL_TRUTH = (
    Path("frames/pets2009_s2l1/View_001"),
    Path("frames/pets2009_s2l1/gt.txt"),
)  # in REID_REAL_DATA
REAL_SCENES = Path("scenes")  # in REID_REAL_DATA: folders with img/ and gt.txt
MIN_PRECISION = 0.86  # mean over the kinds of generated places, at the released score threshold


class LabeledImage(NamedTuple):
    """An image with its true boxes (n, 4), and those (k, 4) of people who are too hidden to count."""

    image: np.ndarray
    boxes_xyxy: np.ndarray
    ignored_xyxy: np.ndarray


def generated_places(cache: Path) -> dict[str, list[LabeledImage]]:
    """Generate images of places, people and cameras of an unseen seed, by kind of place."""
    places = load_streets(cache, UNSEEN_PLACES, UNSEEN_SPRITES, UNSEEN_SEED, world="anywhere")
    kinds: dict[str, list[LabeledImage]] = {kind: [] for kind in KINDS}
    for index in range(len(places)):
        image, boxes, visibility = places.street(index)
        rng = np.random.default_rng([UNSEEN_SEED, index, 1])
        clear = visibility >= MIN_VISIBILITY
        labeled = LabeledImage(sample_camera_response(rng).apply(image, rng), boxes[clear], boxes[~clear])
        kinds[KINDS[index % len(KINDS)]].append(labeled)
    return kinds


def labeled_frames(source: str, truth: Path | None = None) -> Iterable[LabeledImage]:
    """Yield the frames of a folder with its ground truth, or of a scene, which has its own."""
    frames = open_frames(source)
    table = frames.truth if truth is None else read_mot(truth)
    assert table is not None
    for frame in frames:
        here = table.at(frame.index)
        counts = here.score > 0
        yield LabeledImage(frame.image, here.boxes_xyxy[counts], here.boxes_xyxy[~counts])


def real_scenes(folder: Path) -> dict[str, Iterable[LabeledImage]]:
    """Return the images of each annotated scene below a folder: NAME/img/000001.jpg … and NAME/gt.txt."""
    truths = sorted(folder.glob("*/gt.txt"))
    return {truth.parent.name: labeled_frames(str(truth.parent / "img"), truth) for truth in truths}


def evaluate_detector(detector: Detector, images: Iterable[LabeledImage], name: str) -> DetectionMetrics:
    """Compare a detector with the ground truth of labeled images."""
    found, truth, ignored = [], [], []
    for image in tqdm(images, desc=f"evaluating on {name}", unit="image"):
        detections = detector(Frame(0, "", image.image))
        found.append((detections.xyxy, np.asarray(detections.confidence)))
        truth.append(image.boxes_xyxy)
        ignored.append(image.ignored_xyxy)
    return detection_metrics(found, truth, ignored)


def choose_score(kinds: Sequence[DetectionMetrics], min_precision: float = MIN_PRECISION) -> float:
    """Return the lowest score threshold, in hundredths, whose mean precision over the kinds reaches `min_precision`.

    The mean gives each kind of place the same weight, however many people it shows. 0.99 if no score is enough.
    """
    for score in np.arange(0.3, 0.99, 0.01):
        if np.nanmean([metrics.at(score).precision for metrics in kinds]) >= min_precision:
            return round(float(score), 2)
    return 0.99


def mean_in_percent(scenes: Sequence[DetectionMetrics], min_score: float) -> dict[str, float]:
    """Return the means of `in_percent` over scenes, each with the same weight, and the number of people in all."""
    rows = [in_percent(scene, min_score) for scene in scenes]
    means = {name: round(float(np.nanmean([row[name] for row in rows])), 1) for name in ("ap50", "recall", "precision")}
    return means | {"people": sum(int(row["people"]) for row in rows)}


def in_percent(scores: DetectionMetrics, min_score: float) -> dict[str, float]:
    """Return AP50, and recall and precision at a score threshold, in percent with one decimal."""
    point = scores.at(min_score)
    metrics = {"ap50": scores.ap50, "recall": point.recall, "precision": point.precision}
    return {name: round(100 * value, 1) for name, value in metrics.items()} | {"people": scores.people}
