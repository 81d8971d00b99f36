"""Light on a head: one lamp or the sun, the sky around, soft shadows, and shine."""

from dataclasses import dataclass

import cv2
import numpy as np

from reid_synth.faces.head_map import angles_to_map

_SHADOW_STEPS = (4.0, 8.0, 13.0, 20.0, 30.0, 44.0)  # mm towards the lamp at which something may stand in the way
_WRAP = (0.30, 0.20, 0.16)  # light that seeps through skin past the edge of the shade: reddest


@dataclass(frozen=True)
class Lighting:
    """What shines on the face.

    Attributes:
        right: where the lamp is, seen from the face: to the right of the picture, -1 – 1.
        up: above the face, -1 – 1.
        strength: of the lamp.
        colour: of the lamp, about (1, 1, 1).
        around: strength of the light from all sides, which makes shade less dark.
        ambient_colour: its colour.
    """

    right: float = 0.3
    up: float = 0.5
    strength: float = 0.75
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ambient: float = 0.45
    ambient_colour: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def direction(self) -> np.ndarray:
        """(3,) unit vector towards the lamp in the picture's axes (y down, z to the camera)."""
        towards = np.array([self.right, -self.up, 0.75])
        return towards / np.linalg.norm(towards)

    @property
    def flat_brightness(self) -> float:
        """How light this makes things whose shape is not worked out: clothes, a hand, the hair at the back."""
        return float(min(1.15, (0.6 * self.strength + self.ambient) ** 0.62))


def sample_lighting(rng: np.random.Generator) -> Lighting:
    """Rooms, windows, sun and shade."""
    harsh = float(rng.random())
    warmth = rng.normal(0, 0.05)
    lamp = (1 + warmth, 1 + rng.normal(0, 0.012), 1 - 1.2 * warmth)
    sky = rng.normal(0, 0.035)
    total = float(np.exp(rng.normal(0.0, 0.16)))
    return Lighting(
        right=float(np.clip(rng.normal(0, 0.75), -1.6, 1.6)),
        up=float(np.clip(rng.normal(0.5, 0.4), -0.4, 1.3)),
        strength=total * (0.35 + 0.7 * harsh),
        colour=(float(lamp[0]), float(lamp[1]), float(lamp[2])),
        ambient=total * (0.78 - 0.45 * harsh),
        ambient_colour=(1 - float(sky), 1.0, 1 + float(sky)),
    )


def light_map(
    lighting: Lighting,
    rotation: np.ndarray,
    radius: np.ndarray,
    position: np.ndarray,
    normal: np.ndarray,
    shine: float,
    hair: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """What the light does to each place of the map.

    Args:
        lighting: the lamp and the sky.
        rotation: (3, 3) from the head's axes to the picture's.
        radius: (rows, columns) mm.
        position: (rows, columns, 3) mm.
        normal: (rows, columns, 3), unit.
        shine: of the skin, 0–1.
        hair: (rows, columns) 1 = hair.

    Returns:
        (rows, columns, 3) factors of the painted colours, and (rows, columns, 3) grey levels to add.
    """
    lamp = (lighting.direction @ rotation).astype(np.float32)  # in the head's axes
    eye, up = rotation[2].astype(np.float32), -rotation[1].astype(np.float32)
    half = (lamp + eye) / np.linalg.norm(lamp + eye)
    facing, upward, seen, glance = cv2.split(cv2.transform(normal, np.stack([lamp, up, eye, half])))
    lamp_seen = lighting.strength * (1 - 0.8 * _shadow(radius, position, lamp))
    edge = 0.75 + 0.25 * np.clip(seen, 0, 1)  # what turns away from the camera sees less of the room
    sky = lighting.ambient * edge * (0.72 + 0.28 * upward) * (1 - _hollow(radius))
    broad = np.clip(glance, 0, 1) ** 8
    gleam = 30 * (0.25 + shine) * (0.5 * broad + broad**4 * broad) * (1 - 0.75 * hair) * lamp_seen * (facing > -0.2)
    factors, added = [], []
    for wrap, of_lamp, of_sky in zip(_WRAP, lighting.colour, lighting.ambient_colour, strict=True):
        lit = np.maximum((facing + np.float32(wrap)) * np.float32(1 / (1 + wrap)), 0) * lamp_seen
        factors.append(cv2.pow(lit * np.float32(of_lamp) + sky * np.float32(of_sky), 0.62))
        added.append(gleam * np.float32(of_lamp))
    return cv2.merge(factors), cv2.merge(added)


def _hollow(radius: np.ndarray) -> np.ndarray:
    """How much of the sky is hidden from a place because it lies deeper than what surrounds it, 0–0.6."""
    rows, columns = radius.shape
    low = cv2.resize(radius, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    wide, near = cv2.GaussianBlur(low, (0, 0), 3.5), cv2.GaussianBlur(low, (0, 0), 1.1)
    hidden = np.clip((wide - low) / 14, 0, 0.45) + np.clip((near - low) / 9, 0, 0.3)
    return cv2.resize(np.minimum(hidden, 0.6), (columns, rows), interpolation=cv2.INTER_LINEAR)


def _shadow(radius: np.ndarray, position: np.ndarray, lamp: np.ndarray) -> np.ndarray:
    """0 = the lamp is seen from this place, 1 = something of the head stands in its way; softened."""
    rows, columns = radius.shape
    low = cv2.resize(position, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    blocked = np.zeros(low.shape[:2], np.float32)
    for step in _SHADOW_STEPS:
        x, y, z = (low[..., i] + lamp[i] * np.float32(step) for i in range(3))
        flat = x * x + z * z
        column, row = angles_to_map(np.arctan2(x, z), np.arctan2(y, np.sqrt(flat)))
        surface = cv2.remap(radius, column, row, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        above = np.sqrt(flat + y * y) - surface
        blocked = np.maximum(blocked, np.clip(-(above - 0.2) / (1.0 + 0.06 * step), 0, 1))
    return cv2.resize(cv2.GaussianBlur(blocked, (0, 0), 1.3), (columns, rows), interpolation=cv2.INTER_LINEAR)
