"""Student notebooks: built from the sources, without solutions, and running up to the first stub."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import nbformat
import pytest

from tests.exercises import twin
from tools import exercises as builder

ROOT = builder.ROOT


def test_there_is_one_student_notebook_per_set() -> None:
    names = {path.name for path in builder.STUDENT.iterdir()} - {".OTTER_LOG", ".ipynb_checkpoints"}
    assert names == {f"{name}.ipynb" for name in twin.SETS}


@pytest.mark.slow
@pytest.mark.parametrize("name", twin.SETS)
def test_a_students_notebook_is_what_its_source_makes(name: str) -> None:
    built = (builder.STUDENT / f"{name}.ipynb").read_text(encoding="utf-8")
    assert built == nbformat.writes(twin.split_set(name).student) + "\n", "make exercises"
    assert not builder.lessons.find_problems(nbformat.reads(built, as_version=4))
    assert not any(cell.get("outputs") for cell in twin.split_set(name).student.cells)


def strings(value: Any) -> Iterator[str]:
    """Yield all strings of a notebook, in cells and in metadata."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from strings(part)


def secrets(name: str) -> set[str]:
    """Return the lines of solutions, explanations and hidden tests that occur nowhere else."""
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
    trivial = re.compile(r".{0,8}|(import|from) .*|[\w.]+\(")  # short, an import, or only the beginning of a call
    return {line for line in lines - public if not trivial.fullmatch(line)}


def _as_written(text: str) -> list[str]:
    try:
        return ast.unparse(ast.parse(text)).splitlines()
    except SyntaxError:  # prose
        return []


def test_no_line_of_a_solution_is_in_a_student_notebook() -> None:
    for name in twin.SETS:
        text = "\n".join(strings(nbformat.read(builder.STUDENT / f"{name}.ipynb", as_version=4)))
        hidden = secrets(name)
        assert len(hidden) > 10, f"{name}: the search finds nothing to look for"
        assert [line for line in hidden if line in text] == [], name


@pytest.mark.slow
@pytest.mark.parametrize("name", twin.SETS)
def test_the_search_would_find_a_solution(name: str) -> None:
    text = "\n".join(strings(twin.split_set(name).solutions))
    assert any(line in text for line in secrets(name))


def test_files_for_teachers_are_not_in_git() -> None:
    lines = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "/notebooks/exercises/teacher/" in lines


def test_the_table_is_up_to_date() -> None:
    text = (builder.HOME / "README.md").read_text(encoding="utf-8")
    assert builder.update_table(text) == text, "make exercises"


def test_link_targets_exist() -> None:
    for name in twin.SETS:
        text = (builder.STUDENT / f"{name}.ipynb").read_text(encoding="utf-8")
        for link in re.findall(r"\]\(([^)\s]+)\)", text):
            assert link.startswith("https://") or (builder.STUDENT / link.partition("#")[0]).exists(), (name, link)


@pytest.mark.slow
@pytest.mark.parametrize("name", twin.SETS)
def test_a_students_notebook_runs_up_to_the_first_stub(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its folder; the first check then explains what to do. In a kernel: test_jupyterlab.py and test_colab.py."""
    monkeypatch.setenv("REID_EXERCISE_SEED", twin.SEED)
    monkeypatch.chdir(builder.STUDENT)
    book = nbformat.read(builder.STUDENT / f"{name}.ipynb", as_version=4)
    check = next(number for number, cell in enumerate(book.cells) if cell.source == 'grader.check("q1")')
    env: dict[str, Any] = {"__name__": "__main__"}
    for cell in book.cells[:check]:
        if cell.cell_type == "code":
            twin.run(cell.source, env)
    output = repr(eval(book.cells[check].source, env))
    assert "q1 results:" in output and ("write `" in output or "no answer yet" in output)
