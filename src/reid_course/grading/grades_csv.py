"""The grades as a table, `marks.csv`."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.output_folder import create_folder
from reid_course.grading.grade import SubmissionGrade

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")  # also those that reverse text
COLUMNS = ("student", "set", "points", "possible", "share", "status", "notes", "file")


def write_grades(out: Path, grades: Sequence[SubmissionGrade]) -> Path:
    """Write `marks.csv`: a row for each submission, and after the fixed columns the points of each question.

    The file begins with a byte order mark, which Excel needs to read it as UTF-8; characters that cannot be encoded
    become `?`.

    Args:
        out: Folder, created if it is missing.
        grades: Grades in the order of the rows.

    Raises:
        UserError: The file cannot be written.
    """
    names = list(dict.fromkeys(question.question for grade in grades for question in grade.questions))
    path = create_folder(out, "--out") / "marks.csv"
    try:
        with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8-sig", errors="replace") as file:
            table = csv.DictWriter(file, [*COLUMNS, *names])
            table.writeheader()
            for grade in grades:
                table.writerow(
                    {
                        "student": safe_cell(grade.student),
                        "set": grade.set_name,
                        "points": format_number(grade.points),
                        "possible": format_number(grade.possible),
                        "share": f"{grade.share:.3f}",
                        "status": grade.status,
                        "notes": safe_cell("; ".join(grade.notes)),
                        "file": safe_cell(grade.file),
                        **{question.question: format_number(question.points) for question in grade.questions},
                    }
                )
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); close it, or name another --out") from None
    return path


def format_number(number: float) -> str:
    """
    >>> format_number(2.0), format_number(1 / 3)
    ('2', '0.333')
    """
    return f"{number:.3f}".rstrip("0").rstrip(".")


def safe_cell(text: str) -> str:
    """Quote a text that a spreadsheet would take for a formula, and replace control characters.

    Students choose the names of their files.

    >>> safe_cell("=1+1"), safe_cell("Ada"), safe_cell("\\x1b[31mAda\\n")
    ("'=1+1", 'Ada', '?[31mAda?')
    """
    text = _CONTROL.sub("?", text)
    return f"'{text}" if text[:1] in set("=+-@") else text
