"""How much is made, and what becomes of other numbers."""

from dataclasses import replace

import numpy as np
import pytest

from learning_reid.errors import UserError
from reid_synth.datasets.market import draw_people
from reid_synth.datasets.presets import PRESETS, changed
from reid_synth.places.weather import WEATHERS


@pytest.mark.parametrize("name", PRESETS)
def test_cameras_and_people_agree(name: str) -> None:
    preset = PRESETS[name]
    assert preset.crops.cameras >= 2 and preset.world.people <= preset.crops.test_people


def test_a_lesson_and_a_training() -> None:
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


def test_who_walks_the_street_is_a_test_person_of_the_crops() -> None:
    preset = PRESETS["tiny"]
    people = draw_people(preset.crops, 4)
    for trip in preset.stage(4).trips:
        assert trip.person_id > preset.crops.train_people and trip.person == people[trip.person_id - 1]


def test_who_changes_clothes_wears_others_before_the_second_half_of_the_cameras() -> None:
    kept, dressed_anew = (
        replace(PRESETS["tiny"], crops=replace(PRESETS["tiny"].crops, change_clothes=share)) for share in (0, 1)
    )
    for camera, differs in ((0, False), (1, True)):
        view, other = (preset.stage(4).view(camera) for preset in (kept, dressed_anew))
        busiest = int(np.bincount(view.truth().frame).argmax())
        assert (view.paint(busiest)[0].image != other.paint(busiest)[0].image).any() == differs


def test_other_numbers() -> None:
    other = changed(PRESETS["demo"], people=11, cameras=3, frames=9)
    assert (other.crops.train_people, other.crops.test_people, other.crops.cameras) == (5, 6, 3)
    assert (other.world.people, other.world.cameras, other.world.frames) == (6, 3, 9)
    assert (other.faces.train_people, other.faces.test_people) == (5, 6)
    assert changed(PRESETS["demo"]) == PRESETS["demo"]


@pytest.mark.parametrize("weather", WEATHERS)
def test_all_cameras_have_one_weather_and_shadows_that_agree(weather: str) -> None:
    world = changed(PRESETS["tiny"], people=2, cameras=3, frames=1, weather=weather).stage(2)
    for post, view in zip(world.posts, [world.view(index) for index in range(3)], strict=True):
        there, sun = view.conditions.weather, world.weather.sun
        assert replace(there, sun=sun) == world.weather and there.sun.darkness == sun.darkness
        assert np.allclose(post.to_own(post.position_xy + sun.shadow_xy), there.sun.shadow_xy)
        assert view.render(0)[0].std() > 5


@pytest.mark.parametrize("wrong", [{"people": 0}, {"people": -3}, {"people": 1}, {"cameras": 0}, {"frames": 0}])
def test_numbers_that_make_nothing(wrong: dict[str, int]) -> None:
    with pytest.raises(UserError, match="take") as told:
        changed(PRESETS["tiny"], **wrong)
    assert len(str(told.value).splitlines()) == 1
