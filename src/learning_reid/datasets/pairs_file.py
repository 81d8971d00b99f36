"""Pairs from a table of your own: `a,b[,same]`, where `same` is yes, no or empty."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from learning_reid.datasets.pairs import ChosenPairs, Pair, same_person
from learning_reid.errors import UserError, did_you_mean

_ANSWERS = {"yes": True, "no": False}
_FORM = "the first line must be a,b or a,b,same"


def read_pairs(file: Path, pictures: Sequence[Path]) -> ChosenPairs:
    """Read the pairs of a CSV file.

    A picture is called by its file name, or by a path that counts from the table's folder or from here. Where `same`
    is empty, names in the manner of Market-1501 tell whether two pictures show one person.

    Args:
        file: the table; other columns are not read.
        pictures: those that may be paired.

    Raises:
        UserError: no such file, a column is missing, no rows, a picture that is not there, or another answer.
    """
    pairs = [_pair(file, line, row, pictures) for line, row in _rows(file)]
    if not pairs:
        raise UserError(f"{file} names no pairs; write a line for each: two pictures, and yes, no or nothing")
    return ChosenPairs(pairs, f"those of {file.name}")


def _rows(file: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """The number of each line and its values by column; empty lines are passed over."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            rows = csv.reader(stream, delimiter=next((mark for mark in (",", ";", "\t") if mark in first), ","))
            header = [name.strip().lower() for name in next(rows, [])]
            missing = [name for name in ("a", "b") if name not in header]
            if missing:
                raise UserError(f"{file} has no column {' and no column '.join(missing)}; {_FORM}")
            for row in rows:
                if any(value.strip() for value in row):
                    yield rows.line_num, dict(zip(header, (value.strip() for value in row), strict=False))
    except (UnicodeDecodeError, csv.Error):
        raise UserError(f"{file} is no CSV file; {_FORM}") from None
    except OSError as problem:
        raise UserError(f"{file} cannot be read ({(problem.strerror or '').lower()}); name a CSV file") from None


def _pair(file: Path, line: int, row: dict[str, str], pictures: Sequence[Path]) -> Pair:
    first, second = (_picture(file, line, row.get(column, ""), pictures) for column in ("a", "b"))
    if first == second:
        raise UserError(f"{file}, line {line}: {first.name} with itself is no pair; name another picture")
    answer = row.get("same", "").lower()
    if answer and answer not in _ANSWERS:
        raise UserError(f"{file}, line {line}: same is {answer!r}; write yes, no or nothing")
    return Pair(first, second, _ANSWERS[answer] if answer else same_person(first, second))


def _picture(file: Path, line: int, written: str, pictures: Sequence[Path]) -> Path:
    """The one picture that is meant."""
    if not written:
        raise UserError(f"{file}, line {line}: a pair needs two pictures, in the columns a and b")
    places = {(file.parent / written).resolve(), Path(written).expanduser().resolve()}
    meant = [picture for picture in pictures if picture.resolve() in places]
    meant = meant or [picture for picture in pictures if picture.name == written]
    if not meant:
        guess = did_you_mean(written, [picture.name for picture in pictures])
        raise UserError(f"{file}, line {line}: {written} is none of the pictures of --images; {guess}")
    if len(meant) > 1:
        raise UserError(f"{file}, line {line}: several pictures are called {written}; write its path")
    return meant[0]
