"""Grades of the submissions that are done, kept in a file, so that a run that was killed can be resumed."""

import hashlib
import json
import os
import threading
from dataclasses import asdict
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError
from reid_course.grading.exercise_set import ExerciseSet
from reid_course.grading.grade import QuestionGrade, SubmissionGrade
from reid_course.grading.sandbox_config import SandboxConfig

FILE = "unfinished.jsonl"


class GradingProgress:
    """The finished submissions of a run, one line of JSON each, by what their grades depend on.

    Args:
        out: Folder of the results.
        config: Configuration of the sandbox.

    Attributes:
        config: The configuration.
        count: Number of submissions that an earlier run has finished.

    Raises:
        UserError: The file cannot be read.
    """

    def __init__(self, out: Path, config: SandboxConfig) -> None:
        self._file, self.config, self._lock = out / FILE, config, threading.Lock()
        self._grades: dict[str, SubmissionGrade] = {}
        try:
            lines = self._file.read_bytes().splitlines() if self._file.exists() else []
        except OSError as error:
            raise UserError(
                f"{self._file} cannot be read ({error.strerror}); delete it, or name another --out"
            ) from None
        for line in lines:
            try:
                entry = json.loads(line)
                self._grades[entry["key"]] = _parse(entry["grade"])
            except (ValueError, KeyError, TypeError):
                continue  # the last line of a process that was killed
        self.count = len(self._grades)

    def key(self, file: str, notebook: str, exercise: ExerciseSet) -> str:
        """Return the digest of a submission and of everything else that its grade depends on."""
        files = {name: content.hex() for name, content in exercise.files.items()}
        limits, seed, isolate = asdict(self.config.limits), self.config.seed, self.config.isolate
        parts = [file, notebook, exercise.name, exercise.tests, files, limits, seed, isolate]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def get(self, key: str) -> SubmissionGrade | None:
        """Return the grade of a submission that an earlier run has finished."""
        return self._grades.get(key)

    def add(self, key: str, grade: SubmissionGrade) -> None:
        """Append a grade to the file.

        Raises:
            UserError: The disk is full, or the file cannot be written.
        """
        line = json.dumps({"key": key, "grade": asdict(grade)}) + "\n"
        try:
            with self._lock, self._file.open("a", encoding="ascii") as stream:
                stream.write(line)
                stream.flush()
                os.fsync(stream.fileno())
        except OSError as error:
            raise UserError(f"{self._file} cannot be written ({error.strerror}); free some space") from None

    def finish(self) -> None:
        """Delete the file: the run is complete, and the next one grades everything again."""
        self._file.unlink(missing_ok=True)


def _parse(entry: dict[str, Any]) -> SubmissionGrade:
    questions = tuple(
        QuestionGrade(**{**question, "messages": tuple(question["messages"])}) for question in entry["questions"]
    )
    rest: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}
    return SubmissionGrade(**(rest | {"questions": questions}))
