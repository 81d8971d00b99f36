"""Parked cars and vans as solids."""

from __future__ import annotations

import numpy as np

from reid_synth.places.solids import Cylinder, Polygon, Primitive, block
from reid_synth.places.textures import gray_color, paint_color

_CROSSWISE = np.array([(0, -1, -1), (0, 1, -1), (0, 1, 1), (0, -1, 1)], float)  # a square across the car


def car(rng: np.random.Generator) -> list[Primitive]:
    """Make a saloon or an estate car, about 4.3 m long along x."""
    paint, glass = paint_color(rng), gray_color(rng, 25, 95)
    half, wide = rng.uniform(1.85, 2.3), 0.85
    sill, waist, roof = 0.28, rng.uniform(0.82, 0.95), rng.uniform(1.38, 1.55)
    parts = block((-half, -wide, sill), (half, wide, waist), paint, shrink=0.05)
    rear, front = -half * rng.uniform(0.55, 0.95), half * rng.uniform(0.3, 0.45)
    parts += _cabin((rear, front, wide * 0.95, waist, roof), paint, glass)
    return parts + _wheels(half * 0.62, wide, 0.31) + _lights(half, wide, waist * 0.75, rng)


def van(rng: np.random.Generator) -> list[Primitive]:
    """Make a delivery van, often white."""
    paint = gray_color(rng, 190, 245) if rng.random() < 0.6 else paint_color(rng)
    glass, half, wide, roof = gray_color(rng, 25, 95), rng.uniform(2.0, 2.7), 0.95, rng.uniform(1.9, 2.5)
    parts = block((-half, -wide, 0.3), (half * 0.6, wide, roof), paint, shrink=0.06)
    parts += block((half * 0.6, -wide, 0.3), (half, wide, 1.05), paint, shrink=0.04)
    parts += _cabin((half * 0.5, half * 0.95, wide * 0.97, 1.05, roof * 0.95), paint, glass)
    parts += _van_details(half, wide, roof, paint, glass, rng)
    return parts + _wheels(half * 0.66, wide, 0.34) + _lights(half, wide, 0.8, rng)


def _van_details(
    half: float, wide: float, roof: float, paint: np.ndarray, glass: np.ndarray, rng: np.random.Generator
) -> list[Primitive]:
    """Make the details of a van body: sills, door joints, windows or a stripe."""
    parts: list[Primitive] = []
    for y in (-wide - 0.02, wide + 0.02):
        side = np.array([(-half, y, 0.3), (half * 0.55, y, 0.3), (half * 0.55, y, roof), (-half, y, roof)])
        parts.append(Polygon(_pane(side, 0.0, 0.99, 0.0, 0.13), paint * 0.35))
        parts += [Polygon(_pane(side, at, at + 0.012, 0.08, 0.92), paint * 0.55) for at in (0.33, 0.66)]
        if rng.random() < 0.4:
            parts += [Polygon(_pane(side, at, at + 0.27, 0.55, 0.85), glass) for at in (0.03, 0.36, 0.69)]
        elif rng.random() < 0.5:
            parts.append(Polygon(_pane(side, 0.05, 0.95, 0.3, rng.uniform(0.4, 0.7)), paint_color(rng)))
    rear = np.array([(-half, wide, 0.3), (-half, -wide, 0.3), (-half, -wide, roof), (-half, wide, roof)])
    parts += [Polygon(_pane(rear, at, at + 0.36, 0.55, 0.88), glass) for at in (0.1, 0.54)]
    return [
        *parts,
        Polygon(_pane(rear, 0.0, 1.0, 0.0, 0.12), paint * 0.35),
        Polygon(_pane(rear, 0.494, 0.506, 0.1, 0.95), paint * 0.5),
    ]


def _cabin(size: tuple[float, float, float, float, float], paint: np.ndarray, glass: np.ndarray) -> list[Primitive]:
    """Make the glazed upper part; size is rear x, front x, half width, waist height, roof height."""
    rear, front, wide, waist, roof = size
    slope = (roof - waist) * 0.8
    low = np.array([(rear, -wide, waist), (front, -wide, waist), (front, wide, waist), (rear, wide, waist)])
    inset = np.array([(0.4 * slope, 0.12, 0), (-slope, 0.12, 0), (-slope, -0.12, 0), (0.4 * slope, -0.12, 0)])
    high = low + inset
    high[:, 2] = roof
    parts: list[Primitive] = []
    for i in range(4):
        side = np.array([low[i], low[(i + 1) % 4], high[(i + 1) % 4], high[i]])
        parts.append(Polygon(side, paint))
        parts.append(Polygon(_pane(side, 0.06, 0.48), glass))
        parts.append(Polygon(_pane(side, 0.52, 0.94), glass))
    return [*parts, Polygon(high, paint)]


def _pane(side: np.ndarray, left: float, right: float, low: float = 0.12, high: float = 0.88) -> np.ndarray:
    """Return a part of a four-cornered side given in shares, offset slightly so that it is painted after the side."""
    a, b, c, d = side
    lower, upper = [a + (b - a) * t for t in (left, right)], [d + (c - d) * t for t in (left, right)]
    corners = [
        lower[0] + (upper[0] - lower[0]) * low, lower[1] + (upper[1] - lower[1]) * low,
        lower[1] + (upper[1] - lower[1]) * high, lower[0] + (upper[0] - lower[0]) * high,
    ]  # fmt: skip
    outward = np.cross(b - a, d - a)
    return np.array(corners) + 0.03 * outward / np.linalg.norm(outward)


def _wheels(along: float, across: float, radius: float) -> list[Primitive]:
    black, hub = np.full(3, 24.0), np.full(3, 120.0)
    angle = np.linspace(0, 2 * np.pi, 12, endpoint=False)
    parts: list[Primitive] = []
    for x in (-along, along):
        for y in (-across - 0.01, across + 0.01):
            ring = np.stack([np.cos(angle), np.zeros(12), np.sin(angle)], axis=1)
            parts.append(Polygon(ring * radius + (x, y, radius), black))
            parts.append(Polygon(ring * radius * 0.55 + (x, y * 1.02, radius), hub))
    underbody = Cylinder((-along, 0, radius), (along, 0, radius), radius * 0.6, radius * 0.6, black)
    return [*parts, underbody]


def _lights(half: float, wide: float, level: float, rng: np.random.Generator) -> list[Primitive]:
    parts: list[Primitive] = []
    for x, color in ((-half - 0.02, (170, 30, 30)), (half + 0.02, (225, 225, 210))):
        for y in (-wide * 0.75, wide * 0.75):
            parts.append(Polygon(_CROSSWISE * (1, 0.14, 0.08) + (x, y, level), np.array(color, float)))
        number_plate = _CROSSWISE * (1, 0.26, 0.06) + (1.002 * x, 0, level - 0.3)
        parts.append(Polygon(number_plate, gray_color(rng, 190, 240)))
    return parts
