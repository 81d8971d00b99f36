"""What is painted on a head once and for all: skin with its blushes, freckles, moles and lines, nostrils, hair."""

from functools import lru_cache
from typing import NamedTuple

import cv2
import numpy as np

from src.synthetic.face_hair import grain, noise, paint_facial_hair, paint_hair, rolled
from src.synthetic.face_map import enlarged, spot, to_paint
from src.synthetic.faces import Face

SHIFT = 4  # binary places of the coordinates that OpenCV draws with


class Painted(NamedTuple):
    """The painted map without eyes, brows and lips, which move."""

    colour: np.ndarray  # (rows * FINE, columns * FINE, 3) uint8 RGB
    hair: np.ndarray  # (rows, columns) float32, 1 = hair


@lru_cache(maxsize=8)  # all pictures of one face are usually taken one after the other
def painted(face: Face) -> Painted:
    """Paint the skin and the hair of a face."""
    rng = np.random.default_rng([face.texture_seed, 3])
    paint = _bare_skin(face, rng)
    _freckles(paint, face, rng)
    _lines(paint, face)
    _nostrils(paint, face)
    paint_facial_hair(paint, face, rng)
    cover = paint_hair(paint, face, rng)
    return Painted(np.clip(paint, 0, 255).astype(np.uint8), cover)


def _bare_skin(face: Face, rng: np.random.Generator) -> np.ndarray:
    skin, eyes, nose = face.skin, face.eyes, face.nose
    tone = np.array(skin.tone, np.float32)
    half = eyes.spacing / 2
    red = spot(40, 34, 17, 14, both=True) + 0.9 * spot(0, nose.length - 8, 13, 9) + 0.4 * spot(0, 105, 14, 9)
    dark = spot(half - 1, eyes.height + 10, 14, 6, both=True) * (0.25 + skin.age * 0.2 + 0.8 * eyes.shadow)
    dark += 0.5 * spot(half - 12, eyes.height - 1, 6, 8, both=True)
    lid = 0.5 * spot(half, eyes.height - 8, 14, 5, both=True)
    light = 0.05 * spot(0, -40, 36, 16) + 0.04 * spot(40, 20, 14, 9, both=True)
    channel = np.array([0.02, -0.13, -0.12], np.float32)
    factor = 1 + light[..., None] + (0.15 + 0.85 * skin.redness) * red[..., None] * channel
    factor = factor + dark[..., None] * np.array([-0.16, -0.2, -0.17], np.float32)
    factor = factor + lid[..., None] * np.array([-0.05, -0.09, -0.08], np.float32)
    mottle = rolled(noise(8, 9, 9), rng)[..., None] * np.array([0.012, 0.02, 0.02], np.float32)
    pores = (0.012 + 0.012 * skin.age) * rolled(grain(), rng)[..., None]
    return tone * (enlarged(factor.astype(np.float32)) + mottle + pores)


def _freckles(paint: np.ndarray, face: Face, rng: np.random.Generator) -> None:
    skin = face.skin
    marks = np.zeros(paint.shape[:2], np.uint8)
    for _ in range(int(150 * skin.freckles)):
        place = (float(rng.normal(0, 30)), float(rng.normal(26, 13)))
        dot(marks, place, float(rng.uniform(0.4, 0.9)), int(rng.integers(40, 130)))
    for x, y, size in skin.moles:
        dot(marks, (x, y), size, 255)
    if marks.any():
        cover = cv2.GaussianBlur(marks, (0, 0), 0.7).astype(np.float32)[..., None] / 255
        brown = np.array(skin.tone, np.float32) * (0.5, 0.36, 0.3)
        paint += cover * (brown.astype(np.float32) - paint)


def _lines(paint: np.ndarray, face: Face) -> None:
    """Wrinkles and folds: dark strokes, blurred."""
    age, eyes, mouth, nose = face.skin.age, face.eyes, face.mouth, face.nose
    marks = np.zeros(paint.shape[:2], np.uint8)
    outer = eyes.spacing / 2 + eyes.width / 2
    for side in (-1, 1):
        wing, corner = nose.width / 2 + 1, mouth.width / 2 + 6
        fold = [(wing, nose.length - 10), (wing + 8, nose.length - 1), (corner + 1, mouth.height - 12), (corner + 3, mouth.height + 1)]
        stroke(marks, curve(fold) * (side, 1), 1.5, int(20 + 90 * age))
        stroke(marks, curve([(wing + 0.5, nose.length - 10), (wing + 1.5, nose.length - 4), (wing - 2, nose.length + 1)]) * (side, 1), 1.2, 120)
        bag = [(outer - eyes.width, 7), (outer - eyes.width / 2, 13), (outer - 1, 8)]
        stroke(marks, (curve(bag) + (0, eyes.height)) * (side, 1), 1.2, int(150 * max(eyes.shadow, age) ** 1.3))
        if age > 0.35:
            for fan in (-5, 0, 5):
                foot = [(outer + 3, eyes.height + fan * 0.4), (outer + 12, eyes.height + fan * 1.5 + 1)]
                stroke(marks, np.array(foot) * (side, 1), 0.9, int(210 * (age - 0.3)))
            stroke(marks, curve([(4, -22), (3.4, -16), (4.4, -10)]) * (side, 1), 1.0, int(190 * (age - 0.3)))
    if age > 0.45:
        for level in (-34, -41, -48):
            wave = [(-32, level + 3), (-14, level), (0, level + 2.4), (14, level), (32, level + 3)]
            stroke(marks, curve(wave), 1.0, int(230 * (age - 0.4)))
    dent = mouth.height + mouth.lower + 5
    stroke(marks, curve([(-9, dent), (0, dent + 1.2), (9, dent)]), 2.0, 70)
    for side in (-1, 1):
        stroke(marks, np.array([(side * 3, nose.length + 6), (side * 3.6, mouth.height - mouth.upper - 2)]), 1.0, 50)
    shade = cv2.GaussianBlur(marks, (0, 0), 1.5).astype(np.float32)[..., None] / 255
    paint *= 1 - shade * np.array([0.4, 0.5, 0.5], np.float32)


def _nostrils(paint: np.ndarray, face: Face) -> None:
    nose = face.nose
    marks = np.zeros(paint.shape[:2], np.uint8)
    for side in (-1, 1):
        middle = (side * (0.24 * nose.width), nose.length - 0.5)
        oval(marks, middle, (0.11 * nose.width, 2.4), side * -18, 255)
    under = enlarged(0.15 * spot(0, nose.length + 1, nose.width * 0.38, 3).astype(np.float32))
    cover = cv2.GaussianBlur(marks, (0, 0), 1.1).astype(np.float32) / 255
    paint *= 1 - np.maximum(0.62 * cover, under)[..., None] * np.array([0.85, 1, 1], np.float32)


# ---- a pencil for the painted map ------------------------------------------------------------------------------------


def fixed(points_mm: np.ndarray) -> np.ndarray:
    """Points of the face (n, 2) mm as OpenCV wants them for drawing on the painted map."""
    return np.round(to_paint(points_mm) * (1 << SHIFT)).astype(np.int32)


def stroke(marks: np.ndarray, points_mm: np.ndarray, width_mm: float, value: int) -> None:
    """Draw an open line."""
    if value > 0:
        thick = max(1, round(width_mm * _PIXELS_PER_MM))
        cv2.polylines(marks, [fixed(points_mm)], False, min(value, 255), thick, cv2.LINE_AA, SHIFT)


def fill(marks: np.ndarray, points_mm: np.ndarray, value: int = 255) -> None:
    """Fill an outline."""
    cv2.fillPoly(marks, [fixed(points_mm)], value, cv2.LINE_AA, SHIFT)


def dot(marks: np.ndarray, middle_mm: tuple[float, float], radius_mm: float, value: int) -> None:
    """Fill a disc."""
    oval(marks, middle_mm, (radius_mm, radius_mm), 0, value)


def oval(
    marks: np.ndarray, middle_mm: tuple[float, float], half_mm: tuple[float, float], angle: float, value: int
) -> None:
    """Fill an ellipse; the angle in degrees, clockwise."""
    turn = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    flat = np.stack([half_mm[0] * np.cos(turn), half_mm[1] * np.sin(turn)], axis=1)
    cos, sin = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    fill(marks, flat @ np.array([[cos, sin], [-sin, cos]]) + middle_mm, value)


def curve(points: list[tuple[float, float]], count: int = 16) -> np.ndarray:
    """A smooth line through a few points (a polynomial in each coordinate), (count, 2)."""
    known = np.linspace(0, 1, len(points))
    t = np.linspace(0, 1, count)
    xy = np.array(points, float)
    degree = len(points) - 1
    return np.stack([np.polyval(np.polyfit(known, xy[:, i], degree), t) for i in (0, 1)], axis=1)


_PIXELS_PER_MM = float(np.diff(to_paint(np.array([(0.0, 0.0), (1.0, 0.0)]))[:, 0])[0])
