"""Otter itself, in its own kernel, gives the same points."""

from collections.abc import Callable
from pathlib import Path

import pytest

from reid_course.grading.grade import SubmissionGrade
from tests.reid_course.grading.conftest import GOOD, notebook

HALF = [
    "1 / 0",
    "def add(a, b):\n    return abs(a) + abs(b)",
    'grader.check("q1")',
    "def add(a, b):\n    return a + b",
    "def double(a):\n    return 8",
]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, in otter
@pytest.mark.parametrize(("cells", "points"), [(GOOD, {"q1": 3, "q2": 1}), (HALF, {"q1": 2, "q2": 0})])
def test_points_agree_with_otter(
    cells: list[str], points: dict[str, float], grade_one: Callable[..., SubmissionGrade], tiny: Path, tmp_path: Path
) -> None:
    from otter.api import grade_submission

    submission = tmp_path / "01_tiny.ipynb"
    submission.write_text(
        notebook(*cells).replace(
            '"metadata": {},\n "nbformat"', '"metadata": {"otter": {"assignment_name": "01_tiny"}},\n "nbformat"'
        )
    )
    theirs = grade_submission(str(submission), str(tiny / "01_tiny.zip"), quiet=True)
    grade = grade_one(*cells)
    assert {name: theirs.get_score(name) for name in points} == pytest.approx(points)
    assert {answer.question: answer.points for answer in grade.questions} == pytest.approx(points)
    assert grade.possible == theirs.possible
