"""The pixels of a sample."""

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from learning_reid.datasets.sample import Sample
from learning_reid.detection.crops import cut_crop
from learning_reid.errors import UserError
from learning_reid.frames.folder import UNREADABLE, read_picture

FRAMES_KEPT = 2  # many boxes of one frame follow each other; two threads may be one frame apart


def read_sample(sample: Sample) -> np.ndarray:
    """Read the picture of a sample, or cut its box from the frame.

    Returns:
        (height, width, 3) uint8, RGB; a copy of its own.

    Raises:
        UserError: the file is missing, empty, no picture or damaged, or the box lies outside the frame.
    """
    if sample.box_xyxy is None:
        return open_picture(sample.path)
    crop = cut_crop(_frame(sample.path, _changed(sample.path)), np.array(sample.box_xyxy))
    if crop is None:
        corners = ", ".join(f"{corner:g}" for corner in sample.box_xyxy)
        raise UserError(f"the box {corners} lies outside its frame {sample.path}; correct it or remove its row")
    return crop


def open_picture(path: Path) -> np.ndarray:
    """Read one picture file.

    Returns:
        (height, width, 3) uint8, RGB.

    Raises:
        UserError: the file is missing, empty, no picture or damaged.
    """
    try:
        return read_picture(path)
    except UNREADABLE as problem:
        reason = why_unreadable(path, problem)
        raise UserError(f"{path} {reason}; copy it again or remove it (`doctor` finds all such files)") from None


def why_unreadable(path: Path, problem: BaseException) -> str:
    """What is wrong with a file that did not open as a picture, as the end of a sentence."""
    if not path.exists():
        return "is missing"
    if path.is_file() and path.stat().st_size == 0:
        return "is empty (0 bytes)"
    if isinstance(problem, PermissionError):
        return "may not be read (permission denied)"
    if isinstance(problem, Image.DecompressionBombError):
        return "has too many pixels to be a crop of a person"
    if "truncated" in str(problem).lower():
        return "is cut off (truncated)"
    return "is not a readable picture"


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=FRAMES_KEPT)
def _frame(path: Path, changed: int) -> np.ndarray:
    frame = open_picture(path)
    frame.flags.writeable = False  # it is shared by the boxes cut from it
    return frame
