"""Build the lessons: notebooks/sources/NAME.py -> notebooks/NAME.ipynb, executed, and the tables that list them.

    .venv/bin/python -m tools.notebooks [NAME …]

A source is a jupytext percent file. Its first cell is the head: a title, a line `> question`, then **You will learn**,
**Needs** and **Takes**. The builder adds the lesson's number, the Colab badge, the versions of the last run, links to
the previous and the next lesson, and a second cell that is the same in all lessons: it installs the project where
Python does not find it. The only place for the project's address is `[project.urls]` in pyproject.toml.

Tags of code cells: `parameters` (what readers change), `hidden` (folded in JupyterLab and on Colab; starts with
`# @title`), `smoke` (smaller parameters for tests; not published) and `check` (assertions on the full run; not
published).
"""

from __future__ import annotations

import os
import re
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Literal, NamedTuple

import jupytext
import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parent.parent
SOURCES, BUILT = ROOT / "notebooks" / "sources", ROOT / "notebooks"
LESSONS = (
    "start", "pipeline", "metrics", "losses", "train", "eval", "osnet", "domains", "thresholds", "rerank", "bugs",
    "export", "store", "synthetic", "faces",
)  # fmt: skip
UNPUBLISHED = {"smoke", "check"}
MAX_BYTES = 600_000  # of a notebook
MAX_LINES = 25  # of a code cell
CELL_TIMEOUT_S = 1200
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}

SET_UP = """\
# @title Set up
# Install the project if Python does not find it: from the folder of this notebook, or (on Colab) from GitHub.
import importlib.util
import subprocess
import sys
from pathlib import Path

if importlib.util.find_spec("reid_course") is None:
    folders = [Path.cwd(), *Path.cwd().parents]
    checkout = next((folder for folder in folders if (folder / "src" / "reid_course").is_dir()), None)
    source = str(checkout or "git+{repository}")
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", source], check=True)
    importlib.invalidate_caches()

from reid_course import prepare

prepare()"""


class Head(NamedTuple):
    """Head of a lesson, as the tables show it."""

    name: str
    title: str
    question: str
    minutes: str


def repository() -> str:
    """Return the address of the project."""
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]["Homepage"])


def colab_link(name: str) -> str:
    """Return the link that opens a notebook on Colab; `name` is its path below notebooks/, without the suffix."""
    project = repository().removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{project}/blob/main/notebooks/{name}.ipynb"


def number(name: str) -> int:
    """Return the number of a lesson, counted from 1."""
    return LESSONS.index(name) + 1


def with_badge(head: str, name: str) -> str:
    """Add Colab's badge below the title of a head."""
    title, _, rest = head.partition("\n")
    badge = f"[![Open in Colab](https://colab.research.google.com/assets/colab-badge.svg)]({colab_link(name)})"
    return f"{title}\n\n{badge}\n{rest}"


def read_head(source: Path) -> Head:
    """Read title, question and minutes from the first cell of a source.

    Raises:
        ValueError: A part of the head is missing.
    """
    text = jupytext.read(source).cells[0].source
    title = re.search(r"^# (.+)$", text, re.M)
    question = re.search(r"^> (.+)$", text, re.M)
    minutes = re.search(r"\*\*Takes\*\*:? (.+?)(?: on|\.|$)", text, re.M)
    missing = [word for word in ("**You will learn**", "**Needs**") if word not in text]
    if not (title and question and minutes) or missing:
        raise ValueError(
            f"{source.name}: its head needs `# title`, `> question`, **You will learn**, **Needs**, **Takes**"
        )
    prefix = f"{number(source.stem)}. " if source.stem in LESSONS else ""  # exercises are numbered in their sources
    return Head(source.stem, prefix + title[1], question[1], minutes[1])


def assemble(source: Path, last_run: str, keep: Literal["smoke", "check"] | None = None) -> NotebookNode:
    """Return a notebook without outputs: the cells of a source, with what the builder adds.

    Args:
        source: A file in notebooks/sources.
        last_run: Versions that the head names.
        keep: Keep the cells with this tag, which are not published.
    """
    book = jupytext.read(source)
    head = book.cells[0]
    title = head.source.removeprefix("# ")
    badged = with_badge(f"# {number(source.stem)}. {title}", source.stem)
    head.source = f"{badged}\n\n**Last run with** {last_run}"
    set_up = nbformat.v4.new_code_cell(SET_UP.format(repository=repository()), metadata={"tags": ["hidden"]})
    book.cells.insert(1, set_up)
    book.cells.append(nbformat.v4.new_markdown_cell(neighbors(source.stem)))
    book.cells = [cell for cell in book.cells if not UNPUBLISHED - {keep} & tags(cell)]
    for cell in book.cells:
        folded = {"jupyter": {"source_hidden": True}, "cellView": "form"} if "hidden" in tags(cell) else {}
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key == "tags"} | folded
        )
    name_cells(book, source.stem)
    book.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    book.nbformat, book.nbformat_minor = 4, 5
    return book


def tags(cell: NotebookNode) -> set[str]:
    """Return the tags of a cell."""
    return set(cell.metadata.get("tags", []))


def name_cells(book: NotebookNode, stem: str) -> None:
    """Give the cells ids in their order."""
    for index, cell in enumerate(book.cells):
        cell.id = f"{stem}-{index:02d}"


def publish(book: NotebookNode, stem: str) -> NotebookNode:
    """Remove the unpublished cells of an executed notebook, and count its cells again."""
    book.cells = [cell for cell in book.cells if not UNPUBLISHED & tags(cell)]
    name_cells(book, stem)
    for count, cell in enumerate((cell for cell in book.cells if cell.cell_type == "code"), 1):
        cell.execution_count = count
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = count
    return book


def neighbors(name: str) -> str:
    """Return the links to the previous and the next lesson."""
    index = LESSONS.index(name)
    before = f"← [{heading(LESSONS[index - 1])}]({LESSONS[index - 1]}.ipynb)" if index else ""
    after = f"[{heading(LESSONS[index + 1])}]({LESSONS[index + 1]}.ipynb) →" if name != LESSONS[-1] else ""
    return " · ".join(link for link in (before, "[All lessons](README.md)", after) if link)


def heading(name: str) -> str:
    """Return the title of a lesson with its number."""
    return read_head(SOURCES / f"{name}.py").title


def last_run() -> str:
    """Return the versions of this environment that matter to a reader."""
    python, torch = ".".join(map(str, sys.version_info[:2])), version("torch").split("+")[0]
    return f"Python {python}, torch {torch}, NumPy {version('numpy')}"


def execute(book: NotebookNode, folder: Path, smoke: bool = False) -> NotebookNode:
    """Run all cells in a new kernel that starts in `folder`, and clean the outputs.

    Raises:
        RuntimeError: A cell prints something other than progress bars to stderr.
    """
    resources = {"metadata": {"path": str(folder)}}
    client = NotebookClient(book, timeout=CELL_TIMEOUT_S, kernel_name="python3", resources=resources)
    variables = {"REID_SMOKE": "1", "OMP_NUM_THREADS": "1"} if smoke else {"REID_SMOKE": "0"}
    client.execute(env={**os.environ, **variables})
    for cell in book.cells:
        if cell.cell_type == "code":
            cell.outputs = _clean(cell.outputs)
            cell.metadata.pop("execution", None)
    book.metadata = NotebookNode(kernelspec=KERNEL, language_info={"name": "python"})
    return book


def _clean(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Remove progress bars and join consecutive printed outputs."""
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


def find_problems(book: NotebookNode) -> list[str]:
    """List what a published notebook must not contain."""
    text = nbformat.writes(book)
    size = len(text.encode())
    found = [f"{size:,} bytes, more than {MAX_BYTES:,}"] if size > MAX_BYTES else []
    found += [
        f"names a path of this machine: {path}"
        for path in (str(ROOT), str(Path.home()))
        if len(path) > 1 and path in text
    ]
    for cell in book.cells:
        if cell.cell_type == "code":
            if cell.source.count("\n") >= MAX_LINES:
                found.append(f"{cell.id}: {cell.source.count(chr(10)) + 1} lines, more than {MAX_LINES}")
            if "hidden" in tags(cell) and not cell.source.startswith("# @title "):
                found.append(f"{cell.id}: a folded cell starts with `# @title`")
            found += [f"{cell.id}: {output.ename}" for output in cell.outputs if output.output_type == "error"]
            code = "\n".join(line for line in cell.source.splitlines() if not line.startswith("#"))
            found += [f"{cell.id}: {word}" for word in ("os.chdir", "drive.mount", "torch.load(") if word in code]
    return found


def heads() -> list[Head]:
    """Return the heads of all lessons, in the order of their numbers."""
    return [read_head(SOURCES / f"{name}.py") for name in LESSONS]


def table(folder: str = "") -> str:
    """Return the table of lessons as Markdown."""
    rows = ["| lesson | question | takes | |", "|---|---|---|---|"]
    for name, title, question, minutes in heads():
        rows.append(f"| [{title}]({folder}{name}.ipynb) | {question} | {minutes} | [Colab]({colab_link(name)}) |")
    return "\n".join(rows)


def update_table(text: str, folder: str) -> str:
    """Return a document with a new table of lessons."""
    return replace_between(text, "lessons: made by tools/notebooks.py", "end of lessons", table(folder))


def replace_between(text: str, begin: str, end: str, body: str) -> str:
    """Return a document with a new text between two HTML comments."""
    begin, end = f"<!-- {begin} -->", f"<!-- {end} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n{body}\n{end}{after}"


def main(names: list[str]) -> None:
    """Build the named lessons, or all, and the tables."""
    for source in [SOURCES / f"{name}.py" for name in names] or sorted(SOURCES.glob("*.py")):
        read_head(source)
        print(f"{source.stem} …", end=" ", flush=True)
        book = publish(execute(assemble(source, last_run(), keep="check"), BUILT), source.stem)
        problems = find_problems(book)
        if problems:
            sys.exit("\n".join(["not written:", *problems]))
        (BUILT / f"{source.stem}.ipynb").write_text(nbformat.writes(book) + "\n", encoding="utf-8")
        print(f"{len(nbformat.writes(book)) // 1000} kB")
    for document, folder in ((BUILT / "README.md", ""), (ROOT / "README.md", "notebooks/")):
        document.write_text(update_table(document.read_text(encoding="utf-8"), folder), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
