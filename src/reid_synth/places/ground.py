"""Ground in perspective: materials, areas with kerbs, road markings, manholes, repairs, litter."""

from __future__ import annotations

import cv2
import numpy as np

from reid_synth.camera import Camera, lift
from reid_synth.places.canvas import SUPERSAMPLING, Canvas
from reid_synth.places.surfaces import Surfaces, ground_color
from reid_synth.places.textures import TILE, gray_color, tint

_FAR_M = 250.0  # beyond this distance the ground has one color
_STAIN_M = 45.0  # tile side of the stains, which hide the repetition of the small texture
_PAINTS = np.array([(232, 232, 226), (232, 232, 226), (214, 180, 60), (150, 165, 205), (170, 60, 50)], float)


def render_ground(
    canvas: Canvas,
    relief: np.ndarray,
    color: np.ndarray,
    tile_m: float,
    turn: float,
    rows: tuple[int, int] | None = None,
) -> np.ndarray:
    """Render the whole ground plane covered with one material.

    Each band of rows reads a mip level of the texture that matches its distance, which prevents aliasing. The ground is
    rendered at the output resolution: mip mapping leaves no detail for a finer one.

    Args:
        canvas: Canvas whose camera is used.
        relief: Texture of the material.
        color: (3,) 0–255.
        tile_m: Side of one texture tile, meters.
        turn: Rotation of the texture, radians.
        rows: Range of canvas rows that is needed; the rest may stay plain.

    Returns:
        (h, w, 3) uint8 at canvas resolution; rows above the horizon are plain.
    """
    camera = canvas.output_camera
    texture = tint(relief, color)
    layer = np.empty((camera.height, camera.width, 3), np.uint8)
    layer[:] = np.clip(color, 0, 255).astype(np.uint8)
    first, last = (0, camera.height) if rows is None else (rows[0] // SUPERSAMPLING, -(-rows[1] // SUPERSAMPLING))
    for level, top, bottom in _bands(camera, TILE / tile_m):
        top, bottom = max(top, first), min(bottom, last)
        if bottom <= top:
            continue
        side = TILE >> level
        copy = cv2.resize(texture, (side, side), interpolation=cv2.INTER_AREA) if level else texture
        to_picture = camera.ground_homography @ _texture_to_meters(tile_m / side, turn)
        shift = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, -top], [0.0, 0.0, 1.0]])
        size = (camera.width, bottom - top)
        layer[top:bottom] = cv2.warpPerspective(copy, shift @ to_picture, size, borderMode=cv2.BORDER_WRAP)
    return cv2.resize(layer, canvas.ids.shape[::-1], interpolation=cv2.INTER_NEAREST)


def _texture_to_meters(meters_per_pixel: float, turn: float) -> np.ndarray:
    sin, cos = np.sin(turn) * meters_per_pixel, np.cos(turn) * meters_per_pixel
    return np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])


def _bands(camera: Camera, texels_per_meter: float) -> list[tuple[int, int, int]]:
    """Return runs of rows that share a mip level: (level, first row, one past the last row)."""
    rows = np.arange(camera.height)
    ground = camera.to_ground(np.stack([np.full(len(rows), camera.width / 2), rows + 0.5], axis=1))
    near_enough = (ground[:, 1] > 0) & (ground[:, 1] < _FAR_M)
    rows, ground = rows[near_enough], ground[near_enough]
    across = camera.pixels_per_meter(ground, 0.0)
    foreshortening = np.sin(camera.tilt_at(ground, 0.0))
    level = np.log2(texels_per_meter / (across * np.sqrt(foreshortening)))
    level = np.clip(np.ceil(level), 0, 8).astype(int)
    starts = np.flatnonzero(np.diff(level, prepend=-1))
    ends = np.append(starts[1:], len(rows))
    return [(int(level[a]), int(rows[a]), int(rows[b - 1]) + 1) for a, b in zip(starts, ends, strict=True)]


def fill_ground(
    canvas: Canvas,
    relief: np.ndarray,
    color: np.ndarray,
    area_xy: np.ndarray,
    tile_m: float,
    turn: float = 0.0,
) -> None:
    """Fill a ground polygon (n, 2) with one material; see `render_ground`."""
    mask = canvas.mask(area_xy)
    if mask is None:
        return
    filled = np.flatnonzero(mask.any(axis=1))
    if len(filled):
        rows = int(filled[0]), int(filled[-1]) + 1
        layer = render_ground(canvas, relief, color, tile_m, turn, rows)
        window = slice(*rows)
        cv2.copyTo(layer[window], mask[window], canvas.image[window])


def sample_visible_ground(
    camera: Camera, rng: np.random.Generator, far_m: float = 60.0, below: float = 0.0
) -> np.ndarray:
    """Sample a ground point (2,) uniformly over the image; `below` extends the range under its lower edge."""
    while True:
        column = rng.uniform(0, camera.width)
        row = rng.uniform(max(0.0, camera.horizon), camera.height * (1 + below))
        point = camera.to_ground(np.array([column, row]))
        if 0 < point[1] < far_m:
            return point


def paint_area(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator) -> None:
    """Paint a ground area of random shape and material, usually with an edge."""
    fill_with_random_material(canvas, surfaces, rng, _area(canvas.camera, rng))


def fill_with_random_material(
    canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator, area: np.ndarray | None
) -> None:
    """Fill a ground polygon (n, 2), or the whole ground, with a random material; some areas get a kerb."""
    material = surfaces.material(rng)
    color, tile_m, turn = ground_color(material.kind, rng), rng.uniform(6, 16), rng.uniform(0, 6.3)
    if area is None:
        layer = render_ground(canvas, material.relief, color, tile_m, turn)
        horizon = int(np.clip(canvas.camera.horizon, 0, canvas.camera.height))
        canvas.image[horizon:] = layer[horizon:]
        return
    if material.kind == "grass":  # ragged edge
        area = area + rng.normal(0, 0.04, area.shape)
    elif rng.random() < 0.6:
        _kerb(canvas, area, rng)
    fill_ground(canvas, material.relief, color, area, tile_m, turn)


def _area(camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Sample a ground polygon (n, 2): a road or path, a rounded bed, or everything beyond a line."""
    start, end = sample_visible_ground(camera, rng), sample_visible_ground(camera, rng)
    shape = rng.random()
    if shape < 0.45:
        return ribbon(winding_path(start, end, rng, reach=60.0), rng.uniform(1.0, 9.0))
    if shape < 0.7:
        angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
        bumps = 1 + 0.2 * np.sin(angle * rng.integers(1, 4) + rng.uniform(0, 6)) + 0.1 * np.sin(3 * angle)
        size = rng.uniform(1, 10, 2)
        return start + np.stack([np.cos(angle), np.sin(angle)], axis=1) * bumps[:, None] * size
    edge = winding_path(start, end, rng, reach=100.0)
    along = (edge[-1] - edge[0]) / np.linalg.norm(edge[-1] - edge[0])
    beyond = 200 * np.array([-along[1], along[0]])
    return np.vstack([edge, edge[-1:] + beyond, edge[:1] + beyond])


def winding_path(start: np.ndarray, end: np.ndarray, rng: np.random.Generator, reach: float) -> np.ndarray:
    """Sample a gently winding line (n, 2) through two points that extends `reach` meters to both sides."""
    along = (end - start) / max(float(np.linalg.norm(end - start)), 0.1)
    position = np.linspace(-reach, reach, 60)
    sway = rng.uniform(0, 2.5) * np.sin(position * rng.uniform(0.03, 0.25) + rng.uniform(0, 6.3))
    return start + position[:, None] * along + sway[:, None] * np.array([-along[1], along[0]])


def ribbon(path: np.ndarray, width_m: float) -> np.ndarray:
    """Return the polygon (2n, 2) of a band of the given width along a path (n, 2)."""
    along = np.gradient(path, axis=0)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    side = np.stack([-along[:, 1], along[:, 0]], axis=1) * width_m / 2
    return np.vstack([path + side, (path - side)[::-1]])


def _kerb(canvas: Canvas, area: np.ndarray, rng: np.random.Generator) -> None:
    """Paint a stone edge around an area, sometimes with a painted line along it."""
    ring = np.vstack([area, area[:1]])
    paint_line(canvas, ring, rng.uniform(0.15, 0.5), gray_color(rng, 70, 215))
    if rng.random() < 0.3:
        paint_line(canvas, ring, 1.0, _PAINTS[int(rng.integers(len(_PAINTS)))])
        paint_line(canvas, ring, 0.75, gray_color(rng, 60, 110))  # leaves a thin line on either side


def paint_line(canvas: Canvas, path: np.ndarray, width_m: float, color: np.ndarray) -> None:
    """Paint a line of constant width in meters along a ground path (n, 2)."""
    left, right = np.split(lift(ribbon(path, width_m), 0.0), 2)
    right = right[::-1]
    # segment by segment, because a long band may cross itself
    canvas.fill_each(np.stack([left[:-1], left[1:], right[1:], right[:-1]], axis=1), color)


def _paint(rng: np.random.Generator) -> np.ndarray:
    return _PAINTS[int(rng.integers(len(_PAINTS)))] * rng.uniform(0.65, 1.05)


def _straight(camera: Camera, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sample a visible point and two perpendicular directions, one of them often along the street."""
    angle = rng.choice([0.0, np.pi / 2]) + rng.normal(0, 0.4)
    along = np.array([np.cos(angle), np.sin(angle)])
    return sample_visible_ground(camera, rng), along, np.array([-along[1], along[0]])


def _long_line(canvas: Canvas, rng: np.random.Generator) -> None:
    start, along, _ = _straight(canvas.camera, rng)
    paint_line(canvas, start + np.linspace(-60, 60, 2)[:, None] * along, rng.uniform(0.05, 0.25), _paint(rng))


def _dashes(canvas: Canvas, rng: np.random.Generator) -> None:
    start, along, _ = _straight(canvas.camera, rng)
    length, width, paint = rng.uniform(0.5, 3), rng.uniform(0.08, 0.25), _paint(rng)
    for step in range(-8, 9):
        begin = start + along * step * length * 2
        paint_line(canvas, np.array([begin, begin + along * length]), width, paint)


def _bars(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint parallel bars: a pedestrian crossing if thick, parking bays if thin."""
    start, along, across = _straight(canvas.camera, rng)
    length, paint = rng.uniform(2, 5), _paint(rng)
    gap, width = (1.0, 0.5) if rng.random() < 0.4 else (2.5, 0.1)
    for step in range(int(rng.integers(3, 10))):
        begin = start + across * step * gap
        paint_line(canvas, np.array([begin, begin + along * length]), width, paint)


def _arc(canvas: Canvas, rng: np.random.Generator) -> None:
    angle = np.linspace(0, rng.uniform(1.5, 6.3), 24) + rng.uniform(0, 6.3)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(0.8, 9)
    paint_line(canvas, sample_visible_ground(canvas.camera, rng) + circle, rng.uniform(0.05, 0.15), _paint(rng))


def _manhole(canvas: Canvas, rng: np.random.Generator) -> None:
    corners = int(rng.choice([4, 20]))
    angle = np.linspace(0, 2 * np.pi, corners, endpoint=False) + rng.uniform(0, 1)
    ring = np.stack([np.cos(angle), np.sin(angle)], axis=1) * rng.uniform(0.2, 0.5)
    center, tone = sample_visible_ground(canvas.camera, rng, far_m=30.0), gray_color(rng, 30, 120)
    for size, light in ((1.15, 1.2), (1.0, 0.85), (0.75, 1.0)):
        canvas.fill(lift(center + ring * size, 0.0), tone * light)


def _repair(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint a repair patch: darken or lighten the existing surface."""
    start, along, across = _straight(canvas.camera, rng)
    length, width = along * rng.uniform(0.4, 4), across * rng.uniform(0.3, 2)
    mask = canvas.mask(np.array([start, start + length, start + length + width, start + width]))
    if mask is not None and (mask := mask > 0).any():
        canvas.image[mask] = np.clip(canvas.image[mask] * rng.uniform(0.7, 1.2), 0, 255).astype(np.uint8)


def _litter(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint leaves, scraps of paper and stones: small flecks spread over a few meters."""
    center, tone = sample_visible_ground(canvas.camera, rng, far_m=30.0), gray_color(rng, 40, 230, 15)
    for _ in range(int(rng.integers(1, 25))):
        fleck = rng.normal(0, 1, (4, 2)) * rng.uniform(0.02, 0.1) + center + rng.normal(0, 1.5, 2)
        canvas.fill(lift(fleck, 0.0), tone * rng.uniform(0.7, 1.2))


_MARKINGS = (_long_line, _dashes, _bars, _arc, _manhole, _repair, _litter)


def paint_marking(canvas: Canvas, rng: np.random.Generator) -> None:
    """Paint one flat item on the ground: a line, a crossing, a manhole, a repair, litter."""
    _MARKINGS[int(rng.integers(len(_MARKINGS)))](canvas, rng)


def apply_stains(canvas: Canvas, surfaces: Surfaces, rng: np.random.Generator) -> None:
    """Darken and lighten the ground with large stains that fade with distance."""
    relief = surfaces.stains[int(rng.integers(len(surfaces.stains)))]
    stain = render_ground(canvas, relief, np.full(3, 128.0), _STAIN_M, rng.uniform(0, 6.3))[..., 0]
    top = int(np.clip(canvas.camera.horizon, 0, canvas.camera.height))
    strength = np.linspace(0, 1, canvas.camera.height - top, dtype=np.float32)[:, None] ** 0.7
    faint = (128 + strength * (stain[top:].astype(np.float32) - 128)).astype(np.uint8)
    canvas.image[top:] = cv2.multiply(canvas.image[top:], cv2.merge([faint] * 3), scale=1 / 128)
