"""A set of exercises as otter packs it for the one who marks: questions with tests and points, and files."""

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError


@dataclass(frozen=True)
class ExerciseSet:
    """What NAME.zip holds.

    Attributes:
        name: such as "01_distances".
        tests: by question, its file of tests.
        files: what is handed out with the notebook, by path.
    """

    name: str
    tests: dict[str, str]
    files: dict[str, bytes]

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        from otter.test_files.exception_test import ExceptionTestFile

        return {question: ExceptionTestFile.from_string(source) for question, source in self.tests.items()}

    def hidden(self, question: str) -> list[bool]:
        """For each test of a question, whether students have not seen it."""
        return [case.hidden for case in self._parsed[question].test_cases]

    def possible(self, question: str) -> float:
        """The points of a question."""
        return float(self._parsed[question].possible)

    def points(self, question: str, passed: Sequence[bool]) -> float:
        """The points reached, by otter's own rules.

        Args:
            question: its name.
            passed: for each of its tests; none at all where the question was not reached.
        """
        from otter.test_files.abstract_test import TestCaseResult

        file = self._parsed[question]
        if len(passed) != len(file.test_cases):
            return 0.0
        file.test_case_results = [
            TestCaseResult(test_case=case, message=None, passed=ok)
            for case, ok in zip(file.test_cases, passed, strict=True)
        ]
        return float(file.score)


def read_sets(folder: Path) -> dict[str, ExerciseSet]:
    """The sets of a folder, by name.

    Args:
        folder: with otter's autograder zips, NAME.zip each.

    Raises:
        UserError: there is none, or one cannot be read.
    """
    sets = {file.stem: read_set(file) for file in sorted(folder.glob("*.zip"))}
    if not sets:
        raise UserError(f"{folder}: no set of exercises there; build them first: .venv/bin/python tools/exercises.py")
    return sets


def read_set(file: Path) -> ExerciseSet:
    """One set.

    Raises:
        UserError: it is no zip of otter's, or its tests are not of otter's exception-based kind.
    """
    try:
        with zipfile.ZipFile(file) as pack:
            tests = {
                Path(name).stem: pack.read(name).decode()
                for name in sorted(pack.namelist())
                if name.startswith("tests/") and name.endswith(".py")
            }
            files = {
                name.removeprefix("files/"): pack.read(name)
                for name in pack.namelist()
                if name.startswith("files/") and not name.endswith("/")
            }
            json.loads(pack.read("otter_config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UserError(f"{file} is no autograder of otter ({error}); build it again with tools/exercises.py") from None
    if not tests or any("OK_FORMAT = False" not in source for source in tests.values()):
        raise UserError(f"{file}: its tests have to be exception-based (`ok_format: false`)")
    return ExerciseSet(file.stem, tests, files)
