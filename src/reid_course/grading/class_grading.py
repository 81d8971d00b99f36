"""Grade a class: find the submissions, run them, and write the results."""

import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.errors import UserError
from learning_reid.io.output_folder import create_folder
from learning_reid.io.paths import find_checkout
from learning_reid.io.target_lock import lock_target
from reid_course.grading.exercise_set import ExerciseSet, read_sets
from reid_course.grading.grade import SubmissionGrade, grade_transcript, ungraded
from reid_course.grading.grades_csv import write_grades
from reid_course.grading.pages import write_pages
from reid_course.grading.progress import GradingProgress
from reid_course.grading.sandbox_config import HIDDEN, Limits, SandboxConfig, why_not_isolated
from reid_course.grading.submissions import UNREADABLE, Submission, find_submissions, read_notebook
from reid_course.grading.supervisor import run_submission
from reid_course.notebook import ROOT

SETS = ROOT / "notebooks" / "exercises" / "teacher" / "autograder"


def grade_class(
    submissions: Path,
    out: Path,
    limits: Limits = Limits(),  # noqa: B008  it is frozen
    jobs: int = 2,
    seed: int = 2026,
    sets: Path = SETS,
    isolate: bool = True,
    warn: Callable[[str], object] = lambda text: print(text, file=sys.stderr),
) -> list[SubmissionGrade]:
    """Grade all submissions of a folder and write `marks.csv`, `class.html` and a page for each student.

    `marks.csv` is written after each submission. A run that was killed is resumed by the next one with the same
    arguments: notebooks that are graded already are not run again.

    Args:
        submissions: Folder of submissions, see `find_submissions`.
        out: Folder of the results; existing files are replaced one by one.
        limits: Limits of each submission.
        jobs: Number of submissions at once.
        seed: Seed of the exercise data, in place of the students' own.
        sets: Folder of otter's autograder zips.
        isolate: Use namespaces if the system has them.
        warn: Called with one line if it has none.

    Returns:
        The grades, by student and set.

    Raises:
        UserError: There are no submissions or exercise sets, the results cannot be written, or another process is
            writing them.
    """
    if sys.platform == "win32":
        raise UserError("grading needs the limits of Linux or macOS; on Windows run it in WSL")
    checkout = find_checkout()
    for folder in (submissions, out):
        if checkout and checkout.is_relative_to(folder.resolve()):
            raise UserError(f"{folder} contains the project itself; name a folder that contains nothing else")
    if out.resolve().is_relative_to(submissions.resolve()):
        raise UserError(f"{out} is in the folder of the submissions; name a folder beside it")
    exercises = read_sets(sets)
    found = find_submissions(submissions, exercises)
    create_folder(out, "--out")  # fails before the submissions run, not after
    reason = why_not_isolated() if isolate else "switched off"
    if reason:
        warn(f"note: no isolation here ({reason}); an audit hook in each process stops accidents but no attacker")
    hidden = {str(checkout / path): what for path, what in HIDDEN.items()} if checkout else {}
    hidden |= {str(submissions.resolve()): "other submissions", str(sets.resolve()): "the solutions"}
    hidden |= {str(out.resolve()): "the grades"}
    config = SandboxConfig(limits, reason is None, hidden, seed)
    with lock_target(out, out / ".lock"):
        progress = GradingProgress(out, config)
        if progress.count:
            warn(f"note: resuming a run that did not end; {progress.count} notebooks that it graded are not run again")
        grades = _run_all(found, submissions, exercises, progress, jobs, lambda done: write_grades(out, done))
        write_pages(out, grades, exercises)
        progress.finish()
    return grades


def _run_all(
    found: list[Submission],
    folder: Path,
    exercises: dict[str, ExerciseSet],
    progress: GradingProgress,
    jobs: int,
    save: Callable[[list[SubmissionGrade]], object],
) -> list[SubmissionGrade]:
    """Grade all submissions; after each, save the grades of those that are done."""
    stop, grades = threading.Event(), {}
    with ThreadPoolExecutor(jobs) as pool, tqdm(total=len(found), desc="grading", unit="submission") as bar:
        try:
            futures = {pool.submit(_grade, one, folder, exercises, progress, stop): one for one in found}
            for future in as_completed(futures):
                grades[futures[future]] = future.result()
                save([grades[one] for one in found if one in grades])
                bar.update()
        except BaseException:  # above all Ctrl-C: no submission continues to run
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [grades[one] for one in found]


def _grade(
    submission: Submission,
    folder: Path,
    exercises: dict[str, ExerciseSet],
    progress: GradingProgress,
    stop: threading.Event,
) -> SubmissionGrade:
    exercise, config = exercises.get(submission.set_name), progress.config
    student, name, file = submission.student, submission.set_name, submission.file
    if submission.problem or exercise is None:
        return ungraded(exercise, student, name, file, submission.problem)
    try:
        notebook = read_notebook(folder / file).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return ungraded(exercise, student, name, file, UNREADABLE)
    key = progress.key(file, notebook, exercise)
    if earlier := progress.get(key):
        return earlier
    try:
        transcript = run_submission(notebook, exercise.tests, exercise.files, config, stop)
        grade = grade_transcript(transcript, exercise, student, file, config.limits)
    except Exception as error:  # one submission must not stop the others
        return ungraded(exercise, student, name, file, f"could not be graded: {type(error).__name__}: {error}")
    if transcript.end != "cancelled":
        progress.add(key, grade)
    return grade
