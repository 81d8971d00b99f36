"""Grade answers as otter does but in this process: the same test files, without a kernel and folder for each answer."""

import io
import re
import tempfile
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from nbformat import NotebookNode

from tools import exercises as builder

WRONG = Path(__file__).parent / "wrong"
SETS = sorted(source.stem for source in builder.SOURCES.glob("*.py"))
SEED = "2026"  # for grading


@dataclass
class SplitSet:
    """A set as otter splits it."""

    student: NotebookNode
    solutions: NotebookNode
    tests: dict[str, str]  # question -> its test file, hidden tests too
    archive: bytes  # the zip that holds them


@lru_cache
def split_set(name: str) -> SplitSet:
    with tempfile.TemporaryDirectory() as folder:
        student, solutions, archive = builder.assign(builder.SOURCES / f"{name}.py", Path(folder))
        with ZipFile(archive) as inside:
            files = [Path(file) for file in inside.namelist() if file.startswith("tests/")]
            tests = {file.stem: inside.read(str(file)).decode() for file in files}
        return SplitSet(student, solutions, tests, archive.read_bytes())


@lru_cache
def questions(name: str) -> dict[str, builder.Question]:
    parts = builder.read_set(builder.SOURCES / f"{name}.py")
    return {part.name: part for part in parts if isinstance(part, builder.Question)}


@lru_cache
def before(name: str) -> dict[str, dict[str, Any]]:
    """Return the variables before each answer when all earlier answers are right; needs the seed in the environment."""
    env: dict[str, Any] = {"__name__": "__main__"}
    found = {}
    for part in builder.read_set(builder.SOURCES / f"{name}.py"):
        is_question = isinstance(part, builder.Question)
        for cell in part.given if is_question else [part]:
            if cell.cell_type == "code":
                run(cell.source, env)
        if is_question:
            found[part.name] = dict(env)
            run(part.solution[0].source, env)
    return found


def run(source: str, env: dict[str, Any]) -> None:
    with redirect_stdout(io.StringIO()):  # outside Jupyter figures print their names
        exec(compile(source, "<cell>", "exec"), env)


def grade(name: str, question: str, answer: str) -> Any:
    """Return otter's test file after it has run on an answer."""
    from otter.test_files.exception_test import ExceptionTestFile

    env = dict(before(name)[question])
    run(answer, env)
    file = ExceptionTestFile.from_string(split_set(name).tests[question])
    with redirect_stdout(io.StringIO()):
        file.run(env)
    return file


def stubs(name: str) -> dict[str, str]:
    """Return the answer cells of a student's notebook, by question."""
    cells = [
        cell.source for cell in split_set(name).student.cells if "otter_answer_cell" in cell.metadata.get("tags", [])
    ]
    return dict(zip(questions(name), cells, strict=True))


def wrong_answers(name: str) -> list[tuple[str, str, str]]:
    """Return (question, description, code) of each wrong answer.

    A file of wrong answers begins with its imports; each answer follows a line `# %% q1: what is wrong`.
    """
    imports, *parts = re.split(r"^# %% ", (WRONG / f"{name}.py").read_text(encoding="utf-8"), flags=re.M)
    found = []
    for part in parts:
        title, _, code = part.partition("\n")
        question, _, words = title.partition(": ")
        found.append((question, words, imports + code))
    return found
