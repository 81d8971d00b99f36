"""`rankings.csv`: every later detection with its distance to the query and its rank."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from learning_reid.io.atomic_write import atomic_write
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import Ranking

COLUMNS = ("frame", "detection", "x1", "y1", "x2", "y2", "score", "distance", "rank", "rank_in_frame")


def write_rankings_csv(
    path: Path, detections: PersonDetections, rankings: Sequence[Ranking], query_column: bool
) -> None:
    """Write one row for each later detection in frame order, query after query.

    Without a query all detections are written, with empty distances and ranks.

    Args:
        path: CSV file to write.
        detections: All detections.
        rankings: One for each query.
        query_column: Whether each row starts with the query's detection number.
    """
    with atomic_write(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow((("query",) if query_column else ()) + COLUMNS)
        for ranking in rankings:
            query = [str(detections.detection[ranking.query])] if query_column else []
            writer.writerows(query + row for row in _rows(detections, ranking))
        if not rankings:
            empty = [""] * 3
            writer.writerows(
                [*empty[:query_column], *_cells(detections, row), *empty] for row in range(len(detections))
            )


def _rows(detections: PersonDetections, ranking: Ranking) -> Iterator[list[str]]:
    for i, row in enumerate(ranking.rows):
        ranks = [f"{ranking.distances[i]:.6f}", str(ranking.rank[i]), str(ranking.rank_in_frame[i])]
        yield [*_cells(detections, int(row)), *ranks]


def _cells(detections: PersonDetections, row: int) -> list[str]:
    return [
        str(detections.frame[row]),
        str(detections.detection[row]),
        *(f"{value:.2f}" for value in detections.boxes_xyxy[row]),
        f"{detections.score[row]:.4f}",
    ]
