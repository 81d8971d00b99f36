"""A tiny exercise set built by otter, and functions that grade submissions to it."""

import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import psutil
import pytest

from reid_course.grading.class_grading import grade_class
from reid_course.grading.exercise_set import ExerciseSet, read_set
from reid_course.grading.grade import SubmissionGrade
from reid_course.grading.sandbox_config import Limits
from reid_course.seeds import SEED_VARIABLE

LIMITS = Limits(60)
GOOD = ["def add(a, b):\n    return a + b", "def double(a):\n    return 2 * a"]
CONFIG = '""" # BEGIN TEST CONFIG\n{}\n""" # END TEST CONFIG\n'
MASTER = [
    ("raw", "# ASSIGNMENT CONFIG\nname: 01_tiny\nfiles: [table.txt]\ntests:\n    ok_format: false\n    files: false\nexport_cell: false"),
    ("raw", "# BEGIN QUESTION\nname: q1\npoints: 3"),
    ("raw", "# BEGIN SOLUTION"),
    ("code", GOOD[0]),
    ("raw", "# END SOLUTION"),
    ("raw", "# BEGIN TESTS"),
    ("code", "def test_small(add):\n    assert add(1, 2) == 3"),
    ("code", CONFIG.format("hidden: true\nfailure_message: negative numbers, too") + "def test_negative(add):\n    assert add(-1, -2) == -3"),
    ("code", CONFIG.format("hidden: true") + "def test_close(add):\n    import numpy as np\n    assert np.allclose(add(0.25, 0.5), 0.75), 'a quarter and a half'"),
    ("raw", "# END TESTS"),
    ("raw", "# END QUESTION"),
    ("raw", "# BEGIN QUESTION\nname: q2\npoints: 1\nall_or_nothing: true"),
    ("raw", "# BEGIN SOLUTION"),
    ("code", GOOD[1]),
    ("raw", "# END SOLUTION"),
    ("raw", "# BEGIN TESTS"),
    ("code", "def test_four(double):\n    assert double(4) == 8, 'twice 4 is 8'"),
    ("code", CONFIG.format("hidden: true") + "def test_list(double):\n    assert double([1]) == [1, 1]"),
    ("raw", "# END TESTS"),
    ("raw", "# END QUESTION"),
]  # fmt: skip


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the zip of the tiny set, as `otter assign` makes it."""
    otter_assign = pytest.importorskip("otter.assign").main
    folder = tmp_path_factory.mktemp("tiny")
    book = nbformat.v4.new_notebook()
    for kind, source in MASTER:
        book.cells.append(nbformat.v4.new_code_cell(source) if kind == "code" else nbformat.v4.new_raw_cell(source))
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "01_tiny.ipynb")
    (folder / "table.txt").write_text("7")
    otter_assign(str(folder / "01_tiny.ipynb"), str(folder / "split"), no_pdfs=True, no_run_tests=True)
    (folder / "sets").mkdir()
    next((folder / "split" / "autograder").glob("*.zip")).rename(folder / "sets" / "01_tiny.zip")
    return folder / "sets"


@pytest.fixture(scope="session")
def tiny_set(tiny: Path) -> ExerciseSet:
    return read_set(tiny / "01_tiny.zip")


def notebook(*cells: str) -> str:
    """Return a student's notebook: otter's first cell, then these cells."""
    sources = ['import otter\ngrader = otter.Notebook("01_tiny.ipynb")', *cells]
    return nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources]))


@pytest.fixture
def seed() -> int:
    """A seed that no other test uses, which identifies the processes of this test."""
    return secrets.randbelow(1 << 40)


@pytest.fixture
def scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which submissions get their temporary folders during this test."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def no_process_left(seed: int) -> bool:
    """Return whether all processes with this seed have ended within some seconds."""
    for _ in range(100):
        if not any(environment(process).get(SEED_VARIABLE) == str(seed) for process in psutil.process_iter()):
            return True
        time.sleep(0.1)
    return False


def environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):
        return {}


@pytest.fixture
def server() -> Iterator[tuple[int, list[object]]]:
    """A local server that no submission should reach: its port, and the accepted connections."""
    connections: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        stop = threading.Event()

        def accept() -> None:
            while not stop.is_set():
                try:
                    connections.append(listening.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=accept)
        thread.start()
        yield listening.getsockname()[1], connections
        stop.set()
        thread.join()


@pytest.fixture
def grade_one(tiny: Path, tmp_path: Path, seed: int) -> Callable[..., SubmissionGrade]:
    """SubmissionGrade one notebook of the tiny set, given by its cells, with and without namespaces."""

    def grade(*cells: str, isolate: bool = True, limits: Limits = LIMITS, seed: int = seed) -> SubmissionGrade:
        folder = tmp_path / "submissions" / "ada"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "01_tiny.ipynb").write_text(notebook(*cells))
        (only,) = grade_class(
            tmp_path / "submissions", tmp_path / "out", limits, 1, seed, sets=tiny, isolate=isolate, warn=lambda _: None
        )
        return only

    return grade
