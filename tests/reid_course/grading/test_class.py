"""A class in which everything happens is graded correctly, and nothing outside the sandbox changes."""

import csv
from pathlib import Path

import pytest
from nbformat import NotebookNode

from reid_course.grading.class_grading import grade_class
from reid_course.grading.sandbox_config import Limits
from reid_course.notebook import ROOT
from tests.reid_course.grading import fake_class
from tests.reid_course.grading.conftest import no_process_left

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:The inplace keyword", "ignore:Traits should be given"),  # in otter
]

SOURCE = ROOT / "notebooks" / "exercises" / "sources" / "01_distances.py"


@pytest.fixture(scope="module")
def split_set(tmp_path_factory: pytest.TempPathFactory) -> tuple[NotebookNode, NotebookNode, Path]:
    """Set 1: the student's notebook, the solutions, and a folder with the autograder zip."""
    from tools.exercises import assign

    folder = tmp_path_factory.mktemp("set")
    student, solution, archive = assign(SOURCE, folder)
    (folder / "sets").mkdir()
    archive.rename(folder / "sets" / "01_distances.zip")
    return student, solution, folder / "sets"


def test_a_class_in_which_everything_happens(
    split_set: tuple[NotebookNode, NotebookNode, Path],
    tmp_path: Path,
    server: tuple[int, list[object]],
    seed: int,
    scratch: Path,
) -> None:
    student, solution, sets = split_set
    submissions, out = tmp_path / "submissions", tmp_path / "out"
    submissions.mkdir()
    canary = tmp_path / "canary.txt"
    canary.write_text("alive")
    port, connections = server
    limit_messages = "stopped: ran longer than 25 s|used more than 1 GB"
    expected = fake_class.fill(submissions, student, solution, canary, port, limit_messages, whole=False)
    assert len(expected) == 18

    grades = grade_class(submissions, out, Limits(25, 1 << 30), 3, seed, sets)

    found = {grade.student: fake_class.Expected(grade.points, grade.status, grade.notes) for grade in grades}
    assert found == expected
    with (out / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {name: float(row["points"]) for name, row in rows.items()} == {
        name: e.points for name, e in expected.items()
    }
    assert all((out / f"{name}.html").is_file() for name in [*expected, "class"])
    assert canary.read_text() == "alive" and not connections
    assert no_process_left(seed) and not list(scratch.iterdir())
