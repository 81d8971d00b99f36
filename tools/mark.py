#!/usr/bin/env python3
"""Mark a class offline: a table of points, a page for each student, a page for the class.

    .venv/bin/python tools/mark.py SUBMISSIONS [--out output/marks] [--jobs 2] [--seconds 120] [--memory 2G] [--seed N]

What submissions look like, what they may do, and what the results say: docs/grading.md.
"""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from learning_reid.errors import UserError
from reid_course.grading.grade_class import SETS, mark_class
from reid_course.grading.sandbox_config import Limits, parse_memory

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> None:
    """Read the command line, mark, and say where the results are."""
    parser = argparse.ArgumentParser(description="Mark a class offline.")
    parser.add_argument("submissions", type=Path, help="folder with STUDENT/NAME.ipynb or NAME_STUDENT.ipynb")
    parser.add_argument("--out", type=Path, default=ROOT / "output" / "marks", help="where the results go")
    parser.add_argument("--jobs", type=int, default=2, help="how many submissions at once")
    parser.add_argument("--seconds", type=float, default=120, help="for one submission")
    parser.add_argument("--memory", default="2G", help="for one submission")
    parser.add_argument("--seed", type=int, default=2026, help="for the students' own data; another one, other data")
    parser.add_argument("--sets", type=Path, default=SETS, help="folder with otter's autograder zips")
    options = parser.parse_args(arguments)
    if options.jobs < 1 or not 0 < options.seconds < math.inf or options.seed < 0:
        parser.error("--jobs counts from 1, --seconds is more than 0, --seed is not negative")
    try:
        limits = Limits(options.seconds, parse_memory(options.memory))
        marks = mark_class(options.submissions, options.out, limits, options.jobs, options.seed, options.sets)
    except UserError as error:
        sys.exit(f"mark.py: {error}")
    odd = sum(mark.status != "marked" or bool(mark.notes) for mark in marks)
    print(f"{len(marks)} submissions, {odd} of them to be looked at: {options.out / 'class.html'}")


if __name__ == "__main__":
    main()
