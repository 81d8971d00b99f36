"""`ranking.png`: each query beside its best matches.

The ten nearest detections often come from neighboring frames and look the same. The later frames are therefore divided
into equal intervals of time; the nearest match of each interval is drawn, in rank order.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import Ranking
from learning_reid.visualization.crop_grid import CORRECT, INCORRECT, NEUTRAL, CropCell, save_ranked_crops
from learning_reid.visualization.drawing import query_style

NUM_MATCHES = 8  # columns beside the query
MAX_QUERIES = 8


def matches_over_time(detections: PersonDetections, ranking: Ranking, count: int = NUM_MATCHES) -> list[int]:
    """Return indices into `ranking.rows`: the nearest match of each of `count` intervals of time, nearest first."""
    frames = detections.frame[ranking.rows]
    later = np.unique(frames)
    interval = np.searchsorted(later, frames) * count // max(len(later), count)  # (m,)
    order = ranking.nearest_first
    _, first = np.unique(interval[order], return_index=True)
    return order[np.sort(first)].tolist()


def drawn_rows(detections: PersonDetections, rankings: Sequence[Ranking]) -> set[int]:
    """Return the rows of the detections whose crops `draw_ranking` needs."""
    shown = rankings[:MAX_QUERIES]
    return {r.query for r in shown} | {int(r.rows[i]) for r in shown for i in matches_over_time(detections, r)}


def draw_ranking(
    path: Path,
    detections: PersonDetections,
    rankings: Sequence[Ranking],
    crops: Mapping[int, np.ndarray],
    identity: np.ndarray | None = None,
) -> None:
    """Draw queries and their best matches.

    Args:
        path: PNG file to write.
        detections: All detections.
        rankings: One for each query; the first eight are drawn.
        crops: (h, w, 3) uint8 RGB for each row of `drawn_rows`.
        identity: (n,) true person of each detection, negative = none; colors the matches green or red.
    """
    rows = []
    for position, ranking in enumerate(rankings[:MAX_QUERIES]):
        matches = matches_over_time(detections, ranking)
        cells = [_match_cell(detections, ranking, match, crops, identity) for match in matches]
        rows.append([_query_cell(detections, ranking, crops, position), *cells])
    colors = "green ✓ = same person, red ✗ = another person" if identity is not None else "no ground truth"
    note = f"nearest match in each interval of the later frames, with its distance; {colors}"
    if len(rankings) > MAX_QUERIES:
        note += f"; the first {MAX_QUERIES} of {len(rankings)} queries"
    widths = [1.15] + [1] * NUM_MATCHES
    save_ranked_crops(path, rows, NUM_MATCHES + 1, "Query and best matches", note, width_ratios=widths)


def _query_cell(
    detections: PersonDetections, ranking: Ranking, crops: Mapping[int, np.ndarray], position: int
) -> CropCell:
    row, color = ranking.query, "#{:02x}{:02x}{:02x}".format(*query_style(position).color)  # as in the video
    title = f"query {detections.detection[row]}\nframe {detections.frame[row]}"
    return CropCell(
        crops[row], color, title, "" if ranking.best_match is not None else "no match", INCORRECT, bold=True
    )


def _match_cell(
    detections: PersonDetections,
    ranking: Ranking,
    match: int,
    crops: Mapping[int, np.ndarray],
    identity: np.ndarray | None,
) -> CropCell:
    row = int(ranking.rows[match])
    title = f"rank {ranking.rank[match]}\nframe {detections.frame[row]}"
    distance = f"{ranking.distances[match]:.3f}"
    if not ranking.accepted[match]:  # a rejected match is neither correct nor incorrect
        return CropCell(crops[row], NEUTRAL, title, f"{distance}\nrejected", faint=True)
    if identity is None or identity[ranking.query] < 0:
        return CropCell(crops[row], NEUTRAL, title, distance)
    color, sign = (CORRECT, "✓") if identity[row] == identity[ranking.query] else (INCORRECT, "✗")
    return CropCell(crops[row], color, title, f"{distance} {sign}", color)
