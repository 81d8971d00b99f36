"""Whom to look for, and a one-line answer for everybody who cannot be looked for."""

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.retrieval.choose_queries import choose_queries
from learning_reid.retrieval.sightings import Sightings


def seen(frames: list[int], read: list[int]) -> Sightings:
    n = len(frames)
    detection = np.array([frames[:i].count(f) for i, f in enumerate(frames)], np.int64)
    nothing = np.zeros((n, 4), np.float32)
    return Sightings(np.array(frames, np.int64), detection, nothing, nothing[:, 0], nothing, np.array(read))


PEOPLE = seen([1, 1, 1, 2, 4], read=[0, 1, 2, 4, 5])  # frame 3 could not be read, 0 and 5 show nobody


@pytest.mark.parametrize(("choice", "rows"), [(0, [0]), (2, [2]), ([2, 0], [2, 0]), ([1, 1], [1]), ("all", [0, 1, 2])])
def test_the_rows_of_the_chosen(choice, rows: list[int]) -> None:
    assert choose_queries(PEOPLE, 1, choice) == rows


@pytest.mark.parametrize(
    ("frame", "choice", "answer"),
    [
        (0, 0, "query_frame=0: no person was found in that frame; the first frame with one is 1"),
        (3, 0, "query_frame=3: that frame could not be read; choose one of 0 to 5"),
        (9, 0, "query_frame=9: the last frame read is 5; choose one of 0 to 5"),
        (1, 3, "query_detection=3: frame 1 shows 3 persons; choose 0 to 2"),
        (2, [0, 1], "query_detection=1: frame 2 shows 1 person; choose 0"),
        (4, 0, "no person was found in the 1 frame after input.query_frame=4"),
    ],
)
def test_who_cannot_be_looked_for(frame: int, choice, answer: str) -> None:
    with pytest.raises(UserError) as told:
        choose_queries(PEOPLE, frame, choice)
    assert answer in str(told.value) and "\n" not in str(told.value)


def test_one_frame_only() -> None:
    with pytest.raises(UserError, match="is the last of the 1 frame read, so there is nothing later to rank"):
        choose_queries(seen([0], read=[0]), 0, 0)


def test_no_person_at_all() -> None:
    with pytest.raises(UserError, match=r"no person was found in the 3 frames read; lower detector.min_score"):
        choose_queries(seen([], read=[0, 1, 2]), 0, 0)
