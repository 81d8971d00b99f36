"""The painted map of a head without moving features: skin with blush, freckles, moles and lines, nostrils, hair."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from reid_synth.faces.hair import grain_texture, map_noise, paint_facial_hair, paint_hair, random_roll
from reid_synth.faces.head_map import bump, upsample
from reid_synth.faces.painting import MapPainter, curve
from reid_synth.faces.parts import Face

# effect of blood, eye sockets, lids and mottling on red, green and blue
_TINTS = ((0.02, -0.13, -0.12), (-0.16, -0.2, -0.17), (-0.05, -0.09, -0.08), (0.012, 0.02, 0.02))


class BaseMap(NamedTuple):
    """The painted map without eyes, brows and lips, which move."""

    color: np.ndarray  # (rows * FINE, columns * FINE, 3) uint8 RGB
    hair: np.ndarray  # (rows, columns) float32, 1 = hair


@lru_cache(maxsize=8)  # images of one face are usually rendered in sequence
def paint_base_map(face: Face) -> BaseMap:
    """Paint skin and hair of a face."""
    # a generator for each layer, so that freckles do not change the hair
    of_skin, of_freckles, of_beard, of_hair = (np.random.default_rng([face.texture_seed, 30 + i]) for i in range(4))
    paint = _paint_skin(face, of_skin)
    _paint_marks(paint, face, of_freckles)
    _paint_lines(paint, face)
    _paint_nostrils(paint, face)
    paint_facial_hair(paint, face, of_beard)
    cover = paint_hair(paint, face, of_hair)
    return BaseMap(np.clip(paint, 0, 255).astype(np.uint8), cover)


def _paint_skin(face: Face, rng: np.random.Generator) -> np.ndarray:
    skin, eyes, nose = face.skin, face.eyes, face.nose
    half = eyes.spacing / 2
    red = bump(40, 34, 17, 14, both=True) + 0.9 * bump(0, nose.length - 8, 13, 9) + 0.4 * bump(0, 105, 14, 9)
    dark = bump(half - 1, eyes.height + 10, 14, 6, both=True) * (0.25 + skin.age * 0.2 + 0.8 * eyes.shadow)
    dark += 0.5 * bump(half - 12, eyes.height - 1, 6, 8, both=True)
    lid = 0.5 * bump(half, eyes.height - 8, 14, 5, both=True)
    light = 0.05 * bump(0, -40, 36, 16) + 0.04 * bump(40, 20, 14, 9, both=True)
    red *= 0.15 + 0.85 * skin.redness
    mottle, pores = random_roll(map_noise(8, 9, 9), rng), (0.012 + 0.012 * skin.age) * random_roll(grain_texture(), rng)
    channels = []
    for tone, of_red, of_dark, of_lid, of_mottle in zip(skin.tone, *_TINTS, strict=True):
        factor = (1 + light + of_red * red + of_dark * dark + of_lid * lid).astype(np.float32)
        channels.append(np.float32(tone) * (upsample(factor) + np.float32(of_mottle) * mottle + pores))
    return cv2.merge(channels)


def _paint_marks(paint: np.ndarray, face: Face, rng: np.random.Generator) -> None:
    skin, painter = face.skin, MapPainter()
    marks = np.zeros(paint.shape[:2], np.uint8)
    for _ in range(int(150 * skin.freckles)):
        position = (float(rng.normal(0, 30)), float(rng.normal(26, 13)))
        painter.disc(marks, position, float(rng.uniform(0.4, 0.9)), int(rng.integers(40, 130)))
    for x, y, radius in skin.moles:
        painter.disc(marks, (x, y), radius, 255)
    if marks.any():
        brown = np.array(skin.tone, np.float32) * np.array((0.5, 0.36, 0.3), np.float32)
        paint += cv2.GaussianBlur(marks, (0, 0), 0.7).astype(np.float32)[..., None] / 255 * (brown - paint)


def _paint_lines(paint: np.ndarray, face: Face) -> None:
    """Paint wrinkles and folds as blurred dark strokes."""
    age, mouth, nose = face.skin.age, face.mouth, face.nose
    marks, painter = np.zeros(paint.shape[:2], np.uint8), MapPainter()
    for side in (-1, 1):
        wing, corner = nose.width / 2 + 1, mouth.width / 2 + 6
        fold = curve(
            (wing, nose.length - 10),
            (wing + 8, nose.length - 1),
            (corner + 1, mouth.height - 12),
            (corner + 3, mouth.height + 1),
        )
        painter.stroke(marks, fold * (side, 1), 1.0, int(100 * age))
        rim = curve((wing + 0.5, nose.length - 10), (wing + 1.5, nose.length - 4), (wing - 2, nose.length + 1))
        painter.stroke(marks, rim * (side, 1), 0.8, 120)
        groove = np.array([(3.0, nose.length + 6), (3.6, mouth.height - mouth.upper - 2)])
        painter.stroke(marks, groove * (side, 1), 0.7, 50)
        _paint_eye_lines(marks, painter, face, side)
    if age > 0.45:
        for level in (-34, -41, -48):
            wave = curve((-32, level + 3), (-14, level), (0, level + 2.4), (14, level), (32, level + 3))
            painter.stroke(marks, wave, 0.7, int(230 * (age - 0.4)))
    dent = mouth.height + mouth.lower + 5
    painter.stroke(marks, curve((-9, dent), (0, dent + 1.2), (9, dent)), 1.3, 70)
    _darken(paint, cv2.GaussianBlur(marks, (0, 0), 1.5).astype(np.float32) / 255, (0.4, 0.5, 0.5))


def _paint_eye_lines(marks: np.ndarray, painter: MapPainter, face: Face, side: int) -> None:
    """Paint eye bag, crow's feet and the frown line."""
    age, eyes = face.skin.age, face.eyes
    outer, level = eyes.spacing / 2 + eyes.width / 2, eyes.height
    bag = curve((outer - eyes.width, level + 7), (outer - eyes.width / 2, level + 13), (outer - 1, level + 8))
    painter.stroke(marks, bag * (side, 1), 0.8, int(150 * max(eyes.shadow, age) ** 1.3))
    if age > 0.35:
        strength = int(210 * (age - 0.3))
        for fan in (-5, 0, 5):
            foot = np.array([(outer + 3, level + fan * 0.4), (outer + 12, level + fan * 1.5 + 1)])
            painter.stroke(marks, foot * (side, 1), 0.6, strength)
        painter.stroke(marks, curve((4, -22), (3.4, -16), (4.4, -10)) * (side, 1), 0.7, strength)


def _paint_nostrils(paint: np.ndarray, face: Face) -> None:
    nose, painter = face.nose, MapPainter()
    marks = np.zeros(paint.shape[:2], np.uint8)
    for side in (-1, 1):
        middle = (side * 0.24 * nose.width, nose.length - 0.5)
        painter.oval(marks, middle, (0.11 * nose.width, 2.4), 255, degrees=side * -18)
    under = upsample((0.15 * bump(0, nose.length + 1, nose.width * 0.38, 3)).astype(np.float32))
    holes = 0.62 * cv2.GaussianBlur(marks, (0, 0), 1.1).astype(np.float32) / 255
    _darken(paint, np.maximum(holes, under), (0.85, 1, 1))


def _darken(paint: np.ndarray, shade: np.ndarray, share: tuple[float, float, float]) -> None:
    for channel in range(3):
        paint[..., channel] *= 1 - np.float32(share[channel]) * shade
