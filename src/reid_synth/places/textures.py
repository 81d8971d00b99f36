"""Tileable textures of the synthetic street: asphalt, grass, paving, gravel, brick, leaves.

A ground or wall texture is a colorless relief: uint8, 128 = the color of the surface, tileable without a seam. `tint`
colors it, so that a few reliefs give many surfaces.
"""

from __future__ import annotations

import cv2
import numpy as np

TILE = 512  # pixels along the side of a ground tile


def periodic_noise(rng: np.random.Generator, height: int, width: int, slope: float = 1.0) -> np.ndarray:
    """Generate tileable noise whose spectrum falls as 1 / frequency**slope: 0 is sand, 1 asphalt, 2 clouds.

    Returns:
        (height, width) float32, mean 0, standard deviation 1.
    """
    rows = np.fft.fftfreq(height)[:, None] * height
    columns = np.fft.rfftfreq(width)[None, :] * width
    frequency = np.hypot(rows, columns)
    frequency[0, 0] = 1.0
    spectrum = np.fft.rfft2(rng.standard_normal((height, width))) / frequency**slope
    spectrum[0, 0] = 0.0
    noise = np.fft.irfft2(spectrum, s=(height, width))
    return (noise / noise.std()).astype(np.float32)


def tint(relief: np.ndarray, color: np.ndarray) -> np.ndarray:
    """Color a relief: (h, w) or (h, w, 3) uint8 around 128, color (3,) 0–255 -> (h, w, 3) uint8."""
    levels = np.arange(256, dtype=np.float32)[:, None] / 128 * np.asarray(color, np.float32)
    table = np.clip(levels, 0, 255).astype(np.uint8)[None]  # (1, 256, 3)
    layered = relief if relief.ndim == 3 else cv2.merge([relief] * 3)
    return cv2.LUT(layered, table)


def paint_color(rng: np.random.Generator) -> np.ndarray:
    """Sample the color of a man-made object, (3,) float32 0–255: often gray, dark or pale, sometimes vivid."""
    value = 255 * rng.uniform(0.06, 0.92)
    saturation = rng.choice([rng.uniform(0, 0.15), rng.uniform(0.2, 0.6), rng.uniform(0.6, 0.95)], p=[0.55, 0.25, 0.2])
    hue = rng.uniform(0, 6)
    wheel = np.clip(np.abs((hue + np.array([0.0, 4.0, 2.0])) % 6 - 3) - 1, 0, 1)
    return (value * (1 - saturation + saturation * wheel)).astype(np.float32)


def gray_color(rng: np.random.Generator, low: float, high: float, cast: float = 6.0) -> np.ndarray:
    """Sample a nearly neutral color between two gray levels, (3,) float32."""
    return (rng.uniform(low, high) + rng.normal(0, cast, 3)).astype(np.float32)


def _to_relief(field: np.ndarray) -> np.ndarray:
    return np.clip(128 * (1 + field), 0, 255).astype(np.uint8)


def asphalt(rng: np.random.Generator) -> np.ndarray:
    """Make speckle, worn patches and a few cracks."""
    field = 0.05 * periodic_noise(rng, TILE, TILE, 0.3) * rng.uniform(0.4, 1.8)
    field += 0.03 * periodic_noise(rng, TILE, TILE, 1.6) * rng.uniform(0.3, 1.3)
    cracks = np.zeros((TILE, TILE), np.uint8)
    for _ in range(int(rng.integers(0, 5))):
        steps = rng.normal(0, 9, (30, 2)) + rng.normal(0, 7, 2)
        path = rng.uniform(0, TILE, 2) + np.cumsum(steps, axis=0)
        cv2.polylines(cracks, [path.astype(np.int32)], False, 255, 1, cv2.LINE_AA)
    return _to_relief(field - rng.uniform(0.1, 0.35) * cracks.astype(np.float32) / 255)


def grass(rng: np.random.Generator) -> np.ndarray:
    """Make blades, tufts and patches that differ in hue: a relief in three channels."""
    blades = periodic_noise(rng, TILE, TILE, 0.5) * rng.uniform(0.1, 0.22)
    patches = periodic_noise(rng, TILE, TILE, 1.3) * rng.uniform(0.04, 0.1)
    yellowing = periodic_noise(rng, TILE, TILE, 1.2) * rng.uniform(0.02, 0.07)
    light = blades + patches
    return _to_relief(np.dstack([light + yellowing, light, light - yellowing]))


def gravel(rng: np.random.Generator) -> np.ndarray:
    """Make pebbles: clipped band-limited noise."""
    grain = cv2.GaussianBlur(rng.standard_normal((TILE, TILE)).astype(np.float32), (0, 0), rng.uniform(0.8, 2))
    return _to_relief(0.16 * np.clip(grain / grain.std(), -1.6, 1.6) + 0.05 * periodic_noise(rng, TILE, TILE, 1.5))


def paving(rng: np.random.Generator) -> np.ndarray:
    """Make slabs or bricks with joints; each stone has its own tone."""
    rows = int(rng.choice([8, 16, 32]))
    columns = rows // int(rng.choice([1, 1, 2]))
    return _to_relief(_stones(rng, rows, columns, TILE, TILE) + 0.03 * periodic_noise(rng, TILE, TILE, 0.6))


def concrete(rng: np.random.Generator) -> np.ndarray:
    """Make poured fields with stains and an occasional joint."""
    field = 0.035 * periodic_noise(rng, TILE, TILE, 1.3) + 0.03 * periodic_noise(rng, TILE, TILE, 0.2)
    if rng.random() < 0.6:
        field[:3] -= 0.25
        field[:, :3] -= 0.25
    return _to_relief(field)


def stains_relief(rng: np.random.Generator) -> np.ndarray:
    """Make large soft variations of brightness, for damp and worn areas."""
    return _to_relief(rng.uniform(0.03, 0.12) * periodic_noise(rng, TILE, TILE, 1.7))


def brick(rng: np.random.Generator) -> np.ndarray:
    """Make a wall of bricks or plaster, TILE/2 high."""
    stains = 0.05 * periodic_noise(rng, TILE // 2, TILE, 1.5)
    if rng.random() < 0.4:
        return _to_relief(stains + 0.03 * periodic_noise(rng, TILE // 2, TILE, 0.4))
    rows = int(rng.choice([32, 64]))
    return _to_relief(stains + _stones(rng, rows, rows, TILE // 2, TILE))


def _stones(rng: np.random.Generator, rows: int, columns: int, height: int, width: int) -> np.ndarray:
    """Make tones of stones in a bond, minus their joints, (height, width) float32."""
    y, x = np.mgrid[0:height, 0:width]
    row = y * rows // height
    shifted = x + (row % 2) * (width // columns // 2) * int(rng.integers(0, 2))
    column = (shifted * columns // width) % columns
    tone = rng.normal(0, rng.uniform(0.02, 0.08), (rows, columns)).astype(np.float32)[row, column]
    joint = (y * rows % height < rows * 2) | (shifted * columns % width < columns * 2)
    return tone - rng.uniform(0.05, 0.3) * joint


def leaves(rng: np.random.Generator, height: int, width: int) -> np.ndarray:
    """Make foliage as a relief with deep shade between the leaves, (height, width, 3) uint8."""
    light = 0.28 * periodic_noise(rng, height, width, 0.7) + 0.16 * periodic_noise(rng, height, width, 1.5)
    hue = 0.08 * periodic_noise(rng, height, width, 1.2)
    top_light = np.linspace(0.2, -0.25, height, dtype=np.float32)[:, None]
    return _to_relief(np.dstack([light + hue + top_light, light + top_light, light - hue + top_light]))
