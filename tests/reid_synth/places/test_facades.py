"""Facades and signage: sizes, windows that can be lit, seeds."""

import numpy as np
import pytest

from reid_synth.camera import Camera
from reid_synth.places.backdrop import Wall, paint_walls, sample_walls
from reid_synth.places.canvas import EMISSIVE, Canvas, Sun
from reid_synth.places.facades import make_facade
from reid_synth.places.signage import notice, poster
from reid_synth.places.surfaces import make_surfaces
from reid_synth.places.textures import TILE

CAMERA = Camera(height_m=5.0, tilt=0.1, focal_px=300.0, width=192, height=144)


def test_facades_have_windows_and_differ() -> None:
    facades = [make_facade(np.random.default_rng(seed)) for seed in range(12)]
    for front in facades:
        assert front.image.shape == (TILE, 2 * TILE, 3) and front.panes.shape == (TILE, 2 * TILE)
        assert front.image.dtype == front.panes.dtype == np.uint8
    assert sum(front.panes.any() for front in facades) > 8
    assert (facades[0].image != facades[1].image).any()
    assert (make_facade(np.random.default_rng(0)).image == facades[0].image).all()


@pytest.mark.parametrize("lamps", [0.0, 1.0])
def test_windows_shine_when_they_are_lit(lamps: float) -> None:
    canvas = Canvas(CAMERA, Sun((0.0, 0.0), 0.2))
    wall = Wall(np.array([-9.0, 14.0]), np.array([9.0, 14.0]), 6.0, leafy=False)
    paint_walls(canvas, [wall], make_surfaces(2, per_kind=2), np.random.default_rng(0), lamps)
    assert (canvas.ids == EMISSIVE).any() == bool(lamps)
    assert (canvas.emissive() > 0).any() == bool(lamps) and canvas.visible_pixels(3).tolist() == [0, 0, 0]


def test_houses_have_gables() -> None:
    houses = [
        wall for seed in range(20) for wall in sample_walls(CAMERA, np.random.default_rng(seed)) if not wall.leafy
    ]
    assert len(houses) % 3 == 0 and len(houses) > 9  # a front and two gables each


@pytest.mark.parametrize("shape", [0.3, 1.0, 2.0])
def test_prints_are_opaque_and_not_plain(shape: float) -> None:
    rng = np.random.default_rng(1)
    figure = np.zeros((90, 40, 4), np.uint8)
    figure[5:, 10:30] = (200, 30, 30, 255)
    for image in (notice(rng, shape), poster(rng, None), poster(rng, figure)):
        assert image.shape[2] == 4 and image.dtype == np.uint8 and (image[..., 3] == 255).all()
        assert image[..., :3].std() > 3
