"""Annotated frames: with several queries each has its own color, in its own frame and in later ones."""

import numpy as np
import pytest

from learning_reid.frames.frame import Frame
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.ranking import rank_later_detections
from learning_reid.visualization.annotation import annotate_frame
from learning_reid.visualization.drawing import ORANGE, SKY, query_style

GRAY = np.full((200, 320, 3), 90, np.uint8)
PEOPLE = 3


def annotate(index: int, queries: list[int], reject_above: float | None = None) -> np.ndarray:
    """Annotate frame 0 or 1; person p is at x = 20 + 100 p and has the unit vector p as embedding."""
    x = np.tile(20 + 100 * np.arange(PEOPLE), 2)
    detections = PersonDetections(
        frame=np.repeat([0, 1], PEOPLE),
        detection=np.tile(np.arange(PEOPLE), 2),
        boxes_xyxy=np.stack([x, 0 * x + 60, x + 40, 0 * x + 160], axis=1).astype(np.float32),
        score=np.ones(2 * PEOPLE, np.float32),
        embeddings=np.tile(np.eye(PEOPLE, dtype=np.float32), (2, 1)),
        frames_read=np.arange(2),
    )
    rankings = [rank_later_detections(detections, query, reject_above=reject_above) for query in queries]
    return annotate_frame(Frame(index, str(index), GRAY), detections, rankings)[-len(GRAY) :]


def color_of_box(image: np.ndarray, person: int) -> tuple[int, ...]:
    return tuple(image[110, 20 + 100 * person].tolist())  # the middle of its left edge


@pytest.mark.parametrize("index", [0, 1])
def test_several_queries_have_their_own_colors(index: int) -> None:
    image = annotate(index, [2, 0, 1])
    assert [color_of_box(image, person) for person in (2, 0, 1)] == [query_style(k).color for k in range(3)]
    assert len({query_style(k).color for k in range(7)}) == 7


def test_one_query_is_orange_and_its_nearest_detection_blue() -> None:
    assert color_of_box(annotate(0, [1]), 1) == ORANGE and color_of_box(annotate(1, [1]), 1) == SKY
    assert color_of_box(annotate(1, [1]), 0) not in (ORANGE, SKY)


def test_no_query_and_rejected_matches_have_plain_boxes() -> None:
    plain = annotate(1, [])
    assert color_of_box(plain, 0) not in (ORANGE, SKY) and (plain != GRAY).any()
    assert color_of_box(annotate(1, [0, 1], reject_above=-1.0), 0) not in (ORANGE, SKY)
