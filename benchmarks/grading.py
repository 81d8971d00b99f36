# ruff: noqa: E402 - the checkout is put on the path before tools/ or tests/ is imported
"""Measure how long grading takes: a class of thirty notebooks, and one notebook beside otter's own grading.

    python benchmarks/grading.py [--jobs 2] [--seconds 120]

The class is tests/reid_course/grading/fake_class.py with exercise 1 (good, wrong and empty notebooks, endless loops,
memory hogs, corrupt files, attempts to read the solutions or to use the network). Each result is compared with the
expected one.
"""

import argparse
import json
import os
import resource
import sys
import tempfile
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import nbformat
from nbformat import NotebookNode
from otter.api import grade_submission

from reid_course.grading.class_grading import grade_class
from reid_course.grading.sandbox_config import Limits
from tests.reid_course.grading import fake_class
from tools.exercises import SOURCES, assign

PORT = 9  # no server listens there


def main() -> None:
    """Build the exercise, create and grade the submissions, and print the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=2, help="submissions graded in parallel")
    parser.add_argument("--seconds", type=float, default=120, help="time limit of one submission")
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
    """Grade the class; print the time, and the students whose result is not as expected."""
    submissions, canary = folder / "submissions", folder / "canary.txt"
    submissions.mkdir()
    canary.write_text("alive")
    limit_messages = f"stopped: ran longer than {limits.seconds:g} s|used more than {limits.memory_bytes >> 30} GB"
    expected = fake_class.fill(submissions, student, solution, canary, PORT, limit_messages, whole=True)
    before, start = cpu_seconds(), time.perf_counter()
    grades = grade_class(submissions, folder / "grades", limits, jobs, sets=sets)
    seconds, cpu = time.perf_counter() - start, cpu_seconds() - before
    wrong = [
        grade.student
        for grade in grades
        if fake_class.Expected(grade.points, grade.status, grade.notes) != expected[grade.student]
    ]
    print(
        f"{len(grades)} notebooks, {jobs} in parallel: {seconds / 60:.1f} minutes ({cpu:.0f} s of CPU time); "
        f"as expected: {len(grades) - len(wrong)}; the file outside of the sandbox is {canary.read_text()}"
    )
    if wrong:
        sys.exit(f"not as expected: {', '.join(wrong)}")


def beside_otter(folder: Path, solution: NotebookNode, archive: Path, sets: Path, limits: Limits) -> None:
    """Grade one complete notebook with reid_course and with otter."""
    alone = folder / "alone"
    alone.mkdir()
    notebook = alone / "01_distances_ada.ipynb"
    nbformat.write(solution, notebook)
    start = time.perf_counter()
    (ours,) = grade_class(alone, folder / "alone-grades", limits, sets=sets)
    middle = time.perf_counter()
    os.environ["PYTHONPATH"] = str(ROOT / "src")  # otter's kernel runs elsewhere
    with redirect_stdout(StringIO()):
        theirs = grade_submission(str(notebook), str(archive), quiet=True)
    ours_s, theirs_s = middle - start, time.perf_counter() - middle
    print(
        f"one good notebook: {ours.points:g} points in {ours_s:.1f} s; otter's own grading: {theirs.total:g} points "
        f"in {theirs_s:.1f} s, {theirs_s / ours_s:.1f} times the time"
    )
    comparison = {"name": "one complete notebook", "unit": "s", "peer": "otter", "ours": ours_s, "theirs": theirs_s}
    print(json.dumps({"comparisons": [{**comparison, "ratio": theirs_s / ours_s}]}))


def cpu_seconds() -> float:
    """Return the CPU seconds of this process and its children."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


if __name__ == "__main__":
    main()
