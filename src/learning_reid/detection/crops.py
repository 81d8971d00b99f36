"""Cut detected people out of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from learning_reid.frames.frame import Frame

if TYPE_CHECKING:
    import supervision as sv


def crop_image(image: np.ndarray, box_xyxy: np.ndarray) -> np.ndarray | None:
    """Copy the part of an image inside a box, rounded to whole pixels and clipped at the image's edges.

    `sv.crop_image` returns a view instead, which would keep every frame in memory.

    Args:
        image: (height, width, 3) uint8.
        box_xyxy: (4,) pixels.

    Returns:
        (h, w, 3) uint8; None if less than a pixel is left.

    >>> crop_image(np.zeros((6, 8, 3), np.uint8), np.array([-3.0, 1.2, 2.0, 9.0])).shape
    (5, 2, 3)
    >>> crop_image(np.zeros((6, 8, 3), np.uint8), np.array([3.0, 1.0, 3.2, 5.0])) is None
    True
    """
    height, width = image.shape[:2]
    x1, y1, x2, y2 = np.rint(np.clip(box_xyxy, 0, [width, height, width, height])).astype(int)
    return image[y1:y2, x1:x2].copy() if x2 > x1 and y2 > y1 else None


def crop_detections(frame: Frame, detections: sv.Detections) -> list[tuple[np.ndarray, float, np.ndarray]]:
    """Return box (4,), score and crop of each detection, except boxes smaller than a pixel."""
    scores = detections.confidence if detections.confidence is not None else np.ones(len(detections))
    crops = [crop_image(frame.image, box) for box in detections.xyxy]
    rows = zip(detections.xyxy, scores, crops, strict=True)
    return [(box, float(score), crop) for box, score, crop in rows if crop is not None]
