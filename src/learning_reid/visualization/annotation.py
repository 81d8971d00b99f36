"""Annotate the frames of the output video with the queries and their matches."""

from collections.abc import Sequence

import numpy as np

from learning_reid.frames.frame import Frame
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import Ranking
from learning_reid.visualization.drawing import (
    MATCH_STYLE,
    OTHER_STYLE,
    QUERY_STYLE,
    Color,
    LabeledBox,
    draw_boxes,
    query_style,
)


def annotate_frame(frame: Frame, detections: PersonDetections, rankings: Sequence[Ranking]) -> np.ndarray:
    """Draw the detections of a frame: queries, the nearest detection of each query, and all others.

    With one query every box has its distance. With several, each query and its nearest detections share one color and
    have the query's number. A bar above the image has the frame number and the key of colors.

    Returns:
        (height + bar, width, 3) uint8, RGB.
    """
    boxes, several = detections.boxes_xyxy, len(rankings) > 1
    labels = dict.fromkeys(detections.rows_of(frame.index).tolist(), "")
    marked: list[tuple[float, int, LabeledBox]] = []  # distance, row and box
    num_absent = 0
    for position, ranking in enumerate(rankings):
        own = query_style(position)
        number = str(detections.detection[ranking.query]) if several else ""
        if ranking.query in labels:
            box = LabeledBox(boxes[ranking.query], own, f"query {number}".rstrip())
            marked.append((0.0, ranking.query, box))
        in_frame = np.flatnonzero(detections.frame[ranking.rows] == frame.index)
        for i in in_frame:
            row, label = int(ranking.rows[i]), f"{ranking.distances[i]:.2f}"
            if ranking.rank_in_frame[i] == 1 and ranking.accepted[i]:
                box = (
                    LabeledBox(boxes[row], own, f"{number}: {label}")
                    if several
                    else LabeledBox(boxes[row], MATCH_STYLE, label)
                )
                marked.append((float(ranking.distances[i]), row, box))
            elif not several:
                labels[row] = label
        num_absent += len(in_frame) > 0 and not ranking.accepted[in_frame].any()
    marked.sort(key=lambda mark: mark[0], reverse=True)  # the nearest on top
    rows = {row for _, row, _ in marked}
    others = [LabeledBox(boxes[row], OTHER_STYLE, label) for row, label in labels.items() if row not in rows]
    caption = _caption(frame, num_absent, len(rankings))
    return draw_boxes(frame.image, [*others, *(box for *_, box in marked)], caption, _key(detections, rankings))


def _caption(frame: Frame, num_absent: int, num_queries: int) -> str:
    if not num_absent:
        return f"frame {frame.index}"
    return f"frame {frame.index}: " + (
        "no match" if num_queries == 1 else f"no match for {num_absent} of {num_queries}"
    )


def _key(detections: PersonDetections, rankings: Sequence[Ranking]) -> list[tuple[Color, str]]:
    if len(rankings) == 1:
        return [(QUERY_STYLE.color, "query"), (MATCH_STYLE.color, "nearest in frame")]
    return [
        (query_style(position).color, f"{'' if position else 'query '}{detections.detection[ranking.query]}")
        for position, ranking in enumerate(rankings)
    ]
