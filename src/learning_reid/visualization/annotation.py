"""What is marked on each frame of the video: the query, the nearest person of every later frame, and everybody else."""

from collections.abc import Sequence

import numpy as np

from learning_reid.frames.frame import Frame
from learning_reid.retrieval.ranking import Ranking
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.visualization.drawing import MATCH_STYLE, OTHER_STYLE, QUERY_STYLE, LabeledBox, draw_boxes


def annotate(frame: Frame, sightings: PersonDetections, rankings: Sequence[Ranking]) -> np.ndarray:
    """The frame with its persons marked, (height, width, 3) uint8 RGB.

    With one query every distance is written; with several, each nearest person bears the number of its query.
    """
    marks = {int(row): LabeledBox(sightings.boxes_xyxy[row], OTHER_STYLE) for row in sightings.rows_of(frame.index)}
    answers: dict[int, list[str]] = {}
    missing = 0
    for ranking in rankings:
        number = f"{sightings.detection[ranking.query]}: " if len(rankings) > 1 else ""
        if ranking.query in marks:
            marks[ranking.query] = LabeledBox(sightings.boxes_xyxy[ranking.query], QUERY_STYLE, f"query {number}".rstrip(": "))
        here = np.flatnonzero(sightings.frame[ranking.rows] == frame.index)
        for i in here:
            row, words = int(ranking.rows[i]), f"{number}{ranking.distances[i]:.2f}"
            if ranking.rank_in_frame[i] == 1 and ranking.accepted[i]:
                answers.setdefault(row, []).append(words)
            elif not number:
                marks[row] = LabeledBox(sightings.boxes_xyxy[row], OTHER_STYLE, words)
        missing += len(here) > 0 and not ranking.accepted[here].any()
    for row, words_of_row in answers.items():
        marks[row] = LabeledBox(sightings.boxes_xyxy[row], MATCH_STYLE, "  ".join(words_of_row))
    strongest_last = sorted(marks.values(), key=lambda mark: mark.style.line)
    return draw_boxes(frame.image, strongest_last, _caption(frame, missing, len(rankings)))


def _caption(frame: Frame, missing: int, queries: int) -> str:
    if not missing:
        return f"frame {frame.index}"
    return f"frame {frame.index}: " + ("not here" if queries == 1 else f"{missing} of {queries} not here")
