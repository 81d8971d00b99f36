"""Marks answers as otter does, in this process: the same test files, without a kernel and a folder for each answer."""

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
SEED = "2026"  # of the grader


@dataclass
class Divided:
    """A set as otter divides it."""

    student: NotebookNode
    solutions: NotebookNode
    tests: dict[str, str]  # question -> its test file, hidden tests too
    archive: bytes  # the zip that holds them


@lru_cache
def divided(name: str) -> Divided:
    with tempfile.TemporaryDirectory() as folder:
        student, solutions, archive = builder.assign(builder.SOURCES / f"{name}.py", Path(folder))
        with ZipFile(archive) as inside:
            files = [Path(file) for file in inside.namelist() if file.startswith("tests/")]
            tests = {file.stem: inside.read(str(file)).decode() for file in files}
        return Divided(student, solutions, tests, archive.read_bytes())


@lru_cache
def questions(name: str) -> dict[str, builder.Question]:
    parts = builder.read_set(builder.SOURCES / f"{name}.py")
    return {part.name: part for part in parts if isinstance(part, builder.Question)}


@lru_cache
def before(name: str) -> dict[str, dict[str, Any]]:
    """What is defined before each answer, where all former ones are right; needs the seed in the environment."""
    env: dict[str, Any] = {"__name__": "__main__"}
    found = {}
    for part in builder.read_set(builder.SOURCES / f"{name}.py"):
        asked = isinstance(part, builder.Question)
        for cell in part.given if asked else [part]:
            if cell.cell_type == "code":
                run(cell.source, env)
        if asked:
            found[part.name] = dict(env)
            run(part.solution[0].source, env)
    return found


def run(source: str, env: dict[str, Any]) -> None:
    with redirect_stdout(io.StringIO()):  # outside of Jupyter pictures print their names
        exec(compile(source, "<cell>", "exec"), env)


def mark(name: str, question: str, answer: str) -> Any:
    """Otter's test file after it has run on an answer."""
    from otter.test_files.exception_test import ExceptionTestFile

    env = dict(before(name)[question])
    run(answer, env)
    file = ExceptionTestFile.from_string(divided(name).tests[question])
    with redirect_stdout(io.StringIO()):
        file.run(env)
    return file


def stubs(name: str) -> dict[str, str]:
    """What stands in a student's notebook where an answer belongs."""
    cells = [
        cell.source for cell in divided(name).student.cells if "otter_answer_cell" in cell.metadata.get("tags", [])
    ]
    return dict(zip(questions(name), cells, strict=True))


def wrong_answers(name: str) -> list[tuple[str, str, str]]:
    """(question, what is wrong with it, code) for each planted wrong answer.

    A file of them begins with its imports; each answer below has a line `# %% q1: what is wrong`.
    """
    imports, *parts = re.split(r"^# %% ", (WRONG / f"{name}.py").read_text(encoding="utf-8"), flags=re.M)
    found = []
    for part in parts:
        title, _, code = part.partition("\n")
        question, _, words = title.partition(": ")
        found.append((question, words, imports + code))
    return found
