"""Whom to look for: from `input.query_frame` and `input.query_detection` to rows of the sightings."""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from learning_reid.errors import UserError
from learning_reid.retrieval.sightings import Sightings

Choice = int | Sequence[int] | Literal["all"]


def choose_queries(sightings: Sightings, query_frame: int, query_detection: Choice) -> list[int]:
    """Rows of the chosen persons, in the order asked for; one asked for twice is taken once.

    Args:
        sightings: everybody seen.
        query_frame: counted from 0 in file order.
        query_detection: which person of that frame, several, or `all`.

    Raises:
        UserError: there is no such frame or person, or nobody after it to compare with.
    """
    _refuse_missing_frame(sightings, query_frame)
    rows = sightings.rows_of(query_frame)
    if not len(rows):
        first = int(sightings.frame[0])
        raise UserError(
            f"input.query_frame={query_frame}: no person was found in that frame; the first frame with one is {first}"
        )
    chosen = range(len(rows)) if query_detection == "all" else query_detection
    wanted = [chosen] if isinstance(chosen, int) else list(dict.fromkeys(chosen))
    for detection in wanted:
        if not 0 <= detection < len(rows):
            raise UserError(
                f"input.query_detection={detection}: frame {query_frame} shows {_persons(len(rows))}; "
                f"choose {_span(0, len(rows) - 1)}"
            )
    _refuse_nothing_later(sightings, query_frame)
    return [int(rows[detection]) for detection in wanted]


def _refuse_missing_frame(sightings: Sightings, query_frame: int) -> None:
    read = sightings.frames_read
    if not len(sightings):
        raise UserError(
            f"no person was found in the {_frames(len(read))} read; "
            "lower detector.min_score, choose another detector.name, or see that its file tells of these frames"
        )
    if query_frame not in read:
        between = query_frame < read[-1]
        why = "that frame could not be read" if between else f"the last frame read is {read[-1]}"
        raise UserError(f"input.query_frame={query_frame}: {why}; choose one of {_span(int(read[0]), int(read[-1]))}")


def _refuse_nothing_later(sightings: Sightings, query_frame: int) -> None:
    later = sightings.frames_read[sightings.frames_read > query_frame]
    if not len(later):
        raise UserError(
            f"input.query_frame={query_frame} is the last of the {_frames(len(sightings.frames_read))} read, "
            "so there is nothing later to rank; choose an earlier one or give more frames"
        )
    if not np.any(sightings.frame > query_frame):
        raise UserError(
            f"no person was found in the {_frames(len(later))} after input.query_frame={query_frame}, "
            "so there is nobody to rank; choose an earlier frame or lower detector.min_score"
        )


def _span(first: int, last: int) -> str:
    return str(first) if first == last else f"{first} to {last}"


def _persons(n: int) -> str:
    return f"{n} person" + "s" * (n != 1)


def _frames(n: int) -> str:
    return f"{n} frame" + "s" * (n != 1)
