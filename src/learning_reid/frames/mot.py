"""Boxes with identities as the MOT challenge writes them: one row for each box, ``frame,id,x,y,w,h,conf,…``.

The file counts frames from 1 and gives left, top, width and height in pixels; we count frames from 0 (row frame N is
picture N-1 in file order) and use corners. The same format serves for what a detector found and for the truth, where a
row of score 0 is to be ignored: neither a person to find nor a false alarm.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.errors import UserError

COLUMNS = 7  # frame, id, x, y, w, h, conf; what follows (world coordinates, class, visibility) is not read


@dataclass(frozen=True, eq=False)
class MotTable:
    """The rows of a MOT file, one array for each column.

    Attributes:
        frame: (n,) int64, counted from 0.
        person_id: (n,) int64; -1 in a file of detections, where nobody is known yet.
        boxes_xyxy: (n, 4) float32, pixels.
        score: (n,) float32, the seventh column.
    """

    frame: np.ndarray
    person_id: np.ndarray
    boxes_xyxy: np.ndarray
    score: np.ndarray

    @classmethod
    def of_rows(cls, rows: np.ndarray) -> "MotTable":
        """Rows ``frame (from 1), id, x, y, w, h, conf`` as a (n, 7) float64 array."""
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
        """The rows of one frame (counted from 0), in the file's order; an empty table where the frame has none."""
        here = self.frame == frame_index
        return MotTable(self.frame[here], self.person_id[here], self.boxes_xyxy[here], self.score[here])


def read_mot(path: str | Path) -> MotTable:
    """Read a MOT det.txt or gt.txt. An empty file is an empty table.

    Raises:
        UserError: there is no such file, or a row is not one of this format; names file and line.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path}: no such file; give a MOT file with rows frame,id,x,y,w,h,conf") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a MOT text file ({error})") from None
    rows = [_row(line, f"{path}:{number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    return MotTable.of_rows(np.array(rows, dtype=np.float64).reshape(-1, COLUMNS))


def _row(line: str, where: str) -> list[float]:
    fields = line.split(",")
    try:
        values = [float(field) for field in fields[:COLUMNS]]
    except ValueError:
        values = []
    if len(values) < COLUMNS or not np.isfinite(values).all():
        raise UserError(f"{where}: not a MOT row: {line.strip()[:60]!r}; it needs numbers frame,id,x,y,w,h,conf")
    if values[0] < 1 or values[0] != int(values[0]) or values[1] != int(values[1]):
        raise UserError(f"{where}: frame {fields[0]} and id {fields[1]} must be whole numbers, frames counted from 1")
    return values


def write_mot(path: str | Path, table: MotTable) -> None:
    """Write `table` in the same format, pixels to a thousandth; the three world coordinates are -1, "not known".

    Raises:
        UserError: the file cannot be written.
    """
    try:
        Path(path).write_text(mot_text(table), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path}: cannot be written ({error.strerror}); choose another folder") from None


def mot_text(table: MotTable) -> str:
    """What `write_mot` writes."""
    return "".join(f"{line}\n" for line in _lines(table))


def _lines(table: MotTable) -> Iterator[str]:
    boxes = table.boxes_xyxy.astype(np.float64)
    sizes = boxes[:, 2:] - boxes[:, :2]
    for frame, person_id, (x, y), (w, h), score in zip(
        table.frame, table.person_id, boxes[:, :2], sizes, table.score, strict=True
    ):
        yield f"{frame + 1},{person_id},{x:.3f},{y:.3f},{w:.3f},{h:.3f},{score:.6g},-1,-1,-1"
