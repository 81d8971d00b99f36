"""Draw labeled boxes on a frame: queries and their matches in strong colors, other people in thin lines.

Not by supervision's annotators: their labels are opaque and hide the people behind them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

Color = tuple[int, int, int]
Rectangle = tuple[float, float, float, float]  # x1, y1, x2, y2

# Safe for color-blind readers (Okabe and Ito; Tol); without green and red, which mean right and wrong in other images.
ORANGE: Color = (230, 159, 0)
SKY: Color = (86, 180, 233)
PURPLE: Color = (204, 121, 167)
YELLOW: Color = (240, 228, 66)
BLUE: Color = (0, 114, 178)
MINT: Color = (170, 255, 195)
WINE: Color = (136, 34, 85)
WHITE: Color = (240, 240, 240)
BLACK: Color = (0, 0, 0)
_BAR: Color = (24, 24, 24)


@dataclass(frozen=True)
class BoxStyle:
    """Color of a box, and its line width relative to the usual one."""

    color: Color
    line: float


QUERY_STYLE = BoxStyle(ORANGE, 1.5)
MATCH_STYLE = BoxStyle(SKY, 1.5)
OTHER_STYLE = BoxStyle(WHITE, 0.5)
_QUERY_STYLES = [BoxStyle(color, 1.5) for color in (ORANGE, SKY, PURPLE, YELLOW, BLUE, MINT, WINE)]


def query_style(position: int) -> BoxStyle:
    """Return the style of one of several queries and of its matches; after seven queries the colors repeat."""
    return _QUERY_STYLES[position % len(_QUERY_STYLES)]


@dataclass(frozen=True, eq=False)
class LabeledBox:
    """A box to draw: (4,) xyxy in pixels, its style, and a short text above it."""

    box_xyxy: np.ndarray
    style: BoxStyle
    label: str = ""


def draw_boxes(
    image: np.ndarray, boxes: Sequence[LabeledBox], caption: str = "", key: Sequence[tuple[Color, str]] = ()
) -> np.ndarray:
    """Return a copy of an image with labeled boxes, and with a caption, if there is one, in a bar above it.

    Lines and text scale with the image; labels stay inside it and avoid each other.

    Args:
        image: (height, width, 3) uint8, RGB.
        boxes: Later ones are drawn on top.
        caption: Text of the bar, which makes the result higher than the image; "" = no bar.
        key: Colors and their meaning, which follow the caption as far as they fit.

    Example:
        ::

            draw_boxes(frame.image, [LabeledBox(box, MATCH_STYLE, "0.31") for box in detections.xyxy])
    """
    size = text_size(image.shape)
    canvas = image.copy()
    for box in boxes:
        x1, y1, x2, y2 = np.rint(box.box_xyxy).astype(int).tolist()
        line = max(1, round(size / 9 * box.style.line))
        cv2.rectangle(canvas, (x1, y1), (x2 - 1, y2 - 1), box.style.color, line, cv2.LINE_AA)
    drawn = Image.fromarray(canvas)
    pen = ImageDraw.Draw(drawn, "RGBA")
    occupied: list[Rectangle] = []
    for box in reversed(boxes):  # labels of the boxes on top are placed first
        if box.label:
            occupied.append(_write_label(pen, drawn.size, box, size, occupied))
    bar = [_draw_bar(image.shape[1], caption, key, size)] if caption else []
    return np.concatenate([*bar, np.asarray(drawn)])


def text_size(shape: tuple[int, ...]) -> int:
    """Return the letter height in pixels for an image of (height, width, …).

    >>> text_size((576, 768, 3)), text_size((2160, 3840)), text_size((90, 120))
    (14, 54, 9)
    """
    return max(9, round(min(shape[0], shape[1]) / 40))


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _write_label(
    pen: ImageDraw.ImageDraw, image_size: tuple[int, int], box: LabeledBox, size: int, occupied: Sequence[Rectangle]
) -> Rectangle:
    strong = box.style is not OTHER_STYLE
    font, pad = _font(size if strong else max(8, round(size * 0.75))), max(1, size // 5)
    left, top, right, bottom = pen.textbbox((0, 0), box.label, font=font)
    label_size = (right - left + 2 * pad, bottom - top + 2 * pad)
    place = place_label(box.box_xyxy, label_size, image_size, occupied)
    pen.rectangle(place, fill=(*box.style.color, 235) if strong else (0, 0, 0, 110))
    light = strong and np.dot(box.style.color, (0.3, 0.6, 0.1)) > 110
    pen.text((place[0] + pad - left, place[1] + pad - top), box.label, font=font, fill=BLACK if light else WHITE)
    return place


def place_label(
    box_xyxy: np.ndarray,
    size: tuple[float, float],
    image_size: tuple[int, int],
    occupied: Sequence[Rectangle] = (),
) -> Rectangle:
    """Return where a label (width, height) goes: above the box, else below, else higher, covering no other label.

    It is always inside the image; if every position is occupied, it covers the one above the box.

    >>> place_label(np.array([10, 50, 30, 90]), (40, 12), (200, 120))
    (10.0, 38.0, 50.0, 50.0)
    >>> place_label(np.array([190, 4, 200, 90]), (40, 12), (200, 120))  # no space above
    (159.0, 0.0, 199.0, 12.0)
    >>> place_label(np.array([10, 50, 30, 90]), (40, 12), (200, 120), occupied=[(0, 40, 60, 50)])
    (10.0, 90.0, 50.0, 102.0)
    """
    x, above, below = float(box_xyxy[0]), float(box_xyxy[1]) - size[1], float(box_xyxy[3])
    places = [_move_inside(x, y, size, image_size) for y in (above, below, above - size[1], above - 2 * size[1])]
    return next((place for place in places if not any(_overlap(place, other) for other in occupied)), places[0])


def _move_inside(x: float, y: float, size: tuple[float, float], image_size: tuple[int, int]) -> Rectangle:
    x, y = max(0.0, min(x, image_size[0] - size[0] - 1.0)), max(0.0, min(y, image_size[1] - size[1] - 1.0))
    return x, y, x + size[0], y + size[1]


def _overlap(a: Rectangle, b: Rectangle) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _draw_bar(width: int, caption: str, key: Sequence[tuple[Color, str]], size: int) -> np.ndarray:
    """Draw the bar with the caption and as much of the key as fits, (bar height, width, 3)."""
    font, pad = _font(size), max(2, size // 2)
    bar = Image.new("RGB", (width, size + 2 * pad), _BAR)
    pen = ImageDraw.Draw(bar)
    pen.text((pad, pad + size / 2), caption, font=font, fill=WHITE, anchor="lm")
    x = pad + pen.textlength(caption, font=font) + 2 * pad
    for color, text in key:
        end = x + size + pad / 2 + pen.textlength(text, font=font)
        if end > width:
            break
        pen.rectangle((x, pad + 1, x + size - 2, pad + size - 1), fill=color)
        pen.text((x + size + pad / 2, pad + size / 2), text, font=font, fill=WHITE, anchor="lm")
        x = end + 2 * pad
    return np.asarray(bar)
