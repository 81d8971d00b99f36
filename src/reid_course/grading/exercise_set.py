"""An exercise set as otter packs it for grading: questions with tests and points, and files."""

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
    """Content of an autograder zip.

    Attributes:
        name: Name of the set, such as "01_distances".
        tests: Text of the test file of each question.
        files: Files that belong to the notebook, by path.
    """

    name: str
    tests: dict[str, str]
    files: dict[str, bytes]

    @cached_property
    def _parsed(self) -> dict[str, Any]:
        from otter.test_files.exception_test import ExceptionTestFile

        return {question: ExceptionTestFile.from_string(source) for question, source in self.tests.items()}

    def hidden(self, question: str) -> list[bool]:
        """Return for each test of a question whether students cannot see it."""
        return [case.hidden for case in self._parsed[question].test_cases]

    def possible(self, question: str) -> float:
        """Return the points of a question."""
        return float(self._parsed[question].possible)

    def points(self, question: str, passed: Sequence[bool]) -> float:
        """Compute the points reached, by otter's own rules.

        Args:
            question: Name of the question.
            passed: Whether each of its tests passed; empty if the tests did not run.
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
    """Read the exercise sets of a folder, by name.

    Args:
        folder: Folder of otter's autograder zips, NAME.zip each.

    Raises:
        UserError: There is no set, or one cannot be read.
    """
    sets = {file.stem: read_set(file) for file in sorted(folder.glob("*.zip"))}
    if not sets:
        raise UserError(f"{folder}: no exercise sets; build them first: make exercises")
    return sets


def read_set(file: Path) -> ExerciseSet:
    """Read one exercise set.

    Raises:
        UserError: The file is no autograder zip of otter, or its tests are not exception-based.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            tests = {
                Path(name).stem: archive.read(name).decode()
                for name in sorted(archive.namelist())
                if name.startswith("tests/") and name.endswith(".py")
            }
            files = {
                name.removeprefix("files/"): archive.read(name)
                for name in archive.namelist()
                if name.startswith("files/") and not name.endswith("/")
            }
            json.loads(archive.read("otter_config.json"))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as error:
        raise UserError(f"{file} is no autograder zip of otter ({error}); build it again: make exercises") from None
    if not tests or any("OK_FORMAT = False" not in source for source in tests.values()):
        raise UserError(f"{file}: its tests must be exception-based (`ok_format: false`)")
    return ExerciseSet(file.stem, tests, files)
