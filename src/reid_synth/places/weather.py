"""Weather and time of day: sharp sun, overcast, dusk with lamps, rain with wet ground; how each changes a picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from reid_synth.camera import CameraResponse
from reid_synth.places.canvas import Sun


@dataclass(frozen=True)
class Weather:
    """What sky there is over a street.

    Attributes:
        sun: where the light comes from and how dark its shadows are.
        light: gains of red, green, blue: 1 is day, less is dusk.
        lamps: share of windows that are lit, 0 by day; where it is not 0, street lamps burn too.
        wetness: 0 dry … 1 standing water, in which things are reflected.
        rain: 0 none … 1 pouring: streaks in the air, and a veil over what is far.
        noise: grey levels of sensor noise added because there is little light.
    """

    sun: Sun
    light: tuple[float, float, float] = (1.0, 1.0, 1.0)
    lamps: float = 0.0
    wetness: float = 0.0
    rain: float = 0.0
    noise: float = 0.0

    def grade(self, image: np.ndarray, emissive: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Give a picture painted in daylight the light of this weather.

        Args:
            picture: (h, w, 3) uint8 RGB.
            shining: (h, w) uint8 0/255, lamps and lit windows.
            rng: places the streaks of rain.

        Returns:
            (h, w, 3) uint8 RGB.
        """
        if self.light != (1.0, 1.0, 1.0):
            levels = np.arange(256)[:, None] * np.array(self.light)
            dim = cv2.LUT(image, np.clip(levels, 0, 255).astype(np.uint8)[None])
            image = _glow(cv2.copyTo(image, emissive, dim), emissive) if self.lamps else dim
        return _streaks(image, self.rain, rng) if self.rain else image

    def adapt_response(self, response: CameraResponse) -> CameraResponse:
        """The response of a camera that turns up its gain for this light: it makes good half of what is missing."""
        gain = max(1.0, float(np.mean(self.light)) ** -0.5)
        return replace(response, exposure=response.exposure * gain, noise=response.noise + self.noise)


def sunshine(rng: np.random.Generator) -> Weather:
    """Sharp sun and its shadows."""
    return Weather(_clear_sky(rng, rng.uniform(0.3, 1.8), rng.uniform(0.25, 0.6)))


def overcast(rng: np.random.Generator) -> Weather:
    """Light from everywhere."""
    return Weather(_clouded_sky(rng))


def dusk(rng: np.random.Generator) -> Weather:
    """Low warm light, or the blue hour after it."""
    warm = rng.random() < 0.5
    sun = _clear_sky(rng, rng.uniform(2.0, 3.5), rng.uniform(0.1, 0.35)) if warm else _clouded_sky(rng)
    cast = np.array([1.15, 0.95, 0.75] if warm else [0.82, 0.95, 1.2]) ** rng.uniform(0.3, 1.0)
    gains = rng.uniform(0.5, 0.9) * cast
    return Weather(sun, tuple(gains.tolist()), lamps=rng.uniform(0.05, 0.5), noise=rng.uniform(1, 5))


def rainfall(rng: np.random.Generator) -> Weather:
    """A wet street under a grey sky, while it rains or after."""
    rain = rng.uniform(0.1, 1.0) if rng.random() < 0.7 else 0.0
    gains = rng.uniform(0.75, 1.05) * np.array([0.97, 1.0, 1.04])
    lamps = rng.uniform(0.05, 0.3) if rng.random() < 0.4 else 0.0
    return Weather(
        _clouded_sky(rng), tuple(gains.tolist()), lamps, rng.uniform(0.3, 1.0), rain, noise=rng.uniform(0, 2)
    )


WEATHERS = {"sun": sunshine, "overcast": overcast, "dusk": dusk, "rain": rainfall}
_OFTEN = np.array([0.4, 0.38, 0.11, 0.11])  # in the same order


def sample_weather(rng: np.random.Generator) -> Weather:
    """Draw a weather: mostly sun or overcast, at times dusk or rain."""
    kind = int(np.searchsorted(_OFTEN.cumsum()[:-1], rng.random(), side="right"))
    return list(WEATHERS.values())[kind](rng)


def _clouded_sky(rng: np.random.Generator) -> Sun:
    """Hardly more than the dark under things."""
    return Sun((rng.normal(0, 0.1), rng.normal(0, 0.1)), rng.uniform(0.08, 0.3), rng.uniform(0.1, 0.25))


def _clear_sky(rng: np.random.Generator, length: float, darkness: float) -> Sun:
    angle = rng.uniform(0, 2 * np.pi)
    return Sun((length * np.cos(angle), length * np.sin(angle)), darkness, rng.uniform(0.02, 0.1))


def _glow(image: np.ndarray, emissive: np.ndarray) -> np.ndarray:
    """Spread the light of lamps and windows a little over what is around them."""
    height, width = emissive.shape
    small = cv2.resize(emissive, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    halo = cv2.addWeighted(cv2.GaussianBlur(small, (0, 0), 1.5), 0.35, cv2.GaussianBlur(small, (0, 0), 8), 0.3, 0)
    halo = cv2.resize(halo, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.add(
        image, cv2.merge([halo, cv2.convertScaleAbs(halo, alpha=0.85), cv2.convertScaleAbs(halo, alpha=0.6)])
    )


def _streaks(image: np.ndarray, rain: float, rng: np.random.Generator) -> np.ndarray:
    """Drops drawn out by the exposure, and a grey veil that grows towards the top, where things are far."""
    height, width = image.shape[:2]
    sheet = np.zeros((height, width), np.uint8)
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
        cv2.line(sheet, start, end, light, 1, cv2.LINE_AA)
    veil = np.linspace(0.45, 0.1, height, dtype=np.float32) * rain
    veiled = image * (1 - veil[:, None, None]) + (veil * rng.uniform(110, 190))[:, None, None]
    return cv2.add(veiled.astype(np.uint8), cv2.merge([sheet] * 3))
