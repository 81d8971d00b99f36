"""From a matplotlib figure to a PNG file, replaced whole or not at all."""

import warnings
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from src.report.files import replacing


def save_figure(figure: Figure, path: Path) -> None:
    """Write or replace the PNG file; a letter that no font here has is drawn as a box, and not complained about."""
    with replacing(path) as part, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        FigureCanvasAgg(figure).print_png(part)
