"""Weather: its effect on images, and the independence of the ground truth."""

import numpy as np
import pytest

from reid_synth.camera import Camera, CameraResponse
from reid_synth.places.canvas import Canvas, Sun
from reid_synth.places.sprite_bank import render_sprite_bank
from reid_synth.places.street import compose_street
from reid_synth.places.surfaces import make_surfaces
from reid_synth.places.weather import WEATHERS, Weather, dusk, rainfall, sample_weather
from reid_synth.places.wetness import MirroredCamera, apply_wet_ground
from reid_synth.world.camera_view import Conditions
from reid_synth.world.scene import Scene
from reid_synth.world.world import World, WorldPlan

SUN = Sun((0.5, 0.2), 0.4)
CAMERA = Camera(height_m=6.0, tilt=0.35, focal_px=300.0, width=192, height=144)


def gray(level: int = 120) -> np.ndarray:
    return np.full((144, 192, 3), level, np.uint8)


def emissive(lit: bool = False) -> np.ndarray:
    lamps = np.zeros((144, 192), np.uint8)
    if lit:
        lamps[20:30, 40:60] = 255
    return lamps


def test_a_dry_day_does_not_change_the_image() -> None:
    after = Weather(SUN).grade(gray(), emissive(lit=True), np.random.default_rng(0))
    assert (after == 120).all()


def test_dusk_dims_everything_except_lamps_and_their_surroundings() -> None:
    weather = Weather(SUN, light=(0.5, 0.4, 0.3), lamps=0.3)
    after = weather.grade(gray(), emissive(lit=True), np.random.default_rng(0)).astype(int)
    assert after[-1, -1].tolist() == [60, 48, 36]
    assert (after[25, 50] >= 120).all()
    assert after[32, 50, 0] > 70  # the halo


def test_rain_adds_streaks_and_lowers_contrast() -> None:
    image = gray()
    image[:, ::2] = 20
    after = Weather(SUN, rain=1.0).grade(image, emissive(), np.random.default_rng(0)).astype(int)
    rows = after[:40].mean(axis=(1, 2))
    assert np.abs(np.diff(after[:40], axis=1)).mean() < np.abs(np.diff(image[:40].astype(int), axis=1)).mean()
    assert rows.std() > 0 and (after[..., 0] != after[0, 0, 0]).any()


def test_low_light_raises_gain_and_noise() -> None:
    response = Weather(SUN, light=(0.25, 0.25, 0.25), noise=3.0).adapt_response(CameraResponse(exposure=1.1, noise=1.5))
    assert (response.exposure, response.noise) == (pytest.approx(2.2), 4.5)
    assert Weather(SUN, light=(1.15, 1.0, 0.9)).adapt_response(CameraResponse()).exposure == 1.0  # full daylight


@pytest.mark.parametrize("name", WEATHERS)
def test_weathers_depend_on_the_seed_and_stay_in_range(name: str) -> None:
    for seed in range(20):
        weather = WEATHERS[name](np.random.default_rng(seed))
        assert weather == WEATHERS[name](np.random.default_rng(seed))
        assert 0 <= weather.sun.darkness < 0.7 and 0.3 < min(weather.light) <= max(weather.light) < 1.3
        assert (weather.wetness > 0) == (name == "rain") and (name != "dusk" or weather.lamps > 0)


def test_every_weather_is_sampled() -> None:
    drawn = [sample_weather(np.random.default_rng(seed)) for seed in range(100)]
    assert any(weather.wetness for weather in drawn) and any(min(weather.light) < 0.7 for weather in drawn)
    assert any(weather.sun.darkness > 0.4 for weather in drawn)


@pytest.mark.parametrize("make", [dusk, rainfall])
def test_ground_truth_does_not_depend_on_the_weather(make) -> None:  # type: ignore[no-untyped-def]
    surfaces, bank = make_surfaces(1, per_kind=1), render_sprite_bank(12, seed=1)
    weather = make(np.random.default_rng(1))
    dry = Weather(weather.sun, lamps=weather.lamps)
    for seed in range(3):
        first, second = (
            compose_street(np.random.default_rng(seed), surfaces, bank, apply_response=False, weather=each)
            for each in (weather, dry)
        )
        assert (first.image != second.image).any()
        assert (first.boxes_xyxy == second.boxes_xyxy).all() and (first.visibility == second.visibility).all()


def test_a_mirrored_camera_projects_points_below_the_ground() -> None:
    mirror = MirroredCamera(**vars(CAMERA))
    assert np.allclose(mirror.project(np.array([1.0, 14.0, 1.7])), CAMERA.project(np.array([1.0, 14.0, -1.7])))
    assert Canvas(mirror, SUN).mirrored and not Canvas(CAMERA, SUN).mirrored


def test_wet_ground_reflects_objects() -> None:
    surfaces = make_surfaces(1, per_kind=1)
    sprite = np.zeros((60, 30, 4), np.uint8)
    sprite[:] = (255, 0, 0, 255)

    def paint(sheet: Canvas) -> None:
        foot = sheet.output_camera.project(np.array([0.0, 14.0, 0.0]))
        sheet.draw_sprite(sprite, (15.0, 0.0 if sheet.mirrored else 60.0), foot, 0.5, 0)

    canvas = Canvas(CAMERA, SUN)
    canvas.image[:] = 100
    apply_wet_ground(canvas, 1.0, surfaces, paint, np.random.default_rng(0))
    image = canvas.downsampled().astype(int)
    u, v = CAMERA.project(np.array([0.0, 14.0, 0.0])).astype(int)
    below, beside, above = image[v + 8, u], image[v + 8, u + 30], image[v - 8, u]
    assert below[0] - below[1] > 20 and abs(beside[0] - beside[1]) < 10 and abs(above[0] - above[1]) < 10


def test_a_scene_has_the_given_weather_and_the_same_ground_truth() -> None:
    day, night = Scene(2), Scene(2, weather=dusk(np.random.default_rng(2)))
    (day_image, *day_truth), (night_image, *night_truth) = day.render(3), night.render(3)
    assert night_image.mean() < 0.9 * day_image.mean()
    assert all((one == other).all() for one, other in zip(day_truth[:2], night_truth[:2], strict=True))
    assert day.conditions.weather.lamps == 0 < night.conditions.weather.lamps
    assert (night.render(3)[0] == night_image).all()


def test_all_cameras_of_a_world_share_one_sun() -> None:
    shadow = np.array([0.6, 0.8])
    weather = Weather(Sun((0.6, 0.8), 0.4))
    world = World(1, WorldPlan(cameras=3, people=2, frames=2), weather=weather)
    for index, post in enumerate(world.placed_cameras):
        own = np.array(world.view(index).conditions.weather.sun.shadow_xy)
        assert np.allclose(post.to_local(post.position_xy + shadow), own)


def test_people_are_lit_from_the_sun_or_evenly_under_clouds() -> None:
    right = Conditions(Weather(Sun((-1.0, 0.0), 0.4)), CameraResponse()).light
    left = Conditions(Weather(Sun((1.0, 0.0), 0.4)), CameraResponse()).light
    cloudy = Conditions(Weather(Sun((0.05, 0.0), 0.2)), CameraResponse()).light
    assert right.right == -left.right == 0.7 and cloudy.right == 0 and cloudy.ambient > right.ambient
