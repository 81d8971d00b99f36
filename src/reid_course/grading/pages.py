"""An HTML page for each student and one for the class: single files without external resources."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.output_folder import create_folder
from reid_course.grading.exercise_set import ExerciseSet
from reid_course.grading.grade import SubmissionGrade
from reid_course.grading.grades_csv import format_number

TEMPLATES = Path(__file__).with_name("templates")


def write_pages(out: Path, grades: Sequence[SubmissionGrade], exercises: dict[str, ExerciseSet]) -> dict[str, Path]:
    """Write `class.html` and a page for each student.

    Args:
        out: Folder, created if it is missing.
        grades: Grades of the class.
        exercises: Exercise sets by name.

    Returns:
        The page of each student.

    Raises:
        UserError: A page cannot be written.
    """
    by_student: dict[str, list[SubmissionGrade]] = defaultdict(list)
    for grade in grades:
        by_student[grade.student].append(grade)
    names = page_names(list(by_student))
    folder = create_folder(out, "--out")
    for student, own in by_student.items():
        _write(folder / names[student], "student", student=student, grades=own)
    sets = [_count_passes(name, grades) for name in exercises if any(grade.set_name == name for grade in grades)]
    _write(folder / "class.html", "class", grades=grades, names=names, sets=sets)
    return {student: folder / name for student, name in names.items()}


def page_names(students: Sequence[str]) -> dict[str, str]:
    """Return a file name for each student, different also where the file system ignores case.

    >>> page_names(["Ada Lovelace", "ada/lovelace", "Zoë"])
    {'Ada Lovelace': 'Ada_Lovelace.html', 'ada/lovelace': 'ada_lovelace-2.html', 'Zoë': 'Zoë.html'}
    """
    names: dict[str, str] = {}
    taken = {"class"}
    for student in students:
        plain = re.sub(r"\W+", "_", student).strip("_")[:80] or "student"
        name, number = plain, 1
        while name.casefold() in taken:
            number += 1
            name = f"{plain}-{number}"
        taken.add(name.casefold())
        names[student] = f"{name}.html"
    return names


def _count_passes(name: str, grades: Sequence[SubmissionGrade]) -> dict[str, Any]:
    """Count the submissions of a set that ran, and how many of them passed each question."""
    ran = [grade for grade in grades if grade.set_name == name and grade.ran]
    questions = [question for grade in ran for question in grade.questions]
    passed = dict.fromkeys((question.question for question in questions), 0)
    for question in questions:
        passed[question.question] += question.passed
    return {"name": name, "ran": len(ran), "passed": passed}


def _write(path: Path, template: str, **values: Any) -> None:
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["number"] = format_number
    style = Markup((TEMPLATES / "grades.css").read_text(encoding="utf-8"))
    page = environment.get_template(f"{template}.html.j2").render(style=style, **values)
    try:
        with atomic_write(path) as part:
            part.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); name another --out") from None
