"""Furniture of rooms, shops and halls as solids, and clothes without a person in them.

As in `objects`, each maker samples one specimen in meters around its own origin on the ground.
"""

from __future__ import annotations

import cv2
import numpy as np

from reid_synth.places.objects import Maker, crate
from reid_synth.places.solids import Cylinder, Primitive, block, textured_panel, upright
from reid_synth.places.surfaces import Cutout
from reid_synth.places.textures import gray_color, paint_color

_WOOD = np.array([150.0, 112.0, 74.0])


def _wood(rng: np.random.Generator) -> np.ndarray:
    return _WOOD * rng.uniform(0.4, 1.5) if rng.random() < 0.6 else paint_color(rng)


def table(rng: np.random.Generator) -> list[Primitive]:
    """Make a table on four legs, or a round one on a column."""
    top, height = _wood(rng), rng.uniform(0.45, 1.1)
    if rng.random() < 0.4:
        radius, steel = rng.uniform(0.25, 0.5), gray_color(rng, 40, 220)
        disc = Cylinder((0, 0, height), (0, 0, height + 0.04), radius, radius, top)
        return [upright(radius * 0.6, 0.04, steel), upright(0.04, height, steel), disc]
    x, y = rng.uniform(0.3, 1.0), rng.uniform(0.25, 0.5)
    legs: list[Primitive] = [
        upright(0.03, height, top * 0.7, a * x * 0.9, b * y * 0.9) for a in (-1, 1) for b in (-1, 1)
    ]
    return legs + block((-x, -y, height), (x, y, height + 0.05), top)


def chair(rng: np.random.Generator) -> list[Primitive]:
    """Make a chair, or an office chair with a high back on one foot."""
    color, back = paint_color(rng) * 0.8, rng.uniform(0.8, 1.25)
    parts = block((-0.22, -0.22, 0.42), (0.22, 0.22, 0.48), color)
    parts += block((-0.2, 0.2, 0.55), (0.2, 0.25, back), color, shrink=0.02)
    if rng.random() < 0.5:
        foot: list[Primitive] = [
            upright(0.03, 0.42, gray_color(rng, 20, 90)),
            upright(0.28, 0.06, gray_color(rng, 20, 90)),
        ]
        return foot + parts
    return [upright(0.02, 0.45, color * 0.7, x, y) for x in (-0.2, 0.2) for y in (-0.2, 0.2)] + parts


def sofa(rng: np.random.Generator) -> list[Primitive]:
    """Make a sofa, or a bed if it is deep, with cushions."""
    color, x, y = paint_color(rng), rng.uniform(0.5, 1.1), rng.uniform(0.4, 1.0)
    parts = block((-x, -y, 0), (x, y, 0.42), color)
    parts += block((-x, y - 0.2, 0.42), (x, y, rng.uniform(0.5, 0.95)), color * 0.9)
    for _ in range(int(rng.integers(0, 4))):
        at = rng.uniform(-x + 0.2, x - 0.2)
        parts += block((at - 0.2, y - 0.4, 0.42), (at + 0.2, y - 0.22, 0.75), paint_color(rng), shrink=0.04)
    return parts


def shelves(rng: np.random.Generator) -> list[Primitive]:
    """Make a rack whose front shows goods."""
    wide, tall, deep = rng.uniform(0.5, 2.5), rng.uniform(1.0, 2.3), rng.uniform(0.15, 0.35)
    body = block((-wide / 2, -deep, 0), (wide / 2, deep, tall), _wood(rng) * 0.8)
    front = textured_panel((0, -deep - 0.02, tall / 2), wide, tall, goods(rng, wide, tall))
    return [*body, front]


def goods(rng: np.random.Generator, wide_m: float, tall_m: float) -> np.ndarray:
    """Paint the front of a rack: boards with boxes, bottles, books and gaps, (h, w, 4) uint8."""
    px_per_m = 80
    height, width = int(tall_m * px_per_m), int(wide_m * px_per_m)
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = gray_color(rng, 15, 200, 8)
    board, step = paint_color(rng), int(rng.uniform(0.18, 0.5) * px_per_m)
    for bottom in range(step, height, step):
        x = 0
        while x < width:
            wide, tall = int(rng.uniform(0.03, 0.3) * px_per_m) + 1, int(step * rng.uniform(0.3, 0.9))
            if rng.random() < 0.85:
                image[bottom - tall : bottom, x : x + wide, :3] = paint_color(rng)
            x += wide + int(rng.integers(0, 4))
        image[bottom : bottom + 3, :, :3] = board
    return image


def counter(rng: np.random.Generator) -> list[Primitive]:
    """Make a counter or a reception desk, with things on it."""
    x, height, color = rng.uniform(0.6, 1.8), rng.uniform(0.9, 1.2), _wood(rng)
    parts = block((-x, -0.3, 0), (x, 0.3, height), color) + block(
        (-x, -0.36, height), (x, 0.34, height + 0.05), color * 0.7
    )
    for at in rng.uniform(-x, x, int(rng.integers(0, 4))):
        parts += block((at - 0.12, -0.1, height), (at + 0.12, 0.1, height + rng.uniform(0.1, 0.4)), paint_color(rng))
    return parts


def wardrobe(rng: np.random.Generator) -> list[Primitive]:
    """Make a wardrobe, a fridge or a vending machine."""
    x, y, tall, color = rng.uniform(0.3, 0.9), rng.uniform(0.2, 0.4), rng.uniform(1.3, 2.3), _wood(rng)
    seam = block((-0.01, -y - 0.01, 0.1), (0.01, -y, tall - 0.1), color * 0.4)
    return [*block((-x, -y, 0), (x, y, tall), color), *seam]


def column(rng: np.random.Generator) -> list[Primitive]:
    """Make a pillar up to the ceiling."""
    radius = rng.uniform(0.12, 0.35)
    if rng.random() < 0.5:
        return [upright(radius, 5.0, gray_color(rng, 70, 235))]
    return block((-radius, -radius, 0), (radius, radius, 5.0), gray_color(rng, 70, 235))


def standing_lamp(rng: np.random.Generator) -> list[Primitive]:
    """Make a lamp with a shade on a pole, or a fan."""
    height, steel, shade = rng.uniform(1.2, 1.8), gray_color(rng, 30, 200), gray_color(rng, 150, 250)
    cone = Cylinder((0, 0, height - 0.1), (0, 0, height + 0.2), rng.uniform(0.15, 0.3), 0.1, shade)
    return [upright(0.15, 0.04, steel), upright(0.02, height, steel), cone]


def balloons(rng: np.random.Generator) -> list[Primitive]:
    """Make a bunch of balloons on a weight."""
    parts: list[Primitive] = [upright(0.08, 0.15, paint_color(rng)), upright(0.01, 1.4, gray_color(rng, 100, 220))]
    for _ in range(int(rng.integers(3, 9))):
        x, y, z = rng.normal((0, 0, 1.6), (0.2, 0.2, 0.2))
        radius, color = rng.uniform(0.1, 0.16), paint_color(rng)
        parts.append(Cylinder((x, y, z - radius), (x, y, z), 0.03, radius, color))
        parts.append(Cylinder((x, y, z), (x, y, z + radius), radius, 0.04, color))
    return parts


INTERIOR: tuple[Maker, ...] = (
    table, table, chair, chair, sofa, shelves, shelves, counter, wardrobe, column, standing_lamp, balloons, crate,
)  # fmt: skip
WIDE: tuple[Maker, ...] = (table, counter, shelves, sofa)  # hide the lower half of a person


def hanging_coat(rng: np.random.Generator, figure: np.ndarray, px_per_m: float) -> Cutout:
    """Make clothes on a hook or a rack: the trunk of a sprite without head and legs, at some height.

    Args:
        rng: Draws what is shown, the height and the rail.
        figure: (h, w, 4) uint8, premultiplied, sprite of a person who stands.
        px_per_m: Scale of the sprite, pixels per meter.
    """
    tall = len(figure)
    cloth = figure[int(tall * rng.uniform(0.16, 0.2)) : int(tall * rng.uniform(0.5, 0.75))]
    count = int(rng.choice([1, 2, 4]))
    step = max(1, int(figure.shape[1] * rng.uniform(0.3, 0.8)))
    drop = int(px_per_m * rng.uniform(0.0, 1.0))  # from the hem to the ground
    rgba = np.zeros((len(cloth) + drop + 4, figure.shape[1] + step * (count - 1), 4), np.uint8)
    for left in range(0, step * count, step):
        window = rgba[4 : 4 + len(cloth), left : left + figure.shape[1]]
        window[:] = cv2.add(cv2.multiply(window, cv2.merge([255 - cloth[..., 3]] * 4), scale=1 / 255), cloth.copy())
    if count > 1:
        steel = (*gray_color(rng, 20, 220).clip(0, 255).tolist(), 255.0)
        cv2.line(rgba, (0, 3), (rgba.shape[1], 3), steel, 3)
        for x in (1, rgba.shape[1] - 2):
            cv2.line(rgba, (x, 3), (x, len(rgba)), steel, 3)
    return Cutout(rgba, px_per_m)
