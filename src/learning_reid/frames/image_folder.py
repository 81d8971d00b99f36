"""The images of a folder as frames."""

import logging
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame, parse_frame_rate
from learning_reid.frames.images import (
    IMAGE_ERRORS,
    IMAGE_SUFFIXES,
    describe_image_error,
    image_files,
    natural_sort,
    read_image,
)
from learning_reid.frames.mot import MotTable
from learning_reid.frames.numbering import describe_missing, frame_numbers
from learning_reid.io.yaml_file import read_mapping

_MAX_FOLDERS_SEARCHED = 1000  # for the hint that suggests a sub-folder


class ImageFrames:
    """The images of one folder, or one image, in natural order (`frame_2` before `frame_10`).

    An image that cannot be read is listed in `skipped` and leaves a gap in the indices, so that frame N is always the
    N-th file. A gap in the numbers of the files is logged.

    Args:
        folder: An existing folder, or one image.
        max_frames: Use only the first so many files.

    Raises:
        UserError: The folder cannot be listed or contains no images; while iterating: no image can be read.
    """

    def __init__(self, folder: Path, max_frames: int | None = None) -> None:
        self.folder = folder
        self.skipped: list[str] = []
        self.frames_per_second = _frame_rate(folder)
        self.truth: MotTable | None = None
        files = [folder] if folder.is_file() else image_files(folder)
        if not files:
            raise UserError(f"no images in the folder {folder}{_suggest_folder(folder)}")
        self._files = files[:max_frames]
        self.numbers = frame_numbers([file.name for file in files])[:max_frames]
        self._missing = describe_missing([file.name for file in self._files])

    def __len__(self) -> int:
        return len(self._files)

    def __iter__(self) -> Iterator[Frame]:
        self.skipped = []
        if self._missing:
            logging.getLogger(__name__).warning("note: %s: %s", self.folder, self._missing)
            self._missing = ""  # one note is enough
        return self._frames()

    def at(self, index: int) -> Frame:
        """Return the frame with this index.

        Raises:
            UserError: There is no such file, or it cannot be read.
        """
        if not 0 <= index < len(self):
            raise UserError(f"the folder {self.folder} has {len(self)} images, counted from 0, and no image {index}")
        file = self._files[index]
        try:
            return Frame(index, file.name, read_image(file), self.numbers[index])
        except IMAGE_ERRORS as error:
            raise UserError(f"{file} cannot be read ({describe_image_error(error)}); copy it there again") from None

    def _frames(self) -> Iterator[Frame]:
        for index, file in enumerate(self._files):
            try:
                image = read_image(file)
            except IMAGE_ERRORS as error:
                self.skipped.append(f"{file.name}: {describe_image_error(error)}")
                continue
            yield Frame(index, file.name, image, self.numbers[index])
        if len(self.skipped) == len(self):
            what = f"none of the {len(self)} images in {self.folder} can" if len(self) > 1 else f"{self.folder} cannot"
            raise UserError(f"{what} be read (first: {self.skipped[0]}); copy them there again")


def _frame_rate(folder: Path) -> float | None:
    """Return the frame rate from the calibration file that `synth` writes beside a camera's images, if there is one."""
    file = folder / "calibration.yml"
    try:
        return parse_frame_rate(read_mapping(file).get("frames_per_second")) if file.is_file() else None
    except UserError:  # another program's calibration file
        return None


def _suggest_folder(folder: Path) -> str:
    """Return the end of the message about a folder without images, which often is the parent of the right one."""
    for path, subfolders, _ in islice(os.walk(folder), _MAX_FOLDERS_SEARCHED):
        subfolders[:] = natural_sort(name for name in subfolders if not name.startswith("."))
        count = len(image_files(Path(path))) if Path(path) != folder else 0
        if count:
            return f"; its sub-folder {path} has {count}: give that folder"
    return f"; give a folder of {', '.join(IMAGE_SUFFIXES)} files"
