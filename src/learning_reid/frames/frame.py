"""One frame, and the interface of every source of frames."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from learning_reid.frames.mot import MotTable

DEFAULT_FRAME_RATE = 7.0  # of a source that states none; PETS2009 has 7
MIN_FRAME_RATE, MAX_FRAME_RATE = 0.001, 1000  # frames per second


@dataclass(frozen=True, eq=False)
class Frame:
    """One image of a sequence.

    Attributes:
        index: Counts from 0 in file order; a file that cannot be read leaves a gap.
        name: The file name, or the frame's number in a video.
        image: (height, width, 3) uint8, RGB.
        number: Counts from 1 in MOT files; None = `index` + 1.
        time_s: Seconds after the start of a video; None in a folder of images.
    """

    index: int
    name: str
    image: np.ndarray
    number: int | None = None
    time_s: float | None = None


class FrameSource(Protocol):
    """Frames one after another, never all in memory; each iteration decodes them again and gives the same frames.

    Attributes:
        skipped: One line for each frame that could not be read in the current iteration.
        frames_per_second: The source's own rate; None if unknown.
        numbers: The frames' numbers in MOT files, by index.
        truth: Ground truth, which only a synthetic scene has; rows with score 0 are ignored.
    """

    skipped: list[str]
    frames_per_second: float | None
    truth: MotTable | None

    @property
    def numbers(self) -> Sequence[int]: ...

    def __len__(self) -> int:
        """Return an upper bound on the number of frames, for progress bars; 0 if it is unknown."""
        ...

    def __iter__(self) -> Iterator[Frame]: ...

    def at(self, index: int) -> Frame:
        """Return the frame that iterating gives with this index.

        Raises:
            UserError: There is no such frame, or it is damaged.
        """
        ...


def parse_frame_rate(value: object) -> float | None:
    """Return a frame rate read from a file, or None if it is not plausible: damaged headers give 90,000.

    >>> parse_frame_rate(25), parse_frame_rate(90_000.0), parse_frame_rate("soon"), parse_frame_rate(None)
    (25.0, None, None, None)
    """
    return float(value) if isinstance(value, int | float) and MIN_FRAME_RATE <= value <= MAX_FRAME_RATE else None
