"""The demonstration scene: a few synthetic people cross a street under a surveillance camera.

Identities, boxes and visibility are known exactly. A frame depends only on (seed, index), so that a scene of any length
takes no memory.
"""

from __future__ import annotations

import numpy as np

from reid_synth.camera import Camera, CameraResponse
from reid_synth.places.canvas import Sun
from reid_synth.places.weather import Weather
from reid_synth.world.camera_view import CameraView, Conditions
from reid_synth.world.walkers import Walker, sample_walkers

WIDTH, HEIGHT = 768, 576


class Scene(CameraView):
    """A street with walkers.

    Args:
        seed: Seed of everything that is random.
        frames: Number of frames for `len` and `truth`.
        walkers: Number of walkers, 2 to 4; None draws 3 or 4.
        weather: None is a sunny day.

    Example:
        >>> scene = Scene(seed=1, frames=2)
        >>> image, person_ids, boxes_xyxy, visibility = scene.render(0)
        >>> image.shape, image.dtype.name, len(person_ids) == len(boxes_xyxy) == len(visibility)
        ((576, 768, 3), 'uint8', True)
    """

    def __init__(self, seed: int, frames: int = 70, walkers: int | None = None, weather: Weather | None = None) -> None:
        rng = np.random.default_rng([seed, 2009])
        camera = Camera(rng.uniform(6.6, 7.4), rng.uniform(0.32, 0.35), rng.uniform(870, 930), WIDTH, HEIGHT)
        self.walkers: list[Walker] = sample_walkers(walkers or int(rng.integers(3, 5)), seed, camera, rng)
        angle = rng.choice([-1, 1]) * np.pi / 2 + rng.uniform(-0.8, 0.8)  # shadows fall towards the camera or away
        sunny = Sun((0.8 * np.cos(angle), 0.8 * np.sin(angle)), rng.uniform(0.2, 0.42), 0.06)
        conditions = Conditions(
            weather=weather or Weather(sunny),
            response=CameraResponse(
                saturation=rng.uniform(0.85, 1.1),
                contrast=rng.uniform(1.0, 1.12),
                sharpening=0.5,
                halo=1.0,
                noise=2.0,
                jpeg_quality=88,
            ),
        )
        super().__init__(seed, camera, conditions, self.walkers, rng, frames, frames_per_second=7.0)
