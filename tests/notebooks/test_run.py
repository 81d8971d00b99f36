"""Lessons run from top to bottom on little data, and the set-up cell installs the project where it is missing."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tools import notebooks as builder
from tools.notebooks import ROOT

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", [head.name for head in builder.heads()])
def test_a_lesson_runs(name: str) -> None:
    """Lessons contain assertions, and `execute` refuses output on stderr other than progress bars."""
    source = ROOT / "notebooks" / "sources" / f"{name}.py"
    book = builder.execute(builder.assemble(source, "", keep="smoke"), ROOT / "notebooks", smoke=True)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [problem for problem in builder.find_problems(book) if "bytes" not in problem]


COLAB = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
CHECK = """
import reid_course.lesson_people
from reid_course import course_file
print(reid_course.lesson_people.__file__)
for name in ("docs/synthetic.md", "notebooks/data/similarity_table.csv", "confs/face.yml", "weights/reid.yml"):
    assert course_file(name).is_file(), name"""


def test_the_set_up_cell_installs_the_project_on_colab(
    published: Callable[[Path], tuple[str, dict[str, str]]], tmp_path: Path
) -> None:
    content = tmp_path / "content"
    content.mkdir()
    python, variables = published(tmp_path / "env")
    cell = builder.SET_UP.format(repository=builder.repository())
    done = subprocess.run(
        [python, "-c", COLAB + cell + CHECK], cwd=content, env=variables, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "learning-reid is ready" in done.stdout
    assert done.stdout.splitlines()[-1].startswith(str(tmp_path / "env")), "imported from the environment"
    assert not list(content.iterdir())


def test_the_set_up_cell_installs_the_project_from_the_folder_above(
    published: Callable[[Path], tuple[str, dict[str, str]]], tmp_path: Path
) -> None:
    python, variables = published(tmp_path / "env")
    cell = builder.SET_UP.format(repository="https://localhost/nowhere")
    folder = ROOT / "notebooks" / "exercises" / "student"
    done = subprocess.run([python, "-c", cell + CHECK], cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith(str(tmp_path / "env"))


def test_the_set_up_cell_installs_nothing_where_python_finds_the_project() -> None:
    cell = builder.SET_UP.format(repository="https://localhost/nowhere")
    done = subprocess.run([sys.executable, "-c", cell], cwd="/", capture_output=True, text=True)
    assert done.returncode == 0 and "learning-reid is ready" in done.stdout, done.stderr
