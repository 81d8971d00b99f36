"""One picture of a sequence, and what every source of such pictures can do."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from learning_reid.frames.mot import MotTable

Truth = MotTable  # who really was where; rows of score 0 are ignored: neither a person to find nor a false alarm

SLOWEST, FASTEST = 0.001, 1000  # frames per second


@dataclass(frozen=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        index: counts from 0 in file order; a file that could not be read leaves a gap.
        name: file name, or the frame's number in a video.
        image: (height, width, 3) uint8, RGB.
    """

    index: int
    name: str
    image: np.ndarray


class FrameSource(Protocol):
    """Frames one after another, never all in memory; iterating again decodes again and gives the same frames.

    Attributes:
        skipped: a line for each file that could not be read; filled while iterating, emptied by the next iteration.
        frames_per_second: the source's own rate, None where nothing says it.
        truth: who is where; only the synthetic scene knows its own.
    """

    skipped: list[str]
    frames_per_second: float | None
    truth: Truth | None

    def __len__(self) -> int:
        """An upper bound on the number of frames, for the progress bar."""
        ...

    def __iter__(self) -> Iterator[Frame]: ...

    def at(self, index: int) -> Frame:
        """The frame that iterating gives under this index.

        Raises:
            UserError: there is none, or it is damaged.
        """
        ...


def as_rate(told: object) -> float | None:
    """Frames per second as a file tells them; None where that is none: a damaged header says 90,000.

    >>> as_rate(25), as_rate(90_000.0), as_rate("soon"), as_rate(None)
    (25.0, None, None, None)
    """
    return float(told) if isinstance(told, int | float) and SLOWEST <= told <= FASTEST else None
