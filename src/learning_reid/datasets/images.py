"""Read the image of a sample, or images of a folder."""

import os
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from learning_reid.datasets.sample import Sample
from learning_reid.detection.crops import crop_image
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_ERRORS, IMAGE_SUFFIXES, describe_image_error, natural_sort, read_image

TURNED = range(5, 9)  # EXIF orientations that exchange height and width
CACHED_FRAMES = 2  # the boxes of one frame follow each other; two threads may be one frame apart


def read_crop(sample: Sample) -> np.ndarray:
    """Read the image of a sample, or cut its box out of the frame.

    Returns:
        (height, width, 3) uint8 RGB; a new array.

    Raises:
        UserError: The file cannot be read, or the box is outside the frame.
    """
    if sample.box_xyxy is None:
        return open_image(sample.path)
    crop = crop_image(_frame(sample.path, _modified(sample.path)), np.array(sample.box_xyxy))
    if crop is None:
        corners = ", ".join(f"{corner:g}" for corner in sample.box_xyxy)
        raise UserError(f"the box {corners} lies outside its frame {sample.path}; correct it or remove its row")
    return crop


def open_image(path: Path) -> np.ndarray:
    """Read an image file.

    Returns:
        (height, width, 3) uint8 RGB.

    Raises:
        UserError: The file is missing, empty, damaged or not an image.
    """
    try:
        return read_image(path)
    except IMAGE_ERRORS as error:
        raise UserError(
            f"{path} cannot be read ({describe_unreadable(path, error)}); copy it again or remove it "
            "(`doctor` finds all such files)"
        ) from None


def displayed_size(path: Path) -> tuple[int, int]:
    """Return height and width of an image after the rotation that its EXIF data name, without reading its pixels.

    Raises:
        OSError | ValueError | SyntaxError | Image.DecompressionBombError: It is not an image (`IMAGE_ERRORS`).
    """
    with Image.open(path) as image:
        is_turned = image.getexif().get(ExifTags.Base.Orientation) in TURNED
        return (image.width, image.height) if is_turned else (image.height, image.width)


def sample_images(folder: Path, count: int) -> list[np.ndarray]:
    """Read at most `count` images of a folder and its sub-folders, evenly spaced; each (h, w, 3) uint8 RGB."""
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; name one with images of people")
    files = natural_sort(str(path) for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise UserError(f"{folder} contains no images ({', '.join(IMAGE_SUFFIXES)}); name a folder that does")
    chosen = np.unique(np.linspace(0, len(files) - 1, count).round().astype(int))
    return [open_image(Path(files[index])) for index in chosen]


def describe_unreadable(path: Path, error: BaseException) -> str:
    """Return why a file could not be read as an image, in a few words."""
    if path.is_symlink() and not path.exists():
        return f"a link to {os.readlink(path)}, which is missing"
    is_empty = path.is_file() and path.stat().st_size == 0
    return "empty, 0 bytes" if is_empty else describe_image_error(error)


def _modified(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


@lru_cache(maxsize=CACHED_FRAMES)
def _frame(path: Path, modified: int) -> np.ndarray:
    frame = open_image(path)
    frame.flags.writeable = False  # it is shared by the boxes cut from it
    return frame
