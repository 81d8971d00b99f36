"""Turn the transcript of a submission into points, without trusting anything that the submission sent."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reid_course.grading.exercise_set import ExerciseSet
from reid_course.grading.sandbox_config import Limits
from reid_course.grading.submissions import UNREADABLE
from reid_course.grading.supervisor import Transcript

MAX_LENGTH, MAX_NOTES = 1000, 20


@dataclass(frozen=True)
class QuestionGrade:
    """Grade of one question of a submission.

    Attributes:
        question: Name of the question.
        points: Points reached.
        possible: Points of the question.
        messages: Messages of the failed tests, or of the teacher for those who pass.
        passed: Whether all tests passed.
    """

    question: str
    points: float
    possible: float
    messages: tuple[str, ...] = ()
    passed: bool = False


@dataclass(frozen=True)
class SubmissionGrade:
    """Grade of a submission.

    Attributes:
        student: Name of the student.
        set_name: Name of the exercise set; empty = unknown.
        status: "marked", or the reason why the submission was not graded completely.
        questions: Grade of each question, in the order of the set.
        notes: What the submission tried, and which limits it reached.
        errors: Cells that raised an error.
        file: The notebook, relative to the folder of submissions.
        ran: Whether the file is a notebook and was started.
    """

    student: str
    set_name: str
    status: str
    questions: tuple[QuestionGrade, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    file: str = ""
    ran: bool = False

    @property
    def points(self) -> float:
        return sum(question.points for question in self.questions)

    @property
    def possible(self) -> float:
        return sum(question.possible for question in self.questions)

    @property
    def share(self) -> float:
        """Share of the possible points, 0–1."""
        return self.points / self.possible if self.possible else 0.0


def grade_transcript(
    transcript: Transcript, exercise: ExerciseSet, student: str, file: str, limits: Limits
) -> SubmissionGrade:
    """Grade a run.

    Args:
        transcript: Transcript of the run.
        exercise: The exercise set.
        student: Name of the student.
        file: The notebook, for the results.
        limits: Limits of the run, for the messages.
    """
    events = list(_events(transcript))
    cases: dict[str, list[Any]] = {}
    notes, errors, status, ran, current_cell = [], [], _status(transcript, limits), True, ""
    for event in events:
        kind = event.get("event")
        if kind == "check" and isinstance(event.get("cases"), list):
            cases[_text(event.get("question"))] = event["cases"]  # the last check counts, as in otter
        elif kind == "cell":
            current_cell = _text(event.get("begins"))
        elif kind == "tried":
            notes.append(_text(event.get("what")))
        elif kind == "error":
            errors.append(f"cell {_text(event.get('cell'))} stopped: {_text(event.get('message'))}")
        elif kind == "unreadable":
            status, ran = UNREADABLE, False
        elif kind == "broken":
            status, ran = f"could not be run: {_text(event.get('message'))}", False
    if current_cell and transcript.end not in ("finished", "cancelled"):
        notes.append(f"was in the cell that begins with: {current_cell}")
    if any(_lacks_memory(event) for event in events):
        notes.append(f"used more than {format_bytes(limits.memory_bytes)}")
    if status == "marked" and not any(event.get("event") == "end" for event in events):
        status = "ended itself before its last cell"
    questions = tuple(_grade_question(exercise, question, cases.get(question)) for question in exercise.tests)
    unique = tuple(dict.fromkeys(notes))[:MAX_NOTES]
    return SubmissionGrade(student, exercise.name, status, questions, unique, tuple(errors[:MAX_NOTES]), file, ran)


def ungraded(exercise: ExerciseSet | None, student: str, set_name: str, file: str, problem: str) -> SubmissionGrade:
    """Return the grade of a submission that cannot be run: no points, and the problem."""
    questions = tuple(_grade_question(exercise, question, None) for question in exercise.tests) if exercise else ()
    return SubmissionGrade(student, set_name, problem, questions, file=file)


def format_bytes(number: int) -> str:
    """
    >>> format_bytes(2 << 30), format_bytes(600 << 20)
    ('2 GB', '600 MB')
    """
    return f"{number >> 30} GB" if number % (1 << 30) == 0 else f"{number >> 20} MB"


def _events(transcript: Transcript) -> Iterator[dict[str, Any]]:
    for line in transcript.lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(event, dict) and event.pop("token", None) == transcript.token:
            yield event


def _status(transcript: Transcript, limits: Limits) -> str:
    match transcript.end:
        case "finished":
            return "marked"
        case "time":
            return f"stopped: ran longer than {limits.seconds:g} s"
        case "memory":
            return f"stopped: used more than {format_bytes(limits.memory_bytes)}"
        case "processes":
            return f"stopped: started more than {limits.processes} processes"
        case "threads":
            return f"stopped: started more than {limits.threads} threads"
        case "reports":
            return "stopped: reported without end"
        case "cancelled":
            return "stopped: grading was cancelled"
    status = transcript.status or 0
    if status >= 0:
        return f"ended itself before its last cell (exit status {status})"
    return f"crashed ({signal.strsignal(-status) or f'signal {-status}'})"


def _grade_question(exercise: ExerciseSet, question: str, cases: list[Any] | None) -> QuestionGrade:
    hidden, possible = exercise.hidden(question), exercise.possible(question)
    if cases is None or len(cases) != len(hidden) or not all(isinstance(case, dict) for case in cases):
        return QuestionGrade(question, 0.0, possible, ("its tests did not run",))
    passed = [case.get("passed") is True for case in cases]
    shown = [case for case, ok in zip(cases, passed, strict=True) if ok == all(passed)]  # success messages if all pass
    messages = tuple(dict.fromkeys(filter(None, (_text(case.get("message")) for case in shown))))
    return QuestionGrade(question, exercise.points(question, passed), possible, messages, all(passed))


def _lacks_memory(event: dict[str, Any]) -> bool:
    cases = event.get("cases") if isinstance(event.get("cases"), list) else []
    return any(isinstance(part, dict) and part.get("memory") is True for part in [event, *(cases or [])])


def _text(value: Any) -> str:
    return str(value)[:MAX_LENGTH] if isinstance(value, str | int) else ""
