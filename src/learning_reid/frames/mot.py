"""Boxes with identities in MOT challenge format: one row for each box, ``frame,id,x,y,w,h,conf,…``.

The files count frames from 1 and give left, top, width and height in pixels. `MotTable` counts frames from 0 (frame N
of a file is N - 1) and stores corners; `match_frames` finds the images of the frames. The format holds detections and
ground truth; a ground-truth row with score 0 is ignored: it is neither a person to find nor a false positive.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.errors import UserError

_COLUMNS = 7  # frame, id, x, y, w, h, conf; further columns (world coordinates, class, visibility) are not read


@dataclass(frozen=True, eq=False)
class MotTable:
    """The rows of a MOT file, one array for each column.

    Attributes:
        frame: (n,) int64, counted from 0.
        person_id: (n,) int64; -1 for detections without identity.
        boxes_xyxy: (n, 4) float32, pixels.
        score: (n,) float32, the seventh column.
    """

    frame: np.ndarray
    person_id: np.ndarray
    boxes_xyxy: np.ndarray
    score: np.ndarray

    @classmethod
    def from_rows(cls, rows: np.ndarray) -> "MotTable":
        """Convert (n, 7) float64 rows ``frame (from 1), id, x, y, w, h, conf``."""
        corners = np.concatenate([rows[:, 2:4], rows[:, 2:4] + rows[:, 4:6]], axis=1)  # (n, 4) x, y, x + w, y + h
        return cls(
            frame=rows[:, 0].astype(np.int64) - 1,
            person_id=rows[:, 1].astype(np.int64),
            boxes_xyxy=corners.astype(np.float32),
            score=rows[:, 6].astype(np.float32),
        )

    def __len__(self) -> int:
        return len(self.frame)

    def at(self, frame_index: int) -> "MotTable":
        """Return the rows of one frame (counted from 0) in file order."""
        rows = self.frame == frame_index
        return MotTable(self.frame[rows], self.person_id[rows], self.boxes_xyxy[rows], self.score[rows])

    def match_frames(self, numbers: Sequence[int], file: str | Path) -> "MotTable":
        """Return the rows of a source's frames, with the indices of these frames instead of their numbers.

        Args:
            numbers: `FrameSource.numbers`: the number of each frame in MOT files, by index.
            file: Named in the note that is logged if no row belongs to a frame.
        """
        index_of = {number: index for index, number in enumerate(numbers)}
        index = np.array([index_of.get(number + 1, -1) for number in self.frame.tolist()], np.int64)
        rows = index >= 0
        if len(self) and len(numbers) and not rows.any():
            text = "note: %s has no rows of these frames: it has frames %d to %d, and the images are numbered %d to %d"
            bounds = self.frame.min() + 1, self.frame.max() + 1, min(numbers), max(numbers)
            logging.getLogger(__name__).warning(text, file, *bounds)
        return MotTable(index[rows], self.person_id[rows], self.boxes_xyxy[rows], self.score[rows])


def read_mot(path: str | Path) -> MotTable:
    """Read a MOT det.txt or gt.txt; an empty file gives an empty table.

    Raises:
        UserError: The file cannot be read, or a row is not in this format; the message names file and line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a MOT file with rows frame,id,x,y,w,h,conf") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a MOT text file ({error})") from None
    rows = [_parse_row(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return MotTable.from_rows(np.array(rows, dtype=np.float64).reshape(-1, _COLUMNS))


def format_mot(table: MotTable) -> str:
    """Return the text of a MOT file, with pixels to a thousandth and unknown (-1) world coordinates.

    >>> print(format_mot(MotTable.from_rows(np.array([[1, 7, 10, 20, 30.5, 40, 1]]))), end="")
    1,7,10.000,20.000,30.500,40.000,1,-1,-1,-1
    """
    boxes = table.boxes_xyxy.astype(np.float64)
    sizes = boxes[:, 2:] - boxes[:, :2]
    columns = (table.frame, table.person_id, boxes[:, :2], sizes, table.score)
    return "".join(
        f"{frame + 1},{person_id},{x:.3f},{y:.3f},{w:.3f},{h:.3f},{score:.6g},-1,-1,-1\n"
        for frame, person_id, (x, y), (w, h), score in zip(*columns, strict=True)
    )


def _parse_row(line: str, location: str) -> list[float]:
    fields = line.split(",")
    try:
        values = [float(field) for field in fields[:_COLUMNS]]
    except ValueError:
        values = []
    if len(values) < _COLUMNS or not np.isfinite(values).all():
        raise UserError(f"{location}: not a MOT row: {line.strip()[:60]!r}; it needs numbers frame,id,x,y,w,h,conf")
    if values[0] < 1 or values[0] != int(values[0]) or values[1] != int(values[1]):
        raise UserError(
            f"{location}: frame {fields[0]} and id {fields[1]} must be whole numbers, frames counted from 1"
        )
    return values
