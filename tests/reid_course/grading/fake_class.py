"""A class: good, wrong and empty notebooks, and all the other ways in which submissions fail."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import nbformat
from nbformat import NotebookNode

from reid_course.notebook import ROOT

START = 'import otter\nimport numpy as np\nfrom reid_course.seeds import student_seed\ngrader = otter.Notebook()\nSEED = student_seed("Ada")'
WRONG = {  # answers to 01_distances; the first passes one of two hidden tests, the others none
    "q1": "def distances(queries, gallery):\n    return ((queries[:, None] - gallery[None]) ** 2).sum(axis=2)",
    "q2": "def cosine_distances(queries, gallery):\n    return 1 - queries @ gallery.T",
    "q3": "def rank(distances):\n    return distances.argsort(axis=1)[:, ::-1]",
    "q4": "def nearest(distances, k):\n    return np.argpartition(distances, k - 1, axis=1)[:, :k]",
    "q5": "answer = 'a'",
}


class Expected(NamedTuple):
    """Expected grade of a student."""

    points: float
    status: str
    notes: tuple[str, ...] = ()


def fill(
    folder: Path, student: NotebookNode, solution: NotebookNode, canary: Path, port: int, limits: str, whole: bool
) -> dict[str, Expected]:
    """Hand in thirty submissions for 01_distances, or one or two of each kind.

    Args:
        folder: Folder for the submissions; every second one is in its own folder.
        student: The student's notebook.
        solution: The notebook with all answers.
        canary: A file that must not change.
        port: Port of a local server that no submission should reach.
        limits: Messages for too long a run and for too much memory, separated by a bar.
        whole: Hand in thirty complete notebooks, which take seconds each; otherwise one or two of each kind with only
            the tested cells.
    """
    too_long, too_much = limits.split("|")
    expected: dict[str, Expected] = {}

    def hand_in(name: str, content: NotebookNode | bytes, *what: object) -> None:
        flat = len(expected) % 2
        path = folder / (f"01_distances_{name}.ipynb" if flat else f"{name}/01_distances.ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else nbformat.writes(content).encode())
        expected[name] = Expected(*what)  # type: ignore[arg-type]

    def book(
        change: Callable[[NotebookNode], object] = lambda _: None, of: NotebookNode = solution, cut: bool = not whole
    ) -> NotebookNode:
        made = shortened(of) if cut else copy.deepcopy(of)
        change(made)
        return made

    for number in range(6 if whole else 2):
        hand_in(f"good{number}", book(), 10, "marked")
    mistakes = ["q1 q5", "q2 q3", "q1 q2 q3 q4 q5"] + (["q1", "q2", "q3", "q4", "q5"] if whole else [])
    for number, questions in enumerate(mistakes):
        wrong = questions.split()
        hand_in(
            f"wrong{number}",
            book(lambda made, wrong=wrong: answer(made, wrong)),
            10 - 2 * len(wrong) + wrong.count("q1"),
            "marked",
        )
    for number in range(3 if whole else 1):
        hand_in(f"empty{number}", book(of=student), 0, "marked")
    hand_in("nothing", nbformat.v4.new_notebook(), 0, "marked")
    loops = ["import time\nwhile True:\n    time.sleep(1)"] + (["while True:\n    pass"] if whole else [])
    for number, loop in enumerate(loops):
        hand_in(
            f"aloop{number}",
            book(lambda made, loop=loop: made.cells.append(nbformat.v4.new_code_cell(loop))),
            10,
            too_long,
            (f"was in the cell that begins with: {loop.splitlines()[0]}",),
        )
    for number, hog in enumerate(
        ["hog = bytearray(8 << 30)", "import numpy as np\nhog = []\nwhile True:\n    hog.append(np.ones(5_000_000))"]
    ):
        hand_in(f"hog{number}", book(before_first_check(hog)), 10, "marked", (too_much,))
    text = nbformat.writes(solution).encode()
    for number, bad in enumerate([text[: len(text) // 2], b"\x00\xff" * 5000, json.dumps([1, 2]).encode()]):
        hand_in(f"corrupt{number}", bad, 0, "no notebook: the file cannot be read as one")
    home = ROOT / "notebooks" / "exercises"
    for number, look in enumerate(
        [
            f"open({str(home / 'sources' / '01_distances.py')!r}).read()",
            f"import os\nos.listdir({str(home / 'teacher')!r})",
        ]
    ):
        hand_in(
            f"peek{number}",
            book(before_first_check(look), of=student, cut=True),
            0,
            "marked",
            ("tried to read the solutions",),
        )
    for number, (host, where) in enumerate([("127.0.0.1", port), ("example.com", 80)]):
        reach = f"import socket\nsocket.create_connection(({host!r}, {where}), 5)"
        hand_in(f"reach{number}", book(before_first_check(reach)), 10, "marked", (f"tried to reach {host}:{where}",))
    hand_in(
        "vandal", book(before_first_check(f"open({str(canary)!r}, 'w')")), 10, "marked", (f"tried to write {canary}",)
    )
    return expected


def shortened(of: NotebookNode) -> NotebookNode:
    """Return the notebook without figures and data: only the answers and the checks."""
    made = copy.deepcopy(of)
    keep = [
        cell
        for cell in made.cells
        if cell.cell_type == "code" and cell.source.startswith(("def ", "answer", "grader.check"))
    ]
    made.cells = [nbformat.v4.new_code_cell(START), *(cell for cell in keep if "colours" not in cell.source)]
    return made


def answer(made: NotebookNode, wrong: list[str]) -> None:
    """Insert wrong answers before the checks of these questions."""
    for question in wrong:
        place = next(n for n, cell in enumerate(made.cells) if cell.source == f'grader.check("{question}")')
        made.cells.insert(place, nbformat.v4.new_code_cell(WRONG[question]))


def before_first_check(source: str) -> Callable[[NotebookNode], None]:
    """Return a change that inserts a cell before the first check."""

    def change(made: NotebookNode) -> None:
        place = next(n for n, cell in enumerate(made.cells) if cell.source.startswith("grader.check"))
        made.cells.insert(place, nbformat.v4.new_code_cell(source))

    return change
