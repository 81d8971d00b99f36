"""The interface of all detectors: a frame in, `sv.Detections` out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from learning_reid.frames.frame import Frame

if TYPE_CHECKING:
    import supervision as sv


class Detector(Protocol):
    """Detects the people of one frame.

    Calling it returns `sv.Detections`: `xyxy` (n, 4) float32 in pixels of the frame, clipped to it; `confidence` (n,)
    float32, descending; `class_id` (n,), all 0 for "person".

    Attributes:
        weights: The file with the detector's weights; None if it has none.
    """

    @property
    def weights(self) -> Path | None: ...

    def __call__(self, frame: Frame) -> sv.Detections: ...


def to_detections(
    boxes_xyxy: np.ndarray, scores: np.ndarray, frame_shape: tuple[int, ...], min_score: float
) -> sv.Detections:
    """Drop low scores, clip boxes to the frame, drop empty boxes and sort by descending score.

    Args:
        boxes_xyxy: (n, 4) pixels of the frame; may reach outside of it.
        scores: (n,); equal scores keep their order.
        frame_shape: (height, width, ...) of the frame.
        min_score: The lowest score to keep.

    >>> boxes = np.array([[-5, 0, 5, 9], [3, 3, 3, 8], [1, 1, 4, 4]])
    >>> found = to_detections(boxes, np.array([0.5, 0.9, 0.75]), frame_shape=(8, 8), min_score=0.5)
    >>> found.xyxy.tolist(), found.confidence.tolist()
    ([[1.0, 1.0, 4.0, 4.0], [0.0, 0.0, 5.0, 8.0]], [0.75, 0.5])
    """
    import supervision as sv  # imported late: takes half a second, and listing the detectors does not need it

    height, width = frame_shape[:2]
    boxes = np.asarray(boxes_xyxy, dtype=np.float32).reshape(-1, 4).clip(0, [width, height, width, height])
    scores = np.asarray(scores, dtype=np.float32).reshape(-1)
    kept = (scores >= min_score) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])
    boxes, scores = boxes[kept].astype(np.float32), scores[kept]
    order = np.argsort(-scores, kind="stable")
    return sv.Detections(xyxy=boxes[order], confidence=scores[order], class_id=np.zeros(len(order), dtype=int))
