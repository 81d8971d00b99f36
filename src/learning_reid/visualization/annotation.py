"""Annotate the frames of the output video with the query and its matches."""

from collections.abc import Sequence

import numpy as np

from learning_reid.frames.frame import Frame
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import Ranking
from learning_reid.visualization.drawing import MATCH_STYLE, OTHER_STYLE, QUERY_STYLE, LabeledBox, draw_boxes


def annotate_frame(frame: Frame, detections: PersonDetections, rankings: Sequence[Ranking]) -> np.ndarray:
    """Draw the detections of a frame: queries, the nearest detection of each query, and all others.

    With one query every box has its distance; with several, each nearest detection has the number of its query.

    Returns:
        (height, width, 3) uint8, RGB.
    """
    boxes = {int(row): LabeledBox(detections.boxes_xyxy[row], OTHER_STYLE) for row in detections.rows_of(frame.index)}
    match_labels: dict[int, list[str]] = {}
    num_absent = 0
    for ranking in rankings:
        number = f"{detections.detection[ranking.query]}: " if len(rankings) > 1 else ""
        if ranking.query in boxes:
            label = f"query {number}".rstrip(": ")
            boxes[ranking.query] = LabeledBox(detections.boxes_xyxy[ranking.query], QUERY_STYLE, label)
        in_frame = np.flatnonzero(detections.frame[ranking.rows] == frame.index)
        for i in in_frame:
            row, label = int(ranking.rows[i]), f"{number}{ranking.distances[i]:.2f}"
            if ranking.rank_in_frame[i] == 1 and ranking.accepted[i]:
                match_labels.setdefault(row, []).append(label)
            elif not number:
                boxes[row] = LabeledBox(detections.boxes_xyxy[row], OTHER_STYLE, label)
        num_absent += len(in_frame) > 0 and not ranking.accepted[in_frame].any()
    for row, labels in match_labels.items():
        boxes[row] = LabeledBox(detections.boxes_xyxy[row], MATCH_STYLE, "  ".join(labels))
    important_last = sorted(boxes.values(), key=lambda box: box.style.line)
    return draw_boxes(frame.image, important_last, _caption(frame, num_absent, len(rankings)))


def _caption(frame: Frame, num_absent: int, num_queries: int) -> str:
    if not num_absent:
        return f"frame {frame.index}"
    return f"frame {frame.index}: " + (
        "no match" if num_queries == 1 else f"no match for {num_absent} of {num_queries}"
    )
