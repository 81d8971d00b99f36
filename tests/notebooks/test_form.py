"""What every lesson has in common: head, first cells, light, links that lead somewhere, and no drift from its source."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tools import notebooks as builder
from tools.notebooks import ROOT

LESSONS = [head.name for head in builder.heads()]


def built(name: str) -> NotebookNode:
    return nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)


def text_of(book: NotebookNode, kind: str) -> str:
    return "\n".join(cell.source for cell in book.cells if cell.cell_type == kind)


def test_there_are_lessons_and_nothing_without_a_source() -> None:
    assert LESSONS
    assert {path.stem for path in (ROOT / "notebooks").glob("*.ipynb")} == set(LESSONS)


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_what_its_source_makes(name: str) -> None:
    book = built(name)
    last_run = re.search(r"\*\*Last run with\*\* (.+)", book.cells[0].source)
    assert last_run
    fresh = builder.assemble(ROOT / "notebooks" / "sources" / f"{name}.py", last_run[1])
    for ours, theirs in zip(book.cells, fresh.cells, strict=True):
        assert (ours.id, ours.cell_type, ours.source) == (theirs.id, theirs.cell_type, theirs.source), "make notebooks"
        assert ours.metadata == theirs.metadata


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_ready_for_readers(name: str) -> None:
    book = built(name)
    assert not builder.problems(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1)), "run from top to bottom, once"
    assert "parameters" in book.cells[2].metadata.tags
    assert re.search(r'^DATA = "embedded"  # @param|^FRAMES = "synthetic', book.cells[2].source, re.M)
    prose = text_of(book, "markdown")
    assert re.search(r"^#+ Try this|\*\*Try this", prose, re.M) and re.search(r"^#+ Recap", prose, re.M)
    assert "MY_GUESS" in text_of(book, "code") or "MY_ANSWER" in text_of(book, "code")


@pytest.mark.parametrize("name", LESSONS)
def test_pictures_are_described(name: str) -> None:
    for cell in built(name).cells:
        for output in cell.get("outputs", []):
            for kind in {"image/png", "image/jpeg"} & set(output.get("data", {})):
                assert len(output.metadata.get(kind, {}).get("alt", "")) > 15, cell.id


def documents() -> list[Path]:
    return [*sorted((ROOT / "notebooks" / "sources").glob("*.py")), ROOT / "notebooks" / "README.md"]


@pytest.mark.parametrize("document", documents(), ids=lambda path: path.stem)
def test_links_lead_somewhere(document: Path) -> None:
    """Links in a source are those of the notebook, which lies one folder higher."""
    found = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    assert found
    for link in found:
        target = link.partition("#")[0]
        assert link.startswith("https://") or (ROOT / "notebooks" / target).exists(), link


def test_the_tables_are_those_of_the_heads() -> None:
    for document, folder in ((ROOT / "README.md", "notebooks/"), (ROOT / "notebooks" / "README.md", "")):
        text = document.read_text(encoding="utf-8")
        assert builder.listed(text, folder) == text, "make notebooks"


def test_what_readers_must_not_get_is_found() -> None:
    def book(source: str, *outputs: NotebookNode) -> NotebookNode:
        cell = nbformat.v4.new_code_cell(source, id="x-00")
        cell.outputs = list(outputs)
        return nbformat.v4.new_notebook(cells=[cell])

    assert not builder.problems(book("1 + 1"))
    assert builder.problems(book("\n".join(["pass"] * 26)))
    assert builder.problems(book("import os; os.chdir('/')"))
    assert builder.problems(book("1", nbformat.v4.new_output("stream", name="stdout", text=f"{ROOT}/data")))
    assert builder.problems(book("1", nbformat.v4.new_output("stream", name="stdout", text="x" * 300_001)))
    assert builder.problems(book("1", nbformat.v4.new_output("error", ename="KeyError", evalue="", traceback=[])))
