"""Precomputed boxes from a MOT det or gt file, looked up by frame number.

With a ground-truth file this is a perfect detector, so that all remaining errors come from the embedding.
"""

from pathlib import Path

import numpy as np
import supervision as sv

from learning_reid.detection.detections import to_detections
from learning_reid.detection.registry import register_detector
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import read_mot


class MotFile:
    """The boxes that a MOT file has for each frame, without the rows of score 0.

    Args:
        path: MOT file.
        min_score: None keeps all other rows, since the scores of such files have many scales, some below 0.
    """

    def __init__(self, path: str, min_score: float | None = None) -> None:
        self.weights = Path(path)
        self.table = read_mot(path)
        self.min_score = -np.inf if min_score is None else min_score

    def __call__(self, frame: Frame) -> sv.Detections:
        rows = self.table.at(frame.index if frame.number is None else frame.number - 1)
        kept = rows.score != 0
        return to_detections(rows.boxes_xyxy[kept], rows.score[kept], frame.image.shape, self.min_score)


@register_detector("mot_file", about="Boxes read from a MOT det or gt file.")
def create_mot_file(weights: str, min_score: float | None, device: str, threads: int | None) -> MotFile:
    """Create the detector; `device` and `threads` have no effect."""
    if weights == "embedded":
        raise UserError("detector mot_file needs a MOT-format file; set detector.weights to a det.txt or gt.txt")
    return MotFile(weights, min_score)
