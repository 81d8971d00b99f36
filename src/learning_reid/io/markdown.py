"""Markdown tables that are aligned for the terminal, and number formats."""

import math
from collections.abc import Sequence


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Format a table with padded columns: the first is left-aligned, the others right-aligned.

    >>> print(markdown_table(["", "mAP"], [["plain", "46.7"], ["re-ranked", "51.0"]]))
    |           |  mAP |
    |:----------|-----:|
    | plain     | 46.7 |
    | re-ranked | 51.0 |
    """
    escaped = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*escaped, strict=True)]
    lines = [_line(row, widths) for row in escaped]
    lines.insert(1, "|" + "|".join(_rule(column, width) for column, width in enumerate(widths)) + "|")
    return "\n".join(lines)


def percent(fraction: float) -> str:
    """Format a fraction as percent with one decimal; NaN becomes a dash.

    >>> percent(0.4666), percent(float("nan"))
    ('46.7', '–')
    """
    return "–" if math.isnan(fraction) else f"{100 * fraction:.1f}"


def signed(fraction: float) -> str:
    """Format a difference of two fractions in percentage points, with its sign.

    >>> signed(0.0944), signed(-1e-9)
    ('+9.4', '+0.0')
    """
    return f"{round(100 * fraction, 1) + 0.0:+.1f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if column == 0 else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"


def _rule(column: int, width: int) -> str:
    return ":" + "-" * (width + 1) if column == 0 else "-" * (width + 1) + ":"
