"""Ground layouts: they end at the horizon and depend on the seed; roads cover a part of the ground."""

import numpy as np

from reid_synth.camera import Camera
from reid_synth.places.canvas import Canvas, Sun
from reid_synth.places.ground_layout import paint_ground_layout, paint_road
from reid_synth.places.surfaces import make_surfaces

CAMERA = Camera(height_m=5.0, tilt=0.1, focal_px=300.0, width=192, height=144)
SURFACES = make_surfaces(2, per_kind=1)


def layout(seed: int) -> Canvas:
    canvas = Canvas(CAMERA, Sun((0.0, 0.0), 0.2))
    canvas.image[:] = (1, 2, 3)  # the sky
    paint_ground_layout(canvas, SURFACES, np.random.default_rng(seed))
    return canvas


def test_the_layout_covers_the_ground_and_leaves_the_sky() -> None:
    for seed in range(8):
        image = layout(seed).image
        horizon = int(2 * CAMERA.horizon)
        assert (image[: horizon - 2] == (1, 2, 3)).all()
        assert (image[horizon + 2 :] != (1, 2, 3)).any(axis=2).all()


def test_same_seed_gives_the_same_layout() -> None:
    assert (layout(3).image == layout(3).image).all() and (layout(3).image != layout(4).image).any()


def test_a_road_covers_a_part_of_the_ground() -> None:
    shares = []
    for seed in range(8):
        canvas = Canvas(CAMERA, Sun((0.0, 0.0), 0.2))
        paint_road(canvas, SURFACES, np.random.default_rng(seed))
        shares.append(float((canvas.image > 0).any(axis=2).mean()))
        assert not (canvas.image[: int(2 * CAMERA.horizon) - 4] > 0).any()
    assert 0.02 < min(shares) < 0.5
