"""Cut people out of a frame: what the embedding gets to see of them."""

import numpy as np


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
