"""Grade a class offline: a table of points, a page for each student, and a page for the class.

    .venv/bin/python -m tools.grade SUBMISSIONS [--out output/marks] [--jobs 2] [--seconds 120] [--memory 2G] [--seed N]

docs/grading.md explains what submissions look like, what they may do, and what the results mean.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from learning_reid.errors import UserError
from reid_course.grading.class_grading import SETS, grade_class
from reid_course.grading.sandbox_config import Limits, parse_memory

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, grade the class, and print where the results are."""
    parser = argparse.ArgumentParser(prog="python -m tools.grade", description="Grade a class offline.")
    parser.add_argument("submissions", type=Path, help="folder with STUDENT/NAME.ipynb or NAME_STUDENT.ipynb")
    parser.add_argument("--out", type=Path, default=ROOT / "output" / "marks", help="folder of the results")
    parser.add_argument("--jobs", type=int, default=2, help="number of submissions at once")
    parser.add_argument("--seconds", type=float, default=120, help="time limit of one submission")
    parser.add_argument("--memory", default="2G", help="memory limit of one submission")
    parser.add_argument("--seed", type=int, default=2026, help="seed of the exercise data")
    parser.add_argument("--sets", type=Path, default=SETS, help="folder of otter's autograder zips")
    options = parser.parse_args(arguments)
    if options.jobs < 1 or not 0 < options.seconds < math.inf or options.seed < 0:
        parser.error("--jobs must be at least 1, --seconds more than 0 and --seed not negative")
    try:
        limits = Limits(options.seconds, parse_memory(options.memory))
        grades = grade_class(options.submissions, options.out, limits, options.jobs, options.seed, options.sets)
    except UserError as error:
        sys.exit(f"grade: {error}")
    except KeyboardInterrupt:
        print(
            f"grade: interrupted; {options.out / 'marks.csv'} has what is done, the same command continues",
            file=sys.stderr,
        )
        sys.exit(130)
    unusual = sum(grade.status != "marked" or bool(grade.notes) for grade in grades)
    print(f"{len(grades)} submissions, {unusual} of them to be looked at: {options.out / 'class.html'}")


if __name__ == "__main__":
    main()
