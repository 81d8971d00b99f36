"""Ground in perspective against a slow reference; ribbons; tileable noise."""

import numpy as np
import pytest

from reid_synth.camera import Camera
from reid_synth.places.canvas import Canvas, Sun
from reid_synth.places.ground import fill_ground, render_ground, ribbon, sample_visible_ground
from reid_synth.places.textures import TILE, asphalt, brick, concrete, grass, gravel, paving, periodic_noise, tint

CAMERA = Camera(height_m=6.0, tilt=0.35, focal_px=300.0, width=192, height=144)


def test_ground_pixels_equal_a_slow_reference() -> None:
    canvas = Canvas(CAMERA, Sun((0.0, 0.0), 0.2))
    y, x = np.mgrid[0:TILE, 0:TILE] * 2 * np.pi / TILE
    relief = (128 + 40 * np.sin(x) + 40 * np.cos(y)).astype(np.uint8)  # smooth, so that mip levels hardly matter
    tile_m, turn = 16.0, 0.7
    sheet = render_ground(canvas, relief, np.full(3, 128.0), tile_m, turn)[::2, ::2]
    worst = 0.0
    for row in range(100, 144, 7):
        for column in range(3, 192, 31):
            ground_x, ground_y = CAMERA.to_ground(np.array([column + 0.5, row + 0.5]))
            along = (np.cos(turn) * ground_x + np.sin(turn) * ground_y) * 2 * np.pi / tile_m
            across = (-np.sin(turn) * ground_x + np.cos(turn) * ground_y) * 2 * np.pi / tile_m
            expected = 128 + 40 * np.sin(along) + 40 * np.cos(across)
            worst = max(worst, abs(float(sheet[row, column, 0]) - expected))
    assert worst < 6


def test_above_the_horizon_the_ground_is_plain() -> None:
    camera = Camera(height_m=6.0, tilt=0.05, focal_px=300.0, width=192, height=144)
    sheet = render_ground(
        Canvas(camera, Sun((0.0, 0.0), 0.2)), np.zeros((TILE, TILE), np.uint8), np.full(3, 90.0), 8.0, 0.0
    )
    above = int(camera.horizon * 2)
    assert (sheet[: above - 2] == 90).all() and (sheet[-1] == 0).all()


def test_sampled_ground_points_are_visible() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        point = sample_visible_ground(CAMERA, rng)
        u, v = CAMERA.project(np.append(point, 0.0))
        assert 0 <= u <= 192 and 0 <= v <= 144 and 0 < point[1] < 60


def test_a_ribbon_has_its_width_everywhere() -> None:
    path = np.stack([np.linspace(0, 10, 30), np.sin(np.linspace(0, 3, 30))], axis=1)
    band = ribbon(path, 1.4)
    assert np.allclose(np.linalg.norm(band[:30] - band[30:][::-1], axis=1), 1.4)
    assert np.allclose((band[:30] + band[30:][::-1]) / 2, path)


@pytest.mark.parametrize("slope", [0.3, 1.0, 1.8])
def test_noise_tiles_without_a_seam(slope: float) -> None:
    noise = periodic_noise(np.random.default_rng(0), 64, 96, slope)
    inside = np.abs(np.diff(noise, axis=0)).mean()
    seam = np.abs(noise[0] - noise[-1]).mean()
    assert noise.shape == (64, 96) and noise.std() == pytest.approx(1.0, rel=1e-3)
    assert seam < 1.6 * inside


def test_steeper_noise_is_smoother() -> None:
    rough, smooth = (periodic_noise(np.random.default_rng(0), 64, 64, slope) for slope in (0.3, 1.8))
    assert np.abs(np.diff(smooth, axis=1)).mean() < 0.5 * np.abs(np.diff(rough, axis=1)).mean()


@pytest.mark.parametrize("maker", [asphalt, brick, concrete, grass, gravel, paving])
def test_reliefs_are_centered_on_the_surface_color(maker) -> None:  # type: ignore[no-untyped-def]
    relief = maker(np.random.default_rng(5))
    assert relief.dtype == np.uint8 and relief.shape[1] == TILE and 105 < relief.mean() < 140 and relief.std() > 1
    colored = tint(relief, np.array([100.0, 50.0, 20.0]))
    assert colored.shape == (*relief.shape[:2], 3)
    assert colored.mean(axis=(0, 1)) == pytest.approx(np.array([100, 50, 20]) * relief.mean() / 128, rel=0.1)


def test_a_filled_area_equals_the_whole_ground_inside() -> None:
    relief = asphalt(np.random.default_rng(1))
    color, area = np.array([150.0, 140.0, 120.0]), np.array([(-4.0, 9.0), (3.0, 10.0), (5.0, 18.0), (-2.0, 16.0)])
    whole, part = (Canvas(CAMERA, Sun((0.0, 0.0), 0.2)) for _ in range(2))
    mask = whole.mask(area)
    assert mask is not None
    whole.image[mask > 0] = render_ground(whole, relief, color, 8.0, 0.4)[mask > 0]
    fill_ground(part, relief, color, area, 8.0, 0.4)
    assert (part.image == whole.image).all() and part.image.any() and not part.image.all()
