"""Select the queries named by `input.query_frame` and `input.query_detection`."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from learning_reid.errors import UserError
from learning_reid.retrieval.person_detections import PersonDetections

QueryChoice = int | Sequence[int] | Literal["all"]


def select_queries(detections: PersonDetections, query_frame: int | None, query_detection: QueryChoice) -> list[int]:
    """Return the rows of the chosen persons, in the given order and without repetitions.

    Args:
        detections: All detections.
        query_frame: Frame index, counted from 0 in file order; None = the first frame in which all chosen persons are
            detected.
        query_detection: Index of the person in that frame, several indices, or "all".

    Raises:
        UserError: The frame or person does not exist, or no later frame has a person to compare with.
    """
    frame = _first_frame(detections, query_detection) if query_frame is None else query_frame
    _check_frame(detections, frame)
    rows = detections.rows_of(frame)
    indices = _indices(query_detection, len(rows))
    for index in indices:
        if not 0 <= index < len(rows):
            raise UserError(
                f"input.query_detection={index}: frame {frame} has {_count(len(rows), 'person')}; "
                f"choose {_range(0, len(rows) - 1)}"
            )
    _check_later_frames(detections, frame)
    return [int(rows[index]) for index in indices]


class QueryCheck:
    """Finds out whether the queries are detected, as soon as their frame is done.

    Args:
        query_frame, query_detection: As for `select_queries`.

    >>> check = QueryCheck(2, [0, 1])
    >>> [check.fails(frame, people) for frame, people in [(0, 3), (1, 0), (2, 1)]]
    [False, False, True]
    """

    def __init__(self, query_frame: int | None, query_detection: QueryChoice) -> None:
        self._pending = query_frame
        self._largest_index = max(_indices(query_detection, 1))

    def fails(self, frame: int, people: int) -> bool:
        """Return whether this frame, in ascending order, shows that there is no query."""
        if self._pending is None or frame < self._pending:
            return False
        is_missing = frame > self._pending  # it could not be read
        self._pending = None
        return is_missing or people <= self._largest_index


def _first_frame(detections: PersonDetections, choice: QueryChoice) -> int:
    """Return the first frame with all chosen persons, or else the first with a person."""
    if not len(detections):
        raise UserError(
            f"no person was found in the {_count(len(detections.frames_read), 'frame')} read; "
            "lower detector.min_score, choose another detector.name, or check that its file describes these frames"
        )
    frames, counts = np.unique(detections.frame, return_counts=True)
    enough = frames[counts > max(_indices(choice, 1))]
    return int([*enough, *frames][0])


def _indices(choice: QueryChoice, people: int) -> list[int]:
    chosen = range(people) if choice == "all" else choice
    return [chosen] if isinstance(chosen, int) else list(dict.fromkeys(chosen))


def _check_frame(detections: PersonDetections, query_frame: int) -> None:
    read = detections.frames_read
    if query_frame not in read:
        why = "that frame could not be read" if query_frame < read[-1] else f"the last frame read is {read[-1]}"
        raise UserError(f"input.query_frame={query_frame}: {why}; choose one of {_range(int(read[0]), int(read[-1]))}")
    if not len(detections.rows_of(query_frame)):
        advice = f"the first frame with one is {detections.frame[0]}" if len(detections) else "lower detector.min_score"
        raise UserError(
            f"input.query_frame={query_frame}: no person was found in that frame; {advice}, or leave out query_frame "
            "to use the first frame with a person"
        )


def _check_later_frames(detections: PersonDetections, query_frame: int) -> None:
    read = detections.frames_read
    later = read[read > query_frame]
    if not len(later):
        raise UserError(
            f"input.query_frame={query_frame} is the last of the {_count(len(read), 'frame')} read, "
            "so there is nothing later to rank; choose an earlier frame or give more frames"
        )
    if not np.any(detections.frame > query_frame):
        raise UserError(
            f"no person was found in the {_count(len(later), 'frame')} after input.query_frame={query_frame}, "
            "so there is nothing to rank; choose an earlier frame or lower detector.min_score"
        )


def _range(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" + "s" * (n != 1)
