"""Presets of the `synth` command: dataset sizes for tests, demonstrations, lessons and training."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from reid_synth.datasets.face_dataset import FacePlan
from reid_synth.datasets.market import MarketPlan, people_with_changed_clothes, sample_market_people
from reid_synth.errors import UserError, did_you_mean
from reid_synth.places.weather import WEATHERS
from reid_synth.world.world import World, WorldPlan


@dataclass(frozen=True)
class Preset:
    """Plans of a dataset: crops, a street world with the test people of the crops, and faces.

    Attributes:
        weather: Weather over the street, a name in `WEATHERS`.
    """

    crops: MarketPlan
    world: WorldPlan
    faces: FacePlan
    weather: str = "sun"

    def __post_init__(self) -> None:
        """Check the name of the weather."""
        if self.weather not in WEATHERS:
            raise UserError(f"unknown weather {self.weather!r}: {did_you_mean(self.weather, WEATHERS)}")

    def make_world(self, seed: int) -> World:
        """Create the street world; its people are the test people of the crops, with the same numbers."""
        people = sample_market_people(self.crops, seed)[self.crops.train_people :]
        changed = {index + 1: person for index, person in people_with_changed_clothes(self.crops, seed).items()}
        weather = WEATHERS[self.weather](np.random.default_rng([seed, 2012]))
        return World(seed, self.world, people, self.crops.train_people + 1, weather, changed)


PRESETS = {
    "tiny": Preset(
        MarketPlan(train_people=6, test_people=6, cameras=2, crops_per_camera=2, distractors=4, junk=2),
        WorldPlan(cameras=2, people=6, frames=12, frames_per_second=0.4),
        FacePlan(train_people=2, test_people=2, images_each=4),
    ),
    "demo": Preset(
        MarketPlan(train_people=60, test_people=60),
        WorldPlan(cameras=2, people=16, frames=105),
        FacePlan(train_people=30, test_people=30, images_each=8),
    ),
    "class": Preset(
        MarketPlan(train_people=50, test_people=50, cameras=4, crops_per_camera=4),
        WorldPlan(cameras=4, people=50, frames=105),
        FacePlan(train_people=50, test_people=50, images_each=12),
    ),
    "large": Preset(
        MarketPlan(
            train_people=1000,
            test_people=500,
            cameras=6,
            crops_per_camera=4,
            distractors=600,
            junk=300,
            near_copies=0.33,
            spread=1.0,
            streets=6,
        ),
        WorldPlan(cameras=6, people=90, frames=350),
        FacePlan(train_people=600, test_people=200, images_each=12),
    ),
}


def adjust_preset(
    preset: Preset,
    people: int | None = None,
    cameras: int | None = None,
    frames: int | None = None,
    change_clothes: float = 0.0,
    weather: str = "sun",
) -> Preset:
    """Return a preset with other numbers where they are given.

    Args:
        preset: The preset to start from.
        people: Number of people of the crops and of the faces, half of them for training. All test people walk the
            street, but not more than in the preset.
        cameras: Number of cameras of the crops and of the street.
        frames: Number of frames of each street camera.
        change_clothes: Share of the people who change clothes, in the crops and in the street.
        weather: Weather over the street.

    Raises:
        UserError: The numbers do not make a dataset.
    """
    crops, world, faces = preset.crops, preset.world, preset.faces
    if people is not None:
        if people < 2:
            raise UserError(f"{people} people: use 2 or more, half of them are for training")
        train, test = people // 2, people - people // 2
        crops = replace(crops, train_people=train, test_people=test)
        faces = replace(faces, train_people=train, test_people=test)
        world = replace(world, people=min(world.people, test))
    if cameras is not None:
        crops, world = replace(crops, cameras=cameras), replace(world, cameras=cameras)
    if frames is not None:
        world = replace(world, frames=frames)
    return Preset(replace(crops, change_clothes=change_clothes), world, faces, weather)
