"""Weather and time of day: sun, overcast, dusk with lamps, rain with wet ground, and how each grades an image."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from reid_synth.camera import CameraResponse
from reid_synth.places.canvas import Sun


@dataclass(frozen=True)
class Weather:
    """Weather over a street.

    Attributes:
        sun: Direction of the light and darkness of the shadows.
        light: Gains of red, green, blue: 1 is day, less is dusk.
        lamps: Share of windows that are lit, 0 by day; above 0 street lamps are lit too.
        wetness: Wetness of the ground, 0 dry … 1 standing water, which reflects.
        rain: 0 none … 1 heavy: streaks, and a veil over distant objects.
        noise: Additional sensor noise in low light, gray levels.
    """

    sun: Sun
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lamps: float = 0.0
    wetness: float = 0.0
    rain: float = 0.0
    noise: float = 0.0

    def grade(self, image: np.ndarray, emissive: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Apply the light and the rain of this weather to an image painted in daylight.

        Args:
            image: (h, w, 3) uint8 RGB.
            emissive: (h, w) uint8 0/255, lamps and lit windows.
            rng: Places the rain streaks.

        Returns:
            (h, w, 3) uint8 RGB.
        """
        if self.light != (1.0, 1.0, 1.0):
            levels = np.arange(256)[:, None] * np.array(self.light)
            dim = cv2.LUT(image, np.clip(levels, 0, 255).astype(np.uint8)[None])
            image = _add_glow(cv2.copyTo(image, emissive, dim), emissive) if self.lamps else dim
        return _add_rain(image, self.rain, rng) if self.rain else image

    def adapt_response(self, response: CameraResponse) -> CameraResponse:
        """Return a camera response with auto-exposure for this light: half of the missing light is compensated."""
        gain = max(1.0, float(np.mean(self.light)) ** -0.5)
        return replace(response, exposure=response.exposure * gain, noise=response.noise + self.noise)


def sunshine(rng: np.random.Generator) -> Weather:
    """Sample bright sun with sharp shadows."""
    return Weather(_clear_sky(rng, rng.uniform(0.3, 1.8), rng.uniform(0.25, 0.6)))


def overcast(rng: np.random.Generator) -> Weather:
    """Sample diffuse light."""
    return Weather(_overcast_sky(rng))


def dusk(rng: np.random.Generator) -> Weather:
    """Sample low warm light, or the blue hour after it."""
    warm = rng.random() < 0.5
    sun = _clear_sky(rng, rng.uniform(2.0, 3.5), rng.uniform(0.1, 0.35)) if warm else _overcast_sky(rng)
    cast = np.array([1.15, 0.95, 0.75] if warm else [0.82, 0.95, 1.2]) ** rng.uniform(0.3, 1.0)
    gains = rng.uniform(0.5, 0.9) * cast
    return Weather(sun, tuple(gains.tolist()), lamps=rng.uniform(0.05, 0.5), noise=rng.uniform(1, 5))


def rainfall(rng: np.random.Generator) -> Weather:
    """Sample a wet street under a gray sky, during or after rain."""
    rain = rng.uniform(0.1, 1.0) if rng.random() < 0.7 else 0.0
    gains = rng.uniform(0.75, 1.05) * np.array([0.97, 1.0, 1.04])
    lamps = rng.uniform(0.05, 0.3) if rng.random() < 0.4 else 0.0
    return Weather(
        _overcast_sky(rng), tuple(gains.tolist()), lamps, rng.uniform(0.3, 1.0), rain, noise=rng.uniform(0, 2)
    )


WEATHERS = {"sun": sunshine, "overcast": overcast, "dusk": dusk, "rain": rainfall}
_PROBABILITIES = np.array([0.4, 0.38, 0.11, 0.11])  # in the same order


def sample_weather(rng: np.random.Generator) -> Weather:
    """Sample a weather: mostly sun or overcast, sometimes dusk or rain."""
    kind = int(np.searchsorted(_PROBABILITIES.cumsum()[:-1], rng.random(), side="right"))
    return list(WEATHERS.values())[kind](rng)


def _overcast_sky(rng: np.random.Generator) -> Sun:
    """Sample little more than contact shadows."""
    return Sun((rng.normal(0, 0.1), rng.normal(0, 0.1)), rng.uniform(0.08, 0.3), rng.uniform(0.1, 0.25))


def _clear_sky(rng: np.random.Generator, length: float, darkness: float) -> Sun:
    angle = rng.uniform(0, 2 * np.pi)
    return Sun((length * np.cos(angle), length * np.sin(angle)), darkness, rng.uniform(0.02, 0.1))


def _add_glow(image: np.ndarray, emissive: np.ndarray) -> np.ndarray:
    """Spread the light of lamps and windows over their surroundings."""
    height, width = emissive.shape
    small = cv2.resize(emissive, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    halo = cv2.addWeighted(cv2.GaussianBlur(small, (0, 0), 1.5), 0.35, cv2.GaussianBlur(small, (0, 0), 8), 0.3, 0)
    halo = cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.add(
        image, cv2.merge([halo, cv2.convertScaleAbs(halo, alpha=0.85), cv2.convertScaleAbs(halo, alpha=0.6)])
    )


def _add_rain(image: np.ndarray, rain: float, rng: np.random.Generator) -> np.ndarray:
    """Add motion-blurred drops, and a gray veil that grows towards the top, where objects are far."""
    height, width = image.shape[:2]
    drops = np.zeros((height, width), np.uint8)
    slant, length = rng.normal(0, 0.15), height * rng.uniform(0.02, 0.07)
    count = int(rain * 500 * width * height / 200_000)
    starts = rng.uniform((-10, -20), (width, height), (count, 2))
    falls = length * rng.uniform(0.4, 1.6, (count, 1)) * np.array([slant, 1.0])
    for start, end, light in zip(
        starts.astype(int).tolist(),
        (starts + falls).astype(int).tolist(),
        rng.integers(10, 60, count).tolist(),
        strict=True,
    ):
        cv2.line(drops, start, end, light, 1, cv2.LINE_AA)
    veil = np.linspace(0.45, 0.1, height, dtype=np.float32) * rain
    veiled = image * (1 - veil[:, None, None]) + (veil * rng.uniform(110, 190))[:, None, None]
    return cv2.add(veiled.astype(np.uint8), cv2.merge([drops] * 3))
