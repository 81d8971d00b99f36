#!/usr/bin/env python3
"""Build the lessons: notebooks/sources/NAME.py -> notebooks/NAME.ipynb, executed, and the tables that list them.

    .venv/bin/python tools/notebooks.py [NAME …]

A source is a jupytext percent file. Its first cell is the head: a title, a line `> question`, then **You will learn**,
**Needs** and **Takes**. The builder adds the Colab badge, what the lesson was last run with, and the second cell, which
is the same everywhere: it finds the project, or fetches it. The address of the project is `[project.urls]` in
pyproject.toml and stands nowhere else.
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
SOURCES, BUILT = ROOT / "notebooks" / "sources", ROOT / "notebooks"
LARGEST = 300_000  # bytes of a notebook
PATIENCE_S = 1200  # for one cell
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

FIND_PROJECT = """\
# The project's own code, in this folder or above it; on Colab it is fetched first.
import subprocess
import sys
from pathlib import Path

REPOSITORY = "{repository}"
folder = Path(REPOSITORY).name
here = Path.cwd()
root = next((p for p in [here, *here.parents, here / folder] if (p / "src" / "teaching").is_dir()), None)
if root is None:
    subprocess.run(["git", "clone", "--quiet", "--depth", "1", REPOSITORY], check=True)
    root = here / folder
sys.path.insert(0, str(root))

from reid_course.notebook import prepare

prepare()"""


class Head(NamedTuple):
    """What the tables say of a lesson."""

    name: str
    title: str
    question: str
    minutes: str


def repository() -> str:
    """Where the project is published."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Homepage"])


def colab_link(name: str) -> str:
    """Opens a notebook on Colab; `name` is its path below notebooks/, without the ending."""
    return f"https://colab.research.google.com/github/{repository().removeprefix('https://github.com/')}/blob/main/notebooks/{name}.ipynb"


def with_badge(head: str, name: str) -> str:
    """A head with Colab's badge below its title."""
    title, _, rest = head.partition("\n")
    badge = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab_link(name)})"
    return f"{title}\n\n{badge}\n{rest}"


def read_head(source: Path) -> Head:
    """Title, question and minutes from a source's first cell.

    Raises:
        ValueError: one of them is missing.
    """
    text = jupytext.read(source).cells[0].source
    title = re.search(r"^# (\d+\. .+)$", text, re.M)
    question = re.search(r"^> (.+)$", text, re.M)
    minutes = re.search(r"\*\*Takes\*\*:? (.+?)(?: on|\.|$)", text, re.M)
    missing = [word for word in ("**You will learn**", "**Needs**") if word not in text]
    if not (title and question and minutes) or missing:
        raise ValueError(
            f"{source.name}: its head needs `# 1. title`, `> question`, **You will learn**, **Needs**, **Takes**"
        )
    return Head(source.stem, title[1], question[1], minutes[1])


def assemble(source: Path, last_run: str) -> NotebookNode:
    """A notebook without outputs: the cells of a source, with the badge and the cell that finds the project."""
    book = jupytext.read(source)
    head = book.cells[0]
    head.source = f"{with_badge(head.source, source.stem)}\n\n**Last run with** {last_run}"
    book.cells.insert(1, nbformat.v4.new_code_cell(FIND_PROJECT.format(repository=repository())))
    for number, cell in enumerate(book.cells):
        cell.id = f"{source.stem}-{number:02d}"
        cell.metadata = {key: value for key, value in cell.metadata.items() if key == "tags"}
    book.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    book.nbformat, book.nbformat_minor = 4, 5
    return book


def last_run() -> str:
    """The versions of this environment that matter to a reader."""
    python, torch = ".".join(map(str, sys.version_info[:2])), version("torch").split("+")[0]
    return f"Python {python}, torch {torch}, NumPy {version('numpy')}"


def execute(book: NotebookNode, folder: Path, smoke: bool = False) -> NotebookNode:
    """Run every cell in a fresh kernel that starts in `folder`, and keep what a reader should see."""
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(book, timeout=PATIENCE_S, kernel_name="python3", resources=place)
    few = {"REID_SMOKE": "1", "OMP_NUM_THREADS": "1"} if smoke else {"REID_SMOKE": "0"}
    client.execute(env={**os.environ, **few})
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = _tidy(cell.outputs)
            cell.metadata.pop("execution", None)
    book.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    return book


def _tidy(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Leave out progress bars (they are for those who wait) and join what was printed in one go."""
    kept: list[NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream" and output.name == "stderr":
            lines = [
                line
                for line in re.split(r"[\r\n]", output.text)
                if line.strip() and not re.search(r"\d+%\||\dit/s|it \[|\[\d\d:\d\d", line)
            ]
            if lines:
                raise RuntimeError("a reader would see on stderr: " + lines[0])
            continue
        if output.output_type == "stream" and kept and kept[-1].output_type == "stream":
            kept[-1].text += output.text
        elif "application/vnd.jupyter.widget-view+json" not in output.get("data", {}):
            kept.append(output)
    return kept


def problems(book: NotebookNode) -> list[str]:
    """What must not be in a notebook that readers get."""
    text = nbformat.writes(book)
    found = [f"{len(text.encode()):,} bytes, more than {LARGEST:,}"] if len(text.encode()) > LARGEST else []
    found += [
        f"names a path of this machine: {path}"
        for path in (str(ROOT), str(Path.home()))
        if len(path) > 1 and path in text
    ]
    for cell in book.cells:
        if cell.cell_type == "code":
            if cell.source.count("\n") >= 25:
                found.append(f"{cell.id}: {cell.source.count(chr(10)) + 1} lines, more than 25")
            found += [f"{cell.id}: {output.ename}" for output in cell.outputs if output.output_type == "error"]
            found += [
                f"{cell.id}: {word}" for word in ("os.chdir", "drive.mount", "torch.load(") if word in cell.source
            ]
    return found


def heads() -> list[Head]:
    """All lessons, by the number that begins their title."""
    found = [read_head(source) for source in SOURCES.glob("*.py")]
    return sorted(found, key=lambda head: int(head.title.split(".")[0]))


def table(folder: str = "") -> str:
    """Lesson · question · minutes · Colab, as Markdown."""
    rows = ["| lesson | question | takes | |", "|---|---|---|---|"]
    for name, title, question, minutes in heads():
        rows.append(f"| [{title}]({folder}{name}.ipynb) | {question} | {minutes} | [Colab]({colab_link(name)}) |")
    return "\n".join(rows)


def listed(text: str, folder: str) -> str:
    """A document with the table of lessons renewed."""
    return between_marks(text, "lessons: made by tools/notebooks.py", "end of lessons", table(folder))


def between_marks(text: str, begin: str, end: str, body: str) -> str:
    """A document with the part between two marks, which are comments, renewed."""
    begin, end = f"<!-- {begin} -->", f"<!-- {end} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{body}\n{end}{after}"


def main(names: list[str]) -> None:
    """Build the named lessons, or all, and the tables."""
    for source in [SOURCES / f"{name}.py" for name in names] or sorted(SOURCES.glob("*.py")):
        read_head(source)
        print(f"{source.stem} …", end=" ", flush=True)
        book = execute(assemble(source, last_run()), BUILT)
        found = problems(book)
        if found:
            sys.exit("\n".join(["not written:", *found]))
        (BUILT / f"{source.stem}.ipynb").write_text(nbformat.writes(book) + "\n", encoding="utf-8")
        print(f"{len(nbformat.writes(book)) // 1000} kB")
    for document, folder in ((BUILT / "README.md", ""), (ROOT / "README.md", "notebooks/")):
        document.write_text(listed(document.read_text(encoding="utf-8"), folder), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
