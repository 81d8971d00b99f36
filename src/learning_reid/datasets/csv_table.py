"""Read the rows of a CSV file with named columns, as spreadsheets of any language write it."""

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from learning_reid.errors import UserError

MAX_COLUMNS_LISTED = 12


@dataclass(frozen=True)
class CsvRow:
    """One row of a table.

    `row["name"]` is the value without spaces around it; "" if the column or the value is missing.
    """

    line: int  #: Line number in the file, from 1
    values: dict[str, str]  #: Lower-case column name → value
    is_complete: bool  #: Whether there are as many values as columns

    def __getitem__(self, column: str) -> str:
        return self.values.get(column, "").strip()


def read_rows(file: Path, required: Sequence[str], expected: str) -> Iterator[CsvRow]:
    """Yield the rows that are not empty; the separator may be a comma, a semicolon or a tab.

    The first line of the file names the columns. `expected` describes the form of the file in messages.

    Raises:
        UserError: The file cannot be read, is not a CSV file, or one of the `required` columns is missing.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as stream:
            first = stream.readline()
            stream.seek(0)
            rows = csv.reader(stream, delimiter=next((mark for mark in (",", ";", "\t") if mark in first), ","))
            header = [name.strip() for name in next(rows, [])]
            columns = [name.lower() for name in header]
            if missing := [name for name in required if name not in columns]:
                listed = ", ".join(name[:40] for name in header[:MAX_COLUMNS_LISTED]) or "none, it is empty"
                raise UserError(
                    f"{file} has no column {' and no column '.join(missing)} (its columns: {listed}); {expected}"
                )
            for values in rows:
                if any(value.strip() for value in values):  # spreadsheets often end with rows of commas only
                    by_column = dict(zip(columns, values, strict=False))
                    yield CsvRow(rows.line_num, by_column, len(values) == len(columns))
    except UnicodeDecodeError:
        raise UserError(f'{file} is not UTF-8 text; save it as "CSV UTF-8"') from None
    except csv.Error as error:
        raise UserError(f"{file} is not a CSV file ({error}); {expected}") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read ({(error.strerror or '').lower()}); name a CSV file") from None
