"""Create matplotlib figures without a display, and save them as PNG files.

Matplotlib takes half a second to import, so the modules of this package import it where they draw.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.file_names import escape_surrogates

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def create_figure(
    width: float, height: float, dpi: int = 110, layout: Literal["constrained", "none"] = "none"
) -> Figure:
    """Create a white figure that belongs to no window.

    Args:
        width, height: Inches.
        dpi: Pixels for each inch.
        layout: "none" keeps the margins as they are set, even if a notebook's style changes them.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=dpi, facecolor="white", layout=layout)  # type: ignore[arg-type]


class Page:
    """A figure whose parts are placed in inches from its top left corner.

    Args:
        width, height: Inches.
        dpi: Pixels for each inch.
    """

    def __init__(self, width: float, height: float, dpi: int = 110) -> None:
        self.width, self.height = width, height
        self.figure = create_figure(width, height, dpi)

    def place(self, left: float, top: float) -> tuple[float, float]:
        """Return a point in matplotlib's figure coordinates."""
        return left / self.width, 1 - top / self.height

    def add_axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Add axes that fill a rectangle."""
        return self.figure.add_axes((*self.place(left, top + height), width / self.width, height / self.height))

    def write(self, left: float, top: float, text: str, **style: Any) -> None:
        """Write text; `style` is for `Figure.text`."""
        self.figure.text(*self.place(left, top), text, **style)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a PNG file, with file and person names drawn literally: `$` does not start a formula.

    Raises:
        UserError: The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)
        text.set_text(escape_surrogates(text.get_text()))
    with atomic_write(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # drawn as a box
        FigureCanvasAgg(figure).print_png(temporary)


def shorten(text: str, max_length: int) -> str:
    """Cut a text that is too long and mark it with an ellipsis.

    >>> shorten("0002_c1s1_000451_03.jpg", 16)
    '0002_c1s1_00045…'
    """
    return text if len(text) <= max_length else f"{text[: max_length - 1]}…"
