"""Lighting of a head: directional light, ambient light, soft shadows, specular highlights."""

from dataclasses import dataclass

import cv2
import numpy as np

from reid_synth.faces.head_map import angles_to_map

_SHADOW_STEPS = (4.0, 8.0, 13.0, 20.0, 30.0, 44.0)  # distances towards the lamp that are tested for occlusion, mm
_SUBSURFACE_WRAP = (0.30, 0.20, 0.16)  # subsurface scattering past the shadow edge, strongest in red


@dataclass(frozen=True)
class Lighting:
    """Light on a face.

    Attributes:
        right: Horizontal direction of the lamp, positive to the right in the image, -1 – 1.
        up: Vertical direction of the lamp, positive above the face, -1 – 1.
        strength: Strength of the lamp.
        color: Color of the lamp, about (1, 1, 1).
        ambient: Strength of the ambient light, which brightens shadows.
        ambient_color: Color of the ambient light.
    """

    right: float = 0.3
    up: float = 0.5
    strength: float = 0.75
    color: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ambient: float = 0.45
    ambient_color: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def direction(self) -> np.ndarray:
        """Unit vector (3,) towards the lamp in image axes (y down, z to the camera)."""
        towards = np.array([self.right, -self.up, 0.75])
        return towards / np.linalg.norm(towards)

    @property
    def flat_brightness(self) -> float:
        """Brightness of surfaces that are not shaded by shape: clothes, a hand, hair behind the head."""
        return float(min(1.15, (0.6 * self.strength + self.ambient) ** 0.62))


def sample_lighting(rng: np.random.Generator) -> Lighting:
    """Sample indoor and outdoor lighting, from soft to harsh."""
    harsh = float(rng.random())
    warmth = rng.normal(0, 0.05)
    lamp = (1 + warmth, 1 + rng.normal(0, 0.012), 1 - 1.2 * warmth)
    sky = rng.normal(0, 0.035)
    total = float(np.exp(rng.normal(0.0, 0.16)))
    return Lighting(
        right=float(np.clip(rng.normal(0, 0.75), -1.6, 1.6)),
        up=float(np.clip(rng.normal(0.5, 0.4), -0.4, 1.3)),
        strength=total * (0.35 + 0.7 * harsh),
        color=(float(lamp[0]), float(lamp[1]), float(lamp[2])),
        ambient=total * (0.78 - 0.45 * harsh),
        ambient_color=(1 - float(sky), 1.0, 1 + float(sky)),
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
    """Compute the lighting of each point of the shape map.

    Args:
        lighting: Directional and ambient light.
        rotation: (3, 3) from head axes to image axes.
        radius: (rows, columns) mm.
        position: (rows, columns, 3) mm.
        normal: (rows, columns, 3), unit length.
        shine: Specular strength of the skin, 0–1.
        hair: (rows, columns) 1 = hair.

    Returns:
        (rows, columns, 3) factors for the painted colors, and (rows, columns, 3) gray levels to add.
    """
    lamp = (lighting.direction @ rotation).astype(np.float32)  # in head axes
    eye, up = rotation[2].astype(np.float32), -rotation[1].astype(np.float32)
    half = (lamp + eye) / np.linalg.norm(lamp + eye)
    facing, upward, seen, glance = cv2.split(cv2.transform(normal, np.stack([lamp, up, eye, half])))
    lamp_seen = lighting.strength * (1 - 0.8 * _shadow(radius, position, lamp))
    edge = 0.75 + 0.25 * np.clip(seen, 0, 1)  # surfaces turned away from the camera receive less ambient light
    sky = lighting.ambient * edge * (0.72 + 0.28 * upward) * (1 - _ambient_occlusion(radius))
    broad = np.clip(glance, 0, 1) ** 8
    gleam = 30 * (0.25 + shine) * (0.5 * broad + broad**4 * broad) * (1 - 0.75 * hair) * lamp_seen * (facing > -0.2)
    factors, added = [], []
    for wrap, of_lamp, of_sky in zip(_SUBSURFACE_WRAP, lighting.color, lighting.ambient_color, strict=True):
        lit = np.maximum((facing + np.float32(wrap)) * np.float32(1 / (1 + wrap)), 0) * lamp_seen
        factors.append(cv2.pow(lit * np.float32(of_lamp) + sky * np.float32(of_sky), 0.62))
        added.append(gleam * np.float32(of_lamp))
    return cv2.merge(factors), cv2.merge(added)


def _ambient_occlusion(radius: np.ndarray) -> np.ndarray:
    """Return the occluded share of the ambient light in concave regions, 0–0.6."""
    rows, columns = radius.shape
    low = cv2.resize(radius, (columns // 2, rows // 2), interpolation=cv2.INTER_AREA)
    wide, near = cv2.GaussianBlur(low, (0, 0), 3.5), cv2.GaussianBlur(low, (0, 0), 1.1)
    hidden = np.clip((wide - low) / 14, 0, 0.45) + np.clip((near - low) / 9, 0, 0.3)
    return cv2.resize(np.minimum(hidden, 0.6), (columns, rows), interpolation=cv2.INTER_LINEAR)


def _shadow(radius: np.ndarray, position: np.ndarray, lamp: np.ndarray) -> np.ndarray:
    """Return the soft shadow map: 0 = the lamp is visible, 1 = occluded by the head."""
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
