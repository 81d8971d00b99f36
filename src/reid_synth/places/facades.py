"""Facades: brick or plaster, rows of windows with blinds and curtains, doors, pipes, shops and their signs."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from reid_synth.places.signage import lettering
from reid_synth.places.textures import TILE, brick, gray_color, paint_color, tint

_HEIGHT, _WIDTH = TILE, 2 * TILE


@dataclass(frozen=True)
class Facade:
    """A facade of about 8 m × 16 m.

    Attributes:
        image: (TILE, 2 TILE, 3) uint8 RGB.
        panes: (TILE, 2 TILE) uint8, a number from 1 for each window, 0 for the wall.
    """

    image: np.ndarray
    panes: np.ndarray


@dataclass(frozen=True)
class _Style:
    """Properties shared by the windows of one house."""

    wide: int
    tall: int
    pane: np.ndarray
    frame: np.ndarray
    curtain: np.ndarray
    bars: tuple[int, int]  # columns, rows


def make_facade(rng: np.random.Generator) -> Facade:
    """Make a random facade."""
    warm = rng.uniform(0.78, 1.0)
    wall = gray_color(rng, 70, 215, 3) * np.array([1.0, warm, warm * rng.uniform(0.7, 1.02)], np.float32)
    image = cv2.resize(tint(brick(rng), wall), (_WIDTH, _HEIGHT), interpolation=cv2.INTER_LINEAR)
    panes = np.zeros((_HEIGHT, _WIDTH), np.uint8)
    shops = rng.random() < 0.3
    street_level = _HEIGHT - (int(rng.uniform(190, 240)) if shops else 0)
    if rng.random() < 0.9:
        _paint_window_rows(image[:street_level], panes[:street_level], rng)
    if shops:
        _paint_shop_row(image, panes, rng, street_level)
    else:
        if rng.random() < 0.5:  # stone plinth
            plinth = int(rng.uniform(15, 60))
            image[-plinth:] = np.clip(image[-plinth:] * rng.uniform(0.5, 1.2), 0, 255).astype(np.uint8)
        for _ in range(int(rng.integers(0, 4))):
            _paint_door(image, panes, rng)
    for _ in range(int(rng.integers(0, 4))):
        x, pipe = int(rng.integers(0, _WIDTH)), gray_color(rng, 30, 170)
        cv2.line(image, (x + 3, 0), (x + 3, _HEIGHT), np.clip(wall * 0.5, 0, 255).tolist(), 4)
        cv2.line(image, (x, 0), (x, _HEIGHT), pipe.tolist(), 5)
    for _ in range(int(rng.integers(0, 4))):
        _paint_wall_box(image, rng)
    return Facade(image, panes)


def _paint_window_rows(image: np.ndarray, panes: np.ndarray, rng: np.random.Generator) -> None:
    height, width = panes.shape
    style = _Style(
        wide=int(rng.uniform(40, 170)),
        tall=int(rng.uniform(55, 120)),
        pane=gray_color(rng, 15, 120, 8),
        frame=paint_color(rng) * 0.6 + 60,
        curtain=gray_color(rng, 120, 235, 8),
        bars=(int(rng.integers(1, 5)), int(rng.integers(1, 3))),
    )
    gap_x, gap_y = int(style.wide * rng.uniform(1.1, 2.5)), int(style.tall * rng.uniform(1.5, 2.4))
    for top in range(int(rng.integers(15, 110)), height - style.tall - 10, gap_y):
        for left in range(int(rng.integers(5, 60)), width - style.wide, gap_x):
            if rng.random() < 0.95:
                number = 1 + int(panes.max()) % 254
                panes[top : top + style.tall, left : left + style.wide] = number
                _paint_window(image[top - 6 : top + style.tall + 9, left : left + style.wide], rng, style)


def _paint_window(view: np.ndarray, rng: np.random.Generator, style: _Style) -> None:
    """Paint a window (tall + 15, wide, 3): lintel, glass reflecting the sky, curtains or blind, frame, sill, shadow."""
    height, wide = view.shape[:2]
    glass = view[6 : height - 9]
    glass[:] = np.clip(style.pane * rng.uniform(0.6, 1.4), 0, 255)
    sky = np.clip(style.pane * 1.5 + 15, 0, 255).tolist()
    reach = int(wide * rng.uniform(0.2, 0.9))
    cv2.fillPoly(glass, [np.array([(0, 0), (reach, 0), (0, style.tall // 2)], np.int32)], sky)
    kind = rng.random()
    if kind < 0.25:
        glass[: int(style.tall * rng.uniform(0.2, 1.0))] = np.clip(style.curtain * rng.uniform(0.7, 1), 0, 255)
    elif kind < 0.45:
        fold = int(wide * rng.uniform(0.12, 0.3))
        glass[:, :fold] = glass[:, -fold:] = np.clip(style.curtain * rng.uniform(0.6, 1), 0, 255)
    glass[:4] = glass[:4] // 2  # shadow of the lintel
    frame = style.frame.tolist()
    for part in range(style.bars[0] + 1):
        x = int(part * (wide - 1) / style.bars[0])
        cv2.line(glass, (x, 0), (x, style.tall), frame, 4)
    for part in range(style.bars[1] + 1):
        y = int(part * (style.tall - 1) / style.bars[1])
        cv2.line(glass, (0, y), (wide, y), frame, 4)
    view[height - 9 : height - 4] = np.clip(style.frame * 1.1, 0, 255)
    view[height - 4 :] = view[height - 4 :] // 2


def _paint_door(image: np.ndarray, panes: np.ndarray, rng: np.random.Generator) -> None:
    wide, tall = int(rng.integers(50, 160)), int(rng.uniform(125, 170))
    left, top = int(rng.integers(0, _WIDTH - wide)), _HEIGHT - tall
    paint = np.clip(paint_color(rng) * 0.8, 0, 255)
    panes[top - 6 :, left : left + wide] = 0
    cv2.rectangle(
        image, (left - 6, top - 6), (left + wide + 6, _HEIGHT), np.clip(paint * 0.6 + 50, 0, 255).tolist(), -1
    )
    cv2.rectangle(image, (left, top), (left + wide, _HEIGHT), paint.tolist(), -1)
    leaves = 2 if wide > 100 else 1
    for leaf in range(leaves):
        a, b = left + leaf * wide // leaves, left + (leaf + 1) * wide // leaves
        cv2.rectangle(image, (a, top), (b, _HEIGHT), (paint * 0.6).tolist(), 2)
        if rng.random() < 0.6:
            glass = (a + 8, top + 10), (b - 8, top + int(tall * rng.uniform(0.3, 0.85)))
            cv2.rectangle(image, *glass, gray_color(rng, 20, 90, 4).tolist(), -1)


def _paint_shop_row(image: np.ndarray, panes: np.ndarray, rng: np.random.Generator, top: int) -> None:
    left = -int(rng.integers(0, 120))
    while left < _WIDTH:
        right = left + int(rng.uniform(220, 520))
        _paint_shop(image, panes, rng, (max(0, left), top, min(_WIDTH, right) - 6, _HEIGHT))
        left = right


def _paint_shop(
    image: np.ndarray, panes: np.ndarray, rng: np.random.Generator, box_xyxy: tuple[int, int, int, int]
) -> None:
    """Paint a shop front with a sign, display windows down to a low sill, goods and a door."""
    left, top, right, bottom = box_xyxy
    if right - left < 60:
        return
    paint = np.clip(paint_color(rng), 0, 255)
    image[top:bottom, left:right] = np.clip(paint * 0.7 + 20, 0, 255)
    band = top + int(rng.uniform(26, 46))
    image[top:band, left:right] = paint
    ink = np.full(3, 240.0) if paint.mean() < 130 else np.full(3, 30.0)
    lettering(image, rng, (left + (right - left) // 5, top + 8, right - (right - left) // 5, band - 8), ink)
    number = 1 + int(panes.max()) % 254
    sill = bottom - int(rng.uniform(4, 40))
    door = int(rng.choice([left + 8, right - 78]))
    edges = np.linspace(left + 8, right - 8, int(rng.integers(2, 5))).astype(int)
    for a, b in pairwise(edges):
        glass = image[band + 6 : sill, a + 4 : b - 4]
        glass[:] = gray_color(rng, 25, 110, 6)
        panes[band + 6 : sill, a + 4 : b - 4] = number
        for _ in range(int(rng.integers(2, 9))):
            _paint_ware(glass, rng)
    cv2.rectangle(image, (door, band + 4), (door + 70, bottom), np.clip(paint * 0.6, 0, 255).tolist(), -1)
    cv2.rectangle(image, (door + 9, band + 14), (door + 61, bottom - 24), gray_color(rng, 20, 90, 4).tolist(), -1)


def _paint_ware(glass: np.ndarray, rng: np.random.Generator) -> None:
    """Paint goods on display: a box, a bottle, a placard."""
    height, width = glass.shape[:2]
    tall, wide = int(height * rng.uniform(0.1, 0.5)), int(max(4, width * rng.uniform(0.05, 0.35)))
    x, base = int(rng.integers(0, max(1, width - wide))), height - int(height * rng.choice([0.0, 0.1, 0.45]))
    color = np.clip(paint_color(rng) * rng.uniform(0.4, 0.9), 0, 255).tolist()
    if rng.random() < 0.7:
        cv2.rectangle(glass, (x, base - tall), (x + wide, base), color, -1)
    else:
        cv2.ellipse(glass, (x + wide // 2, base - tall // 2), (wide // 2, tall // 2), 0, 0, 360, color, -1)


def _paint_wall_box(image: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a vent, a meter, an air conditioner or a plaque."""
    wide, tall = int(rng.uniform(12, 60)), int(rng.uniform(12, 60))
    left, top = int(rng.integers(0, _WIDTH - wide)), int(rng.integers(100, _HEIGHT - tall))
    color = gray_color(rng, 60, 230) if rng.random() < 0.6 else np.clip(paint_color(rng), 0, 255)
    cv2.rectangle(image, (left + 4, top + 5), (left + wide + 4, top + tall + 5), (40.0, 38.0, 36.0), -1)
    cv2.rectangle(image, (left, top), (left + wide, top + tall), color.tolist(), -1)
    for y in range(top + 5, top + tall, 7):
        cv2.line(image, (left + 3, y), (left + wide - 3, y), (color * 0.7).tolist(), 1)
