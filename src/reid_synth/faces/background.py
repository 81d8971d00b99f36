"""Background of a face image: blurred surroundings, neck with clothes, and hair behind the head."""

from functools import lru_cache

import cv2
import numpy as np

from reid_synth.faces.extras import NUM_BACKGROUNDS, Extras
from reid_synth.faces.hair import STYLES_OVER_EARS
from reid_synth.faces.light import Lighting
from reid_synth.faces.painting import blend, draw_polyline, fill_polygon
from reid_synth.faces.parts import Face
from reid_synth.faces.pose import FaceProjection
from reid_synth.places.textures import paint_color, periodic_noise

_PLACE_SIZE = 144
_RIGHT_COLLAR_MM = np.array([(0, 40), (32, 32), (60, 20), (120, 40), (260, 80), (260, 360)])
_COLLAR_MM = np.concatenate([_RIGHT_COLLAR_MM, _RIGHT_COLLAR_MM[:0:-1] * (-1, 1)])


def draw_background(extras: Extras, face: Face, view: FaceProjection, lighting: Lighting, size: int) -> np.ndarray:
    """Draw blurred surroundings, neck, clothes and the hair behind the head, (size, size, 3) uint8."""
    canvas = _background_image(extras, size)
    light = lighting.flat_brightness
    if face.hair.style in STYLES_OVER_EARS:
        _draw_back_hair(canvas, face, view, light)
    _draw_neck(canvas, face, view, lighting)
    middle, below = view.project(np.array([(0, 55, -10), (0, 190, -22)]))
    fill_polygon(
        canvas, middle + (below - middle) * 0.62 + _COLLAR_MM * view.pixels_per_mm, np.array(extras.cloth) * light
    )
    return canvas


def _draw_neck(canvas: np.ndarray, face: Face, view: FaceProjection, lighting: Lighting) -> None:
    """Draw the neck as a shaded cylinder of upright strips, with the shadow of the chin."""
    top, foot = view.project(np.array([(0, 55, -10), (0, 190, -22)]))
    down = (foot - top) / np.linalg.norm(foot - top)
    across = np.array([down[1], -down[0]]) * 52 * face.head.width * view.pixels_per_mm
    towards = lighting.direction
    for left, right in zip(np.linspace(-1, 0.86, 14), np.linspace(-0.85, 1.0, 14), strict=True):
        x = (left + right) / 2
        facing = max(0.0, float(x * towards[0] + np.sqrt(max(1 - x * x, 0)) * towards[2]))
        shade = 0.82 * (0.8 * lighting.ambient + 0.55 * lighting.strength * facing) ** 0.62
        strip = np.array([top + left * across, top + right * across, foot + right * across, foot + left * across])
        fill_polygon(canvas, strip, np.array(face.skin.tone) * shade)
    chin, neck = np.zeros(canvas.shape[:2], np.uint8), np.zeros(canvas.shape[:2], np.uint8)
    position = np.round(top + 20 * view.pixels_per_mm * down).astype(int).tolist()
    cv2.circle(chin, position, round(66 * view.pixels_per_mm), 255, -1)
    fill_polygon(neck, np.array([top - across, top + across, foot + across, foot - across]))
    blend(canvas, np.array((40, 18, 12)), cv2.min(cv2.blur(chin, (25, 25)), neck), 0.35)


def _draw_back_hair(canvas: np.ndarray, face: Face, view: FaceProjection, light: float) -> None:
    hair = face.hair
    reach, low = 80 * face.head.width + hair.volume, (92 if hair.style == "bob" else 210)
    y = np.linspace(-70, low, 12)
    hanging = np.maximum(y, 0)
    side = reach * np.where(y < 0, np.sqrt(np.maximum(1 - (y / 130) ** 2, 0)), 1) + 6 * hair.wave * np.sin(y / 16)
    side += 0.04 * hanging - 16 * (hanging / low) ** 8
    edge = np.column_stack([side, y, np.full(len(y), -40)])
    color = (np.array(hair.color) * (1 - hair.gray) + hair.gray * np.array((160, 158, 156))) * light
    fill_polygon(canvas, view.project(np.concatenate([edge, edge[::-1] * (-1, 1, 1)])), color * 0.5)
    for number in range(26):  # strands, spread by the golden ratio so that they differ
        strand = edge * (np.cos(number * 2.4), 1, 1)
        draw_polyline(canvas, view.project(strand), 2, color * (0.34 + 0.4 * (number * 0.618 % 1)))


def _background_image(extras: Extras, size: int) -> np.ndarray:
    if extras.background < 0:
        return np.full((size, size, 3), 150, np.uint8)
    position = _backgrounds()[extras.background % NUM_BACKGROUNDS]
    if extras.background >= NUM_BACKGROUNDS:
        position = position[:, ::-1]
    lit = cv2.convertScaleAbs(position, alpha=extras.background_brightness)
    return cv2.resize(lit, (size, size), interpolation=cv2.INTER_LINEAR)


@lru_cache(maxsize=1)
def _backgrounds() -> tuple[np.ndarray, ...]:
    """Return the blurred rooms, streets and greenery; the same on every run."""
    return tuple(_make_background(np.random.default_rng([number, 1412])) for number in range(NUM_BACKGROUNDS))


def _make_background(rng: np.random.Generator) -> np.ndarray:
    size = _PLACE_SIZE
    top, bottom = 0.8 * paint_color(rng) + 15, 0.8 * paint_color(rng) + 15
    t = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    field = ((top * (1 - t) + bottom * t) * np.ones((1, size, 1))).astype(np.float32)
    kind = int(rng.integers(4))
    if kind == 0:  # a room: boxes and edges
        for _ in range(int(rng.integers(3, 9))):
            x, y, w, h = (int(v) for v in rng.uniform(0, size, 4))
            cv2.rectangle(field, (x, y), (x + w // 2, y + h), paint_color(rng).tolist(), -1)
    elif kind == 1:  # lights
        for _ in range(int(rng.integers(10, 40))):
            x, y = (int(v) for v in rng.uniform(0, size, 2))
            cv2.circle(field, (x, y), int(rng.uniform(2, 12)), (paint_color(rng) * 0.6 + 90).tolist(), -1)
    elif kind == 2:  # leaves, clouds, stone
        field *= 1 + 0.3 * periodic_noise(rng, size, size, float(rng.uniform(0.7, 1.8)))[..., None]
    else:  # shelves, curtains, fences
        gap = int(rng.integers(9, 40))
        for x in range(int(rng.integers(gap)), size, gap):
            cv2.rectangle(field, (x, 0), (x + int(rng.uniform(2, gap)), size), paint_color(rng).tolist(), -1)
    return np.clip(cv2.GaussianBlur(field, (0, 0), float(rng.uniform(0.8, 6))), 0, 255).astype(np.uint8)
