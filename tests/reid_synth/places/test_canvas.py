"""Canvas: positions, occlusion, shadows."""

import numpy as np
import pytest

from reid_synth.camera import Camera, lift
from reid_synth.places.canvas import EMISSIVE, SUPERSAMPLING, Canvas, Sun
from reid_synth.places.solids import Cylinder, Polygon, block, panel, textured_panel, to_world, upright

CAMERA = Camera(height_m=6.0, tilt=0.35, focal_px=500.0, width=320, height=240)
RED = np.array([200.0, 20.0, 20.0])


def canvas(camera: Camera = CAMERA, shadow_xy: tuple[float, float] = (1.0, 0.0)) -> Canvas:
    sheet = Canvas(camera, Sun(shadow_xy, 0.5))
    sheet.image[:] = 100
    return sheet


def standing_sprite(height: int = 40, width: int = 16) -> np.ndarray:
    sprite = np.zeros((height, width, 4), np.uint8)
    sprite[2:-1, 3:-2] = (10, 200, 10, 255)
    return sprite


def test_a_ground_square_is_painted_where_the_camera_projects_it() -> None:
    sheet = canvas()
    square = np.array([(-1.0, 14.0), (1.0, 14.0), (1.0, 16.0), (-1.0, 16.0)])
    sheet.fill(lift(square, 0.0), RED)
    rows, columns = np.nonzero(sheet.downsampled()[..., 0] > 150)
    low, high = CAMERA.project(lift(square, 0.0)).min(axis=0), CAMERA.project(lift(square, 0.0)).max(axis=0)
    assert np.allclose((columns.min(), rows.min()), low, atol=1.5)
    assert np.allclose((columns.max() + 1, rows.max() + 1), high, atol=1.5)


def test_polygons_are_clipped_in_front_of_the_lens() -> None:
    level = Camera(height_m=6.0, tilt=0.1, focal_px=500.0, width=320, height=240)
    sheet = canvas(level)
    sheet.fill(lift(np.array([(-2.0, -30.0), (2.0, -30.0), (2.0, 25.0), (-2.0, 25.0)]), 0.0), RED)
    painted = sheet.downsampled()[..., 0] > 150
    horizon = int(level.horizon)
    assert horizon > 50
    assert painted[-1, 150:170].all() and not painted[: horizon + 1].any()
    sheet.fill(lift(np.array([(-1.0, -30.0), (1.0, -30.0), (0.0, -9.0)]), 0.0), np.zeros(3))  # all behind the lens
    assert (sheet.image > 0).all()


def test_the_box_of_a_sprite_is_tight_around_its_solid_pixels() -> None:
    sheet = canvas()
    footprint = sheet.draw_sprite(standing_sprite(), (8.0, 39.0), np.array([160.0, 150.0]), 0.8, 5)
    rows, columns = np.nonzero(sheet.ids == 5)
    mask = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]) / SUPERSAMPLING
    assert np.allclose(footprint.box_xyxy, mask)
    assert footprint.pixels == (sheet.ids == 5).sum() == sheet.visible_pixels(5)[4]


def test_the_foot_point_is_painted_at_the_given_pixel() -> None:
    sheet = canvas()
    footprint = sheet.draw_sprite(standing_sprite(), (8.0, 39.0), np.array([160.0, 150.0]), 1.0, 1)
    assert footprint.box_xyxy[3] == pytest.approx(150.0, abs=0.5)
    assert footprint.box_xyxy[[0, 2]] == pytest.approx([155.0, 166.0], abs=0.5)


def test_a_sprite_at_the_edge_has_a_clipped_box_and_its_full_pixel_count() -> None:
    whole = canvas().draw_sprite(standing_sprite(), (8.0, 39.0), np.array([160.0, 150.0]), 1.0, 1)
    sheet = canvas()
    cut = sheet.draw_sprite(standing_sprite(), (8.0, 39.0), np.array([0.0, 150.0]), 1.0, 1)
    assert cut.pixels == whole.pixels
    assert np.allclose(cut.box_xyxy, (0, *(whole.box_xyxy - (160, 0, 160, 0))[1:]))
    assert 0 < sheet.visible_pixels(1)[0] < whole.pixels
    outside = sheet.draw_sprite(standing_sprite(), (8.0, 39.0), np.array([-500.0, 150.0]), 1.0, 2)
    assert outside.pixels == whole.pixels and sheet.visible_pixels(2)[1] == 0 and not outside.box_xyxy.any()


def test_a_solid_in_front_occludes_a_person() -> None:
    sheet = canvas()
    foot = CAMERA.project(np.array([0.0, 16.0, 0.0]))
    footprint = sheet.draw_sprite(standing_sprite(80, 32), (16.0, 79.0), foot, 0.6, 1)
    sheet.draw_primitives(block((-2, -0.2, 0), (2, 0.2, 1.4), RED), np.array([0.0, 14.0]), 0.0)
    share = sheet.visible_pixels(1)[0] / footprint.pixels
    assert 0.2 < share < 0.8


def test_premultiplied_colors_are_blended_over_the_canvas() -> None:
    sheet = canvas()
    half = np.full((10, 10, 4), (60, 60, 60, 128), np.uint8)  # color 120 at half opacity
    sheet.draw_sprite(half, (5.0, 10.0), np.array([100.0, 100.0]), 1.0, 0)
    assert sheet.downsampled()[95, 100] == pytest.approx([110] * 3, abs=2)  # 60 + 100 / 2


def test_shadows_fall_away_from_the_light_and_only_darken() -> None:
    sheet = canvas()
    sheet.cast_shadow([upright(0.2, 2.0, RED)], np.array([0.0, 15.0]), 0.0)  # the shadow points to the right
    sheet.apply_shadows()
    image = sheet.downsampled().astype(int)
    foot = CAMERA.project(np.array([0.0, 15.0, 0.0])).astype(int)
    tip = CAMERA.project(np.array([1.6, 15.0, 0.0])).astype(int)
    left = CAMERA.project(np.array([-1.0, 15.0, 0.0])).astype(int)
    assert image[tip[1], tip[0] - 5].max() < 90 and image[left[1], left[0]].min() >= 99
    assert image.max() <= 100 and foot[0] < tip[0]
    before = image
    sheet.apply_shadows()  # shadows are applied once
    assert (sheet.downsampled() == before).all()


def test_a_sprite_casts_a_shadow_of_its_own_height() -> None:
    sheet = canvas(shadow_xy=(0.0, 1.0))
    sprite = np.full((100, 40, 4), 255, np.uint8)  # one meter tall at 100 pixels a meter
    sheet.cast_sprite_shadow(sprite, (20.0, 100.0), np.array([0.0, 15.0]), 100.0)
    sheet.apply_shadows()
    rows = np.nonzero(sheet.downsampled()[:, 160, 0] < 75)[0]
    end, foot = CAMERA.project(np.array([(0.0, 16.0, 0.0), (0.0, 15.0, 0.0)]))[:, 1]
    assert rows.min() == pytest.approx(end, abs=3) and rows.max() == pytest.approx(foot, abs=3)


def test_primitives_rotate_about_their_object() -> None:
    points = to_world(Polygon(np.array([(1.0, 0.0, 0.5)] * 3), RED), np.array([3.0, 4.0]), np.pi / 2)
    assert np.allclose(points, [(3.0, 5.0, 0.5)] * 3)
    ends = to_world(Cylinder((0, 1, 0), (0, 1, 2), 0.1, 0.1, RED), np.array([3.0, 4.0]), np.pi / 2)
    assert np.allclose(ends, [(2, 4, 0), (2, 4, 2)])


@pytest.mark.parametrize("corners", [3, 4, 16])
def test_panels_stay_within_their_size(corners: int) -> None:
    points = panel((0.0, 0.0, 1.0), 0.6, 0.4, RED, corners).points
    assert len(points) == corners and np.allclose(points[:, 1], 0)
    assert np.ptp(points[:, 0]) <= 0.6 * np.sqrt(2) + 1e-9 and abs(points[:, 2] - 1).max() <= 0.4
    if corners == 4:
        assert np.ptp(points[:, 0]) == pytest.approx(0.6) and np.ptp(points[:, 2]) == pytest.approx(0.4)


def test_fill_each_equals_repeated_fill() -> None:
    rng = np.random.default_rng(0)
    centers = rng.uniform(
        (-40, -10), (40, 60), (300, 2)
    )  # also outside the image, behind the lens and across its plane
    shapes = lift(centers[:, None] + rng.uniform(-3, 3, (300, 4, 2)), 0.0)
    at_once, in_turn = canvas(), canvas()
    at_once.fill_each(shapes, RED)
    for shape in shapes:
        in_turn.fill(shape, RED)
    assert (at_once.image == in_turn.image).all() and (at_once.image != 100).any()


def test_emissive_pixels_have_no_identity_and_are_in_the_mask() -> None:
    sheet = canvas()
    sheet.draw_primitives([Cylinder((0, 0, 0), (0, 0, 3), 0.5, 0.5, RED, emissive=True)], np.array([0.0, 15.0]), 0.0)
    assert sheet.visible_pixels(2).tolist() == [0, 0]
    lamps = sheet.emissive()
    assert lamps.shape == (240, 320) and set(np.unique(lamps)) == {0, 255}
    assert np.abs((lamps > 0).sum() * SUPERSAMPLING**2 - (sheet.ids == EMISSIVE).sum()) < 0.1 * (sheet.ids != 0).sum()


def test_a_textured_quad_is_painted_between_its_corners() -> None:
    sheet = canvas()
    texture = np.full((40, 60, 4), 255, np.uint8)
    texture[:, :30, :3], texture[:, 30:, :3] = (200, 0, 0), (0, 0, 200)
    sheet.draw_primitives([textured_panel((0.0, 0.0, 1.0), 3.0, 2.0, texture)], np.array([0.0, 15.0]), 0.0)
    image = sheet.downsampled()
    for x, color in ((-0.8, [200, 0, 0]), (0.8, [0, 0, 200])):
        u, v = CAMERA.project(np.array([x, 15.0, 1.0])).astype(int)
        assert image[v, u].tolist() == color


def test_a_turned_sun_casts_a_turned_shadow() -> None:
    assert Sun((0.8, 0.0), 0.4).turned(np.pi / 2).shadow_xy == pytest.approx((0.0, 0.8))
