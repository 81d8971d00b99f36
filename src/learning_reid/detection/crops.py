"""Cut people out of a frame: what the embedding gets to see of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learning_reid.frames.frame import Frame

if TYPE_CHECKING:
    import supervision as sv


def cut_crop(image: np.ndarray, box_xyxy: np.ndarray) -> np.ndarray | None:
    """The part of the picture inside the box, to the nearest pixel; a box that reaches outside is cut at the edge.

    Args:
        image: (height, width, 3) uint8.
        box_xyxy: (4,) pixels.

    Returns:
        A copy of its own, so that the frame itself need not be kept; None where less than a pixel is left.

    >>> cut_crop(np.zeros((6, 8, 3), np.uint8), np.array([-3.0, 1.2, 2.0, 9.0])).shape
    (5, 2, 3)
    >>> cut_crop(np.zeros((6, 8, 3), np.uint8), np.array([3.0, 1.0, 3.2, 5.0])) is None
    True
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.rint(np.clip(box_xyxy, 0, [width, height, width, height])).astype(int)
    return image[y1:y2, x1:x2].copy() if x2 > x1 and y2 > y1 else None


def cut_people(frame: Frame, found: sv.Detections) -> list[tuple[np.ndarray, float, np.ndarray]]:
    """Box (4,), score and crop of everybody in a frame; a box of less than a pixel shows nobody and is left out."""
    scores = found.confidence if found.confidence is not None else np.ones(len(found))
    cut = [(box, float(score), cut_crop(frame.image, box)) for box, score in zip(found.xyxy, scores, strict=True)]
    return [(box, score, crop) for box, score, crop in cut if crop is not None]
