"""Problems found in a dataset: collected while it is read or checked, and reported together."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from learning_reid.errors import UserError

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
MAX_EXAMPLES = 3


class WrongLayout(UserError):
    """The folder has another layout than the requested one; `open_dataset` adds which one it looks like."""


@dataclass(frozen=True)
class Finding:
    """One kind of problem."""

    code: str  #: Short name for programs ("unreadable")
    #: "error": results on this data would be wrong; "warning": results are valid but easily misread; "note": for
    #: information
    severity: Severity
    what: str  #: What was found, in the plural ("files that cannot be read"), or a clause if `count` is 0
    advice: str  #: What to do about it
    count: int = 0  #: Number of cases; 0 if the problem is not countable
    examples: tuple[str, ...] = ()  #: At most three

    def sentence(self) -> str:
        """Return the finding in one line.

        >>> Finding("empty", "error", "empty files", "copy them again", 2, ("a.jpg", "b.jpg")).sentence()
        'empty files: 2, such as a.jpg; copy them again'
        """
        number = f": {self.count:,}" if self.count else ""
        example = f", such as {self.examples[0]}" if self.examples else ""
        return f"{self.what}{number}{example}; {self.advice}"


class Findings:
    """A growing list of findings; equal ones are counted together."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Finding] = {}

    def add(
        self, code: str, severity: Severity, what: str, advice: str, example: str | None = None, count: int = 1
    ) -> None:
        """Add `count` cases of the problem with this `code` and `what`."""
        before = self._all.get((code, what), Finding(code, severity, what, advice))
        examples = before.examples
        if example is not None and len(examples) < MAX_EXAMPLES:
            examples = (*examples, _printable(example))
        self._all[code, what] = Finding(code, severity, what, advice, before.count + count, examples)

    def __iter__(self) -> Iterator[Finding]:
        """Iterate over errors, then warnings, then notes, each in the order in which they were found."""
        return iter(sorted(self._all.values(), key=lambda finding: SEVERITIES.index(finding.severity)))


def raise_first_error(root: Path, found: Findings) -> None:
    """Raise a UserError with the first finding of severity "error", if there is one."""
    for finding in found:
        if finding.severity == "error":
            raise UserError(f"{root}: {finding.sentence()}")


def _printable(text: str) -> str:
    """Replace line breaks and undecodable bytes of file names, which would break the lines of a report."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
