"""Every lesson from top to bottom, as small as it goes; and its first cell on a machine that has nothing of it (Colab)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools import notebooks as builder
from tools.notebooks import ROOT


@pytest.mark.parametrize("name", [head.name for head in builder.heads()])
def test_a_lesson_runs(name: str) -> None:
    """Asserts are planted in it; whatever it says on stderr but progress makes `execute` refuse it."""
    source = ROOT / "notebooks" / "sources" / f"{name}.py"
    book = builder.execute(builder.assemble(source, ""), ROOT / "notebooks", smoke=True)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in code)
    assert not [problem for problem in builder.problems(book) if "bytes" not in problem]


def test_the_first_cell_fetches_the_project_on_colab(published: dict[str, str], tmp_path: Path) -> None:
    empty = tmp_path / "content"
    empty.mkdir()
    cell = builder.FIND_PROJECT.format(repository=builder.repository())
    colab = "import sys, types\nsys.modules['google.colab'] = types.ModuleType('google.colab')\n"
    check = "\nimport reid_course.lesson_people; print(root, reid_course.lesson_people.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", colab + cell + check], cwd=empty, env=published, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    home = empty / "learning-reid"
    assert "learning-reid is ready" in done.stdout and f"{home} {home}/src/reid_course/lesson_people.py" in done.stdout


def test_the_first_cell_finds_the_project_above_it() -> None:
    cell = builder.FIND_PROJECT.format(repository="https://localhost/nowhere")
    done = subprocess.run(
        [sys.executable, "-c", cell + "\nprint(root)"],
        cwd=ROOT / "notebooks" / "sources",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0 and str(ROOT) in done.stdout, done.stderr
