"""Create matplotlib figures without a display, and save them as PNG files.

Matplotlib takes half a second to import, so the modules of this package import it where they draw.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from learning_reid.io.atomic_write import atomic_write

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def create_figure(
    width: float, height: float, dpi: int = 110, layout: Literal["constrained", "none"] = "none"
) -> Figure:
    """Create a white figure that belongs to no window.

    Args:
        width, height: Inches.
        dpi: Pixels for each inch.
        layout: "none" leaves the margins as they are set, whatever the style of a notebook says.
    """
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=dpi, facecolor="white", layout=layout)


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure to a PNG file, with file and person names drawn literally: `$` does not start a formula.

    Raises:
        UserError: The file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        text.set_parse_math(False)  # type: ignore[attr-defined]
    with atomic_write(path) as temporary, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")  # drawn as a box
        FigureCanvasAgg(figure).print_png(temporary)
