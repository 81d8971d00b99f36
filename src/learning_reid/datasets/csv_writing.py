"""Writing any labelled crops as a table that `csv_file` reads back the same."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from learning_reid.datasets.csv_file import BOX, COLUMNS
from learning_reid.datasets.sample import LabelledCrops, Sample
from learning_reid.errors import UserError


def write_csv(crops: LabelledCrops | Sequence[Sample], file: Path) -> Path:
    """Write labels as `img_path,person_id,camera_id,split`, with four box columns where samples are parts of frames.

    Args:
        crops: the samples; the pictures themselves are not copied.
        file: the table; it must not exist, and the pictures must lie in its folder or below.

    Returns:
        `file`.

    Raises:
        UserError: the file exists or cannot be written, or a sample cannot be written in this form.
    """
    samples = crops.samples if isinstance(crops, LabelledCrops) else crops
    boxes = any(sample.box_xyxy is not None for sample in samples)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS + BOX if boxes else COLUMNS)
    folder = Path(os.path.abspath(file.parent))
    writer.writerows([*_fields(sample, folder), *(_corners(sample) if boxes else ())] for sample in samples)
    try:
        content = text.getvalue().encode()
    except UnicodeEncodeError as problem:
        name = problem.object[: problem.end].rpartition("\n")[2]
        raise UserError(f"the name {name!r} is no text in UTF-8; rename that file or folder") from None
    try:
        with file.open("xb") as stream:
            stream.write(content)
    except FileExistsError:
        raise UserError(f"{file} exists already and is left as it is; name another file, or remove it first") from None
    except OSError as problem:
        raise UserError(f"{file} cannot be written ({problem.strerror}); name another file") from None
    return file


def _fields(sample: Sample, folder: Path) -> Iterator[str]:
    try:
        path = Path(os.path.abspath(sample.path)).relative_to(folder).as_posix()
    except ValueError:
        raise UserError(
            f"{sample.path} does not lie below {folder}, and paths in a CSV file are relative to it; "
            "write the file into a folder above the pictures"
        ) from None
    for value in (path, sample.person_id or "", sample.camera_id):
        if value != value.strip():
            raise UserError(f"{sample.path}: {value!r} begins or ends with a space, which is not kept; rename it")
        yield value
    yield "" if sample.split == "unsplit" else sample.split


def _corners(sample: Sample) -> list[str]:
    return [repr(float(corner)) for corner in sample.box_xyxy] if sample.box_xyxy else [""] * len(BOX)
