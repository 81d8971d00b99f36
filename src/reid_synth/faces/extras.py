"""Accessories and occluders that vary from image to image: glasses, hats, hands, background."""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np

from reid_synth.faces.head_map import LONGITUDE, Y, smoothstep, upsample
from reid_synth.faces.light import Lighting
from reid_synth.faces.painting import blend, draw_polyline, fill_polygon
from reid_synth.faces.parts import Face
from reid_synth.faces.pose import FaceProjection
from reid_synth.people.person import Color, sample_cloth_color

NUM_BACKGROUNDS = 24  # each is also used mirrored
HatKind = Literal["none", "beanie", "cap"]
HandPlace = Literal["none", "cheek", "mouth", "chin"]
_FINGERTIP_XY = {
    "cheek": (0.72, 0.62),
    "mouth": (0.56, 0.80),
    "chin": (0.52, 0.97),
}  # position of the fingertips, share of the image
# shading across a finger: (share of the width, brightness), from edge to center
_ROUND = ((1.0, 0.6), (0.86, 0.8), (0.66, 0.93), (0.42, 1.0), (0.2, 1.05))


@dataclass(frozen=True)
class Extras:
    """What is visible besides the face in one image."""

    glasses: bool = False  # the person's own
    sunglasses: bool = False
    hat: HatKind = "none"
    hat_color: Color = (60, 60, 70)
    hand: HandPlace = "none"
    hand_side: int = 1  # 1 = enters from the right
    cloth: Color = (70, 80, 110)
    background: int = -1  # index of the background; -1 = plain gray
    background_brightness: float = 1.0


def sample_extras(face: Face, rng: np.random.Generator) -> Extras:
    """Sample accessories: glasses as often as the person wears them, the rest rarely."""
    sunglasses = bool(rng.random() < 0.03)
    hats: tuple[HatKind, ...] = ("none", "beanie", "cap")
    hands: tuple[HandPlace, ...] = ("none", "cheek", "mouth", "chin")
    return Extras(
        glasses=bool(rng.random() < face.glasses.habit) and not sunglasses,
        sunglasses=sunglasses,
        hat=hats[int(rng.choice(3, p=(0.94, 0.03, 0.03)))],
        hat_color=sample_cloth_color(rng),
        hand=hands[int(rng.choice(4, p=(0.964, 0.012, 0.012, 0.012)))],
        hand_side=1 if rng.random() < 0.5 else -1,
        cloth=sample_cloth_color(rng),
        background=int(rng.integers(2 * NUM_BACKGROUNDS)),
        background_brightness=float(rng.uniform(0.55, 1.25)),
    )


def add_hat(
    extras: Extras, radius: np.ndarray, paint: np.ndarray, hair: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Add a hat to the maps of a head.

    Args:
        extras: The hat.
        radius: (rows, columns) mm, the shape map.
        paint: (rows, columns, 3) uint8, the painted map.
        hair: (rows, columns) 1 = hair, on the shape map.

    Returns:
        New radius, painted map, and map of hair or cloth; the inputs themselves without a hat.
    """
    if extras.hat == "none":
        return radius, paint, hair
    beanie = extras.hat == "beanie"
    edge = np.interp(np.abs(LONGITUDE), (0, 40, 70, 120), (-44, -42, -26, -10)).astype(np.float32)
    cover = smoothstep((edge - Y) / 2.5)
    rim = cover * (smoothstep((Y - edge + 26) / 3) if beanie else 0.5 * smoothstep((Y - edge + 8) / 2))
    solid = np.minimum(radius, 108) + 5 + 3 * rim
    ribs = np.cos(LONGITUDE * 2.2) if beanie else 0.5 * (np.abs(LONGITUDE % 60 - 30) > 29)
    cloth = np.array(extras.hat_color, np.float32) * (1 + 0.09 * ribs - 0.06 * rim)[..., None]
    shade = 1 - (0.15 if beanie else 0.4) * smoothstep(1 - (Y - edge) / 30) * (1 - cover)  # shadow of the brim
    share = upsample(cover)[..., None]
    covered = paint * upsample(shade.astype(np.float32))[..., None] * (1 - share) + share * upsample(cloth)
    radius = (radius + cover * (solid - radius)).astype(np.float32)
    return radius, np.clip(covered, 0, 255).astype(np.uint8), np.maximum(hair, cover)


def draw_foreground(canvas: np.ndarray, extras: Extras, face: Face, view: FaceProjection, lighting: Lighting) -> None:
    """Draw glasses, brim and hand over the supersampled image (size, size, 3) uint8, in place."""
    if extras.glasses or extras.sunglasses:
        _draw_glasses(canvas, extras, face, view)
    if extras.hat == "cap":
        _draw_brim(canvas, np.array(extras.hat_color) * lighting.flat_brightness, view)
    if extras.hand != "none":
        _draw_hand(canvas, extras, np.array(face.skin.tone) * lighting.flat_brightness)


# ---- glasses ---------------------------------------------------------------------------------------------------------


def _draw_glasses(canvas: np.ndarray, extras: Extras, face: Face, view: FaceProjection) -> None:
    glasses = face.glasses
    kind = "square" if glasses.kind == "none" else glasses.kind
    size = 1.0 if glasses.kind == "none" else glasses.size
    outlines = _lens_outlines(face, kind, size, extras.sunglasses)
    lens, gleam, frame = (np.zeros(canvas.shape[:2], np.uint8) for _ in range(3))
    for outline in outlines:
        pixels = view.project(outline)
        low, high = pixels.min(axis=0), pixels.max(axis=0)
        fill_polygon(lens, pixels)
        fill_polygon(gleam, low + np.array([(0.1, 0.8), (0.55, 0.1), (0.75, 0.1), (0.3, 0.8)]) * (high - low))
    if extras.sunglasses:
        blend(canvas, np.array((30, 28, 30)), lens, 0.9)
    blend(
        canvas,
        np.array((220, 228, 238)),
        cv2.GaussianBlur(cv2.min(gleam, lens), (0, 0), 2.7),
        0.28 if extras.sunglasses else 0.14,
    )
    width = (2.0 if kind == "thin" else 3.6) * view.pixels_per_mm
    whole = kind != "half_rim" or extras.sunglasses
    level, reach = face.eyes.height, 76 * face.head.width
    for side, outline in zip((-1, 1), outlines, strict=True):
        draw_polyline(frame, view.project(outline if whole else outline[19:]), width, closed=whole)
        if view.rotation[2, 0] * side > -0.12:  # the temple on the far side is hidden
            outer = outline[np.argmax(side * outline[:, 0])]
            arm = np.array([outer - np.array((0, 5, 0)), (side * reach, level - 6, 45), (side * reach, level - 6, 0)])
            draw_polyline(frame, view.project(arm), 0.8 * width)
    inner = outlines[1][:, 0].min()
    draw_polyline(
        frame, view.project(_curved(np.array([(-inner, level - 1), (0, level - 4), (inner, level - 1)]), 3.0)), width
    )
    blend(canvas, np.array((10, 8, 8)), cv2.GaussianBlur(np.roll(frame, 3, axis=0), (0, 0), 2.5), 0.3)
    blend(canvas, np.array(glasses.color if extras.glasses else (24, 22, 24)), frame)


def _lens_outlines(face: Face, kind: str, size: float, dark: bool) -> list[np.ndarray]:
    """Return the outlines of both lenses, each (40, 3) mm in head axes; the second half is the upper edge."""
    power = {"round": 2.0, "square": 5.0, "half_rim": 3.6, "thin": 2.6}[kind]
    wide, tall = (21.0, 20.0) if kind == "round" else (24.5, 16.5)
    if dark:
        wide, tall = wide * 1.1, tall * 1.2
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    cos, sin = np.cos(turn), np.sin(turn)
    x, y = np.sign(cos) * np.abs(cos) ** (2 / power) * wide, np.sign(sin) * np.abs(sin) ** (2 / power) * tall
    half, level = face.eyes.spacing / 2 + 1.5, face.eyes.height + 2
    return [_curved(np.column_stack([x * size + side * half, y * size + level])) for side in (-1, 1)]


def _curved(flat: np.ndarray, forward: float = 0.0) -> np.ndarray:
    """Curve frame points (n, 2) mm around the face, (n, 3) mm."""
    return np.column_stack([flat, 92 + forward - 0.0045 * flat[:, 0] ** 2])


# ---- brim and hand ---------------------------------------------------------------------------------------------------


def _draw_brim(canvas: np.ndarray, color: np.ndarray, view: FaceProjection) -> None:
    t = np.linspace(-1, 1, 21)
    round_ = np.sqrt(np.maximum(1 - t**2, 0))
    inner = np.stack([t * 66, -50 + 3 * t**2, 62 + 36 * (1 - t**2)], axis=1)
    outer = np.stack([t * 66, -44 + 12 * t**2, 62 + 98 * round_], axis=1)
    from_above = view.rotation[2, 1] < 0.1
    fill_polygon(canvas, view.project(np.concatenate([inner, outer[::-1]])), color * (1.0 if from_above else 0.55))
    draw_polyline(canvas, view.project(outer), 3, color * 0.6)


def _draw_hand(canvas: np.ndarray, extras: Extras, tone: np.ndarray) -> None:
    """Draw four fingers and the edge of a palm, entering from below at one side."""
    size = canvas.shape[0]
    aim = np.array(_FINGERTIP_XY[extras.hand]) * size
    root = np.array((1.08, 1.12 if extras.hand == "chin" else 1.0)) * size
    along = (aim - root) / np.linalg.norm(aim - root)
    across, thick = np.array([-along[1], along[0]]), 0.082 * size
    fingers = []
    for number, short in enumerate((0.03, 0.0, 0.02, 0.09)):
        aside = across * (number - 1.5) * thick * 1.02
        tip, knuckle = aim + aside - along * short * size, root + aside * 0.95
        fingers.append(np.array([knuckle, (tip + knuckle) / 2 + 0.1 * aside - (0, 0.03 * size), tip]))
    if extras.hand_side < 0:
        fingers = [finger * (-1, 1) + (size, 0) for finger in fingers]
    layer, mask = np.zeros_like(canvas), np.zeros(canvas.shape[:2], np.uint8)
    for finger in fingers:
        draw_polyline(mask, finger, thick)
        for share, light in _ROUND:
            draw_polyline(layer, finger - (0, 2 * (1 - share)), thick * share, tone * light)
        nail = finger[2] + 0.25 * thick * (finger[2] - finger[1]) / np.linalg.norm(finger[2] - finger[1])
        draw_polyline(layer, np.array([nail, finger[2]]), 0.42 * thick, tone * (1.06, 0.98, 0.96) + 14)
    blend(canvas, np.array((14, 8, 6)), cv2.GaussianBlur(mask, (0, 0), 5), 0.45)
    blend(canvas, cv2.GaussianBlur(layer, (0, 0), 1.2), mask)
