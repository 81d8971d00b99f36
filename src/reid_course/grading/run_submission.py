"""Run one submission, in a process of its own: its cells in order, and after them the questions nobody has checked.

Started by `cage.py`. The job comes on stdin as JSON; what happens goes out at once, a JSON line each, so that what was
reached counts even if the rest never ends.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from reid_course.grading.audit_hook import Guard
from reid_course.grading.question_tests import Questions, cut, lacks_memory, stand_in_for_otter, words


def main() -> None:
    """Read the job, run it, and end without waiting for what the submission may have left running."""
    job = json.loads(sys.stdin.buffer.read())
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    tell = _teller(job["answers"], job["token"])
    try:
        cells = read_cells(job["notebook"])
    except Exception as error:
        tell(event="unreadable", why=cut(words(error), 200))
    else:
        try:
            mark(cells, job, tell)
        except BaseException as error:
            memory = lacks_memory(error)
            tell(event="broken", why=cut(f"{type(error).__name__}: {words(error)}", 500), memory=memory)
    tell(event="end")
    os._exit(0)


class Cell(NamedTuple):
    """A code cell: what it runs, and the questions that otter checks after it."""

    source: str
    checks: tuple[str, ...]


def read_cells(text: str) -> list[Cell]:
    """The code cells of a notebook, without those that otter is told to ignore.

    Read without nbformat, whose import alone takes longer than all the rest.

    Args:
        text: of the file.

    Raises:
        ValueError: it is no notebook, or one older than 2015.

    >>> read_cells('{"nbformat": 4, "cells": [{"cell_type": "code", "source": ["x = 1; ", "x"], "metadata": {}}]}')
    [Cell(source='x = 1; x', checks=())]
    """
    book = json.loads(text)
    if not isinstance(book, dict) or book.get("nbformat") != 4 or not isinstance(book.get("cells"), list):
        raise ValueError("no notebook of format 4")
    cells = []
    for cell in book["cells"]:
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        metadata = cell.get("metadata") or {}
        otter = metadata.get("otter") or {}
        if not otter.get("ignore") and "otter_ignore" not in (metadata.get("tags") or []):
            checks = tuple(str(question) for question in otter.get("tests") or ())
            cells.append(Cell("".join(cell.get("source") or ""), checks))
    return cells


def mark(cells: list[Cell], job: dict[str, Any], tell: Callable[..., None]) -> None:
    """Run cells and tests as otter does: a question is tested when the notebook checks it, the others at the end.

    Args:
        cells: of the notebook.
        job: what `watch.py` sends.
        tell: sends an event.
    """
    checked: set[str] = set()

    class Grader:
        """Stands in for otter.Notebook: whatever its arguments, it runs the tests of the teacher's file."""

        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def check(self, question: str, *_: Any, **__: Any) -> None:
            tell(event="check", question=question, cases=questions.run(question, shell.user_ns))
            checked.add(question)

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_, **__: None  # export, check_all, …: not while marking

    tests = stand_in_for_otter(Grader)
    shell = _make_shell()
    questions = Questions(job["tests"], tests)
    sys.path.append(os.getcwd())  # modules handed out with a set
    questions.remember_modules()
    Guard(job["writable"], job["hidden"], lambda what: tell(event="tried", what=cut(what, 200))).install()
    for number, cell in enumerate(cells, 1):
        tell(event="cell", begins=cut(cell.source.strip().partition("\n")[0], 60))
        done = shell.run_cell(cell.source)
        error = done.error_before_exec or done.error_in_exec
        if error is not None:
            memory = lacks_memory(error)
            said = f"{error.msg}: {error.text}" if isinstance(error, SyntaxError) else words(error)
            told = cut(f"{type(error).__name__}: {said}", 300)
            tell(event="error", cell=number, told=told, memory=memory)
        for question in cell.checks:
            if question in job["tests"]:
                Grader().check(question)
    for question in questions:
        if question not in checked:
            Grader().check(question)


def _make_shell() -> Any:
    """IPython without a kernel: cells mean what they mean in a notebook, `%` and `!` and `await` included."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def showtraceback(self, *_: Any, **__: Any) -> None: ...

        def showsyntaxerror(self, *_: Any, **__: Any) -> None: ...

        def enable_gui(self, gui: Any = None) -> None: ...  # %matplotlib asks for one

        def system(self, cmd: str) -> None:
            """`!command`, which IPython would give a terminal; the guard refuses it by its name."""
            os.system(cmd)

    config = Config()
    config.HistoryManager.enabled = False
    config.Shell.cache_size = 0  # no memory for what a cell has shown
    return Shell.instance(config=config)


def _teller(answers: int, token: str) -> Callable[..., None]:
    write, dumps = os.write, json.dumps

    def tell(**event: Any) -> None:
        write(answers, dumps({"token": token, **event}).encode() + b"\n")

    return tell


if __name__ == "__main__":
    main()
