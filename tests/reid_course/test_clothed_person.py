"""A person in chosen clothes."""

import numpy as np

from reid_course.clothed_person import draw_clothed_person

RED, BLUE = (190, 40, 40), (40, 60, 170)


def redness(rows: np.ndarray) -> float:
    return float((rows[..., 0].astype(int) - rows[..., 2]).mean())


def test_top_and_trousers_have_the_chosen_colors() -> None:
    crop = draw_clothed_person(RED, BLUE)
    chest, thighs = (slice(int(a * len(crop)), int(b * len(crop))) for a, b in ((0.3, 0.45), (0.6, 0.7)))
    assert redness(crop[chest]) > 10 > -10 > redness(crop[thighs])
    swapped = draw_clothed_person(BLUE, RED)
    assert redness(swapped[chest]) < -10 < 10 < redness(swapped[thighs])


def test_only_the_clothes_change() -> None:
    one, other = draw_clothed_person(RED, BLUE), draw_clothed_person(BLUE, RED)
    assert one.shape == other.shape
    assert np.array_equal(one[: len(one) // 10], other[: len(other) // 10])
    assert np.array_equal(draw_clothed_person(RED, BLUE), one)
    assert not np.array_equal(draw_clothed_person(RED, BLUE, heading=3.0), one)
