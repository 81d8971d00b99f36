"""The displayed form of a decoded video frame: square pixels, upright and mirrored as FFmpeg shows it."""

from fractions import Fraction
from typing import Any

import av
import numpy as np

_MAX_ASPECT_RATIO = 10  # of one pixel; damaged headers have larger ones


def to_displayed_rgb(frame: av.VideoFrame, sample_aspect_ratio: Fraction | None) -> np.ndarray:
    """Convert a frame to an image as players show it.

    Args:
        frame: As decoded, with the file's display matrix if it has one (phones film sideways, front cameras mirror).
        sample_aspect_ratio: Width over height of a stored pixel; None = 1.

    Returns:
        (height, width, 3) uint8, RGB, contiguous.
    """
    ratio = sample_aspect_ratio or Fraction(1)
    if not 1 / _MAX_ASPECT_RATIO <= ratio <= _MAX_ASPECT_RATIO:
        ratio = Fraction(1)
    image = frame.to_ndarray(format="rgb24", width=max(1, round(frame.width * ratio)))
    matrix: Any = frame.side_data.get("DISPLAYMATRIX")
    return np.ascontiguousarray(image if matrix is None else orient(image, np.frombuffer(matrix, np.int32)))


def orient(image: np.ndarray, display_matrix: np.ndarray) -> np.ndarray:
    """Rotate and mirror an image by a display matrix; other angles are rounded to right ones.

    Args:
        image: (height, width, 3).
        display_matrix: (9,) int32 a b u c d v x y w: column x and row y of a pixel move to a·x + c·y and b·x + d·y.

    >>> image = np.arange(6).reshape(2, 3, 1)
    >>> orient(image, np.array([-1, 0, 0, 0, 1, 0, 0, 0, 1]))[:, :, 0].tolist()  # mirrored left to right
    [[2, 1, 0], [5, 4, 3]]
    >>> orient(image, np.array([0, 1, 0, -1, 0, 0, 0, 0, 1]))[:, :, 0].tolist()  # rotated clockwise
    [[3, 0], [4, 1], [5, 2]]
    """
    a, b, _, c, d = display_matrix[:5].tolist()
    if abs(b) + abs(c) > abs(a) + abs(d):  # columns become rows
        image, a, d = image.swapaxes(0, 1), c, b
    return image[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
