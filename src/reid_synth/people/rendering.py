"""Render a person in a pose: place the parts, rasterize, shade, crop."""

from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from reid_synth.people.atlas import texture_atlas
from reid_synth.people.body import MAX_KNOTS, SURFACE_INDEX, Part
from reid_synth.people.fabric import COLUMNS, ROWS, smooth_noise
from reid_synth.people.figure import build_figure
from reid_synth.people.person import Person
from reid_synth.people.poses import Pose, Posture, sample_pose
from reid_synth.people.rasterizer import ROW, GBuffer, empty_gbuffer, rasterize, shade

SUPERSAMPLING = 2  # resolution of the buffer relative to the sprite, for anti-aliasing
_NUM_FOLD_MAPS = 24
_SHADOW_REACH_M = 0.35


@dataclass(frozen=True)
class Light:
    """Light direction relative to the camera, and ambient share.

    Attributes:
        right, up: Direction of the light in the image plane, each -1…1.
        ambient: Share of light that reaches every surface, 0–1.
    """

    right: float = 0.3
    up: float = 0.6
    ambient: float = 0.6

    @property
    def vector(self) -> np.ndarray:
        """(right, up, towards the camera, ambient) float32; the first three have length 1."""
        sun = np.array([self.right, self.up, 0.75])
        return np.array([*(sun / np.linalg.norm(sun)), self.ambient], np.float32)


@dataclass(frozen=True)
class Sprite:
    """A person image with transparency, cropped to its content.

    Attributes:
        rgba: (height, width, 4) uint8; RGB is premultiplied with alpha.
        foot_xy: Pixel (x, y) of the ground point between the feet.
    """

    rgba: np.ndarray
    foot_xy: tuple[float, float]


def render_person(
    person: Person,
    *,
    phase: float,
    heading: float,
    tilt: float,
    pixels_per_meter: float,
    rng: np.random.Generator,
    light: Light | None = None,
    gait_amplitude: float = 1.0,
    posture: Posture | None = None,
) -> Sprite:
    """Render a person as one camera sees them.

    Args:
        person: The person.
        phase: Phase of the gait cycle, radians.
        heading: Walking direction relative to the line of sight, radians: 0 towards the camera, π/2 to the right.
        tilt: Downward viewing angle, radians, 0 … 1.2.
        pixels_per_meter: Scale of the sprite.
        rng: Draws folds of cloth, arms and head.
        light: Direction of the light; a default if None.
        gait_amplitude: 1 walks, 0 stands, above 1.3 runs.
        posture: Replaces the gait: sits, bends …

    Returns:
        The sprite, about `person.height_m * pixels_per_meter` pixels high.

    Example:
        >>> from reid_synth import sample_person
        >>> person = sample_person(np.random.default_rng(1))
        >>> sprite = render_person(person, phase=0.0, heading=0.5, tilt=0.1, pixels_per_meter=60,
        ...                        rng=np.random.default_rng(0))
        >>> sprite.rgba.dtype.name, sprite.rgba.shape[2]
        ('uint8', 4)
    """
    pose = replace(sample_pose(person, phase, gait_amplitude, rng), posture=posture)
    return draw_figure(
        person, pose, heading, tilt, pixels_per_meter, int(rng.integers(_NUM_FOLD_MAPS * ROWS)), light or Light()
    )


def paste(image: np.ndarray, sprite: Sprite, foot: np.ndarray) -> np.ndarray:
    """Blend a sprite over an image with its foot at a pixel; parts outside the image are clipped.

    Args:
        image: (h, w, 3) uint8 RGB; not changed.
        sprite: The sprite.
        foot: (2,) pixel (x, y) of the foot point.

    Returns:
        (h, w, 3) uint8 RGB, a new array.
    """
    x0, y0 = (round(value) for value in foot - np.array(sprite.foot_xy))
    height, width = sprite.rgba.shape[:2]
    top, left, bottom, right = (
        max(0, y0),
        max(0, x0),
        min(image.shape[0], y0 + height),
        min(image.shape[1], x0 + width),
    )
    pasted = image.copy()
    if top >= bottom or left >= right:
        return pasted
    layer = sprite.rgba[top - y0 : bottom - y0, left - x0 : right - x0].astype(np.float32)
    under = pasted[top:bottom, left:right]
    under[:] = np.clip(under * (1 - layer[..., 3:] / 255) + layer[..., :3], 0, 255).astype(np.uint8)
    return pasted


def draw_figure(
    person: Person, pose: Pose, heading: float, tilt: float, pixels_per_meter: float, folds: int, light: Light
) -> Sprite:
    """Draw a person in a given pose; `folds` selects the folds of the cloth, the rest is as in `render_person`."""
    scale = SUPERSAMPLING * pixels_per_meter
    parts = build_figure(person, pose)
    atlas = texture_atlas(person)
    buffer, table, foot = draw_parts(parts, atlas, heading, tilt, scale)
    offsets = np.arange(len(parts))[:, None] * (11, 17) + (folds % ROWS, 0)
    rgba = shade(
        buffer, table, atlas, _fold_bank()[folds % _NUM_FOLD_MAPS], offsets, light.vector, tilt, _SHADOW_REACH_M * scale
    )
    size = (max(1, rgba.shape[1] // SUPERSAMPLING), max(1, rgba.shape[0] // SUPERSAMPLING))
    return _crop_to_content(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA), foot / SUPERSAMPLING)


def draw_parts(
    parts: list[Part], atlas: np.ndarray, heading: float, tilt: float, scale: float
) -> tuple[GBuffer, np.ndarray, np.ndarray]:
    """Rasterize parts at `scale` pixels per meter.

    Returns:
        The buffer; the table of parts in pixels (n, ROW); the pixel (x, y) of the ground point.
    """
    table: np.ndarray = np.zeros((len(parts), ROW), np.float32)
    starts, ends = (project(np.array([part[end] for part in parts]), heading, tilt) * scale for end in (1, 2))
    profiles = np.zeros((len(parts), 2, MAX_KNOTS), np.float32)
    for index, part in enumerate(parts):
        profiles[index, 0, : len(part.widths)], profiles[index, 1, : len(part.depths)] = part.widths, part.depths
    reach = scale * profiles.max(axis=(1, 2))[:, None] + 2
    corners = np.concatenate([starts[:, :2] - reach, starts[:, :2] + reach, ends[:, :2] - reach, ends[:, :2] + reach])
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    width, height = (high - low).astype(int)
    table[:, :4] = [(SURFACE_INDEX[part.surface], part.roundness, part.turn, len(part.widths)) for part in parts]
    table[:, 4:7], table[:, 7:10] = starts - (*low, 0.0), ends - (*low, 0.0)
    table[:, 10:] = profiles.reshape(len(parts), -1) * scale
    buffer = empty_gbuffer(height, width)
    rasterize(buffer, table, atlas, heading)
    return buffer, table, -low  # the person stands at the origin


def project(points: np.ndarray, heading: float, tilt: float) -> np.ndarray:
    """Project points of the person frame (left, forward, up) to (right, down, depth), meters; (n, 3) → (n, 3)."""
    left, forward, up = points.T
    right = left * np.cos(heading) + forward * np.sin(heading)
    away = left * np.sin(heading) - forward * np.cos(heading)
    return np.stack(
        [right, -(up * np.cos(tilt) + away * np.sin(tilt)), away * np.cos(tilt) - up * np.sin(tilt)], axis=1
    )


@lru_cache(maxsize=1)
def _fold_bank() -> np.ndarray:
    """Return slopes of folded cloth, (bank, ROWS, COLUMNS, 2) float32 along columns and rows."""
    rng = np.random.default_rng(20)
    bank = []
    for _ in range(_NUM_FOLD_MAPS):
        height = 0.8 - np.abs(np.tanh(smooth_noise(rng, ROWS, COLUMNS, 3, 2)))  # ridges where the noise crosses zero
        height += 0.15 * smooth_noise(rng, ROWS, COLUMNS, 8, 2)
        across = np.roll(height, -1, axis=1) - np.roll(height, 1, axis=1)
        along = np.roll(height, -1, axis=0) - np.roll(height, 1, axis=0)
        bank.append(-np.dstack([across, along]) * 1.6)
    return np.stack(bank).astype(np.float32)


def _crop_to_content(rgba: np.ndarray, foot: np.ndarray) -> Sprite:
    solid = rgba[..., 3] > 40
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    y0, y1, x0, x1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return Sprite(np.ascontiguousarray(rgba[y0:y1, x0:x1]), (float(foot[0] - x0), float(foot[1] - y0)))
