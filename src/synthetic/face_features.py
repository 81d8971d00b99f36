"""What moves in a face and is therefore painted anew for every picture: eyes, brows and lips."""

import cv2
import numpy as np

from src.synthetic.face_shape import Expression
from src.synthetic.face_skin import SHIFT, fixed
from src.synthetic.faces import Brows, Face

_ROOM = 4  # pixels left free around a part
Window = tuple[slice, slice]


def paint_features(paint: np.ndarray, face: Face, expression: Expression, hairs: np.ndarray) -> None:
    """Paint eyes, brows and lips on the map of the skin, in place.

    Args:
        paint: (rows, columns, 3) uint8, the painted map.
        face: whose.
        expression: what they do.
        hairs: (n, 2) numbers in 0–1 that scatter the hairs of the brows; the same for all pictures of a face.
    """
    for side in (-1, 1):
        _paint_brow(paint, face, expression, side, hairs)
        _paint_eye(paint, face, expression, side)
    _paint_mouth(paint, face, expression)


def _paint_eye(paint: np.ndarray, face: Face, expression: Expression, side: int) -> None:
    eyes = face.eyes
    middle = np.array([side * eyes.spacing / 2, eyes.height])
    upper, lower = _lids(face, expression)
    upper, lower = upper * (side, 1) + middle, lower * (side, 1) + middle
    outline = np.concatenate([upper, lower[::-1]])
    window = _window(outline, 9)
    skin, patch = paint[window], np.empty_like(paint[window])
    tone = np.array(face.skin.tone)

    patch[:] = np.clip(np.array((236, 230, 226)) * 0.94, 0, 255)
    gaze = np.array(expression.gaze) * (4.5, 2.5)
    centre = middle + gaze + (0, -0.6)
    iris = np.array(eyes.iris)
    for radius, colour in ((6.3, iris * 0.45), (5.6, iris), (3.6, iris * 1.35), (2.4, np.array((10, 9, 10)))):
        _disc(patch, window, centre, radius, colour)
    _disc(patch, window, upper[0] + (side * 1.5, 0.4), 2.2, np.array((206, 140, 130)))
    shade = np.zeros(patch.shape[:2], np.uint8)
    _stroke(shade, window, upper + (0, 1.2), 3.4, 110)
    _disc_into(shade, window, upper[-1], 4.0, 70)
    patch[:] = _blend(patch, patch * 0.45, cv2.GaussianBlur(shade, (0, 0), 1.6))
    _disc(patch, window, centre + (-2.0, -2.4), 1.25, np.array((255, 255, 255)))

    hole = np.zeros(patch.shape[:2], np.uint8)
    _fill(hole, window, outline)
    skin[:] = _blend(skin, patch, hole)
    marks = np.zeros(patch.shape[:2], np.uint8)
    if eyes.crease > 0.3 and expression.lids > 0.3:
        fold = upper + np.stack([np.zeros(len(upper)), -eyes.crease * (0.35 + 0.65 * np.sin(np.linspace(0.25, 2.9, len(upper))))], 1)
        _stroke(marks, window, fold, 1.0, 170)
    _stroke(marks, window, lower, 0.9, int(90 + 60 * eyes.lashes))
    skin[:] = _blend(skin, tone * (0.42, 0.34, 0.32), cv2.GaussianBlur(marks, (0, 0), 0.9))
    lash = np.zeros(patch.shape[:2], np.uint8)
    rim = upper if expression.lids > 0.25 else lower
    _stroke(lash, window, rim, 0.9 + 1.0 * eyes.lashes, 255)
    _stroke(lash, window, rim[len(rim) // 2 :] + (side * 0.8, -0.5), 0.9 + 1.6 * eyes.lashes, 255)
    skin[:] = _blend(skin, np.array((26, 18, 16)) + 0.12 * tone, cv2.GaussianBlur(lash, (0, 0), 0.6))


def _lids(face: Face, expression: Expression) -> tuple[np.ndarray, np.ndarray]:
    """Edges of the upper and the lower lid of the eye on the right, from the inner to the outer corner, about (0, 0)."""
    eyes = face.eyes
    open_mm = eyes.opening * expression.lids
    half, lift = eyes.width / 2, np.tan(np.radians(eyes.tilt)) * eyes.width / 2
    t = np.linspace(-1, 1, 15)
    line = np.stack([t * half, 0.8 + 0.6 * (1 - t**2) - lift * t], axis=1)
    high = 0.62 * open_mm * (1 - np.abs(t) ** 2.2) * (1 + 0.16 * t)
    low = (0.38 * open_mm - 0.6 * max(expression.smile, 0)) * (1 - np.abs(t) ** 2.4) * (1 + 0.22 * t)
    shut = 0.35 * eyes.opening * (1 - expression.lids) * (1 - t**2)
    return line + np.stack([0 * t, shut - high], 1), line + np.stack([0 * t, shut + np.maximum(low, 0)], 1)


def _paint_brow(paint: np.ndarray, face: Face, expression: Expression, side: int, hairs: np.ndarray) -> None:
    brows = face.brows
    inner, ridge, thick = _brow_line(face, expression)
    upper, lower = ridge - np.stack([0 * thick, 0.55 * thick], 1), ridge + np.stack([0 * thick, 0.45 * thick], 1)
    outline = np.concatenate([upper, lower[::-1]]) * (side, 1)
    window = _window(outline, 5)
    soft = np.zeros(paint[window].shape[:2], np.uint8)
    _fill(soft, window, outline, int(95 + 110 * brows.density))
    soft = cv2.GaussianBlur(soft, (0, 0), 1.6)
    crisp = np.zeros_like(soft)
    along = np.linspace(0, 1, len(ridge))
    for place, height in hairs[: int(30 + 60 * brows.density)]:
        x, middle = np.interp(place, along, ridge[:, 0]), np.interp(place, along, ridge[:, 1])
        room = np.interp(place, along, thick)
        root = np.array([x, middle + (height - 0.4) * room])
        tip = root + (1.0 + 2.8 * place, -2.6 * (1 - 0.9 * place) - 0.4)
        _stroke(crisp, window, np.array([root, tip]) * (side, 1), 0.6, 190)
    cover = np.maximum(soft, cv2.GaussianBlur(crisp, (0, 0), 0.7))
    paint[window] = _blend(paint[window], _brow_colour(brows, face), cover)
    if expression.brows < -0.3:
        marks = np.zeros_like(soft)
        _stroke(marks, window, np.array([(inner - 3, -20), (inner - 4, -11)]) * (side, 1), 1.2, 130)
        paint[window] = _blend(paint[window], np.array(face.skin.tone) * 0.55, cv2.GaussianBlur(marks, (0, 0), 1.2))


def _brow_line(face: Face, expression: Expression) -> tuple[float, np.ndarray, np.ndarray]:
    """Inner end, middle line (n, 2) and thickness (n,) of the brow on the right, mm."""
    brows, eyes = face.brows, face.eyes
    t = np.linspace(0, 1, 14)
    inner = eyes.spacing / 2 - 0.47 * brows.length
    level = eyes.height - brows.height - 4.5 * max(expression.brows, 0) - 2.5 * min(expression.brows, 0) * (1 - 1.6 * t)
    bow = brows.arch * np.exp(-(((t - 0.62) / 0.28) ** 2)) + 1.5 * np.clip(expression.brows, 0, 1) * np.sin(np.pi * t)
    rise = np.tan(np.radians(brows.tilt)) * brows.length * np.minimum(t, 0.65) - 7 * np.maximum(t - 0.7, 0)
    ridge = np.stack([inner + brows.length * t, level - bow - rise], axis=1)
    thick = brows.thickness * np.interp(t, (0, 0.1, 0.5, 0.75, 1), (0.65, 0.95, 1, 0.7, 0.15))
    return inner, ridge, thick


def _brow_colour(brows: Brows, face: Face) -> np.ndarray:
    return np.minimum(np.array(brows.colour), np.array(face.skin.tone) * 0.8 + 50 * face.hair.grey)


def _paint_mouth(paint: np.ndarray, face: Face, expression: Expression) -> None:
    mouth, tone = face.mouth, np.array(face.skin.tone)
    smile, gap = expression.smile, 15 * expression.mouth
    half = mouth.width / 2 * (1 + 0.15 * smile - 0.16 * expression.mouth)
    t = np.linspace(-1, 1, 25)
    edge = 1 - np.abs(t) ** 2.2
    corners = (mouth.corners + 5.5 * smile) * np.abs(t) ** 1.8
    x = t * half
    thin = 1 - 0.22 * max(smile, 0)
    parting = mouth.height - corners + 0.6 * np.cos(3 * np.pi * t) * (1 - t**2)
    upper_edge = parting - gap * 0.22 * edge
    lower_edge = parting + gap * 0.78 * edge
    bow = mouth.bow * np.exp(-((t / 0.13) ** 2)) - 0.4 * mouth.bow * np.exp(-(((np.abs(t) - 0.24) / 0.16) ** 2))
    top = upper_edge - (mouth.upper * thin - bow) * (1 - np.abs(t) ** 1.7)
    bottom = lower_edge + mouth.lower * thin * (1 - np.abs(t) ** 2.3)
    upper = np.concatenate([np.stack([x, top], 1), np.stack([x, upper_edge], 1)[::-1]])
    lower = np.concatenate([np.stack([x, lower_edge], 1), np.stack([x, bottom], 1)[::-1]])
    window = _window(np.concatenate([upper, lower]), 6)
    area = paint[window]
    blank = np.zeros(area.shape[:2], np.uint8)
    colour = np.array(mouth.colour)
    for outline, shade in ((upper, 0.84), (lower, 1.06)):
        mask = blank.copy()
        _fill(mask, window, outline)
        area[:] = _blend(area, colour * shade, (cv2.GaussianBlur(mask, (0, 0), 0.9) * 0.92).astype(np.uint8))
    gleam = blank.copy()
    _oval(gleam, window, (-0.1 * half, float(np.mean(lower_edge[11:14]) + 0.4 * mouth.lower)), (0.4 * half, 0.16 * mouth.lower), 90)
    area[:] = _blend(area, colour * 1.25 + 25, cv2.GaussianBlur(gleam, (0, 0), 1.6))
    if gap > 1:
        _open_mouth(area, window, np.stack([x, upper_edge], 1), np.stack([x, lower_edge], 1), smile)
    line = blank.copy()
    _stroke(line, window, np.stack([x, upper_edge], 1), 0.9, 215 if gap < 1 else 120)
    for end in (0, -1):
        _disc_into(line, window, np.array([x[end] * 1.01, upper_edge[end]]), 1.3, 170)
    area[:] = _blend(area, 0.28 * colour + 0.04 * tone, cv2.GaussianBlur(line, (0, 0), 0.8))


def _open_mouth(area: np.ndarray, window: Window, upper: np.ndarray, lower: np.ndarray, smile: float) -> None:
    """Teeth, tongue and dark between the lips."""
    hole = np.zeros(area.shape[:2], np.uint8)
    _fill(hole, window, np.concatenate([upper, lower[::-1]]))
    inside = np.empty_like(area)
    inside[:] = (58, 22, 22)
    gap = float((lower - upper)[:, 1].max())
    half, middle = upper[-1, 0], upper[12]
    tongue = np.zeros(area.shape[:2], np.uint8)
    _oval(tongue, window, (0.0, middle[1] + gap), (0.6 * half, 0.4 * gap), 230)
    inside[:] = _blend(inside, np.array((168, 82, 80)), cv2.GaussianBlur(tongue, (0, 0), 1.5))
    teeth = np.zeros(area.shape[:2], np.uint8)
    low = upper + np.stack([0 * upper[:, 0], np.full(len(upper), min(8.0, (0.45 + 0.4 * max(smile, 0)) * gap))], 1)
    _fill(teeth, window, np.concatenate([upper, low[::-1]])[:])
    inside[:] = _blend(inside, np.array((228, 222, 210)), teeth)
    gaps = np.zeros(area.shape[:2], np.uint8)
    for place in np.linspace(-0.7, 0.7, 8):
        _stroke(gaps, window, np.array([(place * half, middle[1] - 4), (place * half, middle[1] + 9)]), 0.6, 60)
    inside[:] = _blend(inside, np.array((120, 90, 84)), cv2.min(gaps, teeth))
    side = np.abs(np.linspace(-1.1, 1.1, area.shape[1]))
    inside[:] = (inside * np.clip(1.15 - 0.55 * side**3, 0.2, 1)[None, :, None]).astype(np.uint8)
    area[:] = _blend(area, inside, hole)


# ---- drawing in a window of the painted map --------------------------------------------------------------------------


def _window(points_mm: np.ndarray, room_mm: float) -> Window:
    corners = np.array([points_mm.min(axis=0) - room_mm, points_mm.max(axis=0) + room_mm])
    (left, top), (right, bottom) = fixed(corners) >> SHIFT
    return slice(max(0, top), bottom + _ROOM), slice(max(0, left), right + _ROOM)


def _blend(under: np.ndarray, over: np.ndarray, cover: np.ndarray) -> np.ndarray:
    share = cover[..., None].astype(np.float32) / 255
    return np.clip(under + share * (np.clip(over, 0, 255).astype(np.float32) - under), 0, 255).astype(np.uint8)


def _shifted(points_mm: np.ndarray, window: Window) -> np.ndarray:
    return fixed(points_mm) - (np.array([window[1].start, window[0].start]) << SHIFT).astype(np.int32)


def _fill(marks: np.ndarray, window: Window, points_mm: np.ndarray, value: int = 255) -> None:
    cv2.fillPoly(marks, [_shifted(points_mm, window)], value, cv2.LINE_AA, SHIFT)


def _stroke(marks: np.ndarray, window: Window, points_mm: np.ndarray, width_mm: float, value: int) -> None:
    cv2.polylines(marks, [_shifted(points_mm, window)], False, value, max(1, round(1.6 * width_mm)), cv2.LINE_AA, SHIFT)


def _ring(middle: np.ndarray, half: tuple[float, float]) -> np.ndarray:
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    return np.stack([half[0] * np.cos(turn), half[1] * np.sin(turn)], axis=1) + middle


def _oval(marks: np.ndarray, window: Window, middle: tuple[float, float], half: tuple[float, float], value: int) -> None:
    _fill(marks, window, _ring(np.array(middle), half), value)


def _disc(patch: np.ndarray, window: Window, middle: np.ndarray, radius_mm: float, colour: np.ndarray) -> None:
    ring = _shifted(_ring(middle, (radius_mm, radius_mm)), window)
    cv2.fillPoly(patch, [ring], np.clip(colour, 0, 255).tolist(), cv2.LINE_AA, SHIFT)


def _disc_into(marks: np.ndarray, window: Window, middle: np.ndarray, radius_mm: float, value: int) -> None:
    _fill(marks, window, _ring(middle, (radius_mm, radius_mm)), value)

