"""Many small pictures in few files: sheets of thumbnails, blurred beforehand where that is asked for."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from reid_store.thumbnails import EMPTY, as_picture, to_jpeg

Blur = Literal["faces", "people"]
COLUMNS, MOST_ROWS = 20, 13  # 260 thumbnails in a sheet
BLURRED_PX = 6  # this many colours across are left of somebody blurred
FACE_SHARE = 0.25  # of the height, from the top
_QUALITY = 78


@dataclass(frozen=True)
class CellSize:
    """Width and height of each thumbnail in its sheet, in pixels."""

    width: int
    height: int


def cell_size(pictures: int) -> CellSize:
    """The more pictures, the smaller: the page stays a few megabytes.

    >>> cell_size(500), cell_size(10_000)
    (CellSize(width=64, height=128), CellSize(width=40, height=80))
    """
    if pictures <= 2000:
        return CellSize(64, 128)
    return CellSize(48, 96) if pictures <= 5000 else CellSize(40, 80)


def blur_people(picture: np.ndarray) -> np.ndarray:
    """A picture (h, w, 3) uint8 of which only a few blocks of colour are left; there is no way back."""
    height, width = picture.shape[:2]
    rows = max(1, round(BLURRED_PX * height / width))
    few = cv2.resize(picture, (BLURRED_PX, rows), interpolation=cv2.INTER_AREA)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_NEAREST)


def blur_faces(picture: np.ndarray) -> np.ndarray:
    """The same with only the upper quarter blurred: there is the face of somebody who stands upright and whole."""
    height = max(1, round(FACE_SHARE * picture.shape[0]))
    return np.concatenate([blur_people(picture[:height]), picture[height:]])


BLURS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"faces": blur_faces, "people": blur_people}


def fit(picture: np.ndarray, size: CellSize) -> np.ndarray:
    """A picture (h, w, 3) uint8 as large as it fits into a cell, in the middle of it."""
    height, width = picture.shape[:2]
    scale = min(size.width / width, size.height / height)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    cell = np.full((size.height, size.width, 3), EMPTY, np.uint8)
    left, top = (size.width - wide) // 2, (size.height - high) // 2
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cell[top : top + high, left : left + wide] = cv2.resize(picture, (wide, high), interpolation=way)
    return cell


@dataclass
class SpriteSheets:
    """Thumbnails one after another into sheets, row by row.

    Attributes:
        size: of each cell.
        blur: what is made unrecognisable before a thumbnail goes in; None = nothing.
        sheets: full sheets, JPEG files in base64.
        rows: how many rows of thumbnails each of them has.
    """

    size: CellSize
    blur: Blur | None = None
    sheets: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    _cells: list[np.ndarray] = field(default_factory=list)

    def add(self, jpeg: bytes) -> None:
        """Add a JPEG file; one that cannot be read is an empty cell."""
        picture = as_picture(jpeg)
        if self.blur is not None:
            picture = BLURS[self.blur](picture)
        self._cells.append(fit(picture, self.size))
        if len(self._cells) == COLUMNS * MOST_ROWS:
            self.finish()

    def finish(self) -> None:
        """Close the sheet that was begun."""
        if not self._cells:
            return
        rows = -(-len(self._cells) // COLUMNS)
        height, width = self.size.height, self.size.width
        sheet = np.full((rows, COLUMNS, height, width, 3), EMPTY, np.uint8)
        sheet.reshape(rows * COLUMNS, height, width, 3)[: len(self._cells)] = self._cells
        image = sheet.transpose(0, 2, 1, 3, 4).reshape(rows * height, COLUMNS * width, 3)
        self.sheets.append(base64.b64encode(to_jpeg(image, _QUALITY)).decode("ascii"))
        self.rows.append(rows)
        self._cells = []
