"""Wet ground: darker, and reflective, most of all in puddles and at grazing angles."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.canvas import Canvas
from reid_synth.places.ground import render_ground
from reid_synth.places.surfaces import Surfaces

_PUDDLES_M = 14.0  # tile side of the puddles
_MIRROR = np.array([1.0, 1.0, -1.0])


class MirroredCamera(Camera):
    """A camera that sees the scene mirrored below the ground, as wet ground reflects it."""

    def project(self, points_xyz: np.ndarray) -> np.ndarray:
        """Project the mirror images of points, see `Camera.project`."""
        return Camera(**vars(self)).project(np.asarray(points_xyz, np.float64) * _MIRROR)

    def depth(self, points_xyz: np.ndarray) -> np.ndarray:
        """Return the depth of the mirror images of points, see `Camera.depth`."""
        return Camera(**vars(self)).depth(np.asarray(points_xyz, np.float64) * _MIRROR)


def apply_wet_ground(
    canvas: Canvas, wetness: float, surfaces: Surfaces, paint: Callable[[Canvas], object], rng: np.random.Generator
) -> None:
    """Make the ground wet; only ground and sky may be painted yet.

    Args:
        canvas: Canvas to change.
        wetness: 0–1, damp to flooded.
        surfaces: Library with the shapes of puddles.
        paint: Paints everything that will stand on the ground onto a canvas.
        rng: Places the puddles and draws the sky in them.
    """
    camera = canvas.output_camera
    mirror = Canvas(MirroredCamera(**vars(camera)), canvas.sun)
    mirror.image[:] = np.clip(rng.uniform(90, 220) * np.array([0.96, 1.0, 1.03]), 0, 255)
    paint(mirror)
    top = int(np.clip(canvas.camera.horizon, 0, canvas.camera.height - 1))
    reflected = cv2.blur(mirror.image[top:], (3, 13)).astype(np.float32)
    relief = surfaces.stains[int(rng.integers(len(surfaces.stains)))]
    water = render_ground(canvas, relief, np.full(3, 128.0), _PUDDLES_M, rng.uniform(0, 6.3))[top:, :, 0]
    level = np.float32(relief.mean() + rng.uniform(0.2, 1.2) * relief.std())
    puddles = np.clip((water - level) / np.float32(0.4 * relief.std()), 0, 1)
    grazing = np.linspace(1.0, 0.55, len(puddles), dtype=np.float32)[:, None]
    share = (np.float32(wetness) * grazing * (0.14 + 0.5 * puddles))[..., None]
    wet = canvas.image[top:] * np.float32(1 - 0.35 * wetness)
    canvas.image[top:] = wet * (1 - share) + reflected * share
