"""What every detector answers with, however it finds people: `sv.Detections`, made in this one place."""

from pathlib import Path
from typing import Protocol

import numpy as np
import supervision as sv

from learning_reid.frames.frame import Frame


class Detector(Protocol):
    """Finds the people of one frame.

    Returns `sv.Detections`: `xyxy` (n, 4) float32 in pixels of the frame as it came, inside the picture; `confidence`
    (n,) float32, descending; `class_id` (n,) all 0, person.

    Attributes:
        weights: the file that it was made of.
    """

    weights: Path

    def __call__(self, frame: Frame) -> sv.Detections: ...


def to_detections(
    boxes_xyxy: np.ndarray, scores: np.ndarray, frame_shape: tuple[int, ...], min_score: float
) -> sv.Detections:
    """Drop what is below `min_score`, cut boxes at the picture's edge, drop those of no area, sort by score.

    Args:
        boxes_xyxy: (n, 4) in pixels of the frame; may reach outside of it.
        scores: (n,); equal scores keep their order.
        frame_shape: The picture's (height, width, ...).
        min_score: The lowest score that stays.

    >>> boxes = np.array([[-5, 0, 5, 9], [3, 3, 3, 8], [1, 1, 4, 4]])
    >>> found = to_detections(boxes, np.array([0.5, 0.9, 0.75]), frame_shape=(8, 8), min_score=0.5)
    >>> found.xyxy.tolist(), found.confidence.tolist()
    ([[1.0, 1.0, 4.0, 4.0], [0.0, 0.0, 5.0, 8.0]], [0.75, 0.5])
    """
    height, width = frame_shape[:2]
    boxes = np.asarray(boxes_xyxy, dtype=np.float32).reshape(-1, 4).clip(0, [width, height, width, height])
    scores = np.asarray(scores, dtype=np.float32).reshape(-1)
    stays = (scores >= min_score) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    boxes, scores = boxes[stays].astype(np.float32), scores[stays]
    order = np.argsort(-scores, kind="stable")
    return sv.Detections(xyxy=boxes[order], confidence=scores[order], class_id=np.zeros(len(order), dtype=int))
