"""Queries beside the pictures nearest to them, the failures first: what a figure of 63 % looks like."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import Protocol
from learning_reid.metrics.retrieval import RetrievalMetrics
from learning_reid.retrieval.distances import DistanceRows
from learning_reid.visualization.cells import RIGHT, WRONG, show_crop
from learning_reid.visualization.figures import save_figure

ORANGE = "#e69f00"
QUERIES, EASIER, NEAREST = 8, 3, 10


def failures_first(retrieval: RetrievalMetrics, persons: np.ndarray, count: int = QUERIES) -> np.ndarray:
    """The queries to show, one of each person, its hardest: the hardest of all, then the usual and the easy.

    Args:
        retrieval: the figures of q queries.
        persons: (q,) who asks.
        count: how many, at most.

    Returns:
        Rows, hardest first: wrong answers before right ones, the lower average precision first in both.
    """
    rows = np.flatnonzero(retrieval.counted)
    found, average = retrieval.per_query["rank1"][rows], retrieval.per_query["map"][rows]
    rows = rows[np.lexsort((average, found))]
    _, first = np.unique(persons[rows], return_index=True)
    rows = rows[np.sort(first)]  # one of each person
    spread = np.linspace(0.5, 1, EASIER)  # of the way from the hardest to the easiest
    places = {*range(count - EASIER), *np.rint(spread * (len(rows) - 1)).astype(int).tolist()}
    return rows[[place for place in sorted(places) if 0 <= place < len(rows)]]


def nearest_valid(
    distance_rows: DistanceRows, query: Labels, gallery: Labels, protocol: Protocol, row: int, count: int = NEAREST
) -> tuple[np.ndarray, np.ndarray]:
    """The gallery pictures nearest to a query among those that compete with each other under the protocol.

    Returns:
        Rows of the gallery, nearest first, and their distances.
    """
    distances = distance_rows(np.array([row]))[0].astype(np.float64)
    own = np.flatnonzero((gallery.person == query.person[row]) & (query.person[row] >= 0))
    distances[own[~protocol.keeps(query, row, gallery, own)]] = np.inf
    if protocol.competing != "all":
        same = gallery.camera == query.camera[row]
        distances[~same if protocol.competing == "own camera" else same] = np.inf
    order = np.argsort(distances, kind="stable")[:count]
    order = order[np.isfinite(distances[order])]
    return order, distances[order]


def draw_ranked_gallery(
    path: Path,
    retrieval: RetrievalMetrics,
    distance_rows: DistanceRows,
    labels: tuple[Labels, Labels],
    crop_of: Callable[[str, int], np.ndarray],
    name_of: Callable[[str, int], str],
) -> None:
    """Draw the queries of `failures_first`, each with its ten nearest.

    Args:
        path: the PNG file to write or replace.
        retrieval: the figures that tell failures from successes.
        distance_rows: what ranked them.
        labels: of queries and gallery.
        crop_of: the picture of ("query" | "gallery", row), (h, w, 3) uint8 RGB.
        name_of: a few words on it, such as person and camera.
    """
    query, gallery = labels
    shown = failures_first(retrieval, query.person)
    figure = Figure(figsize=(1.25 * (NEAREST + 1) + 0.5, 2.75 * len(shown) + 0.75), dpi=80, facecolor="white")
    grid = figure.subplots(len(shown), NEAREST + 1, squeeze=False)
    for cells, row in zip(grid, shown, strict=True):
        show_crop(cells[0], crop_of("query", int(row)), ORANGE)
        cells[0].set_title(f"query\n{name_of('query', int(row))}", fontsize=9, fontweight="bold")
        cells[0].set_xlabel(f"AP {100 * retrieval.per_query['map'][row]:.0f} %", fontsize=9)
        rows, distances = nearest_valid(distance_rows, query, gallery, retrieval.protocol, int(row))
        for cell in cells[1 + len(rows) :]:
            cell.axis("off")
        for cell, answer, away in zip(cells[1:], rows, distances, strict=False):
            right = query.person[row] == gallery.person[answer]
            _draw_answer(cell, crop_of("gallery", int(answer)), name_of("gallery", int(answer)), away, bool(right))
    _write_title(figure, retrieval)
    save_figure(figure, path)


def _draw_answer(cell: Axes, crop: np.ndarray, name: str, away: float, right: bool) -> None:
    colour, sign = (RIGHT, "✓") if right else (WRONG, "✗")
    show_crop(cell, crop, colour)
    cell.set_title(name, fontsize=9)
    cell.set_xlabel(f"{away:.3f} {sign}", fontsize=9, color=colour)


def _write_title(figure: Figure, retrieval: RetrievalMetrics) -> None:
    height = figure.get_figheight()
    failed = int(np.nansum(retrieval.per_query["rank1"] == 0))
    title = "Queries and their nearest pictures, the failures first"
    note = (
        f"{failed} of {retrieval.queries} queries have a wrong picture nearest; one query a person, the hardest first, "
        "then usual and easy ones; the number is the distance; green ✓ = same person, red ✗ = another"
    )
    figure.text(0.012, 1 - 0.16 / height, title, fontsize=13, fontweight="bold", va="top")
    figure.text(0.012, 1 - 0.42 / height, note, fontsize=9, va="top", color="#444444")
    figure.subplots_adjust(left=0.012, right=0.99, wspace=0.12, hspace=0.38, top=1 - 1.0 / height, bottom=0.32 / height)
