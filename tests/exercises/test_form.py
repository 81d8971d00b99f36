"""What students get: built from the sources and nothing else, without a solution, running up to the first stub."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from tests.exercises import twin
from tools import exercises as builder

ROOT = builder.ROOT


def test_students_get_a_notebook_of_each_set_and_nothing_else() -> None:
    there = {path.name for path in builder.STUDENT.iterdir()} - {".OTTER_LOG", ".ipynb_checkpoints"}
    assert there == {f"{name}.ipynb" for name in twin.SETS}


@pytest.mark.parametrize("name", twin.SETS)
def test_a_students_notebook_is_what_its_source_makes(name: str) -> None:
    built = (builder.STUDENT / f"{name}.ipynb").read_text(encoding="utf-8")
    assert built == nbformat.writes(twin.divided(name).student) + "\n", "make exercises"
    assert not builder.lessons.problems(nbformat.reads(built, as_version=4))
    assert not any(cell.get("outputs") for cell in twin.divided(name).student.cells)


def strings(value: Any) -> Iterator[str]:
    """All text in a notebook, in cells and in metadata."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def secrets(name: str) -> set[str]:
    """Lines of solutions, reasons and hidden tests, as written and as otter writes them, that stand nowhere else."""
    kept, shown = [], []
    for part in builder.read_set(builder.SOURCES / f"{name}.py"):
        if not isinstance(part, builder.Question):
            shown.append(part.source)
            continue
        solution = part.solution[0].source
        blocks = re.findall(r"# BEGIN SOLUTION\n(.*?)# END SOLUTION", solution, re.S)
        kept += [*blocks, *re.findall(r"^.+# SOLUTION$", solution, re.M), *(cell.source for cell in part.why)]
        kept += part.hidden
        shown += [*(cell.source for cell in part.given), *part.public]
        shown.append(re.sub(r"# BEGIN SOLUTION\n.*?# END SOLUTION|^.+# SOLUTION$", "", solution, flags=re.S | re.M))
    raw = (builder.SOURCES / f"{name}.py").read_text(encoding="utf-8")
    kept += re.findall(r'tags=\["hidden"\]\n(.*?)(?=^# %%|\Z)', raw, re.M | re.S)
    public = {line.strip() for text in shown for line in text.splitlines()}
    public |= {line.strip() for text in shown for line in _as_written(text)}
    lines = {line.strip() for text in kept for line in text.splitlines()}
    return {line for line in lines - public if len(line) > 8 and not line.startswith(("import ", "from "))}


def _as_written(text: str) -> list[str]:
    try:
        return ast.unparse(ast.parse(text)).splitlines()
    except SyntaxError:  # prose
        return []


@pytest.mark.parametrize("name", twin.SETS)
def test_no_line_of_a_solution_reaches_a_student(name: str) -> None:
    text = "\n".join(strings(nbformat.read(builder.STUDENT / f"{name}.ipynb", as_version=4)))
    hidden = secrets(name)
    assert len(hidden) > 10, "the search finds nothing to look for"
    assert [line for line in hidden if line in text] == []


@pytest.mark.parametrize("name", twin.SETS)
def test_the_search_would_find_a_solution(name: str) -> None:
    text = "\n".join(strings(twin.divided(name).solutions))
    assert any(line in text for line in secrets(name))


def test_what_a_teacher_gets_is_not_in_git() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/notebooks/exercises/teacher/" in lines


def test_the_table_is_that_of_the_heads() -> None:
    text = (builder.HOME / "README.md").read_text(encoding="utf-8")
    assert builder.listed(text) == text, "make exercises"


@pytest.mark.parametrize("name", twin.SETS)
def test_links_lead_somewhere(name: str) -> None:
    text = (builder.STUDENT / f"{name}.ipynb").read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        assert link.startswith("https://") or (builder.STUDENT / link.partition("#")[0]).exists(), link


@pytest.mark.parametrize("name", twin.SETS)
def test_a_students_notebook_runs_up_to_the_first_stub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a kernel, where it lies; the first check then tells the student what to do."""
    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    book = nbformat.read(builder.STUDENT / f"{name}.ipynb", as_version=4)
    check = next(number for number, cell in enumerate(book.cells) if cell.source == 'grader.check("q1")')
    book.cells = book.cells[: check + 1]
    NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": builder.STUDENT}}
    ).execute()
    said = book.cells[-1].outputs[0].data["text/plain"]
    assert "q1 results:" in said and ("write `" in said or "no answer yet" in said)
