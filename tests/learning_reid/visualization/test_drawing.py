"""Boxes and labels: colors, line widths, and labels inside the image."""

import numpy as np
import pytest

from learning_reid.visualization.drawing import (
    MATCH_STYLE,
    ORANGE,
    OTHER_STYLE,
    QUERY_STYLE,
    SKY,
    LabeledBox,
    draw_boxes,
    place_label,
)

BOX = np.array([30.0, 40, 60, 100], np.float32)


def colors_in(image: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(pixel) for pixel in image.reshape(-1, 3).tolist()}


def test_query_and_match_have_their_own_rgb_colors() -> None:
    gray = np.full((150, 200, 3), 90, np.uint8)
    assert ORANGE in colors_in(draw_boxes(gray, [LabeledBox(BOX, QUERY_STYLE)])) and SKY in colors_in(
        draw_boxes(gray, [LabeledBox(BOX, MATCH_STYLE)])
    )
    drawn = draw_boxes(gray, [LabeledBox(BOX, OTHER_STYLE)])
    assert not {ORANGE, SKY} & colors_in(drawn)
    assert colors_in(gray) == {(90, 90, 90)}  # the input is unchanged


def test_other_boxes_are_thinner() -> None:
    gray = np.full((576, 768, 3), 90, np.uint8)
    changed = [
        (draw_boxes(gray, [LabeledBox(BOX, style)]) != gray).any(axis=2).sum()
        for style in (OTHER_STYLE, MATCH_STYLE, QUERY_STYLE)
    ]
    assert changed[0] * 1.4 < changed[1] == changed[2]


@pytest.mark.parametrize("shape", [(40, 60), (150, 200), (1080, 1920)])
@pytest.mark.parametrize("box", [[-20, -20, 5, 5], [0, 0, 9, 9], [190, 140, 260, 190], [0, 0, 4000, 4000]])
def test_any_box_in_any_image(shape: tuple[int, int], box: list[float]) -> None:
    image = np.zeros((*shape, 3), np.uint8)
    drawn = draw_boxes(image, [LabeledBox(np.array(box, np.float32), QUERY_STYLE, "query 12")])
    assert drawn.shape == image.shape and drawn.dtype == np.uint8 and drawn.any()


@pytest.mark.parametrize("shape", [(9, 8), (240, 320), (1080, 1920)])
def test_the_caption_is_above_the_image_and_hides_nothing(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    drawn = draw_boxes(image, [], "frame 3: no match", [(ORANGE, "query"), (SKY, "nearest in frame")])
    bar = len(drawn) - len(image)
    assert 0 < bar < max(20, 0.08 * shape[0]) and np.array_equal(drawn[bar:], image)
    assert {ORANGE, SKY} <= colors_in(drawn[:bar]) or shape == (9, 8)  # as much of the key as fits


def test_labels_stay_inside_and_do_not_overlap() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        corner = rng.integers(-30, 220, 2)
        x1, y1, x2, y2 = place_label(np.array([*corner, *(corner + 40)]), (50, 14), (200, 150))
        assert 0 <= x1 < x2 < 200 and 0 <= y1 < y2 < 150
    first = place_label(BOX, (30, 10), (200, 150))
    second = place_label(BOX, (30, 10), (200, 150), [first])
    third = place_label(BOX, (30, 10), (200, 150), [first, second])
    assert len({first, second, third}) == 3


def test_labels_of_other_people_are_translucent_unlike_in_supervision() -> None:
    """Why `drawing` has its own labels; if this fails, sv.RichLabelAnnotator may replace them."""
    import supervision as sv

    annotator = sv.RichLabelAnnotator(color=sv.Color(0, 0, 0), font_size=9, text_padding=3, smart_position=True)
    detections = sv.Detections(xyxy=BOX[None], class_id=np.zeros(1, int))
    backgrounds = [np.full((150, 200, 3), gray, np.uint8) for gray in (60, 200)]
    theirs = [annotator.annotate(background.copy(), detections, ["0.12"]) for background in backgrounds]
    ours = [draw_boxes(background, [LabeledBox(BOX, OTHER_STYLE, "0.12")]) for background in backgrounds]
    hidden = [int((dark == bright)[:39].all(axis=2).sum()) for dark, bright in (ours, theirs)]  # rows above the box
    assert hidden[1] > 100 and hidden[0] < 0.5 * hidden[1]
