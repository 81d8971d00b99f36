"""From a matplotlib figure to a PNG file, replaced whole or not at all."""

import warnings
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write


def save_figure(figure: Figure, path: Path) -> None:
    """Write or replace the PNG file.

    Names are drawn as they are: `$` begins no formula, and a letter that no font here has is a box without complaint.

    Raises:
        UserError: the file cannot be written.
    """
    for text in figure.findobj(Text):
        text.set_parse_math(False)
    try:
        with atomic_write(path) as part, warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph .* missing from")
            FigureCanvasAgg(figure).print_png(part)
    except OSError as problem:
        raise UserError(f"{path} cannot be written ({problem.strerror}); make room, or name another place") from None
