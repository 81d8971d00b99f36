"""Background of a street: sky, distant trees, facades and hedges."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.canvas import Canvas
from reid_synth.places.surfaces import Surfaces
from reid_synth.places.textures import leaves, periodic_noise, tint


@dataclass(frozen=True)
class Wall:
    """An upright rectangle on the ground line from `start` to `end` (meters)."""

    start: np.ndarray  # (2,)
    end: np.ndarray  # (2,)
    height_m: float
    leafy: bool

    def occludes(self, ground_xy: np.ndarray, reach: float = 0.5) -> bool:
        """Return whether the wall stands between the camera and a ground point, or closer to it than `reach` meters."""
        beyond = ground_xy * (1 + reach / max(float(np.linalg.norm(ground_xy)), 1e-6))
        return _side_of_line(self.start, self.end, np.zeros(2)) * _side_of_line(self.start, self.end, beyond) < 0 and (
            _side_of_line(np.zeros(2), beyond, self.start) * _side_of_line(np.zeros(2), beyond, self.end) < 0
        )


def _side_of_line(a: np.ndarray, b: np.ndarray, point: np.ndarray) -> float:
    """Return a positive number if `point` lies to the left of the line from a to b."""
    return float((b[0] - a[0]) * (point[1] - a[1]) - (b[1] - a[1]) * (point[0] - a[0]))


def paint_backdrop(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint the sky and, usually, a line of trees on the horizon."""
    height, width = canvas.ids.shape
    horizon = int(np.clip(canvas.camera.horizon, 0, height))
    if horizon < 4:
        return
    low, cast = rng.uniform(130, 245), np.array([rng.uniform(0.8, 1), rng.uniform(0.92, 1), 1.05])
    light = np.linspace(low * rng.uniform(0.7, 1.0), low, horizon)
    canvas.image[:horizon] = np.clip(light[:, None] * cast, 0, 255).astype(np.uint8)[:, None]
    if rng.random() < 0.75:
        outline = horizon * (1 - rng.uniform(0.05, 0.5) * (1 + 0.25 * periodic_noise(rng, 2, width, 1.3)[0]))
        ground = [(width, height), (0, height)]
        edge = np.vstack([np.stack([np.arange(width), outline], axis=1), ground]).astype(np.int32)
        tone = rng.uniform(40, 140) * np.array([rng.uniform(0.7, 1), 1.0, rng.uniform(0.5, 1)])
        cv2.fillPoly(canvas.image, [edge], np.clip(tone, 0, 255).tolist())


def sample_walls(camera: Camera, rng: np.random.Generator) -> list[Wall]:
    """Sample up to three walls: across the street, along its left, along its right."""
    walls = []
    far = float(
        np.clip(camera.to_ground(np.array([camera.width / 2, camera.height * rng.uniform(0.05, 0.4)]))[1], 8, 55)
    )
    if not np.isfinite(far) or far <= 0:
        far = rng.uniform(15, 50)
    half = camera.width / 2 / camera.focal_px * far
    for side in (0, -1, 1):
        if rng.random() > (0.65 if side == 0 else 0.25):
            continue
        leafy = rng.random() < 0.3
        height = rng.uniform(0.8, 2.5) if leafy else rng.uniform(3, 14)
        if side == 0:
            reach, slant = rng.uniform(0.4, 3.0) * half, rng.normal(0, 0.15) * half
            middle = rng.normal(0, 0.5) * half
            ends = np.array([middle - reach, far + slant]), np.array([middle + reach, far - slant])
        else:
            aside = side * rng.uniform(0.35, 1.1) * half
            ends = (
                np.array([aside, far * rng.uniform(0.9, 1.5)]),
                np.array([aside * rng.uniform(0.5, 1.1), far * rng.uniform(0.3, 0.6)]),
            )
        walls.append(Wall(*ends, height, leafy))
        if not leafy:
            walls += _sample_gables(walls[-1], rng.uniform(5, 14))
    return sorted(walls, key=lambda wall: -float(wall.start[1] + wall.end[1]))


def _sample_gables(front: Wall, deep_m: float) -> list[Wall]:
    """Return the two end walls of the house behind a facade."""
    along = (front.end - front.start) / np.linalg.norm(front.end - front.start)
    back = np.array([-along[1], along[0]])
    back *= np.sign(back @ (front.start + front.end)) * deep_m  # away from the camera
    return [Wall(end, end + back, front.height_m, leafy=False) for end in (front.start, front.end)]


def paint_walls(
    canvas: Canvas, walls: list[Wall], surfaces: Surfaces, rng: np.random.Generator, lamps: float = 0.0
) -> None:
    """Paint walls, farthest first; nothing in front of them may be painted yet.

    Args:
        canvas: Canvas to paint on.
        walls: Walls in the order of painting.
        surfaces: Library of facades.
        rng: Chooses the facades.
        lamps: Share of the windows that are lit.
    """
    for wall in walls:
        long = float(np.linalg.norm(wall.end - wall.start))
        lit = None
        if wall.leafy:
            image = _hedge_texture(rng, wall.height_m, long)
        else:
            image, lit = _facade_texture(rng, surfaces, wall.height_m, long, lamps)
        left, right = sorted((wall.start, wall.end), key=lambda point: float(np.arctan2(point[0], point[1])))
        corners = np.array([[*left, wall.height_m], [*right, wall.height_m], [*right, 0.0], [*left, 0.0]])
        canvas.draw_textured_quad(image, corners, lit)


def _facade_texture(
    rng: np.random.Generator, surfaces: Surfaces, height_m: float, long_m: float, lamps: float
) -> tuple[np.ndarray, np.ndarray | None]:
    """Cut a wall of the given size out of a repeated facade.

    Returns:
        (rows, columns, 4) uint8, and the mask of lit windows (rows, columns) or None.
    """
    facade = surfaces.facades[int(rng.integers(len(surfaces.facades)))]
    image = cv2.convertScaleAbs(facade.image, alpha=rng.uniform(0.6, 1.15))
    lit = None
    if lamps > 0:
        chosen = (rng.random(256) < lamps).astype(np.uint8) * 255
        chosen[0] = 0
        lit = cv2.LUT(facade.panes, chosen)
        glow = tint(np.clip(image // 2 + 90, 0, 255), np.array([255.0, rng.uniform(200, 245), rng.uniform(130, 230)]))
        cv2.copyTo(glow, lit, image)
    px_per_m = image.shape[0] / rng.uniform(7, 13)
    while long_m * px_per_m > 1500:
        image, px_per_m = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), px_per_m / 2
        lit = None if lit is None else lit[::2, ::2]
    columns = (np.arange(max(16, int(long_m * px_per_m))) + int(rng.integers(image.shape[1]))) % image.shape[1]
    rows = -np.arange(1, max(16, int(height_m * px_per_m)))[::-1] % image.shape[0]  # counted from the ground up
    pixels = cv2.cvtColor(image, cv2.COLOR_RGB2RGBA).view(np.uint32)[..., 0]  # gathering whole pixels is faster
    image = pixels[rows].take(columns, axis=1).view(np.uint8).reshape(len(rows), len(columns), 4)
    return image, None if lit is None else lit[rows][:, columns]


def _hedge_texture(rng: np.random.Generator, height_m: float, long_m: float) -> np.ndarray:
    px_per_m = 30
    rows, columns = int(height_m * px_per_m), int(np.clip(long_m * px_per_m, 16, 1500))
    light = rng.uniform(40, 110)
    color = np.array([light * rng.uniform(0.6, 1.0), light, light * rng.uniform(0.3, 0.6)])
    solid = np.full((rows, columns), 255, np.uint8)
    ragged = np.clip(3 + 2 * periodic_noise(rng, 2, columns, 0.8)[0], 0, rows // 2).astype(int)
    solid[np.arange(rows)[:, None] < ragged] = 0
    image = tint(leaves(rng, rows, columns), color)
    return np.dstack([cv2.bitwise_and(image, image, mask=solid), solid])
