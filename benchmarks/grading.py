# ruff: noqa: E402 - the module path is put right before anything of src/ is imported
"""How long does marking a class take? Thirty whole notebooks; and one beside otter's own grading.

    python benchmarks/grading.py [--jobs 2] [--seconds 120]

Hands in the class of tests/teaching/marking/fake_class.py for set 1 (good, wrong, empty, endless loops, memory hogs,
corrupt files, attempts to read the solutions or to reach the network), marks it, and compares each mark with what it
should be.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

import nbformat
from nbformat import NotebookNode
from otter.api import grade_submission

from reid_course.grading.grade_class import mark_class
from reid_course.grading.sandbox_config import Limits
from tests.reid_course.grading import fake_class
from tools.exercises import SOURCES, assign

PORT = 9  # nobody listens there, and nobody should be asked


def main() -> None:
    """Build the set, hand in, mark, and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="submissions at once")
    parser.add_argument("--seconds", type=float, default=120, help="limit of one submission")
    options = parser.parse_args()
    limits = Limits(options.seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        student, solution, archive = assign(SOURCES / "01_distances.py", folder)
        sets = folder / "sets"
        sets.mkdir()
        archive = archive.rename(sets / "01_distances.zip")
        class_of_thirty(folder, student, solution, sets, limits, options.jobs)
        beside_otter(folder, solution, archive, sets, limits)


def class_of_thirty(
    folder: Path, student: NotebookNode, solution: NotebookNode, sets: Path, limits: Limits, jobs: int
) -> None:
    """Mark the class; print seconds, and whose mark is not as it should be."""
    submissions, canary = folder / "submissions", folder / "canary.txt"
    submissions.mkdir()
    canary.write_text("alive")
    told = f"stopped: ran longer than {limits.seconds:g} s|used more than {limits.memory_bytes >> 30} GB"
    expected = fake_class.fill(submissions, student, solution, canary, PORT, told, whole=True)
    before, start = cpu_seconds(), time.perf_counter()
    marks = mark_class(submissions, folder / "marks", limits, jobs, sets=sets)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - before
    wrong = [
        mark.student
        for mark in marks
        if fake_class.Expected(mark.points, mark.status, mark.notes) != expected[mark.student]
    ]
    print(
        f"{len(marks)} notebooks, {jobs} at once: {seconds / 60:.1f} minutes ({cpu:.0f} s of processor); "
        f"marked as expected: {len(marks) - len(wrong)}; what lay beside them is {canary.read_text()}"
    )
    if wrong:
        sys.exit(f"marked otherwise: {', '.join(wrong)}")


def beside_otter(folder: Path, solution: NotebookNode, archive: Path, sets: Path, limits: Limits) -> None:
    """One whole good notebook, marked by us and by otter."""
    alone = folder / "alone"
    alone.mkdir()
    notebook = alone / "01_distances_ada.ipynb"
    nbformat.write(solution, notebook)
    start = time.perf_counter()
    (ours,) = mark_class(alone, folder / "alone-marks", limits, sets=sets)
    middle = time.perf_counter()
    os.environ["PYTHONPATH"] = str(ROOT)  # otter's kernel runs elsewhere
    with redirect_stdout(StringIO()):
        theirs = grade_submission(str(notebook), str(archive), quiet=True)
    ours_s, theirs_s = middle - start, time.perf_counter() - middle
    print(
        f"one good notebook: {ours.points:g} points in {ours_s:.1f} s; otter's own grading: {theirs.total:g} points "
        f"in {theirs_s:.1f} s, {theirs_s / ours_s:.1f} times as long"
    )


def cpu_seconds() -> float:
    """Of this process and its children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
