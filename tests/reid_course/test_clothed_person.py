"""A person in clothes of one's choice."""

import numpy as np

from reid_course.clothed_person import dressed

RED, BLUE = (190, 40, 40), (40, 60, 170)


def redness(rows: np.ndarray) -> float:
    return float((rows[..., 0].astype(int) - rows[..., 2]).mean())


def test_colours_go_where_they_were_asked_for() -> None:
    crop = dressed(RED, BLUE)
    chest, thighs = (slice(int(a * len(crop)), int(b * len(crop))) for a, b in ((0.3, 0.45), (0.6, 0.7)))
    assert redness(crop[chest]) > 10 > -10 > redness(crop[thighs])
    swapped = dressed(BLUE, RED)
    assert redness(swapped[chest]) < -10 < 10 < redness(swapped[thighs])


def test_only_the_clothes_change() -> None:
    one, other = dressed(RED, BLUE), dressed(BLUE, RED)
    assert one.shape == other.shape
    assert np.array_equal(one[: len(one) // 10], other[: len(other) // 10])
    assert np.array_equal(dressed(RED, BLUE), one)
    assert not np.array_equal(dressed(RED, BLUE, heading=3.0), one)
