"""What is odd about a data set: collected while it is read or examined, told afterwards, all of it at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from learning_reid.errors import UserError

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
EXAMPLES = 3  # enough to see what is meant; the count says how much more there is


class WrongLayout(UserError):
    """The place holds another layout than the one that was asked for; the registry adds which it looks like."""


@dataclass(frozen=True)
class Finding:
    """One kind of oddity.

    Attributes:
        code: a short name for programs ("unreadable").
        severity: "error": no figure from this data can be trusted; "warning": figures hold, but mean less than it
            seems; "note": good to know.
        what: what was found, in the plural ("files that cannot be read"), or a whole sentence where `count` is 0.
        advice: what to do about it.
        count: how often; 0 where counting says nothing.
        examples: at most three.
    """

    code: str
    severity: Severity
    what: str
    advice: str
    count: int = 0
    examples: tuple[str, ...] = ()

    def sentence(self) -> str:
        """All of it in one line.

        >>> Finding("empty", "error", "empty files", "copy them again", 2, ("a.jpg", "b.jpg")).sentence()
        'empty files: 2, such as a.jpg; copy them again'
        """
        number = f": {self.count:,}" if self.count else ""
        example = f", such as {self.examples[0]}" if self.examples else ""
        return f"{self.what}{number}{example}; {self.advice}"


def printable(text: str) -> str:
    """File names may hold line ends, or bytes that are no text: neither may break a line of the report.

    >>> printable("a\\nb.jpg")
    'a?b.jpg'
    """
    return "".join(letter if letter.isprintable() else "?" for letter in text)


class Findings:
    """A growing list of findings; equal ones are counted together."""

    def __init__(self) -> None:
        self._all: dict[tuple[str, str], Finding] = {}

    def add(
        self, code: str, severity: Severity, what: str, advice: str, example: str | None = None, count: int = 1
    ) -> None:
        """Note one more case (or `count` more) of what `code` and `what` name."""
        before = self._all.get((code, what), Finding(code, severity, what, advice))
        examples = before.examples
        if example is not None and len(examples) < EXAMPLES:
            examples = (*examples, printable(example))
        self._all[code, what] = Finding(code, severity, what, advice, before.count + count, examples)

    def __iter__(self) -> Iterator[Finding]:
        """The gravest first, otherwise as they were found."""
        return iter(sorted(self._all.values(), key=lambda finding: SEVERITIES.index(finding.severity)))

    def __len__(self) -> int:
        return len(self._all)
