"""`rankings.csv`: every later detection with its distance to the query and its place."""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from learning_reid.io.atomic_write import atomic_write
from learning_reid.retrieval.ranking import Ranking
from learning_reid.retrieval.person_detections import PersonDetections

COLUMNS = ("frame", "detection", "x1", "y1", "x2", "y2", "score", "distance", "rank", "rank_in_frame")


def write_rankings(path: Path, sightings: PersonDetections, rankings: Sequence[Ranking], several: bool) -> None:
    """Write a row for each later detection, in the order seen, query after query.

    Args:
        path: the CSV file to write or replace.
        sightings: everybody seen.
        rankings: one for each query.
        several: lead each row with the query's detection number.
    """
    with atomic_write(path) as part, part.open("w", newline="", encoding="utf-8") as handle:
        table = csv.writer(handle, lineterminator="\n")
        table.writerow((("query",) if several else ()) + COLUMNS)
        for ranking in rankings:
            lead = [str(sightings.detection[ranking.query])] if several else []
            table.writerows(lead + row for row in _rows(sightings, ranking))


def _rows(sightings: PersonDetections, ranking: Ranking) -> Iterator[list[str]]:
    for i, row in enumerate(ranking.rows):
        yield [
            str(sightings.frame[row]),
            str(sightings.detection[row]),
            *(f"{value:.2f}" for value in sightings.boxes_xyxy[row]),
            f"{sightings.score[row]:.4f}",
            f"{ranking.distances[i]:.6f}",
            str(ranking.rank[i]),
            str(ranking.rank_in_frame[i]),
        ]
