"""From what a submission's process said to points: nothing it says is taken for granted."""

import json
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from reid_course.grading.exercise_set import ExerciseSet
from reid_course.grading.sandbox_config import Limits
from reid_course.grading.supervisor import Transcript

LONGEST, MOST_NOTES = 1000, 20
UNREADABLE = "no notebook: the file cannot be read as one"


@dataclass(frozen=True)
class Answer:
    """One question of one submission.

    Attributes:
        question: its name.
        points: reached.
        possible: to be reached.
        messages: of the tests that failed, or what the teacher says to those who pass.
        passed: whether all of its tests did.
    """

    question: str
    points: float
    possible: float
    messages: tuple[str, ...] = ()
    passed: bool = False


@dataclass(frozen=True)
class Mark:
    """What a submission gets.

    Attributes:
        student: whose.
        set_name: of which exercises; empty where nobody can tell.
        status: "marked", or in a few words why not, or not to the end.
        answers: one a question, in the order of the set.
        notes: what it tried, what it used up.
        errors: cells that stopped with an error.
        file: the notebook, in the folder of submissions.
        ran: whether it was a notebook, and was started.
    """

    student: str
    set_name: str
    status: str
    answers: tuple[Answer, ...] = ()
    notes: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    file: str = ""
    ran: bool = False

    @property
    def points(self) -> float:
        return sum(answer.points for answer in self.answers)

    @property
    def possible(self) -> float:
        return sum(answer.possible for answer in self.answers)

    @property
    def share(self) -> float:
        """Of the points, 0 to 1."""
        return self.points / self.possible if self.possible else 0.0


def mark_of(transcript: Transcript, exercise: ExerciseSet, student: str, file: str, limits: Limits) -> Mark:
    """Read a transcript.

    Args:
        transcript: of the run.
        exercise: the set that was run.
        student: whose it is.
        file: the notebook, to be named.
        limits: that held, to be named.
    """
    events = list(_events(transcript))
    cases: dict[str, list[Any]] = {}
    notes, errors, status, ran, running = [], [], _status(transcript, limits), True, ""
    for event in events:
        kind = event.get("event")
        if kind == "check" and isinstance(event.get("cases"), list):
            cases[_text(event.get("question"))] = event["cases"]  # the last time counts, as in otter
        elif kind == "cell":
            running = _text(event.get("begins"))
        elif kind == "tried":
            notes.append(_text(event.get("what")))
        elif kind == "error":
            errors.append(f"cell {_text(event.get('cell'))} stopped: {_text(event.get('told'))}")
        elif kind == "unreadable":
            status, ran = UNREADABLE, False
        elif kind == "broken":
            status, ran = f"could not be run: {_text(event.get('why'))}", False
    if running and transcript.end not in ("finished", "cancelled"):
        notes.append(f"was in the cell that begins with: {running}")
    if any(_lacks_memory(event) for event in events):
        notes.append(f"used more than {told_bytes(limits.memory_bytes)}")
    if status == "marked" and not any(event.get("event") == "end" for event in events):
        status = "ended itself before its last cell"
    answers = tuple(_answer(exercise, question, cases.get(question)) for question in exercise.tests)
    unique = tuple(dict.fromkeys(notes))[:MOST_NOTES]
    return Mark(student, exercise.name, status, answers, unique, tuple(errors[:MOST_NOTES]), file, ran)


def unmarked(exercise: ExerciseSet | None, student: str, set_name: str, file: str, problem: str) -> Mark:
    """The mark of what cannot be run: no points, and the problem."""
    answers = tuple(_answer(exercise, question, None) for question in exercise.tests) if exercise else ()
    return Mark(student, set_name, problem, answers, file=file)


def told_bytes(number: int) -> str:
    """
    >>> told_bytes(2 << 30), told_bytes(600 << 20)
    ('2 GB', '600 MB')
    """
    return f"{number >> 30} GB" if number % (1 << 30) == 0 else f"{number >> 20} MB"


def _events(transcript: Transcript) -> Iterator[dict[str, Any]]:
    for line in transcript.said:
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
            return f"stopped: used more than {told_bytes(limits.memory_bytes)}"
        case "processes":
            return f"stopped: started more than {limits.processes} processes"
        case "threads":
            return f"stopped: started more than {limits.threads} threads"
        case "noise":
            return "stopped: reported without end"
        case "cancelled":
            return "stopped: marking was broken off"
    status = transcript.status or 0
    if status >= 0:
        return f"ended itself before its last cell (exit status {status})"
    return f"crashed ({signal.strsignal(-status) or f'signal {-status}'})"


def _answer(exercise: ExerciseSet, question: str, cases: list[Any] | None) -> Answer:
    hidden, possible = exercise.hidden(question), exercise.possible(question)
    if cases is None or len(cases) != len(hidden) or not all(isinstance(case, dict) for case in cases):
        return Answer(question, 0.0, possible, ("its tests did not run",))
    passed = [case.get("passed") is True for case in cases]
    told = [
        case for case, ok in zip(cases, passed, strict=True) if ok == all(passed)
    ]  # who passes hears what the teacher says to those who do
    messages = tuple(dict.fromkeys(filter(None, (_text(case.get("message")) for case in told))))
    return Answer(question, exercise.points(question, passed), possible, messages, all(passed))


def _lacks_memory(event: dict[str, Any]) -> bool:
    cases = event.get("cases") if isinstance(event.get("cases"), list) else []
    return any(isinstance(part, dict) and part.get("memory") is True for part in [event, *(cases or [])])


def _text(value: Any) -> str:
    return str(value)[:LONGEST] if isinstance(value, str | int) else ""
