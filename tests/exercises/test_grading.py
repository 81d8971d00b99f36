"""Otter itself, on a whole set, agrees with the twin that the other tests use."""

from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.exercises import twin
from tools import exercises as builder

NAME = "01_distances"


pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:The inplace keyword")]  # of pandas, in otter


def scores(book: NotebookNode, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Return otter's score for each question of a submission."""
    from otter.api import grade_submission

    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    monkeypatch.setenv("PYTHONPATH", str(builder.ROOT / "src"))
    submission, archive = folder / f"{NAME}.ipynb", folder / "tests.zip"
    nbformat.write(book, submission)
    archive.write_bytes(twin.split_set(NAME).archive)
    results = grade_submission(str(submission), str(archive), quiet=True)
    return {question: results.get_score(question) for question in twin.questions(NAME)}


def test_otter_gives_the_solutions_all_points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = {name: question.points for name, question in twin.questions(NAME).items()}
    assert scores(twin.split_set(NAME).solutions, tmp_path, monkeypatch) == points


def test_otter_and_the_twin_give_wrong_answers_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first wrong answer to each question but the second, which is left as it is, and the last, which is right."""
    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    answers = dict(twin.stubs(NAME))
    for question, _, code in reversed(twin.wrong_answers(NAME)):
        if question != "q2":
            answers[question] = code
    last = list(answers)[-1]
    answers[last] = twin.questions(NAME)[last].solution[0].source
    expected = {question: twin.grade(NAME, question, code).score for question, code in answers.items()}
    book = nbformat.from_dict(twin.split_set(NAME).student)
    cells = [cell for cell in book.cells if "otter_answer_cell" in cell.metadata.get("tags", [])]
    for cell, code in zip(cells, answers.values(), strict=True):
        cell.source = code
    assert scores(book, tmp_path, monkeypatch) == expected
    assert 0 < sum(expected.values()) < 10
