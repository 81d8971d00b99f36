"""Plot a similarity table: the image pairs, their similarity under each network, and the margins."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from learning_reid.datasets.images import open_image
from learning_reid.datasets.pairs import ImagePair
from learning_reid.visualization.crop_grid import CORRECT, INCORRECT, NEUTRAL, show_crop
from learning_reid.visualization.figures import Page, save_figure, shorten
from learning_reid.visualization.similarity_table import WORDS, SimilarityTable, signed_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_PAIRS_SHOWN = 28  # with more pairs, only the points are drawn
_COLORS = {True: CORRECT, False: INCORRECT, None: NEUTRAL}
_MARKERS = {True: "o", False: "D", None: "s"}
_TITLES = {
    "cosine": "Cosine similarity",
    "euclidean": "Euclidean distance (small = alike)",
    "bounded": "1 / (1 + Euclidean distance)",
}
_CELL, _ROW, _CROP, _GAP = 0.92, 0.42, 0.96, 0.05  # inches: width of a pair, height of a row, height of a crop
_POINTS, _MARGIN_COLUMN, _BORDER = 4.2, 0.75, 0.25  # inches: widths of the points, of the margins, of the border
_HEADING, _FOOTER = 1.2, 0.7  # inches: above the crops, below the rows
_MAX_LABEL = 32  # characters of a network's label
_NOTE = "ends of the band: the two pairs that define the margin"


def draw_similarity_table(path: Path, table: SimilarityTable, measure: str) -> None:
    """Draw the pairs above a heat map of their similarities, and beside it each network's pairs as points.

    Darker cells are more similar; the two pairs that define the margin are framed.

    Args:
        path: PNG file to write.
        table: At least one network and one pair.
        measure: A name of `MEASURES`.

    Raises:
        UserError: The file cannot be written, or an image cannot be read.
    """
    layout = _Layout(table)
    page = layout.page
    page.write(_BORDER, 0.42, _title(table, measure), fontsize=13, fontweight="bold", va="bottom")
    _draw_legend(page, table)
    if not all(np.isnan(table.margin(label, measure)) for label in table.measured):
        note = f"frames and {_NOTE}" if layout.num_cells else _NOTE
        page.write(_BORDER, 0.78, note, fontsize=9, color="#5f6368", va="top")
    if layout.num_cells:
        for column, pair in enumerate(table.chosen.pairs):
            _draw_pair(layout, column, pair)
        heat_map = page.add_axes(layout.cells_left, layout.top, layout.num_cells * _CELL, layout.rows_height)
        _draw_heat_map(heat_map, table, measure)
    points = page.add_axes(layout.points_left, layout.top, _POINTS, layout.rows_height)
    _draw_points(points, table, measure)
    points.set_xlabel(_TITLES[measure], fontsize=9)
    if not layout.num_cells:
        _label_rows(points, table)
    save_figure(page.figure, path)


class _Layout:
    """Positions in inches from the top left corner."""

    def __init__(self, table: SimilarityTable) -> None:
        num_pairs = len(table.same)
        self.num_cells = num_pairs if num_pairs <= MAX_PAIRS_SHOWN else 0
        longest_label = max(len(shorten(label, _MAX_LABEL)) for label in table.measured)
        self.cells_left = _BORDER + 0.09 * longest_label + 0.15
        self.points_left = self.cells_left + self.num_cells * _CELL + (0.35 if self.num_cells else 0)
        self.top = _HEADING + (_CROP + 0.35 if self.num_cells else 0)
        self.rows_height = len(table.measured) * _ROW
        width = self.points_left + _POINTS + _MARGIN_COLUMN + _BORDER
        self.page = Page(width, self.top + self.rows_height + _FOOTER)


def _title(table: SimilarityTable, measure: str) -> str:
    networks = f"{len(table.measured)} network" + ("s" if len(table.measured) > 1 else "")
    pairs = f"{len(table.same)} pair" + ("s" if len(table.same) > 1 else "")
    return f"{_TITLES[measure].partition(' (small')[0]}: {pairs}, {networks}"


def _draw_legend(page: Page, table: SimilarityTable) -> None:
    from matplotlib.patches import Patch

    names = {True: "same person", False: "different persons", None: "unknown"}
    patches = [Patch(color=_COLORS[same], label=name) for same, name in names.items() if same in table.same]
    page.figure.legend(
        handles=patches, loc="upper left", bbox_to_anchor=page.place(_BORDER, 0.5), ncols=3, frameon=False, fontsize=9,
        borderaxespad=0, borderpad=0, handlelength=1.0, handleheight=0.9,
    )  # fmt: skip


def _draw_pair(layout: _Layout, column: int, pair: ImagePair) -> None:
    """Draw two crops side by side, framed by the expected result, and the number of the pair."""
    width = (_CELL - 3 * _GAP) / 2
    for index, image in enumerate((pair.first, pair.second)):
        left = layout.cells_left + column * _CELL + _GAP + index * (width + _GAP)
        ax = layout.page.add_axes(left, _HEADING, width, _CROP)
        show_crop(ax, open_image(image), _COLORS[pair.same], ratio=_CROP / width)
        for spine in ax.spines.values():
            spine.set_linewidth(2)
    layout.page.write(
        layout.cells_left + (column + 0.5) * _CELL, _HEADING + _CROP + 0.2, f"{column + 1} {WORDS[pair.same]}",
        ha="center", va="center", fontsize=8, color=_COLORS[pair.same], fontweight="bold",
    )  # fmt: skip


def _draw_heat_map(ax: Axes, table: SimilarityTable, measure: str) -> None:
    from matplotlib import colormaps
    from matplotlib.patches import Rectangle

    values = np.array([table.values(label, measure) for label in table.measured])  # (networks, pairs)
    num_rows, num_columns = values.shape
    color_map = colormaps["Blues_r" if measure == "euclidean" else "Blues"]
    low, high = float(values.min()), float(values.max())
    spread = max(high - low, 1e-9)
    ax.imshow(values, cmap=color_map, vmin=low - 0.1 * spread, vmax=high + 0.1 * spread, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        fraction = (value - low) / spread
        dark = (1 - fraction if measure == "euclidean" else fraction) > 0.6
        ax.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=9, color="white" if dark else "black")
    for row, of_network in enumerate(values):
        for column in _margin_pairs(of_network, table.same, measure):
            corner, color = (column - 0.46, row - 0.43), _COLORS[table.same[column]]
            ax.add_patch(Rectangle(corner, 0.92, 0.86, fill=False, edgecolor=color, linewidth=2.5, zorder=3))
    ax.hlines(np.arange(1, num_rows) - 0.5, -0.5, num_columns - 0.5, color="white", linewidth=2)
    ax.vlines(np.arange(1, num_columns) - 0.5, -0.5, num_rows - 0.5, color="white", linewidth=2)
    ax.set(xticks=[], xlim=(-0.5, num_columns - 0.5), ylim=(num_rows - 0.5, -0.5))
    _label_rows(ax, table)
    for spine in ax.spines.values():
        spine.set_visible(False)


def _margin_pairs(values: np.ndarray, same: list[bool | None], measure: str) -> list[int]:
    """Return the least similar same-person pair and the most similar different-person pair."""
    similarity = -values if measure == "euclidean" else values
    genuine, impostor = ([i for i, known in enumerate(same) if known is kind] for kind in (True, False))
    if not genuine or not impostor:
        return []
    return [min(genuine, key=lambda i: similarity[i]), max(impostor, key=lambda i: similarity[i])]


def _draw_points(ax: Axes, table: SimilarityTable, measure: str) -> None:
    for row, label in enumerate(table.measured):
        values = table.values(label, measure)
        margin = table.margin(label, measure)
        ends = [values[column] for column in _margin_pairs(values, table.same, measure)]
        color = CORRECT if margin > 0 else NEUTRAL if np.isnan(margin) else INCORRECT
        if ends:
            ax.fill_betweenx([row - 0.34, row + 0.34], min(ends), max(ends), color=color, alpha=0.18, linewidth=0)
        for same, marker in _MARKERS.items():
            x = [value for value, known in zip(values, table.same, strict=True) if known is same]
            y = row + {True: -0.13, False: 0.13, None: 0.0}[same]  # so that the two kinds do not cover each other
            ax.plot(x, [y] * len(x), marker, color=_COLORS[same], markersize=7, mec="white", mew=0.6)
        ax.text(
            1.03, row, signed_value(margin), transform=ax.get_yaxis_transform(), va="center", color=color,
            fontsize=10, fontweight="bold",
        )  # fmt: skip
    ax.text(1.03, 1.02, "margin", transform=ax.transAxes, fontsize=9, va="bottom")
    ax.set_ylim(len(table.measured) - 0.5, -0.5)
    ax.set_yticks([])
    ax.grid(axis="x", color="#e3e6e8")
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=8)
    for name in ("top", "left", "right"):
        ax.spines[name].set_visible(False)


def _label_rows(ax: Axes, table: SimilarityTable) -> None:
    ax.set_yticks(range(len(table.measured)), [shorten(label, _MAX_LABEL) for label in table.measured], fontsize=9)
    ax.tick_params(axis="y", left=False)
