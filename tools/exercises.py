#!/usr/bin/env python3
"""Build the exercises with otter-grader from notebooks/exercises/sources/NAME.py, and the table that lists them.

    .venv/bin/python tools/exercises.py [NAME …]

    student/NAME.ipynb               what students get: stubs and public checks, nothing else
    teacher/autograder/NAME.zip      all tests, for `otter run` (not in git)
    teacher/solutions/NAME.ipynb     solutions, reasons, all tests (not in git)

A source is a jupytext percent file; sources/README.md tells how to write one. Its first cell is a head like that of a
lesson; a question begins with a heading, and tags say what its cells are. From these the builder writes otter's marks.
"""

from __future__ import annotations

import ast
import re
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import jupytext
import nbformat
import yaml
from nbformat import NotebookNode

from tools import notebooks as lessons

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / "notebooks" / "exercises"
SOURCES, STUDENT, TEACHER = HOME / "sources", HOME / "student", HOME / "teacher"
HEADING = re.compile(r"## Question (\d+): (.+) \((\d+) points?\)$", re.M)
TAGS = {"solution", "why", "test", "hidden"}

HOW_TO = """\
**How it goes**: write your name where it says `NAME`. Then take one question after the other: put your code where a
cell raises `NotImplementedError` (or in place of `...`), run it, and run the check below it. These checks help you; the
points come from further ones, on other people than yours, when your notebook is marked."""

# A submission is marked in a folder of its own: there PYTHONPATH names the project.
FIND_PROJECT = lessons.FIND_PROJECT.replace(
    "root = next((p for p in [here, *here.parents, here / folder] if",
    "places = [here, *here.parents, here / folder, *map(Path, sys.path)]\nroot = next((p for p in places if",
)

OPEN_GRADER = """

from reid_course.exercise_setup import open_grader

grader = open_grader("{name}")"""


@dataclass
class Question:
    """One question of a set, as its source has it."""

    name: str
    title: str
    points: int
    given: list[NotebookNode]
    solution: list[NotebookNode] = field(default_factory=list)
    why: list[NotebookNode] = field(default_factory=list)
    public: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Refuse a question that could not be asked or marked."""
        if len(self.solution) != 1 or not self.public or not self.hidden:
            raise ValueError(f"{self.name} needs one cell with the solution, a test and a hidden test, all tagged")


Part = NotebookNode | Question


def read_set(source: Path) -> list[Part]:
    """The parts of a set in their order: cells for everybody, and questions.

    Raises:
        ValueError: a question is incomplete, cells stand in another order than sources/README.md has, or a tag is none.
    """
    parts: list[Part] = []
    question: Question | None = None  # the one that is being read
    cells = jupytext.read(source).cells
    for cell in cells:
        tags = set(cell.metadata.get("tags", []))
        tag = next(iter(tags), "")
        heading = HEADING.match(cell.source) if cell.cell_type == "markdown" else None
        if len(tags) > 1 or tags - TAGS:
            raise ValueError(f"{source.name}: tags {sorted(tags)}, expected one of {sorted(TAGS)}")
        if heading:
            question = Question(f"q{heading[1]}", heading[2], int(heading[3]), [cell])
            parts.append(question)
        elif question is None or (not tag and question.public):
            if tag:
                raise ValueError(f"{source.name}: a cell tagged {tag} outside of a question")
            question = None  # complete; what follows is for everybody
            parts.append(cell)
        elif not tag and question.solution:
            raise ValueError(f"{source.name}: {question.name} has a cell without a tag between solution and tests")
        elif not tag:
            question.given.append(cell)
        elif tag in {"solution", "why"}:
            (question.solution if tag == "solution" else question.why).append(cell)
        else:
            (question.public if tag == "test" else question.hidden).append(cell.source)
    for part in parts:
        if isinstance(part, Question):
            part.check()
    imports = _imports(cells)
    for part in parts:
        if isinstance(part, Question):
            part.public = [complete_test(test, imports) for test in part.public]
            part.hidden = [complete_test(test, imports) for test in part.hidden]
    return parts


def _imports(cells: list[NotebookNode]) -> dict[str, str]:
    """What the notebook imports, by the name that it is used under."""
    found = {}
    for cell in cells:
        if cell.cell_type != "code" or cell.metadata.get("tags"):
            continue
        for node in ast.parse(cell.source).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                origin = f"from {node.module} " if isinstance(node, ast.ImportFrom) else ""
                for alias in node.names:
                    found[alias.asname or alias.name] = f"{origin}import {ast.unparse(alias)}"
    return found


def complete_test(test: str, imports: dict[str, str]) -> str:
    """A test function that stands alone: what it uses of the notebook's imports, it imports itself.

    Args:
        test: its source.
        imports: the lines that import, by the name that is used.

    Raises:
        ValueError: there is more, or less, than one function.
    """
    function, *more = ast.parse(test).body
    if more or not isinstance(function, ast.FunctionDef):
        raise ValueError(f"a test cell holds one function and nothing else, not: {test.splitlines()[0]}")
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    function.body[:0] = [ast.parse(line).body[0] for name, line in imports.items() if name in used]
    return ast.unparse(function)


def with_prompt(solution: str) -> str:
    """A solution with otter's marks, so that a block leaves a stub that says: write `name` first."""
    lines: list[str] = []
    begins: int | None = None
    for line in solution.splitlines():
        if line.strip() == "# BEGIN SOLUTION":
            begins = len(lines)
            line += " NO PROMPT"
        lines.append(line)
        if line.strip() == "# END SOLUTION" and begins is not None:
            margin = line[: line.index("#")]
            stub = f'{margin}raise NotImplementedError("write `{_around(lines[:begins], len(margin))}` first")'
            lines += [f'{margin}"""  # BEGIN PROMPT', stub, f'{margin}"""  # END PROMPT']
    return "\n".join(lines)


def _around(lines: list[str], margin: int) -> str:
    """What the end of some lines lies in, such as `Sampler.__iter__`."""
    names: list[str] = []
    for line in reversed(lines):
        opening = re.match(r"( *)(?:def|class) (\w+)", line)
        if opening and len(opening[1]) < margin:
            names.insert(0, opening[2])
            margin = len(opening[1])
    return ".".join(names)


def without_marks(solution: str) -> str:
    """The solution as one would write it: otter's marks and the stub left out."""
    solution = re.sub(r'^ *"""  # BEGIN PROMPT\n.*?"""  # END PROMPT\n?', "", solution, flags=re.M | re.S)
    solution = re.sub(r"^ *# (BEGIN|END) SOLUTION.*\n?", "", solution, flags=re.M)
    return re.sub(r" *# SOLUTION$", "", solution, flags=re.M).rstrip("\n")


def assemble(source: Path) -> NotebookNode:
    """The master notebook as otter wants it."""
    name = source.stem
    head, *parts = read_set(source)
    assert isinstance(head, NotebookNode)
    head.source = f"{lessons.with_badge(head.source, f'exercises/student/{name}')}\n\n{HOW_TO}"
    project = FIND_PROJECT.format(repository=lessons.repository()) + OPEN_GRADER.format(name=name)
    config = {"name": name, "init_cell": False, "export_cell": False, "tests": {"files": False, "ok_format": False}}
    cells = [_raw("ASSIGNMENT CONFIG", config), head, nbformat.v4.new_code_cell(project)]
    for part in parts:
        cells += _otters(part) if isinstance(part, Question) else [part]
    book = nbformat.v4.new_notebook(cells=cells)
    for cell in book.cells:
        cell.metadata = NotebookNode()  # tags have been read
    return finish(book, name)


def _otters(question: Question) -> list[NotebookNode]:
    solution = nbformat.v4.new_code_cell(with_prompt(question.solution[0].source))
    tests = [_test(test, hidden=False) for test in question.public]
    tests += [_test(test, hidden=True) for test in question.hidden]
    return [
        _raw("BEGIN QUESTION", {"name": question.name, "points": question.points}),
        *question.given,
        *[_raw("BEGIN SOLUTION"), solution, *question.why, _raw("END SOLUTION")],
        *[_raw("BEGIN TESTS"), *tests, _raw("END TESTS")],
        _raw("END QUESTION"),
    ]


def _raw(mark: str, config: dict[str, object] | None = None) -> NotebookNode:
    return nbformat.v4.new_raw_cell(f"# {mark}\n{yaml.safe_dump(config) if config else ''}")


def _test(test: str, hidden: bool) -> NotebookNode:
    """Hidden tests share the points of a question; public ones help, and are worth none."""
    config = "hidden: true" if hidden else "points: 0"
    return nbformat.v4.new_code_cell(f'""" # BEGIN TEST CONFIG\n{config}\n""" # END TEST CONFIG\n{test}')


def finish(book: NotebookNode, name: str) -> NotebookNode:
    """The same bytes each time, and nothing that was computed."""
    for number, cell in enumerate(book.cells):
        cell.id = f"{name}-{number:02d}"
        cell.source = "".join(cell.source)  # otter writes a list
    book.metadata = NotebookNode({**book.metadata, "kernelspec": lessons.KERNEL, "language_info": {"name": "python"}})
    book.nbformat, book.nbformat_minor = 4, 5
    return book


def assign(source: Path, folder: Path) -> tuple[NotebookNode, NotebookNode, Path]:
    """Let otter divide a set: the student's notebook, the teacher's, and the zip that marks.

    Args:
        source: of the set.
        folder: an empty one, to work in.
    """
    from otter.assign import main as otter_assign

    name = source.stem
    nbformat.write(assemble(source), folder / f"{name}.ipynb")
    otter_assign(str(folder / f"{name}.ipynb"), str(folder / "divided"), no_pdfs=True, no_run_tests=True)
    student, teacher = (
        finish(nbformat.read(folder / "divided" / side / f"{name}.ipynb", as_version=4), name)
        for side in ("student", "autograder")
    )
    for cell in teacher.cells:
        if cell.cell_type == "code":
            cell.source = without_marks(cell.source)
    return student, teacher, next((folder / "divided" / "autograder").glob("*.zip"))


def build(source: Path) -> None:
    """Write what a set is made of."""
    with tempfile.TemporaryDirectory() as folder:
        student, teacher, tests = assign(source, Path(folder))
        (TEACHER / "autograder").mkdir(parents=True, exist_ok=True)
        (TEACHER / "solutions").mkdir(exist_ok=True)
        STUDENT.mkdir(exist_ok=True)
        (STUDENT / f"{source.stem}.ipynb").write_text(nbformat.writes(student) + "\n", encoding="utf-8")
        (TEACHER / "solutions" / f"{source.stem}.ipynb").write_text(nbformat.writes(teacher) + "\n", encoding="utf-8")
        shutil.copyfile(tests, TEACHER / "autograder" / f"{source.stem}.zip")


def table() -> str:
    """Set · what it follows · time · questions · Colab, as Markdown."""
    rows = ["| set | after | takes | questions | |", "|---|---|---|---|---|"]
    for source in sorted(SOURCES.glob("*.py")):
        head = lessons.read_head(source)
        needs = re.search(r"\*\*Needs\*\* (.+?)\.", jupytext.read(source).cells[0].source, re.S)
        questions = sum(isinstance(part, Question) for part in read_set(source))
        title = f"[{head.title}](student/{source.stem}.ipynb)"
        link = f"[Colab]({lessons.colab_link(f'exercises/student/{source.stem}')})"
        rows.append(f"| {title} | {needs[1] if needs else ''} | {head.minutes} | {questions} | {link} |")
    return "\n".join(rows)


def listed(text: str) -> str:
    """A document with the table of sets renewed."""
    return lessons.between_marks(text, "sets: made by tools/exercises.py", "end of sets", table())


def main(names: list[str]) -> None:
    """Build the named sets, or all, and the table."""
    for source in [SOURCES / f"{name}.py" for name in names] or sorted(SOURCES.glob("*.py")):
        print(f"{source.stem} …", end=" ", flush=True)
        build(source)
        print("student, solutions, autograder")
    document = HOME / "README.md"
    document.write_text(listed(document.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
