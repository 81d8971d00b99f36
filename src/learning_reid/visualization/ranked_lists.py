"""Ranked lists of an evaluation: queries beside their nearest gallery images, failures first."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import Protocol
from learning_reid.metrics.retrieval import RetrievalMetrics
from learning_reid.retrieval.distances import DistanceRows
from learning_reid.visualization.crop_grid import CORRECT, INCORRECT, QUERY, CropCell, save_ranked_crops

NUM_QUERIES, NUM_EASIER, NUM_MATCHES = 8, 3, 10


def hardest_queries(metrics: RetrievalMetrics, persons: np.ndarray, count: int = NUM_QUERIES) -> np.ndarray:
    """Select queries to show, the hardest of each person: mostly the hardest of all, and a few easier ones.

    Args:
        metrics: Metrics of q queries.
        persons: (q,) person of each query.
        count: Maximum number of queries.

    Returns:
        Rows, hardest first: rank-1 failures before successes, by ascending average precision in both.
    """
    rows = np.flatnonzero(metrics.counted)
    rank1, average_precision = metrics.per_query["rank1"][rows], metrics.per_query["map"][rows]
    rows = rows[np.lexsort((average_precision, rank1))]
    _, first = np.unique(persons[rows], return_index=True)
    rows = rows[np.sort(first)]  # one for each person
    easier = np.linspace(0.5, 1, NUM_EASIER)  # 0 = the hardest, 1 = the easiest
    chosen = {*range(count - NUM_EASIER), *np.rint(easier * (len(rows) - 1)).astype(int).tolist()}
    return rows[[index for index in sorted(chosen) if 0 <= index < len(rows)]]


def nearest_candidates(
    distance_rows: DistanceRows, query: Labels, gallery: Labels, protocol: Protocol, row: int, count: int = NUM_MATCHES
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest gallery images that the protocol compares with a query.

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


def draw_ranked_lists(
    path: Path,
    metrics: RetrievalMetrics,
    distance_rows: DistanceRows,
    labels: tuple[Labels, Labels],
    crop_of: Callable[[str, int], np.ndarray],
    name_of: Callable[[str, int], str],
) -> None:
    """Draw the `hardest_queries`, each with its ten nearest gallery images.

    Args:
        path: PNG file to write.
        metrics: Metrics of the queries.
        distance_rows: Computes the distances of given queries to the gallery.
        labels: Labels of queries and gallery.
        crop_of: Returns the crop of ("query" | "gallery", row), (h, w, 3) uint8 RGB.
        name_of: Returns a short text about it, such as person and camera.
    """
    query, gallery = labels
    rows = []
    for row in hardest_queries(metrics, query.person).tolist():
        precision = f"AP {100 * metrics.per_query['map'][row]:.0f} %"
        cells = [CropCell(crop_of("query", row), QUERY, f"query\n{name_of('query', row)}", precision, bold=True)]
        matches, distances = nearest_candidates(distance_rows, query, gallery, metrics.protocol, row)
        for match, distance in zip(matches.tolist(), distances, strict=True):
            color, sign = (CORRECT, "✓") if query.person[row] == gallery.person[match] else (INCORRECT, "✗")
            name = name_of("gallery", match)
            cells.append(CropCell(crop_of("gallery", match), color, name, f"{distance:.3f} {sign}", color))
        rows.append(cells)
    failed = int(np.nansum(metrics.per_query["rank1"] == 0))
    note = (
        f"{failed} of {metrics.queries} queries fail at rank 1; one query for each person, hardest first, then medium "
        "and easy ones; numbers are distances; green ✓ = same person, red ✗ = another person"
    )
    title = "Queries and their nearest gallery images, failures first"
    save_ranked_crops(path, rows, NUM_MATCHES + 1, title, note, dpi=80)
