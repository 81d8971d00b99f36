"""Ground layout of a street: roads with kerbs, pavements and lawns, or irregular areas."""

from __future__ import annotations

import numpy as np

from reid_synth.places.canvas import Canvas
from reid_synth.places.ground import (
    apply_stains,
    fill_ground,
    fill_with_random_material,
    paint_area,
    paint_line,
    paint_marking,
    ribbon,
    sample_visible_ground,
    winding_path,
)
from reid_synth.places.surfaces import Surfaces, ground_color
from reid_synth.places.textures import gray_color

_WHITE, _YELLOW = np.array((222.0, 222.0, 214.0)), np.array((218.0, 186.0, 70.0))
_SOIL = np.array((74.0, 62.0, 48.0))


def paint_ground_layout(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator) -> None:
    """Paint a random ground layout: one base material, then areas and roads, then markings."""
    fill_with_random_material(canvas, surfaces, rng, None)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.3, 0.45, 0.25]))):
        paint_area(canvas, surfaces, rng)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.35, 0.5, 0.15]))):
        paint_road(canvas, surfaces, rng)
    for _ in range(int(rng.integers(0, 6))):
        paint_marking(canvas, rng)
    apply_stains(canvas, surfaces, rng)


def paint_road(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator) -> None:
    """Paint a road through the image, with pavement, lawn or kerb."""
    path = winding_path(
        sample_visible_ground(canvas.camera, rng, 30.0), sample_visible_ground(canvas.camera, rng), rng, reach=60.0
    )
    width = rng.uniform(2.5, 9.0)
    kerbs = rng.random() < 0.7
    if rng.random() < 0.45:  # pavements
        _fill(canvas, surfaces, rng, "paving", ribbon(path, width + rng.uniform(2.0, 7.0)))
    elif rng.random() < 0.6:  # lawns
        verge = ribbon(path, width + rng.uniform(6.0, 30.0))
        _fill(canvas, surfaces, rng, "grass", verge + rng.normal(0, 0.05, verge.shape))
    if kerbs:
        stone = gray_color(rng, 95, 205, 4)
        paint_line(canvas, path, width + rng.uniform(0.2, 0.55), stone)
        paint_line(canvas, path, width + 0.06, stone * 0.55)  # contact shadow of the kerb
    else:
        edge = ribbon(path, width + rng.uniform(0.1, 0.5))
        soil = canvas.mask(edge + rng.normal(0, 0.06, edge.shape))
        if soil is not None:
            canvas.image[soil > 0] = _SOIL * rng.uniform(0.7, 1.6)
    _fill(canvas, surfaces, rng, str(rng.choice(["asphalt", "asphalt", "concrete", "paving"])), ribbon(path, width))
    _paint_lane_lines(canvas, path, width, rng)
    for _ in range(int(rng.integers(0, 5))):
        _paint_crack(canvas, path, width, rng)


def _fill(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator, kind: str, area: np.ndarray) -> None:
    """Fill a ground polygon (n, 2) with a material of the given kind in one of its colors."""
    material = surfaces.material(rng, kind)
    tile_m, turn = rng.uniform(5, 14), rng.uniform(0, 6.3)
    fill_ground(canvas, material.relief, ground_color(kind, rng), area, tile_m, turn)


def _paint_lane_lines(canvas: Canvas, path: np.ndarray, width: float, rng: np.random.Generator) -> None:
    """Paint single or double lines along the gutters and dashes in the middle."""
    paint, worn = (_WHITE, _YELLOW)[int(rng.random() < 0.5)], rng.uniform(0.65, 1.05)
    for side in (-1, 1):
        if rng.random() < 0.45:
            for inset in (0.25, 0.45)[: int(rng.integers(1, 3))]:
                paint_line(
                    canvas, _offset_path(path, side * (width / 2 - inset)), rng.uniform(0.06, 0.12), paint * worn
                )
    if width > 4.5 and rng.random() < 0.5:
        for start in range(0, len(path) - 1, 2):
            paint_line(canvas, path[start : start + 2], rng.uniform(0.09, 0.15), _WHITE * worn)


def _offset_path(path: np.ndarray, meters: float) -> np.ndarray:
    """Shift the path (n, 2) to its left (negative: right)."""
    along = np.gradient(path, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    return path + meters * np.stack([-along[:, 1], along[:, 0]], axis=1)


def _paint_crack(canvas: Canvas, path: np.ndarray, width: float, rng: np.random.Generator) -> None:
    """Paint an open or sealed crack: a dark random walk."""
    start = sample_visible_ground(canvas.camera, rng, 30.0)
    steps = rng.normal(0, 0.25, (14, 2)) + rng.normal(0, 0.3, 2)
    wander = start + np.cumsum(steps, axis=0)
    nearest = np.linalg.norm(path - start, axis=1).min()
    if nearest < width / 2:
        paint_line(canvas, wander, rng.uniform(0.02, 0.07), gray_color(rng, 30, 75, 2))
