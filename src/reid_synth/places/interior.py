"""Rooms, shops and halls: a floor, three walls with doors, windows, shelves and posters, and a ceiling with lamps."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.backdrop import Wall
from reid_synth.places.canvas import Canvas, Sun
from reid_synth.places.furniture import goods
from reid_synth.places.ground import paint_marking, render_ground
from reid_synth.places.signage import notice, poster
from reid_synth.places.sprite_bank import SpriteBank
from reid_synth.places.surfaces import Surfaces
from reid_synth.places.textures import TILE, gray_color, paint_color, periodic_noise, tint
from reid_synth.places.weather import Weather

_WALL_PX_PER_M = 64


@dataclass(frozen=True)
class Room:
    """A room in front of the camera, from `left` to `right` and up to `depth` meters away."""

    left: float
    right: float
    depth: float
    height_m: float

    def contains(self, ground_xy: np.ndarray, margin: float = 0.35) -> bool:
        """Return whether a ground point is inside, at least `margin` meters from the walls."""
        x, y = ground_xy
        return bool(self.left + margin < x < self.right - margin and y < self.depth - margin)


def sample_room(camera: Camera, rng: np.random.Generator) -> Room:
    """Sample a room between a small bedroom and a station hall around the view of a camera."""
    depth = float(np.exp(rng.uniform(np.log(3.0), np.log(25.0)))) + camera.height_m
    half = max(1.5, depth * camera.width / 2 / camera.focal_px * rng.uniform(0.5, 1.3))
    aside = half * rng.uniform(-0.3, 0.3)
    tall = max(camera.height_m + 0.3, float(rng.choice([rng.uniform(2.4, 3.2), rng.uniform(3.0, 6.0)])))
    return Room(aside - half, aside + half, depth, tall)


def sample_lamplight(rng: np.random.Generator) -> Weather:
    """Sample the light of a room: bright or dim, white or yellow, with soft shadows only."""
    sun = Sun((rng.normal(0, 0.15), rng.normal(0, 0.15)), rng.uniform(0.1, 0.35), rng.uniform(0.1, 0.3))
    warm = np.array([1.0, rng.uniform(0.88, 1.0), rng.uniform(0.65, 1.05)])
    return Weather(sun, tuple((rng.uniform(0.55, 1.15) * warm).tolist()), noise=rng.uniform(0, 2))


def room_walls(camera: Camera, room: Room) -> list[Wall]:
    """Return the back wall and both side walls, which start as near to the camera as can be painted."""
    above = max(0.0, room.height_m - camera.height_m)
    near = max(0.7, (0.6 + above * np.sin(camera.tilt)) / np.cos(camera.tilt))
    near = min(near, room.depth - 0.5)
    corners = np.array([(room.left, near), (room.left, room.depth), (room.right, room.depth), (room.right, near)])
    return [Wall(corners[a], corners[b], room.height_m, leafy=False) for a, b in ((1, 2), (0, 1), (2, 3))]


def paint_room(canvas: Canvas, room: Room, surfaces: Surfaces, rng: np.random.Generator) -> None:
    """Paint ceiling and floor."""
    canvas.image[:] = np.clip(gray_color(rng, 120, 240), 0, 255).astype(np.uint8)
    _paint_ceiling(canvas, room, rng)
    _paint_floor(canvas, surfaces, rng)


def paint_room_walls(canvas: Canvas, walls: list[Wall], bank: SpriteBank | None, rng: np.random.Generator) -> None:
    """Paint walls of about one color and what hangs on them; the people of posters come from the bank."""
    color = gray_color(rng, 90, 245) if rng.random() < 0.75 else paint_color(rng)
    for wall in walls:
        long, tall = float(np.linalg.norm(wall.end - wall.start)), wall.height_m
        image = _wall_texture(rng, long, tall, color * rng.uniform(0.85, 1.05), bank)
        corners = np.array([[*wall.start, tall], [*wall.end, tall], [*wall.end, 0.0], [*wall.start, 0.0]])
        canvas.draw_textured_quad(image, corners)


def _paint_ceiling(canvas: Canvas, room: Room, rng: np.random.Generator) -> None:
    high, tone = room.height_m, gray_color(rng, 90, 245)

    def at(x_0: float, x_1: float, y_0: float, y_1: float) -> np.ndarray:
        return np.array([(x_0, y_0, high), (x_1, y_0, high), (x_1, y_1, high), (x_0, y_1, high)])

    canvas.fill(at(room.left, room.right, 0.0, room.depth), tone)
    gap, wide = rng.uniform(1.2, 3.0), rng.uniform(0.1, 0.6)
    for x in np.arange(room.left + gap / 2, room.right, gap):
        for y in np.arange(gap / 2, room.depth, gap):
            canvas.fill(at(x - wide, x + wide, y - 0.15, y + 0.15), np.full(3, 252.0))


def _paint_floor(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator) -> None:
    kind = rng.random()
    if kind < 0.4:
        relief, color = (
            _planks(rng),
            rng.uniform(80, 215) * np.array([1.0, rng.uniform(0.68, 0.95), rng.uniform(0.4, 0.9)]),
        )
    else:
        relief = surfaces.material(rng, "paving" if kind < 0.75 else "concrete").relief
        color = gray_color(rng, 60, 245) if rng.random() < 0.8 else paint_color(rng)
    layer = render_ground(canvas, relief, color, rng.uniform(2.5, 8.0), rng.uniform(0, 6.3))
    top = int(np.clip(canvas.camera.horizon, 0, canvas.camera.height))
    canvas.image[top:] = layer[top:]
    for _ in range(int(rng.choice([0, 1, 3], p=[0.6, 0.3, 0.1]))):
        paint_marking(canvas, rng)


def _planks(rng: np.random.Generator) -> np.ndarray:
    """Make boards of wood as a relief, (TILE, TILE) uint8."""
    rows = int(rng.choice([16, 32]))
    y, x = np.mgrid[0:TILE, 0:TILE]
    row = y * rows // TILE
    board = (x + rng.integers(0, TILE, rows)[row]) % TILE * 3 // TILE
    tone = rng.normal(0, rng.uniform(0.04, 0.16), (rows, 3))[row, board]
    grain = cv2.resize(periodic_noise(rng, TILE, 32, 0.6), (TILE, TILE)) * rng.uniform(0.02, 0.06)
    seam = 0.25 * (y * rows % TILE < rows * 2)
    return np.clip(128 * (1 + tone + grain - seam), 0, 255).astype(np.uint8)


def _wall_texture(
    rng: np.random.Generator, long_m: float, tall_m: float, color: np.ndarray, bank: SpriteBank | None
) -> np.ndarray:
    """Paint a wall from its left to its right end, (h, w, 4) uint8."""
    px = min(_WALL_PX_PER_M, 1500 / max(long_m, tall_m))
    height, width = max(16, int(tall_m * px)), max(16, int(long_m * px))
    relief = np.clip(128 + 128 * rng.uniform(0.01, 0.06) * periodic_noise(rng, height, width, 1.2), 0, 255)
    if rng.random() < 0.25:  # stripes, tiles or panels
        step = max(3, int(px * rng.uniform(0.08, 1.2)))
        relief[:, ::step] *= rng.uniform(0.6, 1.2)
        if rng.random() < 0.6:
            relief[::step] *= rng.uniform(0.6, 1.2)
    image = np.full((height, width, 4), 255, np.uint8)
    image[..., :3] = tint(np.clip(relief, 0, 255).astype(np.uint8), color)
    shade = np.linspace(rng.uniform(0.7, 1.1), rng.uniform(0.7, 1.1), width)
    image[..., :3] = np.clip(image[..., :3] * shade[None, :, None], 0, 255).astype(np.uint8)
    image[-max(1, int(0.1 * px)) :, :, :3] = paint_color(rng)  # skirting board
    for _ in range(int(rng.integers(0, 2 + int(long_m / 1.5)))):
        _hang(image, rng, px, bank)
    return image


def _hang(image: np.ndarray, rng: np.random.Generator, px: float, bank: SpriteBank | None) -> None:
    """Paint one thing on a wall: a door, a window, a rack, a poster, a notice or a screen."""
    kind = int(rng.choice(5, p=[0.2, 0.25, 0.2, 0.2, 0.15]))
    wide, tall = rng.uniform((0.75, 0.6, 0.6, 0.4, 0.3)[kind], (2.0, 3.0, 3.0, 1.2, 1.4)[kind]), rng.uniform(0.4, 1.2)
    bottom = (0.0, rng.uniform(0.0, 1.2), 0.0, rng.uniform(0.3, 1.4), rng.uniform(0.5, 1.8))[kind]
    tall = (rng.uniform(1.9, 2.4), rng.uniform(0.8, 2.4), rng.uniform(1.2, 2.3), wide * rng.uniform(1.1, 1.9), tall)[
        kind
    ]
    if kind == 2:
        art = goods(rng, wide, tall)
    elif kind == 3:
        art = poster(rng, bank.draw(0.0, rng).rgba if bank and rng.random() < 0.6 else None)
    elif kind == 4 and rng.random() < 0.7:
        art = notice(rng, tall / wide)
    else:
        tone = rng.uniform(170, 255) if kind == 1 and rng.random() < 0.7 else rng.uniform(10, 220)
        art = np.full((int(tall * 40), int(wide * 40), 4), 255, np.uint8)
        art[..., :3] = np.clip(tone * np.linspace(1.0, rng.uniform(0.6, 1.1), len(art)), 0, 255)[:, None, None]
        if kind == 0:
            art[..., :3] = np.clip(paint_color(rng), 0, 255)
        frame = (*np.clip(paint_color(rng), 0, 255).tolist(), 255.0)
        bars = int(rng.integers(1, 5))
        for bar in range(bars + 1):
            x = int(bar * (art.shape[1] - 1) / bars)
            cv2.line(art, (x, 0), (x, len(art)), frame, 3)
        cv2.rectangle(art, (0, 0), (art.shape[1] - 1, len(art) - 1), frame, 4)
    height, width = image.shape[:2]
    size = max(2, min(width, int(wide * px))), max(2, min(height - 1, int(tall * px)))
    art = cv2.resize(art, size, interpolation=cv2.INTER_AREA)
    left, low = int(rng.integers(0, width - size[0] + 1)), max(size[1], height - int(bottom * px))
    image[low - size[1] : low, left : left + size[0]] = art
