"""Some of the pictures of a folder, chosen evenly."""

from pathlib import Path

import numpy as np

from learning_reid.datasets.images import open_image
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_SUFFIXES, natural_sort


def some_pictures(folder: Path, most: int) -> list[np.ndarray]:
    """At most so many pictures of a folder and those below it, evenly over their order; (h, w, 3) uint8 RGB.

    Raises:
        UserError: there is no such folder, or no picture in it, or one cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is no folder; name one with pictures of people")
    files = natural_sort(str(path) for path in folder.rglob("*") if path.suffix.lower() in IMAGE_SUFFIXES)
    if not files:
        raise UserError(f"{folder} holds no pictures ({', '.join(IMAGE_SUFFIXES)}); name a folder that does")
    chosen = np.unique(np.linspace(0, len(files) - 1, most).round().astype(int))
    return [open_image(Path(files[index])) for index in chosen]
