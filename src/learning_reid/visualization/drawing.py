"""Draw what was found on a frame: the query in one colour, each frame's best match in another, everybody else thin.

The colours are from Okabe and Ito's set, which people who see red and green alike can tell apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2

ORANGE: Colour = (230, 159, 0)
SKY: Colour = (86, 180, 233)
WHITE: Colour = (240, 240, 240)
BLACK: Colour = (0, 0, 0)


@dataclass(frozen=True)
class BoxStyle:
    """How a person is marked: colour, and the box's line as a share of the usual one."""

    colour: Colour
    line: float


QUERY_STYLE = BoxStyle(ORANGE, 1.5)
MATCH_STYLE = BoxStyle(SKY, 1.5)
OTHER_STYLE = BoxStyle(WHITE, 0.5)


@dataclass(frozen=True, eq=False)
class LabeledBox:
    """One person of a frame: (4,) box xyxy in pixels, the style, and a few words above the box."""

    box_xyxy: np.ndarray
    style: BoxStyle
    label: str = ""


def draw_boxes(image: np.ndarray, marks: Sequence[LabeledBox], caption: str = "") -> np.ndarray:
    """A copy of the frame with the persons marked and a caption with the key of colours at the top.

    Lines and letters grow with the picture; labels stay inside it.

    Args:
        image: (height, width, 3) uint8, RGB.
        marks: those drawn later lie on top.
        caption: what the frame shows.
    """
    size = text_size(image.shape)
    canvas = image.copy()
    for mark in marks:
        x1, y1, x2, y2 = np.rint(mark.box_xyxy).astype(int).tolist()
        line = max(1, round(size / 9 * mark.style.line))
        cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), mark.style.colour, line, cv2.LINE_AA)
    picture = Image.fromarray(canvas)
    pen = ImageDraw.Draw(picture, "RGBA")
    if caption:
        _write_caption(pen, picture.size, caption, size)
    taken: list[Rectangle] = []
    for mark in reversed(marks):  # the strongest choose their places first
        if mark.label:
            taken.append(_write_label(pen, picture.size, mark, size, taken))
    return np.asarray(picture)


def text_size(shape: tuple[int, ...]) -> int:
    """Height of the letters in pixels for a picture of this (height, width, …): legible on a phone's and a cinema's.

    >>> text_size((576, 768, 3)), text_size((2160, 3840)), text_size((90, 120))
    (14, 54, 9)
    """
    return max(9, round(min(shape[0], shape[1]) / 40))


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write_label(
    pen: ImageDraw.ImageDraw, room: tuple[int, int], mark: LabeledBox, size: int, taken: Sequence[Rectangle]
) -> Rectangle:
    strong = mark.style is not OTHER_STYLE
    font, pad = _font(size if strong else max(8, round(size * 0.75))), max(1, size // 5)
    left, top, right, bottom = pen.textbbox((0, 0), mark.label, font=font)
    place = place_label(mark.box_xyxy, (right - left + 2 * pad, bottom - top + 2 * pad), room, taken)
    pen.rectangle(place, fill=(*mark.style.colour, 235) if strong else (0, 0, 0, 110))
    words_at = place[0] + pad - left, place[1] + pad - top
    pen.text(words_at, mark.label, font=font, fill=BLACK if strong else WHITE)
    return place


def place_label(
    box_xyxy: np.ndarray, size: tuple[float, float], room: tuple[int, int], taken: Sequence[Rectangle] = ()
) -> Rectangle:
    """Where a label (width, height) goes: above the box, else below, else higher up, where it covers no other label.

    It always lies within the picture; where everything is taken it covers the one above the box.

    >>> place_label(np.array([10, 50, 30, 90]), (40, 12), (200, 120))
    (10.0, 38.0, 50.0, 50.0)
    >>> place_label(np.array([190, 4, 200, 90]), (40, 12), (200, 120))  # no room above
    (159.0, 0.0, 199.0, 12.0)
    >>> place_label(np.array([10, 50, 30, 90]), (40, 12), (200, 120), taken=[(0, 40, 60, 50)])
    (10.0, 90.0, 50.0, 102.0)
    """
    x, above, below = float(box_xyxy[0]), float(box_xyxy[1]) - size[1], float(box_xyxy[3])
    tries = [_inside(x, y, size, room) for y in (above, below, above - size[1], above - 2 * size[1])]
    return next((place for place in tries if not any(_cover(place, other) for other in taken)), tries[0])


def _inside(x: float, y: float, size: tuple[float, float], room: tuple[int, int]) -> Rectangle:
    x, y = max(0.0, min(x, room[0] - size[0] - 1.0)), max(0.0, min(y, room[1] - size[1] - 1.0))
    return x, y, x + size[0], y + size[1]


def _cover(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _write_caption(pen: ImageDraw.ImageDraw, room: tuple[int, int], caption: str, size: int) -> None:
    """A dark band along the top: the caption, then the key of colours as far as there is room for it."""
    font, pad = _font(size), max(2, size // 2)
    pen.rectangle((0, 0, room[0], size + 2 * pad), fill=(0, 0, 0, 150))
    x = float(pad)
    for colour, words in ((None, caption), (ORANGE, "query"), (SKY, "nearest in frame")):
        step = pen.textlength(words, font=font) + (size + pad if colour else 0)
        if colour and x + step > room[0]:
            return
        if colour:
            pen.rectangle((x, pad + 1, x + size - 2, pad + size - 1), fill=colour)
        pen.text((x + (size + pad / 2 if colour else 0), pad + size / 2), words, font=font, fill=WHITE, anchor="lm")
        x += step + 2 * pad
