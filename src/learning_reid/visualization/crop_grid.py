"""Crops with colored frames, and grids of them: one row for each query, with its matches beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from learning_reid.visualization.figures import create_figure, save_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CORRECT, INCORRECT, NEUTRAL = "#009e73", "#d55e00", "#9aa0a6"  # green and vermilion of Okabe and Ito; gray
QUERY = "#e69f00"
_FAINT = 0.7  # share of a faint crop that is not white


@dataclass(frozen=True, eq=False)
class CropCell:
    """One crop of a grid."""

    crop: np.ndarray  #: (h, w, 3) uint8, RGB
    color: str  #: Of its frame
    title: str = ""  #: Text above it
    caption: str = ""  #: Text below it
    caption_color: str = "black"  #: Of that text
    bold: bool = False  #: Whether the texts are bold
    faint: bool = False  #: Draw the crop without most of its color, for a rejected match


def show_crop(ax: Axes, crop: np.ndarray, color: str, faint: bool = False, ratio: float = 2.0) -> None:
    """Draw a crop into axes of one shape, whatever the crop's own shape.

    Args:
        ax: The axes.
        crop: (h, w, 3) uint8, RGB.
        color: Of the frame.
        faint: Draw the crop gray and lighter.
        ratio: Height of the axes over their width.
    """
    height, width = crop.shape[:2]
    if faint:
        gray = crop.mean(axis=2, keepdims=True)
        crop = (_FAINT * (0.25 * crop + 0.75 * gray) + (1 - _FAINT) * 255).astype(np.uint8)
    ax.imshow(crop, extent=(0, width, height, 0))
    spare_x, spare_y = max(0.0, height / ratio - width) / 2, max(0.0, ratio * width - height) / 2
    ax.set(xlim=(-spare_x, width + spare_x), ylim=(height + spare_y, -spare_y), xticks=[], yticks=[])
    ax.set_facecolor("#f1f3f4")
    for spine in ax.spines.values():
        spine.set(color=color, linewidth=3)


def draw_crop_grid(figure: Figure, rows: Sequence[Sequence[CropCell]], num_columns: int, **subplots: Any) -> None:
    """Fill a figure with rows of crops; a row may be shorter than `num_columns`.

    Args:
        figure: An empty figure.
        rows: The crops, at least one row.
        num_columns: Length of the longest row.
        **subplots: For `Figure.subplots`, such as `width_ratios`.
    """
    grid = figure.subplots(len(rows), num_columns, squeeze=False, **subplots)
    for axes, cells in zip(grid, rows, strict=True):
        for ax, cell in zip(axes, cells, strict=False):
            weight = "bold" if cell.bold else "normal"
            show_crop(ax, cell.crop, cell.color, cell.faint)
            ax.set_title(cell.title, fontsize=9, fontweight=weight)
            ax.set_xlabel(cell.caption, fontsize=9, fontweight=weight, color=cell.caption_color)
        for ax in axes[len(cells) :]:
            ax.axis("off")


def save_ranked_crops(
    path: Path,
    rows: Sequence[Sequence[CropCell]],
    num_columns: int,
    title: str,
    note: str,
    dpi: int = 110,
    **subplots: Any,
) -> None:
    """Save a grid of crops with a title and a line of explanation above it, as for `draw_crop_grid`."""
    height = 2.75 * len(rows) + 0.9  # inches
    figure = create_figure(1.25 * num_columns + 0.5, height, dpi)
    draw_crop_grid(figure, rows, num_columns, **subplots)
    figure.text(0.012, 1 - 0.16 / height, title, fontsize=13, fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.42 / height, note, fontsize=9, va="top", color="#444444")
    figure.subplots_adjust(left=0.012, right=0.99, wspace=0.12, hspace=0.38, top=1 - 1.0 / height, bottom=0.47 / height)
    save_figure(figure, path)
