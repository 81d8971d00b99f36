"""Build the exercises with otter-grader from notebooks/exercises/sources/NAME.py, and the table that lists them.

    .venv/bin/python -m tools.exercises [NAME …]

    student/NAME.ipynb               for students: stubs and public checks, nothing else
    teacher/autograder/NAME.zip      all tests, for `otter run` (not in git)
    teacher/solutions/NAME.ipynb     solutions, explanations, all tests (not in git)

A source is a jupytext percent file; sources/README.md explains how to write one. Its first cell is a head like that of
a lesson; a question begins with a heading, and tags name the roles of its cells. The builder adds otter's markers.
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
points come from further ones, on other people than yours, when your notebook is graded."""

OPEN_GRADER = """

from reid_course import open_grader

grader = open_grader("{name}")"""


@dataclass
class Question:
    """One question of an exercise set."""

    name: str
    title: str
    points: int
    given: list[NotebookNode]
    solution: list[NotebookNode] = field(default_factory=list)
    why: list[NotebookNode] = field(default_factory=list)
    public: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise a ValueError if a part is missing."""
        if len(self.solution) != 1 or not self.public or not self.hidden:
            raise ValueError(f"{self.name} needs one cell with the solution, a test and a hidden test, all tagged")


Part = NotebookNode | Question


def read_set(source: Path) -> list[Part]:
    """Read the parts of an exercise set in their order: common cells and questions.

    Raises:
        ValueError: A question is incomplete, the order of cells is not that of sources/README.md, or a tag is unknown.
    """
    parts: list[Part] = []
    question: Question | None = None
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
            question = None  # complete; a common cell follows
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
    """Return the import lines of the notebook, by the name that they define."""
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
    """Add the notebook's imports that a test function uses to the function.

    Args:
        test: Source of the function.
        imports: Import lines, by the name that they define.

    Raises:
        ValueError: The source is not exactly one function.
    """
    function, *more = ast.parse(test).body
    if more or not isinstance(function, ast.FunctionDef):
        raise ValueError(f"a test cell holds one function and nothing else, not: {test.splitlines()[0]}")
    used = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
    function.body[:0] = [ast.parse(line).body[0] for name, line in imports.items() if name in used]
    return ast.unparse(function)


def with_prompt(solution: str) -> str:
    """Add otter's markers to a solution, so that a removed block leaves a stub: write `name` first."""
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
    """Return the function around the end of some lines, such as `Sampler.__iter__`."""
    names: list[str] = []
    for line in reversed(lines):
        opening = re.match(r"( *)(?:def|class) (\w+)", line)
        if opening and len(opening[1]) < margin:
            names.insert(0, opening[2])
            margin = len(opening[1])
    return ".".join(names)


def without_markers(solution: str) -> str:
    """Remove otter's markers and the stubs from a solution."""
    solution = re.sub(r'^ *"""  # BEGIN PROMPT\n.*?"""  # END PROMPT\n?', "", solution, flags=re.M | re.S)
    solution = re.sub(r"^ *# (BEGIN|END) SOLUTION.*\n?", "", solution, flags=re.M)
    return re.sub(r" *# SOLUTION$", "", solution, flags=re.M).rstrip("\n")


def assemble(source: Path) -> NotebookNode:
    """Return the master notebook in otter's format."""
    name = source.stem
    head, *parts = read_set(source)
    assert isinstance(head, NotebookNode)
    head.source = f"{lessons.with_badge(head.source, f'exercises/student/{name}')}\n\n{HOW_TO}"
    project = lessons.SET_UP.format(repository=lessons.repository()) + OPEN_GRADER.format(name=name)
    config = {"name": name, "init_cell": False, "export_cell": False, "tests": {"files": False, "ok_format": False}}
    cells = [_raw("ASSIGNMENT CONFIG", config), head, nbformat.v4.new_code_cell(project)]
    for part in parts:
        cells += _otter_cells(part) if isinstance(part, Question) else [part]
    book = nbformat.v4.new_notebook(cells=cells)
    for cell in book.cells:
        cell.metadata = NotebookNode()  # tags have been read
    return finish(book, name)


def _otter_cells(question: Question) -> list[NotebookNode]:
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


def _raw(marker: str, config: dict[str, object] | None = None) -> NotebookNode:
    return nbformat.v4.new_raw_cell(f"# {marker}\n{yaml.safe_dump(config) if config else ''}")


def _test(test: str, hidden: bool) -> NotebookNode:
    """Return a test cell; hidden tests share the points of a question, public ones have none."""
    config = "hidden: true" if hidden else "points: 0"
    return nbformat.v4.new_code_cell(f'""" # BEGIN TEST CONFIG\n{config}\n""" # END TEST CONFIG\n{test}')


def finish(book: NotebookNode, name: str) -> NotebookNode:
    """Make a notebook reproducible: fixed cell ids and metadata."""
    for number, cell in enumerate(book.cells):
        cell.id = f"{name}-{number:02d}"
        cell.source = "".join(cell.source)  # otter writes lists of lines
    book.metadata = NotebookNode({**book.metadata, "kernelspec": lessons.KERNEL, "language_info": {"name": "python"}})
    book.nbformat, book.nbformat_minor = 4, 5
    return book


def assign(source: Path, folder: Path) -> tuple[NotebookNode, NotebookNode, Path]:
    """Let otter split a set into the student's notebook, the teacher's notebook and the autograder zip.

    Args:
        source: Source of the set.
        folder: An empty working folder.
    """
    from otter.assign import main as otter_assign

    name = source.stem
    nbformat.write(assemble(source), folder / f"{name}.ipynb")
    otter_assign(str(folder / f"{name}.ipynb"), str(folder / "split"), no_pdfs=True, no_run_tests=True)
    student, teacher = (
        finish(nbformat.read(folder / "split" / side / f"{name}.ipynb", as_version=4), name)
        for side in ("student", "autograder")
    )
    for cell in teacher.cells:
        if cell.cell_type == "code":
            cell.source = without_markers(cell.source)
    return student, teacher, next((folder / "split" / "autograder").glob("*.zip"))


def build(source: Path) -> None:
    """Write the three files of a set."""
    with tempfile.TemporaryDirectory() as folder:
        student, teacher, tests = assign(source, Path(folder))
        (TEACHER / "autograder").mkdir(parents=True, exist_ok=True)
        (TEACHER / "solutions").mkdir(exist_ok=True)
        STUDENT.mkdir(exist_ok=True)
        (STUDENT / f"{source.stem}.ipynb").write_text(nbformat.writes(student) + "\n", encoding="utf-8")
        (TEACHER / "solutions" / f"{source.stem}.ipynb").write_text(nbformat.writes(teacher) + "\n", encoding="utf-8")
        shutil.copyfile(tests, TEACHER / "autograder" / f"{source.stem}.zip")


def table() -> str:
    """Return the table of exercise sets as Markdown."""
    rows = ["| set | after | takes | questions | |", "|---|---|---|---|---|"]
    for source in sorted(SOURCES.glob("*.py")):
        head = lessons.read_head(source)
        needs = re.search(r"\*\*Needs\*\* (.+?)\.", jupytext.read(source).cells[0].source, re.S)
        questions = sum(isinstance(part, Question) for part in read_set(source))
        title = f"[{head.title}](student/{source.stem}.ipynb)"
        link = f"[Colab]({lessons.colab_link(f'exercises/student/{source.stem}')})"
        rows.append(f"| {title} | {needs[1] if needs else ''} | {head.minutes} | {questions} | {link} |")
    return "\n".join(rows)


def update_table(text: str) -> str:
    """Return a document with a new table of sets."""
    return lessons.replace_between(text, "sets: made by tools/exercises.py", "end of sets", table())


def main(names: list[str]) -> None:
    """Build the named sets, or all, and the table."""
    for source in [SOURCES / f"{name}.py" for name in names] or sorted(SOURCES.glob("*.py")):
        print(f"{source.stem} …", end=" ", flush=True)
        build(source)
        print("student, solutions, autograder")
    document = HOME / "README.md"
    document.write_text(update_table(document.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
