"""Labels in a table of your own: `img_path,person_id[,camera_id][,split]`.

Ids are text ("007" is not "7"); spaces around a value do not count. A path is relative to the table's folder and may
not leave it. A row without `person_id` is a stranger, whom only the gallery may hold. Four more columns, `box_x1`,
`box_y1`, `box_x2` and `box_y2`, name the part of the picture that is meant; other columns are not read.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.layouts import register_dataset
from learning_reid.datasets.listing import Below
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError
from learning_reid.frames.folder import PICTURE_SUFFIXES

REQUIRED = ("img_path", "person_id")
BOX = ("box_x1", "box_y1", "box_x2", "box_y2")
COLUMNS = (*REQUIRED, "camera_id", "split")
SPLITS = ("", "train", "query", "gallery")
PREFERRED = "labels.csv"
_COLUMNS_TOLD = 12
_NO_TABLE = "a CSV file with the columns img_path,person_id was expected"


@dataclass
class Row:
    """One line of the table: where it is in the file, and its values by column; a column that is not there is ""."""

    line: int
    values: dict[str, str]

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "").strip()


def find_csv(root: Path) -> Path:
    """The table at `root`: the file itself, or in a folder `labels.csv`, or the only table there.

    Raises:
        UserError: a picture, no table, or several.
    """
    if root.is_file():
        if root.suffix.lower() in PICTURE_SUFFIXES:
            raise WrongLayout(f"{root} is a picture; {_NO_TABLE}")
        return root
    tables = sorted(path for path in root.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
    tables = [path for path in tables if path.name == PREFERRED] or tables
    if not tables:
        raise WrongLayout(f"{root} holds no CSV file; {_NO_TABLE}")
    if len(tables) > 1:
        names = ", ".join(path.name for path in tables[:5])
        raise UserError(f"{root} holds several CSV files ({names}); name one of them as the root")
    return tables[0]


@register_dataset("csv", about="a table of your own: img_path,person_id[,camera_id][,split]")
def read_csv(root: Path, found: Findings) -> list[Sample]:
    """The samples of a table; what is wrong with single rows goes to `found`.

    Raises:
        UserError: no table, not a text file, or a column is missing.
    """
    file = find_csv(root)
    below, samples = Below(file.parent), []
    known: dict[tuple[Path, object], list[Sample]] = {}
    for row in _rows(file, found):
        sample = _sample(row, below, found)
        if sample is not None:
            twins = known.setdefault((sample.path, sample.box_xyxy), [])
            if not _told_as_duplicate(row, sample, twins, found):
                samples.append(sample)
            twins.append(sample)
    without = sum(sample.split == "unsplit" for sample in samples)
    if 0 < without < len(samples) and any(sample.split in ("query", "gallery") for sample in samples):
        advice = "write train, query or gallery into each of them"
        found.add("csv-half-split", "warning", "rows without a split, which take no part", advice, count=without)
    return samples


def _rows(file: Path, found: Findings) -> Iterator[Row]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            rows = csv.reader(stream, delimiter=_delimiter(first))
            header = [name.strip() for name in next(rows, [])]
            _check_header(file, header)
            for fields in rows:
                if not any(fields):  # spreadsheets like to end with rows of nothing but commas
                    continue
                if len(fields) == len(header):
                    yield Row(rows.line_num, dict(zip(header, fields, strict=True)))
                else:
                    where = f"line {rows.line_num} ({len(fields)} values for {len(header)} columns)"
                    advice = "a comma within a value must stand in double quotes"
                    found.add("csv-row", "error", "rows of the wrong length", advice, where)
    except UnicodeDecodeError:
        raise UserError(f'{file} is no text in UTF-8; save it as "CSV UTF-8"') from None
    except csv.Error as problem:
        raise UserError(f"{file} is no CSV file ({problem}); {_NO_TABLE}") from None
    except OSError as problem:
        raise UserError(f"{file} cannot be read ({problem.strerror}); check your rights") from None


def _delimiter(header: str) -> str:
    """Spreadsheets of half of Europe write semicolons where they say comma."""
    return next((mark for mark in (",", ";", "\t") if mark in header), ",")


def _check_header(file: Path, header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        listed = ", ".join(name[:40] for name in header[:_COLUMNS_TOLD]) or "none, it is empty"
        raise UserError(
            f"{file} has no column {' and no column '.join(missing)} (its columns: {listed}); the first line must be "
            "img_path,person_id or img_path,person_id,camera_id,split"
        )


def _sample(row: Row, below: Below, found: Findings) -> Sample | None:
    """The sample of a row, or None where something is wrong with it."""
    path = _path(row, below, found)
    split = row["split"]
    person_id = row["person_id"] or None
    sound = path is not None
    if split not in SPLITS:
        meant = "write query for what is asked and gallery for what answers" if split == "test" else "leave it empty"
        advice = f"a split is train, query or gallery: {meant}"
        found.add("csv-split", "error", "rows with an unknown split", advice, f"line {row.line} ({split!r})")
        sound = False
    elif person_id is None and split != "gallery":
        advice = "fill it in; only a stranger in the gallery goes without"
        found.add("csv-person", "error", "rows without a person_id", advice, f"line {row.line}")
        sound = False
    try:
        box = _box(row)
    except ValueError:
        advice = f"{', '.join(BOX)} need four numbers, left top right bottom"
        found.add("csv-box", "error", "rows with a box that is none", advice, f"line {row.line}")
        return None
    if path is None or not sound:
        return None
    return Sample(path, person_id, row["camera_id"], cast(Split, split or "unsplit"), box)


def _path(row: Row, below: Below, found: Findings) -> Path | None:
    written = row["img_path"]
    problem = below.problem(written)
    if problem == "missing" and "\\" in written:  # written on Windows
        written = written.replace("\\", "/")
        problem = below.problem(written)
    where = f"line {row.line} ({written})"
    if not written:
        found.add("csv-path", "error", "rows without an img_path", "fill it in", f"line {row.line}")
        return None
    if problem == "leaves":
        advice = "put the pictures beside or below the CSV file, and write paths relative to it"
        found.add(
            "csv-outside", "error", "rows whose path is absolute or leaves the folder of the CSV file", advice, where
        )
    elif problem == "missing":
        advice = f"paths count from {below.root}; copy the pictures there or correct the rows"
        found.add("csv-missing", "error", "rows whose picture is not there", advice, where)
    return None if problem else below.root / written


def _box(row: Row) -> tuple[float, float, float, float] | None:
    written = [row[name] for name in BOX]
    if not any(written):
        return None
    x1, y1, x2, y2 = (float(value) for value in written)
    if not (x1 < x2 < float("inf") and y1 < y2 < float("inf")):  # also false for a number that is none
        raise ValueError("not a box")
    return x1, y1, x2, y2


def _told_as_duplicate(row: Row, sample: Sample, twins: list[Sample], found: Findings) -> bool:
    """Whether the same picture stood in an earlier row so that this one must not count."""
    where = f"line {row.line} ({sample.path.name})"
    for twin in twins:
        if (twin.person_id, twin.camera_id) != (sample.person_id, sample.camera_id):
            advice = "one picture shows one person, seen by one camera: correct one of the rows"
            what = "rows that contradict an earlier row of the same picture"
            found.add("csv-contradiction", "error", what, advice, where)
            return True
        if twin.split == sample.split:
            advice = "nothing need be done; remove one of them"
            found.add("csv-twice", "warning", "rows that stand there twice, counted once", advice, where)
            return True
    return False
