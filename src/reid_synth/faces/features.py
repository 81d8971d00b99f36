"""Paint the moving features of a face for each image: eyes, brows and lips.

The right eye and brow are computed; the left ones are mirror images (`side` is 1 or -1).
"""

import cv2
import numpy as np

from reid_synth.faces.painting import MapPainter, blend, stack_points
from reid_synth.faces.parts import Face
from reid_synth.faces.shape import Expression


def paint_features(paint: np.ndarray, face: Face, expression: Expression) -> None:
    """Paint eyes, brows and lips on the painted map, in place.

    Args:
        paint: (rows, columns, 3) uint8, the painted map.
        face: The face.
        expression: Facial expression.
    """
    hairs = np.random.default_rng([face.texture_seed, 4]).random((90, 2))
    for side in (-1, 1):
        _paint_brow(paint, face, expression, side, hairs)
        _paint_eye(paint, face, expression, side)
    _paint_mouth(paint, face, expression)


# ---- eyes ------------------------------------------------------------------------------------------------------------


def _paint_eye(paint: np.ndarray, face: Face, expression: Expression, side: int) -> None:
    middle = np.array([side * face.eyes.spacing / 2, face.eyes.height])
    upper, lower = (lid * (side, 1) + middle for lid in _lids(face, expression))
    outline = np.concatenate([upper, lower[::-1]])
    painter = MapPainter.enclosing(outline, 9)
    skin = paint[painter.rows, painter.columns]
    ball = _eyeball(skin.shape, painter, face, expression, middle, upper, side)
    hole = np.zeros(skin.shape[:2], np.uint8)
    painter.fill(hole, outline)
    blend(skin, ball, hole)
    _draw_lids(skin, painter, face, expression, upper, lower, side)


def _lids(face: Face, expression: Expression) -> tuple[np.ndarray, np.ndarray]:
    """Return the edges of upper and lower lid from inner to outer corner, (n, 2) mm relative to the eye center."""
    eyes = face.eyes
    open_mm = eyes.opening * expression.lids
    half, lift = eyes.width / 2, np.tan(np.radians(eyes.tilt)) * eyes.width / 2
    t = np.linspace(-1, 1, 15)
    base = 0.8 + 0.6 * (1 - t**2) - lift * t
    high = 0.62 * open_mm * (1 - np.abs(t) ** 2.2) * (1 + 0.16 * t)
    low = (0.38 * open_mm - 0.6 * max(expression.smile, 0)) * (1 - np.abs(t) ** 2.4) * (1 + 0.22 * t)
    shut = 0.35 * eyes.opening * (1 - expression.lids) * (1 - t**2)
    return stack_points(t * half, base + shut - high), stack_points(t * half, base + shut + np.maximum(low, 0))


def _eyeball(
    shape: tuple[int, ...],
    painter: MapPainter,
    face: Face,
    expression: Expression,
    middle: np.ndarray,
    upper: np.ndarray,
    side: int,
) -> np.ndarray:
    """Paint the eyeball: white, iris, pupil, shadow of the upper lid, highlight."""
    ball = np.empty(shape, np.uint8)
    ball[:] = (222, 216, 212)
    center = middle + np.array(expression.gaze) * (4.5, 2.5) + (0, -0.6)
    iris = np.array(face.eyes.iris)
    for radius, color in ((6.3, iris * 0.45), (5.6, iris), (3.6, iris * 1.35), (2.4, np.array((10, 9, 10)))):
        painter.disc(ball, center, radius, color)
    painter.disc(ball, upper[0] + (side * 1.5, 0.4), 2.2, np.array((206, 140, 130)))
    shade = np.zeros(shape[:2], np.uint8)
    painter.stroke(shade, upper + stack_points(0, 1.2), 3.4, 110)
    painter.disc(shade, upper[-1], 4.0, 70)
    blend(ball, ball * 0.45, cv2.GaussianBlur(shade, (0, 0), 1.6))
    painter.disc(ball, center - np.array((2.0, 2.4)), 1.25, np.array((255, 255, 255)))
    return ball


def _draw_lids(
    skin: np.ndarray,
    painter: MapPainter,
    face: Face,
    expression: Expression,
    upper: np.ndarray,
    lower: np.ndarray,
    side: int,
) -> None:
    """Draw eyelid crease, lower edge and lashes."""
    eyes, tone = face.eyes, np.array(face.skin.tone)
    marks = np.zeros(skin.shape[:2], np.uint8)
    if eyes.crease > 0.3 and expression.lids > 0.3:
        rise = eyes.crease * (0.35 + 0.65 * np.sin(np.linspace(0.25, 2.9, len(upper))))
        painter.stroke(marks, upper - stack_points(0, rise), 0.9, 170)
    painter.stroke(marks, lower, 0.6, int(90 + 60 * eyes.lashes))
    blend(skin, tone * (0.42, 0.34, 0.32), cv2.GaussianBlur(marks, (0, 0), 0.9))
    lashes = np.zeros_like(marks)
    rim = upper if expression.lids > 0.25 else lower
    painter.stroke(lashes, rim, 0.9 + 1.0 * eyes.lashes)
    painter.stroke(lashes, rim[len(rim) // 2 :] + stack_points(side * 0.8, -0.5), 0.9 + 1.6 * eyes.lashes)
    blend(skin, np.array((26, 18, 16)) + 0.12 * tone, cv2.GaussianBlur(lashes, (0, 0), 0.6))


# ---- brows -----------------------------------------------------------------------------------------------------------


def _paint_brow(paint: np.ndarray, face: Face, expression: Expression, side: int, hairs: np.ndarray) -> None:
    brows, tone = face.brows, np.array(face.skin.tone)
    ridge, thick = _brow_line(face, expression)
    outline = np.concatenate([ridge - stack_points(0, 0.55 * thick), (ridge + stack_points(0, 0.45 * thick))[::-1]]) * (
        side,
        1,
    )
    painter = MapPainter.enclosing(outline, 6)
    skin = paint[painter.rows, painter.columns]
    soft = np.zeros(skin.shape[:2], np.uint8)
    painter.fill(soft, outline, int(95 + 110 * brows.density))
    crisp = np.zeros_like(soft)
    along = np.linspace(0, 1, len(ridge))
    position, height = hairs[: int(30 + 60 * brows.density)].T
    local_thickness = np.interp(position, along, thick)
    roots = stack_points(
        np.interp(position, along, ridge[:, 0]),
        np.interp(position, along, ridge[:, 1]) + (height - 0.4) * local_thickness,
    )
    tips = roots + stack_points(1.0 + 2.8 * position, -3.0 + 2.3 * position)
    painter.hairs(crisp, np.stack([roots, tips], axis=1) * (side, 1), 190)
    cover = np.maximum(cv2.GaussianBlur(soft, (0, 0), 1.6), cv2.GaussianBlur(crisp, (0, 0), 0.7))
    blend(skin, np.minimum(np.array(brows.color), tone * 0.8 + 50 * face.hair.gray), cover)
    if expression.brows < -0.3:
        frown = np.zeros_like(soft)
        painter.stroke(frown, np.array([(ridge[0, 0] - 3, -20), (ridge[0, 0] - 4, -11)]) * (side, 1), 1.0, 130)
        blend(skin, tone * 0.55, cv2.GaussianBlur(frown, (0, 0), 1.2))


def _brow_line(face: Face, expression: Expression) -> tuple[np.ndarray, np.ndarray]:
    """Return the center line (n, 2) of the brow from inner to outer end, and its thickness (n,), mm."""
    brows, eyes = face.brows, face.eyes
    t = np.linspace(0, 1, 14)
    inner = eyes.spacing / 2 - 0.47 * brows.length
    level = eyes.height - brows.height - 4.5 * max(expression.brows, 0) - 2.5 * min(expression.brows, 0) * (1 - 1.6 * t)
    bow = brows.arch * np.exp(-(((t - 0.62) / 0.28) ** 2)) + 1.5 * np.clip(expression.brows, 0, 1) * np.sin(np.pi * t)
    rise = np.tan(np.radians(brows.tilt)) * brows.length * np.minimum(t, 0.65) - 7 * np.maximum(t - 0.7, 0)
    thick = brows.thickness * np.interp(t, (0, 0.1, 0.5, 0.75, 1), (0.65, 0.95, 1, 0.7, 0.15))
    return stack_points(inner + brows.length * t, level - bow - rise), thick


# ---- mouth -----------------------------------------------------------------------------------------------------------


def _paint_mouth(paint: np.ndarray, face: Face, expression: Expression) -> None:
    mouth, gap = face.mouth, 15 * expression.mouth
    top, above, below, bottom = _lip_lines(face, expression)
    painter = MapPainter.enclosing(np.concatenate([top, bottom]), 6)
    skin = paint[painter.rows, painter.columns]
    blank = np.zeros(skin.shape[:2], np.uint8)
    color = np.array(mouth.color)
    for outer, inner, shade in ((top, above, 0.84), (bottom, below, 1.06)):
        mask = blank.copy()
        painter.fill(mask, np.concatenate([outer, inner[::-1]]))
        blend(skin, color * shade, cv2.GaussianBlur(mask, (0, 0), 0.9), 0.92)
    half = below[-1, 0]
    gleam = blank.copy()
    shine_at = (-0.1 * half, float(below[12, 1]) + 0.4 * mouth.lower)
    painter.oval(gleam, shine_at, (0.4 * half, 0.16 * mouth.lower), 90)
    blend(skin, color * 1.25 + 25, cv2.GaussianBlur(gleam, (0, 0), 1.6))
    if gap > 1:
        _open_mouth(skin, painter, above, below, expression.smile)
    seam = blank.copy()
    painter.stroke(seam, above, 0.6, 215 if gap < 1 else 120)
    for end in (0, -1):
        painter.disc(seam, above[end] * (1.01, 1), 1.3, 170)
    blend(skin, 0.28 * color + 0.04 * np.array(face.skin.tone), cv2.GaussianBlur(seam, (0, 0), 0.8))


def _lip_lines(face: Face, expression: Expression) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return upper and lower edge of the upper lip, then of the lower lip, each (25, 2) mm from left to right."""
    mouth, smile, gap = face.mouth, expression.smile, 15 * expression.mouth
    t = np.linspace(-1, 1, 25)
    x = t * mouth.width / 2 * (1 + 0.15 * smile - 0.16 * expression.mouth)
    corners = (mouth.corners + 5.5 * smile) * np.abs(t) ** 1.8
    wave = 0.6 * np.cos(3 * np.pi * t) * (1 - t**2) * max(0, 1 - 3 * expression.mouth)
    parting, edge = mouth.height - corners + wave, 1 - np.abs(t) ** 2.2
    above, below = parting - gap * 0.22 * edge, parting + gap * 0.78 * edge
    thin = 1 - 0.22 * max(smile, 0)
    bow = mouth.bow * (np.exp(-((t / 0.13) ** 2)) - 0.4 * np.exp(-(((np.abs(t) - 0.24) / 0.16) ** 2)))
    top = above - (mouth.upper * thin - bow) * (1 - np.abs(t) ** 1.7)
    bottom = below + mouth.lower * thin * (1 - np.abs(t) ** 2.3)
    return stack_points(x, top), stack_points(x, above), stack_points(x, below), stack_points(x, bottom)


def _open_mouth(skin: np.ndarray, painter: MapPainter, above: np.ndarray, below: np.ndarray, smile: float) -> None:
    """Paint teeth, tongue and the dark inside between the lips."""
    blank = np.zeros(skin.shape[:2], np.uint8)
    inside = np.empty_like(skin)
    inside[:] = (58, 22, 22)
    gap, half, top = float((below - above)[:, 1].max()), above[-1, 0], above[12, 1]
    tongue = blank.copy()
    painter.oval(tongue, (0.0, top + gap), (0.6 * half, 0.4 * gap), 230)
    blend(inside, np.array((168, 82, 80)), cv2.GaussianBlur(tongue, (0, 0), 1.5))
    teeth, gaps, hole = blank.copy(), blank.copy(), blank.copy()
    edge = above + stack_points(0, min(8.0, (0.45 + 0.4 * max(smile, 0)) * gap))
    painter.fill(teeth, np.concatenate([above, edge[::-1]]))
    blend(inside, np.array((228, 222, 210)), teeth)
    for position in np.linspace(-0.7, 0.7, 8):
        painter.stroke(gaps, np.array([(position * half, top - 4), (position * half, top + 9)]), 0.4, 60)
    blend(inside, np.array((120, 90, 84)), cv2.min(gaps, teeth))
    side = np.abs(np.linspace(-1.1, 1.1, skin.shape[1]))  # the corners of the mouth are dark
    inside = (inside * np.clip(1.15 - 0.55 * side**3, 0.2, 1)[None, :, None]).astype(np.uint8)
    painter.fill(hole, np.concatenate([above, below[::-1]]))
    blend(skin, inside, hole)
