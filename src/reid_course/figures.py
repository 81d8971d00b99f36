"""Figures in notebooks: one plot style, small files, and alternative texts."""

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from learning_reid.visualization.crop_grid import CORRECT, INCORRECT, NEUTRAL, show_crop

COLORS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000")  # color-blind safe: Okabe, Ito
STYLE: dict[Any, Any] = {
    "figure.dpi": 150,
    "figure.figsize": (7.0, 3.5),
    "figure.constrained_layout.use": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "axes.prop_cycle": plt.cycler(color=COLORS),
    "image.cmap": "viridis",
    "font.size": 10,
}
_PIXELS_PER_INCH = 100  # on screen; the image has more, for sharp screens
_CROP_WIDTH = 1.05  # inches, with margins: a crop is at least 96 pixels wide on screen
_JPEG_QUALITY = 82


def use_plot_style() -> None:
    """Draw all further figures in the style of the lessons."""
    plt.rcParams.update(STYLE)


def show(figure: Figure, caption: str) -> None:
    """Show a figure and close it.

    The image is stored as PNG or JPEG, whichever is smaller, to keep notebooks small.

    Args:
        figure: The figure.
        caption: What the figure shows: the alternative text for screen readers, also printed below it.
    """
    from IPython.display import Markdown, display

    data = encode_figure(figure)
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    width = round(figure.get_figwidth() * _PIXELS_PER_INCH)
    plt.close(figure)
    bundle = {kind: base64.b64encode(data).decode(), "text/plain": caption}
    display(bundle, raw=True, metadata={kind: {"alt": caption, "width": width}})
    display(Markdown(f"*{caption}*"))


def show_image(image: np.ndarray, caption: str, width: float = 7.0) -> None:
    """Show an image without axes.

    Args:
        image: (h, w, 3) uint8 RGB, or float from 0 to 1.
        caption: See `show`.
        width: Inches; 100 pixels each on screen.
    """
    size = (width, width * image.shape[0] / image.shape[1])
    figure = plt.figure(figsize=size, dpi=_PIXELS_PER_INCH, layout="none")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.imshow(image)
    axes.set_axis_off()
    show(figure, caption)


def encode_figure(figure: Figure) -> bytes:
    """Return the figure as PNG with few colors or as JPEG, whichever is smaller."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    image = Image.open(buffer).convert("RGB")
    files = []
    for kind, version, options in (
        ("PNG", image.quantize(128), {"optimize": True}),
        ("JPEG", image, {"quality": _JPEG_QUALITY}),
    ):
        out = io.BytesIO()
        version.save(out, kind, **options)
        files.append(out.getvalue())
    return min(files, key=len)


def show_crops(
    rows: Sequence[Sequence[np.ndarray]],
    caption: str,
    titles: Sequence[Sequence[str]] | None = None,
    correct: Sequence[Sequence[bool | None]] | None = None,
    ratio: float = 2.0,
) -> None:
    """Show crops in a grid.

    Args:
        rows: (h, w, 3) uint8 RGB crops, row by row; rows may differ in length.
        caption: See `show`.
        titles: A short title above each crop.
        correct: Color of each frame: True = green, False = orange, None = grey.
        ratio: Height over width: 2 for people, 1 for faces.
    """
    columns = max(len(row) for row in rows)
    figure, cells = plt.subplots(
        len(rows),
        columns,
        figsize=(_CROP_WIDTH * columns, (_CROP_WIDTH * ratio + 0.25 * bool(titles)) * len(rows)),
        squeeze=False,
        dpi=_PIXELS_PER_INCH,  # crops have few pixels of their own
    )
    for number, (row, line) in enumerate(zip(rows, cells, strict=True)):
        for column, cell in enumerate(line):
            if column >= len(row):
                cell.set_axis_off()
                continue
            mark = correct[number][column] if correct else None
            color = NEUTRAL if mark is None else CORRECT if mark else INCORRECT
            show_crop(cell, row[column], color, ratio=ratio)
            cell.grid(False)
            for side in cell.spines.values():
                side.set_visible(True)
            if titles:
                cell.set_title(titles[number][column], fontsize=8)
    show(figure, caption)
