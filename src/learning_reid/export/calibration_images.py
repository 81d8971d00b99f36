"""Evenly sampled images of a folder."""

from pathlib import Path

import numpy as np

from learning_reid.datasets.images import open_image
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_SUFFIXES, natural_sort


def sample_images(folder: Path, count: int) -> list[np.ndarray]:
    """Read at most `count` images of a folder and its sub-folders, evenly spaced in their order; (h, w, 3) uint8 RGB.

    Raises:
        UserError: There is no such folder, it contains no images, or one cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; name one with images of people")
    files = natural_sort(str(path) for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise UserError(f"{folder} contains no images ({', '.join(IMAGE_SUFFIXES)}); name a folder that does")
    chosen = np.unique(np.linspace(0, len(files) - 1, count).round().astype(int))
    return [open_image(Path(files[index])) for index in chosen]
