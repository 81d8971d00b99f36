"""Run one submission in its own process: its cells in order, then the questions that it did not check.

Started by `sandbox.py`. The job arrives on stdin as JSON. Each event is sent at once as a JSON line, so that reached
points count even if the rest never ends.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from reid_course.grading.audit_hook import AuditHook
from reid_course.grading.question_tests import QuestionTests, lacks_memory, replace_otter, shorten, text_of


def main() -> None:
    """Read the job, run it, and exit without waiting for threads that the submission started."""
    job = json.loads(sys.stdin.buffer.read())
    with open(os.devnull) as nothing:
        os.dup2(nothing.fileno(), 0)
    report = _create_report(job["reports"], job["token"])
    try:
        cells = read_cells(job["notebook"])
    except Exception as error:
        report(event="unreadable", message=shorten(text_of(error), 200))
    else:
        try:
            run_cells(cells, job, report)
        except BaseException as error:
            memory = lacks_memory(error)
            message = shorten(f"{type(error).__name__}: {text_of(error)}", 500)
            report(event="broken", message=message, memory=memory)
    report(event="end")
    os._exit(0)


class Cell(NamedTuple):
    """A code cell: its source, and the questions that otter checks after it."""

    source: str
    checks: tuple[str, ...]


def read_cells(text: str) -> list[Cell]:
    """Return the code cells of a notebook, without those that otter ignores.

    nbformat is not used, because importing it takes longer than everything else.

    Args:
        text: Text of the notebook file.

    Raises:
        ValueError: The text is no notebook of format 4.

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


def run_cells(cells: list[Cell], job: dict[str, Any], report: Callable[..., None]) -> None:
    """Run cells and tests as otter does: a question is tested when the notebook checks it, the others at the end.

    Args:
        cells: Code cells of the notebook.
        job: The job from `supervisor.py`.
        report: Sends an event.
    """
    checked: set[str] = set()

    class Grader:
        """Replacement of otter.Notebook: whatever its arguments, it runs the tests of the teacher's file."""

        def __init__(self, *_: Any, **__: Any) -> None:
            pass

        def check(self, question: str, *_: Any, **__: Any) -> None:
            report(event="check", question=question, cases=questions.run(question, shell.user_ns))
            checked.add(question)

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_, **__: None  # export, check_all and the like do nothing

    tests = replace_otter(Grader)
    shell = _make_shell()
    questions = QuestionTests(job["tests"], tests)
    sys.path.append(os.getcwd())  # modules that belong to a set
    questions.remember_modules()
    AuditHook(job["writable"], job["hidden"], lambda what: report(event="tried", what=shorten(what, 200))).install()
    for number, cell in enumerate(cells, 1):
        report(event="cell", begins=shorten(cell.source.strip().partition("\n")[0], 60))
        done = shell.run_cell(cell.source)
        error = done.error_before_exec or done.error_in_exec
        if error is not None:
            memory = lacks_memory(error)
            text = f"{error.msg}: {error.text}" if isinstance(error, SyntaxError) else text_of(error)
            message = shorten(f"{type(error).__name__}: {text}", 300)
            report(event="error", cell=number, message=message, memory=memory)
        for question in cell.checks:
            if question in job["tests"]:
                Grader().check(question)
    for question in questions:
        if question not in checked:
            Grader().check(question)


def _make_shell() -> Any:
    """Return an IPython shell without a kernel, in which `%`, `!` and `await` work as in a notebook."""
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    class Shell(InteractiveShell):
        def showtraceback(self, *_: Any, **__: Any) -> None: ...

        def showsyntaxerror(self, *_: Any, **__: Any) -> None: ...

        def enable_gui(self, gui: Any = None) -> None: ...  # %matplotlib calls it

        def system(self, cmd: str) -> None:
            """Run `!command`, for which IPython would open a terminal; the audit hook refuses it by its name."""
            os.system(cmd)

    config = Config()
    config.HistoryManager.enabled = False
    config.Shell.cache_size = 0  # displayed results are not kept in memory
    return Shell.instance(config=config)


def _create_report(pipe: int, token: str) -> Callable[..., None]:
    write, dumps = os.write, json.dumps  # a submission may replace those of the modules

    def report(**event: Any) -> None:
        write(pipe, dumps({"token": token, **event}).encode() + b"\n")

    return report


if __name__ == "__main__":
    main()
