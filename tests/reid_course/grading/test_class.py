"""A class of thirty is marked, correctly, and nothing is harmed."""

import csv
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from reid_course.grading.grade_class import mark_class
from reid_course.grading.sandbox_config import ROOT, Limits
from tests.reid_course.grading import fake_class
from tests.reid_course.grading.conftest import nobody_left

pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword", "ignore:Traits should be given")  # in otter

SOURCE = ROOT / "notebooks" / "exercises" / "sources" / "01_distances.py"


@pytest.fixture(scope="module")
def divided(tmp_path_factory: pytest.TempPathFactory) -> tuple[NotebookNode, NotebookNode, Path]:
    """Set 1: the student's notebook, the one with all answers, and a folder with the zip that marks."""
    from tools.exercises import assign

    folder = tmp_path_factory.mktemp("set")
    student, solution, archive = assign(SOURCE, folder)
    (folder / "sets").mkdir()
    archive.rename(folder / "sets" / "01_distances.zip")
    return student, solution, folder / "sets"


def test_a_class_of_thirty(
    divided: tuple[NotebookNode, NotebookNode, Path],
    tmp_path: Path,
    server: tuple[int, list[object]],
    seed: int,
    scratch: Path,
) -> None:
    student, solution, sets = divided
    submissions, out = tmp_path / "submissions", tmp_path / "out"
    submissions.mkdir()
    canary = tmp_path / "canary.txt"
    canary.write_text("alive")
    port, came = server
    told = "stopped: ran longer than 25 s|used more than 1 GB"
    expected = fake_class.fill(submissions, student, solution, canary, port, told, whole=False)
    assert len(expected) == 30

    marks = mark_class(submissions, out, Limits(25, 1 << 30), 3, seed, sets)

    found = {mark.student: fake_class.Expected(mark.points, mark.status, mark.notes) for mark in marks}
    assert found == expected
    with (out / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    assert {name: float(row["points"]) for name, row in rows.items()} == {
        name: e.points for name, e in expected.items()
    }
    assert all((out / f"{name}.html").is_file() for name in [*expected, "class"])
    assert canary.read_text() == "alive" and not came
    assert nobody_left(seed) and not list(scratch.iterdir())


def test_whole_notebooks_run_from_their_first_cell_to_their_last(
    divided: tuple[NotebookNode, NotebookNode, Path], tmp_path: Path
) -> None:
    student, solution, sets = divided
    submissions = tmp_path / "submissions"
    submissions.mkdir()
    nbformat.write(solution, submissions / "01_distances_ada.ipynb")
    nbformat.write(student, submissions / "01_distances_ben.ipynb")
    ada, ben = mark_class(submissions, tmp_path / "out", Limits(300), sets=sets)
    assert (ada.points, ada.status, ada.notes, ada.errors) == (10, "marked", (), ())
    assert (ben.points, ben.status, ben.notes) == (0, "marked", ())
    assert "cell 8 stopped: NotImplementedError: write `distances` first" in ben.errors
