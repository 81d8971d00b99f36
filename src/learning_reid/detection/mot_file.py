"""Boxes that somebody else found: a MOT det or gt file, looked up by frame index.

With a truth file this is the perfect detector, so what remains wrong in the answer is the embedding's doing.
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
    """The boxes of `path` at each frame; rows of score 0 are left out.

    Args:
        path: MOT file.
        min_score: None keeps every other row: scores of such files live on many scales, below 0 too.
    """

    def __init__(self, path: str, min_score: float | None = None) -> None:
        self.weights = Path(path)
        self.table = read_mot(path)
        self.min_score = -np.inf if min_score is None else min_score

    def __call__(self, frame: Frame) -> sv.Detections:
        rows = self.table.at(frame.index)
        counted = rows.score != 0
        return to_detections(rows.boxes_xyxy[counted], rows.score[counted], frame.image.shape, self.min_score)


@register_detector("mot_file", about="Boxes read from a MOT det or gt file.")
def create_mot_file(weights: str, min_score: float | None, device: str, threads: int | None) -> MotFile:
    """For the registry; reading boxes needs neither device nor threads."""
    if weights == "embedded":
        raise UserError("detector mot_file needs a MOT-format file; set detector.weights to a det.txt or gt.txt")
    return MotFile(weights, min_score)
