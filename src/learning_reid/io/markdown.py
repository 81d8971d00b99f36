"""Tables that read well in a terminal and are Markdown at the same time."""

import math
from collections.abc import Sequence


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table with padded columns; the first to the left, all others to the right.

    >>> print(markdown_table(["", "mAP"], [["plain", "46.7"], ["re-ranked", "51.0"]]))
    |           |  mAP |
    |:----------|-----:|
    | plain     | 46.7 |
    | re-ranked | 51.0 |
    """
    clean = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*clean, strict=True)]
    lines = [_line(row, widths) for row in clean]
    lines.insert(1, "|" + "|".join(_rule(place, width) for place, width in enumerate(widths)) + "|")
    return "\n".join(lines)


def percent(share: float) -> str:
    """A share as percent with one decimal; a dash for what could not be computed.

    >>> percent(0.4666), percent(float("nan"))
    ('46.7', '–')
    """
    return "–" if math.isnan(share) else f"{100 * share:.1f}"


def signed(share: float) -> str:
    """A difference of shares in percent points, with its sign.

    >>> signed(0.0944), signed(-1e-9)
    ('+9.4', '+0.0')
    """
    return f"{round(100 * share, 1) + 0.0:+.1f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [
        cell.ljust(width) if place == 0 else cell.rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(cells)} |"


def _rule(place: int, width: int) -> str:
    return ":" + "-" * (width + 1) if place == 0 else "-" * (width + 1) + ":"
