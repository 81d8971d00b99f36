"""A folder of pictures as frames: natural order, one picture in memory at a time, nothing broken let through.

Pillow reads them, not OpenCV: OpenCV fills a truncated JPEG up with grey and says nothing, Pillow refuses it.
"""

import os
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame, Truth, as_rate
from learning_reid.io.yaml_file import read_mapping

PICTURE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
UNREADABLE = (OSError, ValueError, SyntaxError, Image.DecompressionBombError)  # what Pillow raises on a broken picture
FOLDERS_TO_SEARCH = 1000  # for the hint which folder was meant


class PictureFolder:
    """The pictures of one folder, in natural order (`frame_2` before `frame_10`).

    Hidden files, files that are not named like a picture and sub-folders are not looked at. A picture that cannot be
    read is named in `skipped` and leaves a gap in the indices, so that frame N stays the N-th file.

    Args:
        folder: An existing folder.
        max_frames: Look at the first so many files only.

    Raises:
        UserError: The folder cannot be listed or holds no pictures; while iterating: not one picture can be read.
    """

    def __init__(self, folder: Path, max_frames: int | None = None) -> None:
        self.folder = folder
        self.skipped: list[str] = []
        self.frames_per_second = _rate_of(folder)
        self.truth: Truth | None = None
        self._files = picture_files(folder)[:max_frames]
        if not self._files:
            raise UserError(f"no pictures in the folder {folder}{_hint(folder)}")

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = []
        return self._frames()

    def at(self, index: int) -> Frame:
        """The picture of this index.

        Raises:
            UserError: the folder holds fewer, or it cannot be read.
        """
        if not 0 <= index < len(self):
            raise UserError(
                f"the folder {self.folder} has {len(self)} pictures, counted from 0, and no picture {index}"
            )
        file = self._files[index]
        try:
            return Frame(index, file.name, read_picture(file))
        except UNREADABLE as problem:
            raise UserError(f"{file} cannot be read ({unreadable_because(problem)}); copy it there again") from None

    def _frames(self) -> Iterator[Frame]:
        for index, file in enumerate(self._files):
            try:
                image = read_picture(file)
            except UNREADABLE as problem:
                self.skipped.append(f"{file.name}: {unreadable_because(problem)}")
                continue
            yield Frame(index, file.name, image)
        if len(self.skipped) == len(self._files):
            raise UserError(
                f"none of the {len(self._files)} pictures in {self.folder} can be read (first: {self.skipped[0]}); "
                "copy them there again"
            )


def picture_files(folder: Path) -> list[Path]:
    """The picture files of a folder in natural order.

    Raises:
        UserError: The folder cannot be listed.
    """
    try:
        entries = list(folder.iterdir())
    except OSError as problem:
        raise UserError(
            f"cannot list the folder {folder}: {unreadable_because(problem)}; check its path and your rights"
        ) from None
    return [folder / name for name in natural_order(entry.name for entry in entries if _is_picture(entry))]


def natural_order(names: Iterable[str]) -> list[str]:
    """Sort as people count: runs of digits compare as numbers, everything else without regard to case.

    >>> natural_order(["frame_10.jpg", "frame_2.jpg", "Frame_1.jpg"])
    ['Frame_1.jpg', 'frame_2.jpg', 'frame_10.jpg']
    """

    def key(name: str) -> tuple[list[str | int], str]:
        parts = re.split(r"([0-9]+)", name)  # text, digits, text, …: like meets like in every comparison
        return [int(part) if at % 2 else part.casefold() for at, part in enumerate(parts)], name

    return sorted(names, key=key)


def read_picture(file: Path) -> np.ndarray:
    """Read one picture as a viewer would show it: upright by its EXIF orientation, transparent parts over white.

    Composing over white, because what lies under a transparent pixel is left to chance by the program that wrote it.

    Args:
        file: JPEG, PNG, BMP or WebP; also grey, palette, CMYK, 16-bit, transparent. Its content decides, not its name.

    Returns:
        (height, width, 3) uint8, RGB.

    Raises:
        OSError | ValueError | SyntaxError | Image.DecompressionBombError: It is no picture, is truncated or too large.
    """
    with Image.open(file) as opened:
        opened.load()
        picture = ImageOps.exif_transpose(opened)
    if picture.mode.startswith("I"):  # 16-bit grey: Pillow would cut it off at 255 instead of scaling it
        grey = np.asarray(picture).clip(0, 65535).astype(np.float32) / 257  # (height, width) 0..255
        return np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 3, axis=2)
    if picture.has_transparency_data:
        white = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return np.array(picture.convert("RGB"))  # a copy: what Pillow lends is read-only


def _rate_of(folder: Path) -> float | None:
    """Frames per second by the calibration that `synth` writes beside the pictures of a camera; None without one."""
    file = folder / "calibration.yml"
    try:
        return as_rate(read_mapping(file).get("frames_per_second")) if file.is_file() else None
    except UserError:  # a calibration of another kind
        return None


def _is_picture(entry: Path) -> bool:
    named_so = entry.suffix.lower() in PICTURE_SUFFIXES and not entry.name.startswith(".")
    return named_so and not entry.is_dir()


def _hint(folder: Path) -> str:
    """What to do about a folder without pictures: most often the folder above the right one was named."""
    for place, below, _ in islice(os.walk(folder), FOLDERS_TO_SEARCH):
        below[:] = natural_order(name for name in below if not name.startswith("."))
        count = len(picture_files(Path(place))) if Path(place) != folder else 0
        if count:
            return f"; {place} below it holds {count}: name that folder"
    return f"; name a folder of {', '.join(PICTURE_SUFFIXES)} files"


def unreadable_because(problem: BaseException) -> str:
    """In a few words, what of `UNREADABLE` stopped the reading."""
    if isinstance(problem, UnidentifiedImageError):
        return "not a picture"
    if isinstance(problem, Image.DecompressionBombError):
        return f"more than {2 * (Image.MAX_IMAGE_PIXELS or 0) / 1e6:.0f} million pixels"
    if isinstance(problem, OSError) and problem.strerror:
        return problem.strerror.lower()
    return str(problem).splitlines()[0] if str(problem) else type(problem).__name__
