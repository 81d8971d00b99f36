"""Presets and their adjustment."""

from dataclasses import replace

import numpy as np
import pytest

from learning_reid.errors import UserError
from reid_synth.datasets.market import sample_market_people
from reid_synth.datasets.presets import PRESETS, adjust_preset
from reid_synth.places.weather import WEATHERS


@pytest.mark.parametrize("name", PRESETS)
def test_plans_of_a_preset_agree(name: str) -> None:
    preset = PRESETS[name]
    assert preset.crops.cameras >= 2 and preset.world.people <= preset.crops.test_people


def test_class_and_large_presets_have_documented_sizes() -> None:
    assert (PRESETS["class"].crops.people, PRESETS["class"].crops.cameras, PRESETS["class"].world.cameras) == (
        100,
        4,
        4,
    )
    assert (PRESETS["large"].crops.people, PRESETS["large"].crops.cameras, PRESETS["large"].world.cameras) == (
        1500,
        6,
        6,
    )


def test_people_in_the_street_are_test_people_of_the_crops() -> None:
    preset = PRESETS["tiny"]
    people = sample_market_people(preset.crops, 4)
    for trip in preset.make_world(4).trips:
        assert trip.person_id > preset.crops.train_people and trip.person == people[trip.person_id - 1]


@pytest.mark.slow
def test_clothes_change_in_the_second_half_of_the_cameras() -> None:
    kept, changed_person = (
        replace(PRESETS["tiny"], crops=replace(PRESETS["tiny"].crops, change_clothes=share)) for share in (0, 1)
    )
    for camera, differs in ((0, False), (1, True)):
        view, other = (preset.make_world(4).view(camera) for preset in (kept, changed_person))
        busiest = int(np.bincount(view.truth().frame).argmax())
        assert (view.paint(busiest)[0].image != other.paint(busiest)[0].image).any() == differs


def test_given_numbers_override_the_preset() -> None:
    other = adjust_preset(PRESETS["demo"], people=11, cameras=3, frames=9)
    assert (other.crops.train_people, other.crops.test_people, other.crops.cameras) == (5, 6, 3)
    assert (other.world.people, other.world.cameras, other.world.frames) == (6, 3, 9)
    assert (other.faces.train_people, other.faces.test_people) == (5, 6)
    assert adjust_preset(PRESETS["demo"]) == PRESETS["demo"]


@pytest.mark.slow
@pytest.mark.parametrize("weather", WEATHERS)
def test_all_cameras_share_weather_and_sun(weather: str) -> None:
    world = adjust_preset(PRESETS["tiny"], people=2, cameras=3, frames=1, weather=weather).make_world(2)
    for post, view in zip(world.placed_cameras, [world.view(index) for index in range(3)], strict=True):
        there, sun = view.conditions.weather, world.weather.sun
        assert replace(there, sun=sun) == world.weather and there.sun.darkness == sun.darkness
        assert np.allclose(post.to_local(post.position_xy + sun.shadow_xy), there.sun.shadow_xy)
        assert view.render(0)[0].std() > 5


@pytest.mark.parametrize("wrong", [{"people": 0}, {"people": -3}, {"people": 1}, {"cameras": 0}, {"frames": 0}])
def test_invalid_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="use") as error:
        adjust_preset(PRESETS["tiny"], **wrong)
    assert len(str(error.value).splitlines()) == 1
