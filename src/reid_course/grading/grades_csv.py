"""The marks as a table, for the grade book."""

import csv
from collections.abc import Sequence
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.output_folder import create_folder
from reid_course.grading.grade import Mark

COLUMNS = ("student", "set", "points", "possible", "share", "status", "notes", "file")


def write_marks(out: Path, marks: Sequence[Mark]) -> Path:
    """Write `marks.csv`: a row for each submission, and behind the other columns the points of each question.

    It begins with a byte order mark, without which Excel garbles umlauts; names that are no text are written with `?`.

    Args:
        out: folder, made where it is missing.
        marks: in the order of the rows.

    Raises:
        UserError: it cannot be written.
    """
    questions = list(dict.fromkeys(answer.question for mark in marks for answer in mark.answers))
    path = create_folder(out, "--out") / "marks.csv"
    try:
        with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8-sig", errors="replace") as file:
            table = csv.DictWriter(file, [*COLUMNS, *questions])
            table.writeheader()
            for mark in marks:
                table.writerow(
                    {
                        "student": safe_cell(mark.student),
                        "set": mark.set_name,
                        "points": short(mark.points),
                        "possible": short(mark.possible),
                        "share": f"{mark.share:.3f}",
                        "status": mark.status,
                        "notes": safe_cell("; ".join(mark.notes)),
                        "file": safe_cell(mark.file),
                        **{answer.question: short(answer.points) for answer in mark.answers},
                    }
                )
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); close it, or name another --out") from None
    return path


def short(number: float) -> str:
    """
    >>> short(2.0), short(1 / 3)
    ('2', '0.333')
    """
    return f"{number:.3f}".rstrip("0").rstrip(".")


def safe_cell(text: str) -> str:
    """The text so that no spreadsheet takes it for a formula; students choose the names of their files.

    >>> safe_cell("=1+1"), safe_cell("Ada")
    ("'=1+1", 'Ada')
    """
    return f"'{text}" if text[:1] in set("=+-@\t\r") else text
