"""From a person and a pose to a picture of them: project the parts, keep the nearest surface, shade it.

The camera is far away compared with the size of a person, so projection is orthographic: a point (right, depth, up)
lands at x = right, y = up·cos(tilt) + depth·sin(tilt). A generalised cylinder becomes a band around its projected axis;
across the band the surface bulges towards the camera like a semi-circle, which gives depth, normal and texture column.
"""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np

from src.synthetic.body import SURFACE_INDEX, Part, Pose, build_body
from src.synthetic.clothing import COLUMNS, ROWS, smooth_noise, texture_atlas
from src.synthetic.people import Person

SUPERSAMPLING = 2  # the buffer is this many times finer than the sprite, so that edges come out smooth
_FAR = np.float32(1e6)
_CLOTH_SURFACES = np.array(
    [SURFACE_INDEX[name] for name in ("torso", "hips", "upper_arm", "forearm", "thigh", "shin", "skirt")]
)


@dataclass(frozen=True)
class Light:
    """Where the light comes from, seen from the camera, and how much of it comes from everywhere.

    Attributes:
        right, up: direction of the lamp in the picture plane, each -1…1.
        ambient: share of light that reaches every surface, 0–1.
    """

    right: float = 0.3
    up: float = 0.6
    ambient: float = 0.6


@dataclass(frozen=True)
class Sprite:
    """A picture with transparency, cut tight around its person.

    Attributes:
        rgba: (height, width, 4) uint8; RGB is premultiplied with alpha.
        foot_xy: pixel (x, y) of the ground point between the feet.
    """

    rgba: np.ndarray
    foot_xy: tuple[float, float]


@dataclass(frozen=True)
class _Buffer:
    """What the nearest surface at each pixel is: its distance, part, texture place and normal."""

    depth: np.ndarray  # (h, w) float32
    part: np.ndarray  # (h, w) int16, -1 = nothing
    across: np.ndarray  # (h, w) float32, -1…1
    along: np.ndarray  # (h, w) float32, 0…1


def render_person(
    person: Person,
    *,
    phase: float,
    heading: float,
    tilt: float,
    pixels_per_metre: float,
    rng: np.random.Generator,
    light: Light | None = None,
    vigour: float = 1.0,
) -> Sprite:
    """Draw a person as one camera sees them.

    Args:
        person: who.
        phase: place in the walking cycle, radians.
        heading: direction of walk seen from the camera, radians: 0 comes towards it, π/2 goes to the picture's right.
        tilt: how steeply the camera looks down, radians, 0 … 1.2.
        pixels_per_metre: scale of the sprite.
        rng: for folds of cloth and small movements of head and arms.
        light: where the light comes from; a default when None.
        vigour: 1 walks, 0 stands.

    Returns:
        The sprite, about `person.height_m * pixels_per_metre` pixels high.
    """
    pose = Pose(
        phase=phase,
        vigour=vigour,
        head_turn=float(np.clip(rng.normal(0, 0.25), -0.8, 0.8)),
        raised_arm=int(rng.choice([0, 0, 0, 0, 0, 0, 1, -1])),
        elbow=float(rng.uniform(0.1, 0.45)),
    )
    parts = build_body(person, pose)
    buffer, foot = _rasterise(parts, heading, tilt, SUPERSAMPLING * pixels_per_metre)
    colour = _shade(buffer, parts, texture_atlas(person), heading, light or Light(), rng)
    rgba = np.dstack([colour, np.where(buffer.part >= 0, np.float32(255), np.float32(0))])
    size = (max(1, rgba.shape[1] // SUPERSAMPLING), max(1, rgba.shape[0] // SUPERSAMPLING))
    small = cv2.resize(rgba, size, interpolation=cv2.INTER_AREA)
    return _cut_tight(np.clip(small + 0.5, 0, 255).astype(np.uint8), foot / SUPERSAMPLING)


def _rasterise(parts: list[Part], heading: float, tilt: float, scale: float) -> tuple[_Buffer, np.ndarray]:
    """Draw all parts into a depth buffer; returns it and the pixel (x, y) of the ground point."""
    starts, ends = (
        _project(np.stack([getattr(part, end) for part in parts]), heading, tilt) * scale for end in ("start", "end")
    )
    reach = scale * np.array([max(*part.widths, *part.depths) for part in parts])[:, None] + 2
    corners = np.concatenate([starts[:, :2] - reach, starts[:, :2] + reach, ends[:, :2] - reach, ends[:, :2] + reach])
    low, high = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    width, height = (high - low).astype(int)
    buffer = _Buffer(
        depth=np.full((height, width), _FAR, np.float32),
        part=np.full((height, width), -1, np.int16),
        across=np.zeros((height, width), np.float32),
        along=np.zeros((height, width), np.float32),
    )
    origin = np.array([*low, 0.0])
    for index, part in enumerate(parts):
        _draw_part(buffer, index, part, starts[index] - origin, ends[index] - origin, heading, tilt, scale)
    return buffer, -low  # the person stands on the world's origin


def _draw_part(
    buffer: _Buffer,
    index: int,
    part: Part,
    start: np.ndarray,
    end: np.ndarray,
    heading: float,
    tilt: float,
    scale: float,
) -> None:
    """Draw one generalised cylinder where it is nearer than what is there."""
    facing = heading + part.turn
    side, front = abs(np.cos(facing)), abs(np.sin(facing))
    widths, depths = np.array(part.widths) * scale, np.array(part.depths) * scale
    seen = np.hypot(widths * side, depths * front).astype(np.float32)  # half-width as the camera sees it
    thick = np.hypot(widths * front, depths * side).astype(np.float32)  # half-depth towards the camera
    axis = end[:2] - start[:2]
    length = float(np.hypot(*axis))
    axis = axis / length if length > 1e-6 else np.array([0.0, 1.0])
    normal = np.array([axis[1], -axis[0]]) * (1 if axis[1] >= 0 else -1)  # points to the picture's right
    # Looking down on a flat end one sees its ellipse: the cap is at least that high.
    cap = max(part.roundness, np.sin(tilt) * float(thick.mean() / max(seen.mean(), 1e-6)))

    reach = seen.max() * max(1.0, cap) + 1
    x0, y0 = np.maximum(np.floor(np.minimum(start[:2], end[:2]) - reach), 0).astype(int)
    x1, y1 = (np.ceil(np.maximum(start[:2], end[:2]) + reach) + 1).astype(int)
    window = (slice(y0, y1), slice(x0, x1))
    height, width = buffer.depth[window].shape
    dx = np.arange(x0, x0 + width, dtype=np.float32)[None, :] - np.float32(start[0])
    dy = np.arange(y0, y0 + height, dtype=np.float32)[:, None] - np.float32(start[1])
    distance = dx * np.float32(axis[0]) + dy * np.float32(axis[1])  # (h, w) along the axis
    beside = dx * np.float32(normal[0]) + dy * np.float32(normal[1])  # (h, w) across it
    inside = np.clip(distance, 0, length)
    along = inside / np.float32(max(length, 1e-6))
    place = along * (len(seen) - 1)
    step = np.minimum(place.astype(np.int32), len(seen) - 2)
    part_way = place - step
    radius = np.maximum(seen[step] + (seen[step + 1] - seen[step]) * part_way, 0.6)
    across = beside / radius
    beyond = (distance - inside) / (radius * np.float32(cap))
    bulge = 1 - across * across - beyond * beyond
    hit = bulge > 0
    thickness = thick[step] + (thick[step + 1] - thick[step]) * part_way
    depth = np.float32(start[2]) + np.float32(end[2] - start[2]) * along - thickness * np.sqrt(np.maximum(bulge, 0))
    hit &= depth < buffer.depth[window]
    for target, values in ((buffer.depth, depth), (buffer.across, across), (buffer.along, along)):
        np.copyto(target[window], values, where=hit)
    buffer.part[window][hit] = index


def _shade(
    buffer: _Buffer, parts: list[Part], atlas: np.ndarray, heading: float, light: Light, rng: np.random.Generator
) -> np.ndarray:
    """Colour of every pixel, (h, w, 3) float32: texture × (ambient + lamp) × folds × what nearer parts take away."""
    mask = buffer.part >= 0
    part = buffer.part[mask]
    across, along = buffer.across[mask], buffer.along[mask]
    surface = np.array([SURFACE_INDEX[each.surface] for each in parts])[part]
    turn = np.array([each.turn for each in parts], np.float32)[part]
    azimuth = np.arcsin(np.clip(across, -1, 1)) - np.float32(heading) - turn
    column = (azimuth * (COLUMNS / (2 * np.pi)) + COLUMNS / 2).astype(np.int32) % COLUMNS
    row = np.minimum((along * ROWS).astype(np.int32), ROWS - 1)
    texture = atlas[surface, row, column]  # (pixels, 3)

    towards = np.sqrt(np.maximum(1 - across * across, 0))
    lean = np.array([_leaning_up(each) for each in parts], np.float32)[part]
    lamp = across * np.float32(light.right) + towards * np.float32(0.75) + lean * np.float32(light.up) * (0.5 - along)
    brightness = np.float32(light.ambient) + (1.05 - np.float32(light.ambient)) * np.clip(lamp, 0, 1.2)
    folds = _fold_bank()[int(rng.integers(_FOLDS))][
        (row + int(rng.integers(ROWS))) % ROWS, (column + part * 17) % COLUMNS
    ]
    brightness *= 1 + np.where(np.isin(surface, _CLOTH_SURFACES), np.float32(0.10), np.float32(0.02)) * folds
    brightness *= 1 - _occlusion(buffer.depth, mask)[mask]
    colour = np.zeros((*mask.shape, 3), np.float32)
    colour[mask] = np.clip(texture * brightness[:, None], 0, 255)
    return colour


def _occlusion(depth: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """How much a pixel is shaded by nearer surfaces around it, 0–0.5: an arm darkens the torso behind it."""
    size = max(3, mask.shape[0] // 40) | 1
    inside = mask.astype(np.float32)
    share = cv2.blur(inside, (size, size))
    around = cv2.blur(np.where(mask, depth, np.float32(0)), (size, size)) / np.maximum(share, 1e-3)
    shadow: np.ndarray = np.clip((depth - around) * np.float32(8 / mask.shape[0]), 0, 0.5)
    return np.where(mask, shadow, np.float32(0))


_FOLDS = 24


@lru_cache(maxsize=1)
def _fold_bank() -> np.ndarray:
    """Creases of cloth, drawn once: (bank, ROWS, COLUMNS) float32 of unit deviation, sharper across than along."""
    rng = np.random.default_rng(20)
    bank = [smooth_noise(rng, ROWS, COLUMNS, 3) for _ in range(_FOLDS)]
    return np.stack([np.tanh(1.5 * fold) for fold in bank]).astype(np.float32)


def _project(points: np.ndarray, heading: float, tilt: float) -> np.ndarray:
    """Person's frame (left, forward, up) → picture (right, down, depth), all in metres; (n, 3) → (n, 3)."""
    left, forward, up = points.T
    right = left * np.cos(heading) + forward * np.sin(heading)
    away = left * np.sin(heading) - forward * np.cos(heading)
    return np.stack(
        [right, -(up * np.cos(tilt) + away * np.sin(tilt)), away * np.cos(tilt) - up * np.sin(tilt)], axis=1
    )


def _leaning_up(part: Part) -> float:
    axis = part.start - part.end
    return float(axis[2] / (np.linalg.norm(axis) + 1e-9))


def _cut_tight(rgba: np.ndarray, foot: np.ndarray) -> Sprite:
    rows, columns = np.flatnonzero((rgba[..., 3] > 40).any(axis=1)), np.flatnonzero((rgba[..., 3] > 40).any(axis=0))
    y0, y1, x0, x1 = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    return Sprite(np.ascontiguousarray(rgba[y0:y1, x0:x1]), (float(foot[0] - x0), float(foot[1] - y0)))
