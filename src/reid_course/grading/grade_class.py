"""Mark a class: find, run, judge, write down."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.errors import UserError
from learning_reid.io.output_folder import create_folder
from reid_course.grading.exercise_set import ExerciseSet, read_sets
from reid_course.grading.grade import UNREADABLE, Mark, mark_of, unmarked
from reid_course.grading.grades_csv import write_marks
from reid_course.grading.pages import write_pages
from reid_course.grading.sandbox_config import HIDDEN, Jail, Limits, why_not_isolated
from reid_course.grading.submissions import Submission, find_submissions
from reid_course.grading.supervisor import run_submission
from reid_course.notebook import ROOT

SETS = ROOT / "notebooks" / "exercises" / "teacher" / "autograder"


def mark_class(
    submissions: Path,
    out: Path,
    limits: Limits = Limits(),  # noqa: B008  it is frozen
    jobs: int = 2,
    seed: int = 2026,
    sets: Path = SETS,
    isolate: bool = True,
    say: Callable[[str], object] = lambda text: print(text, file=sys.stderr),
) -> list[Mark]:
    """Mark every submission of a folder and write `marks.csv`, `class.html`, and a page for each student.

    Args:
        submissions: see `find_submissions`.
        out: folder of the results; what is there is replaced file by file.
        limits: of each submission.
        jobs: how many at once.
        seed: for data of one's own, in place of the students'.
        sets: folder of otter's autograder zips.
        isolate: use namespaces where the system has them.
        say: told one line where it has none.

    Returns:
        The marks, by student and set.

    Raises:
        UserError: there is nothing to mark, or nothing to mark it with, or the results cannot be written.
    """
    if sys.platform == "win32":
        raise UserError("marking needs the limits of Linux or macOS; on Windows run it in WSL")
    for folder in (submissions, out):
        if ROOT.is_relative_to(folder.resolve()):
            raise UserError(f"{folder} holds the project itself; name a folder for nothing else")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise UserError(f"{out} lies in the folder of the submissions; name a place beside it")
    exercises = read_sets(sets)
    found = find_submissions(submissions, exercises)
    create_folder(out, "--out")  # now, not after all have run
    reason = why_not_isolated() if isolate else "switched off"
    if reason:
        say(f"note: no isolation here ({reason}); a guard inside each process is left, against accidents only")
    hidden = {str(ROOT / path): what for path, what in HIDDEN.items()}
    hidden |= {str(submissions.resolve()): "other submissions", str(sets.resolve()): "the solutions"}
    hidden |= {str(out.resolve()): "the marks"}
    jail = Jail(limits, reason is None, hidden, seed)
    marks = _run_all(found, submissions, exercises, jail, jobs)
    write_marks(out, marks)
    write_pages(out, marks, exercises)
    return marks


def _run_all(
    found: list[Submission], folder: Path, exercises: dict[str, ExerciseSet], jail: Jail, jobs: int
) -> list[Mark]:
    stop = threading.Event()
    with ThreadPoolExecutor(jobs) as pool, tqdm(total=len(found), desc="marking", unit="submission") as bar:

        def one(submission: Submission) -> Mark:
            mark = _mark(submission, folder, exercises, jail, stop)
            bar.update()
            return mark

        try:
            return list(pool.map(one, found))
        except BaseException:  # Ctrl-C, above all: nothing goes on behind our back
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise


def _mark(
    submission: Submission, folder: Path, exercises: dict[str, ExerciseSet], jail: Jail, stop: threading.Event
) -> Mark:
    exercise = exercises.get(submission.set_name)
    student, name, file = submission.student, submission.set_name, submission.file
    if submission.problem or exercise is None:
        return unmarked(exercise, student, name, file, submission.problem)
    try:
        notebook = (folder / file).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return unmarked(exercise, student, name, file, UNREADABLE)
    try:
        transcript = run_submission(notebook, exercise.tests, exercise.files, jail, stop)
        return mark_of(transcript, exercise, student, file, jail.limits)
    except Exception as error:  # whatever it is, the others go on
        return unmarked(exercise, student, name, file, f"could not be marked: {type(error).__name__}: {error}")
