"""Sprite sheets: many thumbnails in few JPEG files, optionally blurred."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import cv2
import numpy as np

from reid_store.thumbnails import EMPTY, decode_jpeg, encode_jpeg

Blur = Literal["faces", "people"]
COLUMNS, MAX_ROWS = 20, 13  # 260 thumbnails in a sheet
BLURRED_PX = 6  # width of a blurred image, in blocks of one color
FACE_SHARE = 0.25  # of the height, from the top
_QUALITY = 78


@dataclass(frozen=True)
class CellSize:
    """Width and height of each thumbnail in its sheet, in pixels."""

    width: int
    height: int


def cell_size(num_images: int) -> CellSize:
    """Choose a smaller cell for more images, so that the page stays at a few megabytes.

    >>> cell_size(500), cell_size(10_000)
    (CellSize(width=64, height=128), CellSize(width=40, height=80))
    """
    if num_images <= 2000:
        return CellSize(64, 128)
    return CellSize(48, 96) if num_images <= 5000 else CellSize(40, 80)


def blur_people(image: np.ndarray) -> np.ndarray:
    """Reduce an image (h, w, 3) uint8 to a few blocks of color; the original cannot be recovered."""
    height, width = image.shape[:2]
    rows = max(1, round(BLURRED_PX * height / width))
    blocks = cv2.resize(image, (BLURRED_PX, rows), interpolation=cv2.INTER_AREA)
    return cv2.resize(blocks, (width, height), interpolation=cv2.INTER_NEAREST)


def blur_faces(image: np.ndarray) -> np.ndarray:
    """Blur the upper quarter, which shows the face of a person who stands upright and is visible in full."""
    height = max(1, round(FACE_SHARE * image.shape[0]))
    return np.concatenate([blur_people(image[:height]), image[height:]])


BLURS: dict[str, Callable[[np.ndarray], np.ndarray]] = {"faces": blur_faces, "people": blur_people}


def fit_to_cell(image: np.ndarray, size: CellSize) -> np.ndarray:
    """Scale an image (h, w, 3) uint8 to fit into a cell, centered."""
    height, width = image.shape[:2]
    scale = min(size.width / width, size.height / height)
    new_width, new_height = max(1, round(width * scale)), max(1, round(height * scale))
    cell = np.full((size.height, size.width, 3), EMPTY, np.uint8)
    left, top = (size.width - new_width) // 2, (size.height - new_height) // 2
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    cell[top : top + new_height, left : left + new_width] = cv2.resize(
        image, (new_width, new_height), interpolation=interpolation
    )
    return cell


@dataclass
class SpriteSheets:
    """Collect thumbnails in sheets, row by row.

    Attributes:
        size: Size of each cell.
        blur: What to blur before a thumbnail is added; None = nothing.
        sheets: Finished sheets, JPEG files in base64.
        rows: Number of rows of each of them.
    """

    size: CellSize
    blur: Blur | None = None
    sheets: list[str] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    _cells: list[np.ndarray] = field(default_factory=list)

    def add(self, jpeg: bytes) -> None:
        """Add a JPEG file; one that cannot be read becomes an empty cell."""
        image = decode_jpeg(jpeg)
        if self.blur is not None:
            image = BLURS[self.blur](image)
        self._cells.append(fit_to_cell(image, self.size))
        if len(self._cells) == COLUMNS * MAX_ROWS:
            self.finish()

    def finish(self) -> None:
        """Close the current sheet."""
        if not self._cells:
            return
        rows = -(-len(self._cells) // COLUMNS)
        height, width = self.size.height, self.size.width
        sheet = np.full((rows, COLUMNS, height, width, 3), EMPTY, np.uint8)
        sheet.reshape(rows * COLUMNS, height, width, 3)[: len(self._cells)] = self._cells
        image = sheet.transpose(0, 2, 1, 3, 4).reshape(rows * height, COLUMNS * width, 3)
        self.sheets.append(base64.b64encode(encode_jpeg(image, _QUALITY)).decode("ascii"))
        self.rows.append(rows)
        self._cells = []
