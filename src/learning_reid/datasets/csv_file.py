"""Labels in your own table: `img_path,person_id[,camera_id][,split]`.

Ids are text ("007" is not "7"). A path is relative to the table's folder and must stay inside it. A row without
`person_id` is a distractor, which only the gallery may contain; a row with `person_id` -1 is junk, which is left out.
Four more columns, `box_x1`, `box_y1`, `box_x2` and `box_y2`, give the box of the person in the image; other columns are
ignored.
"""

import csv
import io
import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from learning_reid.datasets.csv_table import CsvRow, read_rows
from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.listing import PathChecker
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample, Split
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_SUFFIXES
from learning_reid.io.atomic_write import atomic_write

REQUIRED = ("img_path", "person_id")
BOX = ("box_x1", "box_y1", "box_x2", "box_y2")
COLUMNS = (*REQUIRED, "camera_id", "split")
SPLITS = ("", "train", "query", "gallery")
LABELS_FILE = "labels.csv"
_EXPECTED_FILE = "a CSV file with the columns img_path,person_id was expected"
_EXPECTED_HEADER = "the first line must be img_path,person_id or img_path,person_id,camera_id,split"


@register_dataset("csv", about="your own table: img_path,person_id[,camera_id][,split]")
def read_csv(root: Path, found: Findings) -> list[Sample]:
    """Read a table of labels; invalid rows are added to `found`.

    ::

        img_path,person_id,camera_id,split
        crops/0001.jpg,anna,1,query
        crops/0002.jpg,anna,2,gallery
    """
    file = find_csv(root)
    paths, samples = PathChecker(file.parent), []
    earlier: dict[tuple[Path, object], list[Sample]] = {}
    for row in read_rows(file, REQUIRED, _EXPECTED_HEADER):
        sample = _sample(row, paths, found)
        if sample is not None:
            same_image = earlier.setdefault((sample.path, sample.box_xyxy), [])
            if not _is_duplicate(row, sample, same_image, found):
                samples.append(sample)
            same_image.append(sample)
    without = sum(sample.split == "unsplit" for sample in samples)
    if 0 < without < len(samples) and any(sample.split in ("query", "gallery") for sample in samples):
        advice = "write train, query or gallery into each of them"
        found.add("csv-half-split", "warning", "rows without a split, which are not used", advice, count=without)
    return samples


def find_csv(root: Path) -> Path:
    """Return the table at `root`: the file itself, or in a folder `labels.csv`, or the only table there."""
    if root.is_file():
        if root.suffix.lower() in IMAGE_SUFFIXES:
            raise WrongLayout(f"{root} is an image; {_EXPECTED_FILE}")
        return root
    tables = sorted(path for path in root.iterdir() if path.suffix.lower() == ".csv" and path.is_file())
    tables = [path for path in tables if path.name == LABELS_FILE] or tables
    if not tables:
        raise WrongLayout(f"{root} contains no CSV file; {_EXPECTED_FILE}")
    if len(tables) > 1:
        names = ", ".join(path.name for path in tables[:5])
        raise UserError(f"{root} contains several CSV files ({names}); name one of them as the root")
    return tables[0]


def write_csv(samples: Sequence[Sample], file: Path) -> Path:
    """Write labels as a new table that `read_csv` reads back unchanged; images are not copied.

    Args:
        samples: Any samples; if some are parts of frames, four box columns are added.
        file: The table. It must not exist, and the images must be in its folder or below.

    Raises:
        UserError: The file exists or cannot be written, or a sample cannot be represented.
    """
    boxes = any(sample.box_xyxy is not None for sample in samples)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS + BOX if boxes else COLUMNS)
    folder = Path(os.path.abspath(file.parent))
    writer.writerows([*_fields(sample, folder), *(_corners(sample) if boxes else ())] for sample in samples)
    try:
        content = text.getvalue().encode()
    except UnicodeEncodeError as error:
        name = error.object[: error.end].rpartition("\n")[2]
        raise UserError(f"the name {name!r} is not UTF-8 text; rename that file or folder") from None
    if file.exists():
        raise UserError(f"{file} already exists and is not replaced; name another file, or remove it first")
    with atomic_write(file) as temporary:
        temporary.write_bytes(content)
    return file


def _sample(row: CsvRow, paths: PathChecker, found: Findings) -> Sample | None:
    """Return the sample of a row, or None if the row is invalid."""

    def refuse(code: str, what: str, advice: str, detail: str = "") -> None:
        found.add(f"csv-{code}", "error", what, advice, f"line {row.line} ({detail})" if detail else f"line {row.line}")

    if not row.is_complete:
        advice = "put a value that contains a comma in double quotes"
        refuse("row", "rows with more or fewer values than columns", advice)
        return None
    path, problem = _path(row["img_path"], paths)
    split, person_id = row["split"], row["person_id"] or None
    valid = problem is None
    if not row["img_path"]:
        refuse("path", "rows without an img_path", "fill it in")
    elif problem == "leaves":
        what = "rows whose path is absolute or leaves the folder of the CSV file"
        advice = "put the images beside or below the CSV file, and write paths relative to it"
        refuse("outside", what, advice, row["img_path"])
    elif problem == "missing":
        advice = f"paths are relative to {paths.root}; copy the images there or correct the rows"
        refuse("missing", "rows whose image is missing", advice, row["img_path"])
    if split not in SPLITS:
        advice = "write query or gallery instead of test" if split == "test" else "leave it empty"
        refuse("split", "rows with an unknown split", f"a split is train, query or gallery: {advice}", repr(split))
        valid = False
    elif person_id is None and split != "gallery":
        refuse("person", "rows without a person_id", "fill it in; only distractors in the gallery have none")
        valid = False
    try:
        box = _box(row)
    except ValueError:
        refuse("box", "rows with an invalid box", f"{', '.join(BOX)} need four numbers, left top right bottom")
        return None
    return Sample(path, person_id, row["camera_id"], cast(Split, split or "unsplit"), box) if valid else None


def _path(written: str, paths: PathChecker) -> tuple[Path, str | None]:
    """Return the path and its problem, if it has one."""
    on_windows = written.replace("\\", "/")
    spellings = (written, on_windows, *(unicodedata.normalize(form, on_windows) for form in ("NFC", "NFD")))
    problems = {spelling: paths.problem(spelling) for spelling in spellings}
    path = next((spelling for spelling, problem in problems.items() if problem != "missing"), written)
    return paths.root / path, problems[path]


def _box(row: CsvRow) -> tuple[float, float, float, float] | None:
    written = [row[name] for name in BOX]
    if not any(written):
        return None
    x1, y1, x2, y2 = (float(value) for value in written)
    if not (x1 < x2 < float("inf") and y1 < y2 < float("inf")):  # also refuses nan
        raise ValueError("not a box")
    return x1, y1, x2, y2


def _is_duplicate(row: CsvRow, sample: Sample, same_image: list[Sample], found: Findings) -> bool:
    """Return whether the row repeats or contradicts an earlier row of the same image; adds it to `found`."""
    where = f"line {row.line} ({sample.path.name})"
    for other in same_image:
        if (other.person_id, other.camera_id) != (sample.person_id, sample.camera_id):
            what = "rows that contradict an earlier row of the same image"
            advice = "an image shows one person from one camera: correct one of the rows"
            found.add("csv-contradiction", "error", what, advice, where)
            return True
        if other.split == sample.split:
            advice = "no action needed; you may remove one of them"
            found.add("csv-twice", "warning", "repeated rows, counted once", advice, where)
            return True
    return False


def _fields(sample: Sample, folder: Path) -> Iterator[str]:
    try:
        path = Path(os.path.abspath(sample.path)).relative_to(folder).as_posix()
    except ValueError:
        raise UserError(
            f"{sample.path} is not inside {folder}, and paths in a CSV file are relative to it; "
            "write the file into a folder above the images"
        ) from None
    for value in (path, sample.person_id or "", sample.camera_id):
        if value != value.strip():
            raise UserError(f"{sample.path}: {value!r} begins or ends with a space, which would be lost; rename it")
        yield value
    yield "" if sample.split == "unsplit" else sample.split


def _corners(sample: Sample) -> list[str]:
    return [repr(float(corner)) for corner in sample.box_xyxy] if sample.box_xyxy else [""] * len(BOX)
