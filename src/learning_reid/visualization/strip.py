"""`ranking.png`: each query beside its best matches, the picture that every paper on re-identification shows.

Neighbouring frames show nearly the same picture, so the ten nearest of all would be one moment ten times. The later
frames are therefore cut into equal stretches of time; each gives its nearest match, and these stand in rank order.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from learning_reid.io.atomic_write import atomic_write
from learning_reid.retrieval.ranking import Ranking
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.visualization.cells import RIGHT, UNKNOWN, WRONG, show_crop
from learning_reid.visualization.drawing import ORANGE

MATCHES = 8  # columns beside the query
ROWS = 8  # queries shown


def strip_matches(sightings: PersonDetections, ranking: Ranking, columns: int = MATCHES) -> list[int]:
    """Which of `ranking.rows` to show: the nearest of each of `columns` equal stretches of time, nearest first."""
    frames = sightings.frame[ranking.rows]
    later = np.unique(frames)
    stretch = np.searchsorted(later, frames) * columns // max(len(later), columns)  # (m,)
    order = ranking.nearest_first
    _, first = np.unique(stretch[order], return_index=True)
    return order[np.sort(first)].tolist()


def strip_rows(sightings: PersonDetections, rankings: Sequence[Ranking]) -> set[int]:
    """Rows of the sightings whose crops the strip will want."""
    shown = rankings[:ROWS]
    return {r.query for r in shown} | {int(r.rows[i]) for r in shown for i in strip_matches(sightings, r)}


def draw_strip(
    path: Path,
    sightings: PersonDetections,
    rankings: Sequence[Ranking],
    crops: Mapping[int, np.ndarray],
    identity: np.ndarray | None = None,
) -> None:
    """Draw the strip.

    Args:
        path: the PNG file to write or replace.
        sightings: everybody seen.
        rankings: one for each query; the first eight are drawn.
        crops: (h, w, 3) uint8 RGB for each row of `strip_rows`.
        identity: (n,) true person of each sighting, negative = nobody; frames the matches green or red.
    """
    shown = rankings[:ROWS]
    size = (1.25 * (MATCHES + 1) + 0.5, 2.75 * len(shown) + 0.75)
    with rc_context({"figure.constrained_layout.use": False}):  # margins are set below, whatever a notebook prefers
        figure = Figure(figsize=size, dpi=110, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    grid = figure.subplots(len(shown), MATCHES + 1, squeeze=False, width_ratios=[1.15] + [1] * MATCHES)
    for axes, ranking in zip(grid, shown, strict=True):
        _draw_query(axes[0], sightings, ranking, crops)
        matches = strip_matches(sightings, ranking)
        for cell, match in zip(axes[1:], matches, strict=False):
            _draw_match(cell, sightings, ranking, match, crops, identity)
        for cell in axes[1 + len(matches) :]:
            cell.axis("off")
    _write_title(figure, len(rankings), identity is not None)
    with atomic_write(path) as part:
        canvas.print_png(part)


def _draw_query(cell: Axes, sightings: PersonDetections, ranking: Ranking, crops: Mapping[int, np.ndarray]) -> None:
    row = ranking.query
    show_crop(cell, crops[row], tuple(value / 255 for value in ORANGE))
    cell.set_title(f"query {sightings.detection[row]}\nframe {sightings.frame[row]}", fontsize=9, fontweight="bold")
    if ranking.best_match is None:
        cell.set_xlabel("not here", fontsize=9, fontweight="bold", color=WRONG)


def _draw_match(
    cell: Axes,
    sightings: PersonDetections,
    ranking: Ranking,
    match: int,
    crops: Mapping[int, np.ndarray],
    identity: np.ndarray | None,
) -> None:
    row = int(ranking.rows[match])
    colour, sign = UNKNOWN, ""
    if identity is not None and identity[ranking.query] >= 0:
        right = identity[row] == identity[ranking.query]
        colour, sign = (RIGHT, " ✓") if right else (WRONG, " ✗")
    accepted = bool(ranking.accepted[match])
    if not accepted:  # what is not given as an answer is neither right nor wrong
        colour, sign = UNKNOWN, ""
    show_crop(cell, crops[row], colour, faint=not accepted)
    cell.set_title(f"rank {ranking.rank[match]}\nframe {sightings.frame[row]}", fontsize=9)
    words = f"{ranking.distances[match]:.3f}{sign}" + ("" if accepted else "\ntoo far")
    cell.set_xlabel(words, fontsize=9, color=colour if sign else "black")


def _write_title(figure: Figure, queries: int, known: bool) -> None:
    colours = "green ✓ = same person, red ✗ = another" if known else "no truth given, so right and wrong are not marked"
    note = f"; the first {ROWS} of {queries} queries" if queries > ROWS else ""
    top = 1 - 0.16 / figure.get_figheight()
    figure.text(0.012, top, "The query and its best matches", fontsize=13, fontweight="bold", va="top")
    text = f"of each stretch of later frames the nearest; the number is the distance; {colours}{note}"
    figure.text(0.012, top - 0.26 / figure.get_figheight(), text, fontsize=9, va="top", color="#444444")
    figure.subplots_adjust(
        left=0.012,
        right=0.99,
        wspace=0.12,
        hspace=0.38,
        top=1 - 1.0 / figure.get_figheight(),
        bottom=0.32 / figure.get_figheight(),
    )
