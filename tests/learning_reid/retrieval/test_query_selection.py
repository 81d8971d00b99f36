"""Query selection, and the messages for queries that do not exist."""

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.retrieval.person_detections import PersonDetections
from learning_reid.retrieval.query_selection import QueryCheck, select_queries


def make_detections(frames: list[int], frames_read: list[int]) -> PersonDetections:
    n = len(frames)
    detection = np.array([frames[:i].count(f) for i, f in enumerate(frames)], np.int64)
    zeros = np.zeros((n, 4), np.float32)
    return PersonDetections(np.array(frames, np.int64), detection, zeros, zeros[:, 0], zeros, np.array(frames_read))


DETECTIONS = make_detections(
    [1, 1, 1, 2, 4], frames_read=[0, 1, 2, 4, 5]
)  # frame 3 could not be read, frames 0 and 5 are empty


@pytest.mark.parametrize(("choice", "rows"), [(0, [0]), (2, [2]), ([2, 0], [2, 0]), ([1, 1], [1]), ("all", [0, 1, 2])])
def test_rows_of_the_chosen_persons(choice, rows: list[int]) -> None:
    assert select_queries(DETECTIONS, 1, choice) == rows


@pytest.mark.parametrize(
    ("frame", "choice", "message"),
    [
        (0, 0, "query_frame=0: no person was found in that frame; the first frame with one is 1"),
        (3, 0, "query_frame=3: that frame could not be read; choose one of 0 to 5"),
        (9, 0, "query_frame=9: the last frame read is 5; choose one of 0 to 5"),
        (1, 3, "query_detection=3: frame 1 has 3 persons; choose 0 to 2"),
        (2, [0, 1], "query_detection=1: frame 2 has 1 person; choose 0"),
        (4, 0, "no person was found in the 1 frame after input.query_frame=4"),
    ],
)
def test_missing_queries_are_reported_in_one_line(frame: int, choice, message: str) -> None:
    with pytest.raises(UserError) as error:
        select_queries(DETECTIONS, frame, choice)
    assert message in str(error.value) and "\n" not in str(error.value)


def test_one_frame_only() -> None:
    with pytest.raises(UserError, match="is the last of the 1 frame read, so there is nothing later to rank"):
        select_queries(make_detections([0], frames_read=[0]), 0, 0)


def test_no_person_at_all() -> None:
    with pytest.raises(UserError, match=r"no person was found in the 3 frames read; lower detector.min_score"):
        select_queries(make_detections([], frames_read=[0, 1, 2]), None, 0)
    with pytest.raises(UserError, match="no person was found in that frame; lower detector.min_score, or leave out"):
        select_queries(make_detections([], frames_read=[0]), 0, 0)


@pytest.mark.parametrize(("choice", "rows"), [(0, [0]), ("all", [0]), (1, [2]), ([2, 0], [6, 4]), (9, None)])
def test_the_default_frame_is_the_first_with_all_queries(choice, rows: list[int] | None) -> None:
    detections = make_detections([1, 2, 2, 3, 5, 5, 5, 6], frames_read=list(range(8)))
    if rows is None:
        with pytest.raises(UserError, match="query_detection=9: frame 1 has 1 person"):
            select_queries(detections, None, choice)
    else:
        assert select_queries(detections, None, choice) == rows


@pytest.mark.parametrize(
    ("frame", "choice", "people", "fails_at"),
    [
        (None, 5, {0: 0, 1: 2}, None),
        (1, 0, {0: 0, 1: 1, 2: 0}, None),
        (1, 0, {0: 3, 1: 0, 2: 3}, 1),
        (1, [0, 2], {0: 3, 1: 2}, 1),
        (1, "all", {0: 3, 1: 0}, 1),
        (1, 0, {0: 3, 2: 3}, 2),  # frame 1 could not be read
    ],
)
def test_a_missing_query_is_noticed_when_its_frame_is_done(frame, choice, people, fails_at) -> None:
    check = QueryCheck(frame, choice)
    assert next((index for index, count in people.items() if check.fails(index, count)), None) == fails_at
