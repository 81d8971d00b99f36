"""A page for each student and one for the class: single files that ask no network for anything."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.output_folder import create_folder
from reid_course.grading.exercise_set import ExerciseSet
from reid_course.grading.grade import Mark
from reid_course.grading.grades_csv import short

TEMPLATES = Path(__file__).with_name("templates")


def write_pages(out: Path, marks: Sequence[Mark], exercises: dict[str, ExerciseSet]) -> dict[str, Path]:
    """Write `class.html` and a page for each student.

    Args:
        out: folder, made where it is missing.
        marks: of the class.
        exercises: the sets, by name.

    Returns:
        By student, the page.

    Raises:
        UserError: one cannot be written.
    """
    by_student: dict[str, list[Mark]] = defaultdict(list)
    for mark in marks:
        by_student[mark.student].append(mark)
    names = page_names(list(by_student))
    folder = create_folder(out, "--out")
    for student, own in by_student.items():
        _write(folder / names[student], "student", student=student, marks=own)
    hardness = [_hardness(name, marks) for name in exercises if any(mark.set_name == name for mark in marks)]
    _write(folder / "class.html", "class", marks=marks, names=names, sets=hardness)
    return {student: folder / name for student, name in names.items()}


def page_names(students: Sequence[str]) -> dict[str, str]:
    """A file name for each student, no two alike on any disk.

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


def _hardness(name: str, marks: Sequence[Mark]) -> dict[str, Any]:
    """How many of those whose notebook could be run passed each question of a set."""
    run = [mark for mark in marks if mark.set_name == name and mark.ran]
    questions = list(dict.fromkeys(answer.question for mark in run for answer in mark.answers))
    passed = {
        question: sum(answer.passed for mark in run for answer in mark.answers if answer.question == question)
        for question in questions
    }
    return {"name": name, "run": len(run), "passed": passed}


def _write(path: Path, template: str, **values: Any) -> None:
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["short"] = short
    style = Markup((TEMPLATES / "marks.css").read_text(encoding="utf-8"))  # ours, as it stands
    page = environment.get_template(f"{template}.html.j2").render(style=style, **values)
    try:
        with atomic_write(path) as part:
            part.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); name another --out") from None
