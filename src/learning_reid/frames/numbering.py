"""Numbers of frames, read from the names of their images: they decide on rows of MOT files and on times."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

_SUFFIX, _DIGITS = re.compile(r"\.\w+$"), re.compile("([0-9]+)")
_MAX_GAPS = 3  # named in a sentence


def frame_numbers(names: Sequence[str], indices: Sequence[int] | None = None) -> list[int]:
    """Return the number of each frame in MOT files, which count from 1: the number in its file name.

    Of several numbers in a name the last one that differs between the names counts. Where files are numbered from 0, as
    in PETS2009, image 0 is frame 1. If a name has no number, or two have the same, frames are counted in file order.

    Args:
        names: File names in natural order.
        indices: Ascending positions among all files, from 0, if `names` has only some of them.

    >>> frame_numbers(["000101.jpg", "000104.jpg"]), frame_numbers(["frame_0000.jpg", "frame_0002.jpg"])
    ([101, 104], [1, 3])
    >>> frame_numbers(["c1s1_000451_00.jpg", "c1s1_000476_00.jpg"]), frame_numbers(["door.jpg", "yard.jpg"])
    ([451, 476], [1, 2])
    """
    positions = range(len(names)) if indices is None else indices
    parts = [_DIGITS.split(_SUFFIX.sub("", name)) for name in names]  # text, digits, text, …, digits, text
    shapes = {tuple(text.casefold() for text in part[::2]) for part in parts}
    columns = range(1, len(parts[0]), 2) if len(shapes) == 1 else ()
    column = max((column for column in columns if len({part[column] for part in parts}) > 1), default=-2)
    numbers = [int(part[column]) if len(part) > 1 else -1 for part in parts]
    if len(set(numbers)) < len(numbers) or -1 in numbers:
        return [position + 1 for position in positions]
    from_zero = any(number <= position for number, position in zip(sorted(numbers), positions, strict=True))
    return [number + from_zero for number in numbers]


def describe_missing(names: Sequence[str]) -> str:
    """Return a sentence about images that are missing in a numbered sequence; empty if none is.

    Every n-th image of a sequence is complete, and so are names without a usual step, such as times.

    Args:
        names: File names in natural order.

    >>> describe_missing(["1.jpg", "2.jpg", "6.jpg", "7.jpg", "9.jpg", "10.jpg"])
    'images are missing: 3 after 2.jpg, 1 after 7.jpg'
    >>> describe_missing(["0.jpg", "10.jpg", "20.jpg"]), describe_missing(["120359.jpg", "120401.jpg", "120404.jpg"])
    ('', '')
    """
    numbers = frame_numbers(names)
    if not (step := _usual_step(numbers)):
        return ""
    steps = [after - before for before, after in pairwise(numbers)]
    gaps = [f"{(one - 1) // step} after {name}" for one, name in zip(steps, names, strict=False) if one > step]
    more = [f"further gaps: {len(gaps) - _MAX_GAPS}"] if len(gaps) > _MAX_GAPS else []
    return f"images are missing: {', '.join(gaps[:_MAX_GAPS] + more)}" if gaps else ""


def frame_positions(numbers: Sequence[int]) -> list[float]:
    """Return how many frame durations after the first one each frame was taken, so that missing images take time too.

    Args:
        numbers: From `frame_numbers`. Without a usual step, such as in times of day, frames are counted in file order.

    >>> frame_positions([1, 2, 6, 7]), frame_positions([10, 20, 40]), frame_positions([120359, 120401, 120404])
    ([0.0, 1.0, 5.0, 6.0], [0.0, 1.0, 3.0], [0.0, 1.0, 2.0])
    """
    step = _usual_step(numbers)
    return [(number - numbers[0]) / step if step else float(index) for index, number in enumerate(numbers)]


def _usual_step(numbers: Sequence[int]) -> int:
    """Return the smallest difference of neighboring numbers if it is the usual one, otherwise 0."""
    steps = [after - before for before, after in pairwise(numbers)]
    step, count = Counter(steps).most_common(1)[0] if steps else (0, 0)
    return step if step >= 1 and min(steps) == step and 2 * count >= len(steps) else 0
