"""Street furniture and vehicles as solids.

Each maker samples one specimen: `maker(rng) -> list[Primitive]` in meters around its own origin on the ground.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np

from reid_synth.places.solids import Cylinder, Polygon, Primitive, block, panel, upright
from reid_synth.places.textures import gray_color, paint_color

Maker = Callable[[np.random.Generator], list[Primitive]]


def lamp_post(rng: np.random.Generator) -> list[Primitive]:
    """Make a street lamp with one or two arms."""
    steel, height = gray_color(rng, 40, 190), rng.uniform(3.5, 7)
    parts: list[Primitive] = [upright(rng.uniform(0.04, 0.08), height, steel, top=0.7), upright(0.1, 0.9, steel)]
    for side in ((1,), (1, -1))[int(rng.random() < 0.2)]:
        reach = side * rng.uniform(0.3, 1.2)
        parts.append(Cylinder((0, 0, height - 0.5), (reach, 0, height), 0.04, 0.04, steel))
        head = gray_color(rng, 150, 245)
        parts.append(Cylinder((reach, 0, height), (reach * 1.4, 0, height + 0.02), 0.12, 0.1, head, emissive=True))
    if rng.random() < 0.4:
        parts += _sign_panels(rng, rng.uniform(1.2, 2.4))
    return parts


def _sign_panels(rng: np.random.Generator, height: float) -> list[Primitive]:
    """Make one to three stacked signs, in front of and behind their pole."""
    parts: list[Primitive] = []
    for _ in range(int(rng.integers(1, 4))):
        wide, tall = rng.uniform(0.25, 0.7), rng.uniform(0.25, 0.8)
        shape = int(rng.choice([3, 4, 4, 16]))
        inner = paint_color(rng)
        for side in (-0.09, 0.09):
            parts.append(panel((0, side, height), wide, tall, paint_color(rng), shape))
            parts.append(panel((0, side * 1.15, height), wide * 0.7, tall * rng.uniform(0.3, 0.75), inner, shape))
        height += tall * rng.uniform(0.8, 1.1)
    return parts


def sign(rng: np.random.Generator) -> list[Primitive]:
    """Make one or two poles with sign panels."""
    height, color = rng.uniform(1.0, 2.4), gray_color(rng, 40, 200)
    return [upright(rng.uniform(0.025, 0.06), height + 0.5, color), *_sign_panels(rng, height)]


def post_frame(rng: np.random.Generator) -> list[Primitive]:
    """Make two posts joined by a board or rails: a notice stand, a barrier, a trolley bay."""
    color, width, height = paint_color(rng), rng.uniform(0.35, 1.3), rng.uniform(0.7, 1.9)
    radius = rng.uniform(0.03, 0.07)
    parts: list[Primitive] = [
        upright(radius, height, color, x=-width / 2),
        upright(radius, height, color, x=width / 2),
    ]
    for level in rng.uniform(0.3, 1.0, int(rng.integers(1, 4))) * height:
        parts.append(Cylinder((-width / 2, 0, level), (width / 2, 0, level), radius, radius, color))
    if rng.random() < 0.7:
        tall = height * rng.uniform(0.2, 0.6)
        board = color * 0.9 if rng.random() < 0.4 else paint_color(rng)
        parts.append(panel((0, 0, height - tall / 2), width, tall, board))
    return parts


def tripod(rng: np.random.Generator) -> list[Primitive]:
    """Make three legs with a device on top."""
    color, height = gray_color(rng, 10, 120), rng.uniform(1.0, 1.9)
    joint, spread, turn = height * rng.uniform(0.6, 0.95), rng.uniform(0.3, 0.65), rng.uniform(0, 2)
    radius = rng.uniform(0.012, 0.035)
    parts: list[Primitive] = [upright(0.03, height, color)]
    for angle in turn + 2 * np.pi * np.arange(3) / 3:
        foot = (spread * np.cos(angle), spread * np.sin(angle), 0.0)
        parts.append(Cylinder(foot, (0, 0, joint), radius, radius, color))
    head = rng.uniform(0.06, 0.16)
    return parts + block((-head, -head, height), (head, head, height + rng.uniform(0.08, 0.3)), color * 1.1)


def cone(rng: np.random.Generator) -> list[Primitive]:
    """Make a traffic cone with pale bands."""
    color = np.array((235, 105, 40), np.float32) if rng.random() < 0.6 else paint_color(rng)
    height, radius = rng.uniform(0.4, 1.0), rng.uniform(0.12, 0.2)
    pale = gray_color(rng, 190, 250)
    at = np.array([0.0, 0.3, 0.5, 0.65, 0.8, 1.0])
    bands: list[Primitive] = [
        Cylinder((0, 0, a * height), (0, 0, b * height), radius * (1 - 0.85 * a), radius * (1 - 0.85 * b), paint)
        for a, b, paint in zip(at[:-1], at[1:], (color, pale, color, pale, color), strict=True)
    ]
    return block((-radius * 1.3, -radius * 1.3, 0), (radius * 1.3, radius * 1.3, 0.05), color * 0.8) + bands


def bin_(rng: np.random.Generator) -> list[Primitive]:
    """Make a litter bin with a lid."""
    color, height, radius = paint_color(rng) * 0.8, rng.uniform(0.7, 1.3), rng.uniform(0.2, 0.35)
    body = upright(radius * 0.85, height, color, top=1.15)
    lid = Cylinder((0, 0, height), (0, 0, height + rng.uniform(0.05, 0.25)), radius * 1.05, radius * 0.6, color * 0.6)
    return [body, lid]


def bollard(rng: np.random.Generator) -> list[Primitive]:
    """Make a short thick post, sometimes with a ring."""
    height, radius = rng.uniform(0.5, 1.3), rng.uniform(0.05, 0.2)
    color = paint_color(rng)
    parts: list[Primitive] = [upright(radius, height, color)]
    if rng.random() < 0.5:
        level = height * rng.uniform(0.5, 0.85)
        parts.append(Cylinder((0, 0, level), (0, 0, level + 0.12), radius * 1.06, radius * 1.06, paint_color(rng)))
    return parts


def totem(rng: np.random.Generator) -> list[Primitive]:
    """Make a stack of colored sections of the size of a person: hydrant, pump, column, wrapped plant."""
    height, level, parts = rng.uniform(1.0, 2.1), 0.0, []
    radius = rng.uniform(0.12, 0.32)
    while level < height:
        step = rng.uniform(0.15, 0.8)
        next_radius = float(np.clip(radius * rng.uniform(0.5, 1.5), 0.05, 0.4))
        parts.append(Cylinder((0, 0, level), (0, 0, level + step), radius, next_radius, paint_color(rng)))
        radius, level = next_radius, level + step
    return list(parts)


def legged_box(rng: np.random.Generator) -> list[Primitive]:
    """Make a box on two or four legs: a control cabinet, a grill, a news rack."""
    color, width, deep = paint_color(rng), rng.uniform(0.15, 0.4), rng.uniform(0.1, 0.3)
    knee, height = rng.uniform(0.3, 1.0), rng.uniform(0.35, 1.0)
    legs: list[Primitive] = [
        upright(rng.uniform(0.02, 0.07), knee, paint_color(rng) * 0.7, x=x * width, y=y * deep)
        for x, y in ((-0.8, -0.8), (0.8, 0.8), (0.8, -0.8), (-0.8, 0.8))[: int(rng.choice([2, 4]))]
    ]
    return legs + block((-width, -deep, knee), (width, deep, knee + height), color)


def bench(rng: np.random.Generator) -> list[Primitive]:
    """Make a seat with a back."""
    wood, steel, half = paint_color(rng) * 0.7, gray_color(rng, 20, 110), rng.uniform(0.6, 1.1)
    parts: list[Primitive] = []
    for x in (-half * 0.85, half * 0.85):
        parts.append(Cylinder((x, -0.2, 0), (x, -0.2, 0.45), 0.03, 0.03, steel))
        parts.append(Cylinder((x, 0.2, 0), (x, 0.25, 0.85), 0.03, 0.03, steel))
    parts += block((-half, -0.25, 0.42), (half, 0.2, 0.47), wood)
    return parts + block((-half, 0.2, 0.55), (half, 0.24, 0.85), wood)


def fence(rng: np.random.Generator) -> list[Primitive]:
    """Make a length of railing."""
    color, height, length = paint_color(rng) * 0.8, rng.uniform(0.7, 1.5), rng.uniform(1.5, 6)
    step, radius = rng.uniform(0.12, 1.2), rng.uniform(0.015, 0.05)
    rails: list[Primitive] = [
        Cylinder((-length / 2, 0, z * height), (length / 2, 0, z * height), radius, radius, color) for z in (0.2, 1.0)
    ]
    return rails + [upright(radius, height, color, x=x) for x in np.arange(-length / 2, length / 2 + 0.01, step)]


def bicycle(rng: np.random.Generator) -> list[Primitive]:
    """Make a parked bicycle."""
    frame, black, wheel = paint_color(rng), gray_color(rng, 15, 50), rng.uniform(0.3, 0.36)
    parts: list[Primitive] = []
    for center in (-0.52, 0.52):
        angle = np.linspace(0, 2 * np.pi, 13)
        rim = [(center + wheel * np.cos(a), 0.0, wheel + wheel * np.sin(a)) for a in angle]
        parts += [Cylinder(a, b, 0.025, 0.025, black) for a, b in pairwise(rim)]
    rear, front = (-0.52, 0.0, wheel), (0.52, 0.0, wheel)
    seat, crank, head = (-0.2, 0.0, 0.8), (-0.05, 0.0, 0.3), (0.38, 0.0, 0.78)
    for a, b in ((rear, seat), (rear, crank), (seat, crank), (seat, head), (crank, head), (head, front)):
        parts.append(Cylinder(a, b, 0.025, 0.025, frame))
    saddle = Cylinder((-0.3, 0, 0.9), (-0.08, 0, 0.92), 0.06, 0.04, black)
    handlebar = Cylinder((0.36, -0.25, 1.0), (0.36, 0.25, 1.0), 0.02, 0.02, black)
    return [*parts, saddle, handlebar]


def bag(rng: np.random.Generator) -> list[Primitive]:
    """Make a bag, a sack or a suitcase on the ground."""
    color, half, height = paint_color(rng), rng.uniform(0.12, 0.35), rng.uniform(0.2, 0.6)
    if rng.random() < 0.5:
        return block((-half, -half * 0.5, 0), (half, half * 0.5, height), color, shrink=half * rng.uniform(0, 0.3))
    neck = Cylinder((0, 0, height * 0.6), (0.05, 0, height), half, half * 0.3, color * 0.9)
    return [upright(half, height * 0.6, color), neck]


def boulder(rng: np.random.Generator) -> list[Primitive]:
    """Make a stone with uneven faces."""
    color, reach, height = gray_color(rng, 90, 200, 6), rng.uniform(0.15, 0.5), rng.uniform(0.2, 0.75)
    angle = 2 * np.pi * (np.arange(7) + rng.uniform(-0.3, 0.3, 7)) / 7
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * reach
    base = np.column_stack([ring * rng.uniform(0.75, 1.1, (7, 1)), np.zeros(7)])
    brow = np.column_stack([ring * rng.uniform(0.6, 0.95, (7, 1)), height * rng.uniform(0.5, 0.8, 7)])
    peak = np.array([*rng.normal(0, 0.2 * reach, 2), height])
    parts: list[Primitive] = []
    for i in range(7):
        j, tone = (i + 1) % 7, color * rng.uniform(0.85, 1.1)
        parts.append(Polygon(np.array([base[i], base[j], brow[j], brow[i]]), tone))
        parts.append(Polygon(np.array([brow[i], brow[j], peak]), tone * rng.uniform(0.9, 1.15)))
    return parts


def heap(rng: np.random.Generator) -> list[Primitive]:
    """Make a flat heap on the ground: clothes, leaves, a torn sheet."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(6, 12))))
    reach = rng.uniform(0.15, 0.9) * rng.uniform(0.4, 1.0, len(angle))
    ring = np.stack([reach * np.cos(angle), 0.6 * reach * np.sin(angle), np.full(len(angle), 0.03)], axis=1)
    color = paint_color(rng)
    lump = Polygon(ring * (0.55, 0.55, 3) + (0.05, 0.03, 0.03), color * rng.uniform(0.75, 1.15))
    return [Polygon(ring, color), lump]


def crate(rng: np.random.Generator) -> list[Primitive]:
    """Make a box, a cabinet or a skip, sometimes with a panel."""
    x, y, z = rng.uniform(0.2, 1.2), rng.uniform(0.2, 0.7), rng.uniform(0.4, 1.9)
    parts = block((-x, -y, 0), (x, y, z), paint_color(rng) * 0.8)
    if rng.random() < 0.5:
        wide, tall = x * rng.uniform(0.5, 1.8), z * rng.uniform(0.2, 0.6)
        parts.append(panel((0, -y - 0.01, z * 0.6), wide, tall, paint_color(rng)))
    return parts


def barrier(rng: np.random.Generator) -> list[Primitive]:
    """Make a striped board on feet."""
    length, one, two = rng.uniform(1.0, 2.4), paint_color(rng), gray_color(rng, 180, 250)
    stripes = int(rng.integers(4, 9))
    edge = np.linspace(-length / 2, length / 2, stripes + 1)
    parts: list[Primitive] = [
        panel(((a + b) / 2, 0, 0.85), b - a, 0.28, one if i % 2 else two) for i, (a, b) in enumerate(pairwise(edge))
    ]
    return parts + [upright(0.035, 1.0, gray_color(rng, 60, 160), x=x) for x in (edge[0], edge[-1])]


FURNITURE: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        lamp_post, sign, post_frame, tripod, cone, bin_, bollard, totem, legged_box, bench, fence, bicycle, bag,
        boulder, heap, crate, barrier,
    )
}  # fmt: skip
SLENDER: tuple[Maker, ...] = (lamp_post, sign, post_frame, tripod, bollard, totem, legged_box)  # most like a person
