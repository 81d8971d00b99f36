"""Otter itself and the grader for classes give a whole notebook the same points as the twin that other tests use."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from reid_course.grading.class_grading import grade_class
from reid_course.grading.sandbox_config import Limits
from tests.exercises import twin
from tools import exercises as builder

NAME = "01_distances"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, in otter
def test_all_graders_agree_on_a_whole_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wrong answer to each question but the second, which is left as it is, and the last, which is right.

    A right answer after the check of the first question comes too late, and a cell that raises stops only itself.
    """
    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    monkeypatch.setenv("PYTHONPATH", str(builder.ROOT / "src"))
    answers = dict(twin.stubs(NAME))
    for question, _, code in reversed(twin.wrong_answers(NAME)):
        if question != "q2":
            answers[question] = code
    last = list(answers)[-1]
    answers[last] = twin.questions(NAME)[last].solution[0].source
    expected = {question: twin.grade(NAME, question, code).score for question, code in answers.items()}
    assert 0 < sum(expected.values()) < 10

    submission, archive = tmp_path / "in" / "ada" / f"{NAME}.ipynb", tmp_path / "sets" / f"{NAME}.zip"
    for file in (submission, archive):
        file.parent.mkdir(parents=True)
    nbformat.write(_answered(answers), submission)
    archive.write_bytes(twin.split_set(NAME).archive)
    assert _otter_scores(submission, archive) == expected
    (grade,) = grade_class(tmp_path / "in", tmp_path / "out", Limits(300), 1, int(twin.SEED), archive.parent)
    assert {question.question: question.points for question in grade.questions} == expected
    assert (grade.status, grade.notes) == ("marked", ())
    assert "ZeroDivisionError" in grade.errors[0]
    assert all("NotImplementedError: write `cosine_distances` first" in error for error in grade.errors[1:])


def _answered(answers: dict[str, str]) -> NotebookNode:
    book = nbformat.from_dict(twin.split_set(NAME).student)
    cells = [cell for cell in book.cells if "otter_answer_cell" in cell.metadata.get("tags", [])]
    for cell, code in zip(cells, answers.values(), strict=True):
        cell.source = code
    check = next(number for number, cell in enumerate(book.cells) if cell.source == 'grader.check("q1")')
    late = f"{twin.questions(NAME)['q1'].solution[0].source}\n1 / 0"
    book.cells.insert(check + 1, nbformat.v4.new_code_cell(late))
    return book


def _otter_scores(submission: Path, archive: Path) -> dict[str, float]:
    from otter.api import grade_submission

    results = grade_submission(str(submission), str(archive), quiet=True)
    return {question: results.get_score(question) for question in twin.questions(NAME)}
