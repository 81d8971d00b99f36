"""The grader of a notebook runs the public checks of its set, also on Colab."""

from pathlib import Path

import nbformat
import pytest

from reid_course.exercise_setup import open_grader

TEST = """
from otter.test_files import test_case

OK_FORMAT = False

name = "q1"
points = 2


@test_case(points=0, hidden=False)
def test_right(answer):
    assert answer == 3, "three"
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    book = nbformat.v4.new_notebook(metadata={"otter": {"OK_FORMAT": False, "tests": {"q1": TEST}}})
    nbformat.write(book, tmp_path / "01_small.ipynb")
    monkeypatch.chdir(tmp_path)  # otter writes a log where it runs
    return tmp_path


@pytest.mark.parametrize("colab", [False, True])
def test_the_grader_checks_a_question(folder: Path, colab: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if colab:
        monkeypatch.setattr("otter.check.utils.get_ipython", lambda: "<google.colab._shell.Shell object>")
    grader = open_grader("01_small", folder)
    assert (grader.interpreter is not None) == colab
    assert "All test cases passed" in grader.check("q1", {"answer": 3}).summary()
    summary = grader.check("q1", {"answer": 4}).summary()
    assert summary.splitlines()[-1].strip() == "AssertionError: three" and len(summary.splitlines()) < 8
