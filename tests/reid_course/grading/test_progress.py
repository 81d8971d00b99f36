"""Finished grades are kept exactly, and used again only for the same notebook, tests, limits and seed."""

import os
from dataclasses import replace
from pathlib import Path

from reid_course.grading.exercise_set import ExerciseSet
from reid_course.grading.grade import QuestionGrade, SubmissionGrade
from reid_course.grading.progress import FILE, GradingProgress
from reid_course.grading.sandbox_config import Limits, SandboxConfig

TINY = ExerciseSet("01_tiny", {"q1": "def test(): pass"}, {"table.txt": b"\xff"})
CONFIG = SandboxConfig(Limits(), True, {}, 7)
GRADE = SubmissionGrade(
    os.fsdecode(b"J\xfcrgen"), "01_tiny", "marked", (QuestionGrade("q1", 2 / 3, 1.0, ("\u2028", "no"), True),), ("note",),
    ("cell 2 stopped: x",), "ada.ipynb", True,
)  # fmt: skip


def test_a_grade_is_read_as_it_was_written_although_a_line_is_cut(tmp_path: Path) -> None:
    first = GradingProgress(tmp_path, CONFIG)
    key = first.key("ada.ipynb", "{}", TINY)
    first.add(key, GRADE)
    first.add("other", replace(GRADE, student="ben"))
    with (tmp_path / FILE).open("r+b") as file:
        file.truncate((tmp_path / FILE).stat().st_size - 9)
    second = GradingProgress(tmp_path, CONFIG)
    assert second.get(key) == GRADE and second.get("other") is None and second.count == 1
    second.finish()
    assert not list(tmp_path.iterdir()) and GradingProgress(tmp_path, CONFIG).count == 0


def test_what_a_grade_depends_on_is_in_the_key(tmp_path: Path) -> None:
    here = GradingProgress(tmp_path, CONFIG)
    keys = {
        here.key("ada.ipynb", "{}", TINY),
        here.key("ben.ipynb", "{}", TINY),
        here.key("ada.ipynb", "[]", TINY),
        here.key("ada.ipynb", "{}", replace(TINY, tests={"q1": "def test(): fail"})),
        here.key("ada.ipynb", "{}", replace(TINY, files={"table.txt": b"2"})),
        GradingProgress(tmp_path, replace(CONFIG, seed=8)).key("ada.ipynb", "{}", TINY),
        GradingProgress(tmp_path, replace(CONFIG, isolate=False)).key("ada.ipynb", "{}", TINY),
        GradingProgress(tmp_path, replace(CONFIG, limits=Limits(9))).key("ada.ipynb", "{}", TINY),
    }
    assert len(keys) == 8
