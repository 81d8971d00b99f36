"""Select the queries named by `input.query_frame` and `input.query_detection`."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from learning_reid.errors import UserError
from learning_reid.retrieval.person_detections import PersonDetections


def select_queries(
    detections: PersonDetections, query_frame: int, query_detection: int | Sequence[int] | Literal["all"]
) -> list[int]:
    """Return the rows of the chosen persons, in the given order and without repetitions.

    Args:
        detections: All detections.
        query_frame: Frame index, counted from 0 in file order.
        query_detection: Index of the person in that frame, several indices, or "all".

    Raises:
        UserError: The frame or person does not exist, or no later frame has a person to compare with.
    """
    _check_frame(detections, query_frame)
    rows = detections.rows_of(query_frame)
    if not len(rows):
        first = int(detections.frame[0])
        raise UserError(
            f"input.query_frame={query_frame}: no person was found in that frame; the first frame with one is {first}"
        )
    chosen = range(len(rows)) if query_detection == "all" else query_detection
    indices = [chosen] if isinstance(chosen, int) else list(dict.fromkeys(chosen))
    for index in indices:
        if not 0 <= index < len(rows):
            raise UserError(
                f"input.query_detection={index}: frame {query_frame} has {_count(len(rows), 'person')}; "
                f"choose {_range(0, len(rows) - 1)}"
            )
    _check_later_frames(detections, query_frame)
    return [int(rows[index]) for index in indices]


def _check_frame(detections: PersonDetections, query_frame: int) -> None:
    read = detections.frames_read
    if not len(detections):
        raise UserError(
            f"no person was found in the {_count(len(read), 'frame')} read; "
            "lower detector.min_score, choose another detector.name, or check that its file describes these frames"
        )
    if query_frame not in read:
        between = query_frame < read[-1]
        why = "that frame could not be read" if between else f"the last frame read is {read[-1]}"
        raise UserError(f"input.query_frame={query_frame}: {why}; choose one of {_range(int(read[0]), int(read[-1]))}")


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
