"""Pictures in notebooks: one style, small files, and words for those who cannot see them."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image as Picture

from learning_reid.visualization.crop_grid import CORRECT, NEUTRAL, INCORRECT, show_crop

COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000")  # Okabe and Ito, safe for all
STYLE: dict[Any, Any] = {
    "figure.dpi": 80,
    "figure.figsize": (7.0, 3.5),
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "image.cmap": "viridis",
    "font.size": 10,
}
_QUALITY = 82


def use_plot_style() -> None:
    """Draw every figure from here on in the project's style."""
    plt.rcParams.update(STYLE)


def show(figure: Figure, words: str) -> None:
    """Show a figure and close it.

    It is kept as whichever of PNG and JPEG is smaller, so that a notebook stays light.

    Args:
        figure: what to show.
        words: what is to be seen: read out by a screen reader, and written under the picture.
    """
    from IPython.display import Markdown, display

    data = smallest(figure)
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    width = round(figure.get_figwidth() * figure.dpi)
    plt.close(figure)
    picture = {kind: base64.b64encode(data).decode(), "text/plain": words}
    display(picture, raw=True, metadata={kind: {"alt": words, "width": width}})
    display(Markdown(f"*{words}*"))


def smallest(figure: Figure) -> bytes:
    """The figure as PNG with few colours, or as JPEG: the smaller one."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    picture = Picture.open(buffer).convert("RGB")
    files = []
    for kind, image, options in (
        ("PNG", picture.quantize(128), {"optimize": True}),
        ("JPEG", picture, {"quality": _QUALITY}),
    ):
        out = io.BytesIO()
        image.save(out, kind, **options)
        files.append(out.getvalue())
    return min(files, key=len)


def show_crops(
    rows: Sequence[Sequence[np.ndarray]],
    words: str,
    titles: Sequence[Sequence[str]] | None = None,
    right: Sequence[Sequence[bool | None]] | None = None,
    ratio: float = 2.0,
) -> None:
    """Show crops in a grid.

    Args:
        rows: crops (h, w, 3) uint8 RGB, row by row; rows may differ in length.
        words: see `show`.
        titles: a few characters above each crop.
        right: True draws a green frame, False an orange one, None a grey one.
        ratio: height over width: 2 for people, 1 for faces.
    """
    columns = max(len(row) for row in rows)
    figure, cells = plt.subplots(
        len(rows),
        columns,
        figsize=(0.85 * columns, (0.8 * ratio + 0.25 * bool(titles)) * len(rows)),
        squeeze=False,
    )
    for number, (row, line) in enumerate(zip(rows, cells, strict=True)):
        for column, cell in enumerate(line):
            if column >= len(row):
                cell.set_axis_off()
                continue
            answer = right[number][column] if right else None
            colour = NEUTRAL if answer is None else CORRECT if answer else INCORRECT
            show_crop(cell, row[column], colour, ratio=ratio)
            cell.grid(False)
            for side in cell.spines.values():
                side.set_visible(True)
            if titles:
                cell.set_title(titles[number][column], fontsize=8)
    show(figure, words)
