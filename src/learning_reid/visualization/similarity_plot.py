"""The table of similarities as a picture: the pairs, what each network says of them, and its margin."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from learning_reid.datasets.images import open_image
from learning_reid.datasets.pairs import ImagePair
from learning_reid.visualization.crop_grid import CORRECT, NEUTRAL, INCORRECT, show_crop
from learning_reid.visualization.figures import save_figure
from learning_reid.visualization.similarity_table import WORDS, SimilarityTable, signed_value

PAIRS_SHOWN = 28  # of more, only the points are drawn
_COLOURS = {True: CORRECT, False: INCORRECT, None: NEUTRAL}
_MARKS = {True: "o", False: "D", None: "s"}
_TITLES = {
    "cosine": "Cosine similarity",
    "euclidean": "Euclidean distance (small = alike)",
    "bounded": "1 / (1 + Euclidean distance)",
}
_CELL, _ROW, _CROP, _GAP = 0.92, 0.42, 0.96, 0.05  # inches; a pair's width, a network's height, a crop's height
_POINTS, _END, _MARGIN = 4.2, 0.75, 0.25  # inches: the points' width, room for the margins, the paper's edge
_HEAD, _FOOT = 1.2, 0.7  # inches: above the crops, and below the rows
_LONGEST = 32  # letters of a network's label
_TOLD = "the ends of the band: the two pairs that make the margin"


def draw_similarity_table(path: Path, table: SimilarityTable, measure: str) -> None:
    """Draw the pairs above a table of colours, and beside it each network's pairs as points with its margin.

    A cell is darker the more alike the network finds the pair; framed are the two cells that make the margin.

    Args:
        path: the PNG file to write or replace.
        table: at least one network and one pair.
        measure: a name of `MEASURES`.

    Raises:
        UserError: the file cannot be written, or a picture cannot be read.
    """
    page = _Page(table)
    figure = page.figure
    figure.text(*page.place(_MARGIN, 0.42), _title(table, measure), fontsize=13, fontweight="bold", va="bottom")
    _write_key(figure, table, page)
    if not all(np.isnan(table.margin(label, measure)) for label in table.measured):
        words = f"framed, and {_TOLD}" if page.cells else _TOLD
        figure.text(*page.place(_MARGIN, 0.78), words, fontsize=9, color="#5f6368", va="top")
    if page.cells:
        for column, pair in enumerate(table.chosen.pairs):
            _show_pair(page, column, pair)
        _fill_cells(page.axes(page.labels, page.top, page.cells * _CELL, page.rows * _ROW), table, measure)
    points = page.axes(page.points, page.top, _POINTS, page.rows * _ROW)
    _draw_points(points, table, measure)
    points.set_xlabel(_TITLES[measure], fontsize=9)
    if not page.cells:
        _write_labels(points, table)
    save_figure(figure, path)


class _Page:
    """Where everything goes, in inches from the top left corner."""

    def __init__(self, table: SimilarityTable) -> None:
        pairs = len(table.answers)
        self.rows = len(table.measured)
        self.cells = pairs if pairs <= PAIRS_SHOWN else 0
        self.labels = _MARGIN + 0.09 * max(len(_short(label)) for label in table.measured) + 0.15
        self.points = self.labels + self.cells * _CELL + (0.35 if self.cells else 0)
        self.top = _HEAD + (_CROP + 0.35 if self.cells else 0)
        self.width = self.points + _POINTS + _END + _MARGIN
        self.height = self.top + self.rows * _ROW + _FOOT
        self.figure = Figure(figsize=(self.width, self.height), dpi=110, facecolor="white")

    def place(self, left: float, top: float) -> tuple[float, float]:
        """A point as shares of the page, as matplotlib counts them."""
        return left / self.width, 1 - top / self.height

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """A rectangle to draw in."""
        x, y = self.place(left, top + height)
        return self.figure.add_axes((x, y, width / self.width, height / self.height))


def _title(table: SimilarityTable, measure: str) -> str:
    networks = f"{len(table.measured)} network" + ("s" if len(table.measured) > 1 else "")
    pairs = f"{len(table.answers)} pair" + ("s" if len(table.answers) > 1 else "")
    return f"{_TITLES[measure].partition(' (small')[0]}: {pairs}, {networks}"


def _write_key(figure: Figure, table: SimilarityTable, page: _Page) -> None:
    words = {True: "one person", False: "two persons", None: "nobody knows"}
    there = [answer for answer in words if answer in table.answers]
    patches = [Patch(color=_COLOURS[answer], label=words[answer]) for answer in there]
    x, y = page.place(_MARGIN, 0.5)
    figure.legend(
        handles=patches, loc="upper left", bbox_to_anchor=(x, y), ncols=3, frameon=False, fontsize=9, borderaxespad=0,
        borderpad=0, handlelength=1.0, handleheight=0.9,
    )  # fmt: skip


def _show_pair(page: _Page, column: int, pair: ImagePair) -> None:
    """Two crops side by side in the frame of the expected answer, and the number of the pair."""
    width = (_CELL - 3 * _GAP) / 2
    for place, picture in enumerate((pair.first, pair.second)):
        left = page.labels + column * _CELL + _GAP + place * (width + _GAP)
        cell = page.axes(left, _HEAD, width, _CROP)
        show_crop(cell, open_image(picture), _COLOURS[pair.same], ratio=_CROP / width)
        for side in cell.spines.values():
            side.set_linewidth(2)
    x, y = page.place(page.labels + (column + 0.5) * _CELL, _HEAD + _CROP + 0.2)
    words = f"{column + 1} {WORDS[pair.same]}"
    page.figure.text(x, y, words, ha="center", va="center", fontsize=8, color=_COLOURS[pair.same], fontweight="bold")


def _fill_cells(axes: Axes, table: SimilarityTable, measure: str) -> None:
    values = np.array([table.values(label, measure) for label in table.measured])  # (networks, pairs)
    colours = colormaps["Blues_r" if measure == "euclidean" else "Blues"]
    low, high = float(values.min()), float(values.max())
    spread = max(high - low, 1e-9)
    axes.imshow(values, cmap=colours, vmin=low - 0.1 * spread, vmax=high + 0.1 * spread, aspect="auto")
    for (row, column), value in np.ndenumerate(values):
        share = (value - low) / spread
        dark = (1 - share if measure == "euclidean" else share) > 0.6
        axes.text(column, row, f"{value:.3f}", ha="center", va="center", fontsize=9, color="white" if dark else "black")
    for row, said in enumerate(values):
        for column, answer in _limits(said, table.answers, measure):
            axes.add_patch(
                Rectangle(
                    (column - 0.46, row - 0.43),
                    0.92,
                    0.86,
                    fill=False,
                    edgecolor=_COLOURS[answer],
                    linewidth=2.5,
                    zorder=3,
                )
            )
    axes.hlines(np.arange(1, len(values)) - 0.5, -0.5, len(table.answers) - 0.5, color="white", linewidth=2)
    axes.vlines(np.arange(1, len(table.answers)) - 0.5, -0.5, len(values) - 0.5, color="white", linewidth=2)
    axes.set(xticks=[], xlim=(-0.5, len(table.answers) - 0.5), ylim=(len(values) - 0.5, -0.5))
    _write_labels(axes, table)
    for side in axes.spines.values():
        side.set_visible(False)


def _limits(said: np.ndarray, answers: list[bool | None], measure: str) -> list[tuple[int, bool]]:
    """The columns of the pair of one person that is least alike, and of that of two that is most alike."""
    alike = -said if measure == "euclidean" else said
    same, different = ([at for at, answer in enumerate(answers) if answer is wanted] for wanted in (True, False))
    if not same or not different:
        return []
    return [(min(same, key=lambda at: alike[at]), True), (max(different, key=lambda at: alike[at]), False)]


def _draw_points(axes: Axes, table: SimilarityTable, measure: str) -> None:
    for row, label in enumerate(table.measured):
        said = table.values(label, measure)
        margin = table.margin(label, measure)
        limits = [said[column] for column, _ in _limits(said, table.answers, measure)]
        colour = CORRECT if margin > 0 else NEUTRAL if np.isnan(margin) else INCORRECT
        if limits:
            axes.fill_betweenx(
                [row - 0.34, row + 0.34], min(limits), max(limits), color=colour, alpha=0.18, linewidth=0
            )
        for answer, mark in _MARKS.items():
            there = [value for value, known in zip(said, table.answers, strict=True) if known is answer]
            up = {True: -0.13, False: 0.13, None: 0.0}[answer]  # so that the two answers do not cover each other
            axes.plot(there, [row + up] * len(there), mark, color=_COLOURS[answer], markersize=7, mec="white", mew=0.6)
        axes.text(
            1.03, row, signed_value(margin), transform=axes.get_yaxis_transform(), va="center", color=colour,
            fontsize=10, fontweight="bold",
        )  # fmt: skip
    axes.text(1.03, 1.02, "margin", transform=axes.transAxes, fontsize=9, va="bottom")
    axes.set_ylim(len(table.measured) - 0.5, -0.5)
    axes.set_yticks([])
    axes.grid(axis="x", color="#e3e6e8")
    axes.set_axisbelow(True)
    axes.tick_params(labelsize=8)
    for name in ("top", "left", "right"):
        axes.spines[name].set_visible(False)


def _write_labels(axes: Axes, table: SimilarityTable) -> None:
    axes.set_yticks(range(len(table.measured)), [_short(label) for label in table.measured], fontsize=9)
    axes.tick_params(axis="y", left=False)


def _short(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
