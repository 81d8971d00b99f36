"""Worlds in memory, and short trainings in them."""

from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.datasets.layouts import open_dataset
from learning_reid.models.osnet import OSNet, Variant
from reid_course.domains import Style, World, mean_ap, merge, open_world, restyle, train_network

PICTURE = np.random.default_rng(0).integers(60, 180, (32, 16, 3), dtype=np.uint8)


@pytest.fixture
def world(generated_market: Path) -> World:
    return open_world(open_dataset("market1501", generated_market), Style(), (64, 32))


def test_no_style_changes_nothing() -> None:
    np.testing.assert_array_equal(restyle(PICTURE, Style()), PICTURE)


def test_a_style_shifts_scales_and_blurs() -> None:
    assert restyle(PICTURE, Style(light=20)).mean() == pytest.approx(PICTURE.mean() + 20, abs=0.1)
    assert restyle(PICTURE, Style(contrast=0.5)).std() == pytest.approx(PICTURE.std() / 2, rel=0.05)
    assert restyle(PICTURE, Style(blur=2)).std() < PICTURE.std() / 1.2
    red, _, blue = restyle(PICTURE, Style(gains=(1.2, 1, 0.8))).mean(axis=(0, 1)) - PICTURE.mean(axis=(0, 1))
    assert red > 0 > blue


def test_a_world_keeps_learned_and_tested_people_apart(world: World) -> None:
    assert world.pictures.shape == (16, 3, 64, 32)
    assert len(np.unique(world.labels.person)) == 4
    assert len(world.contest.persons) == 8
    assert len(world.asked) == len(world.contest.samples)


def test_some_people_are_the_same_for_the_same_seed(generated_market: Path) -> None:
    crops = open_dataset("market1501", generated_market)
    some = [open_world(crops, Style(), (64, 32), most_people=2, seed=5) for _ in range(2)]
    assert len(np.unique(some[0].labels.person)) == len(some[0].contest.persons) == 2
    assert list(some[0].contest.persons) == list(some[1].contest.persons)
    torch.testing.assert_close(some[0].pictures, some[1].pictures)


def test_people_and_cameras_of_two_worlds_are_told_apart(world: World) -> None:
    pictures, people, cameras = merge([world, world])
    assert len(pictures) == len(people) == len(cameras) == 32
    assert len(np.unique(people)) == 8
    assert len(np.unique(cameras)) == 4


def test_training_twice_gives_the_same_network_that_can_be_tested(world: World) -> None:
    networks, steps = [], []
    for _ in range(2):
        torch.manual_seed(0)
        network = OSNet(Variant(0.25))
        networks.append(train_network(network, [world], 3, seed=1, batch_size=8, done=lambda: steps.append(1)))
    assert len(steps) == 6
    assert not networks[0].training
    first, second = (mean_ap(network, world) for network in networks)
    assert first == second
    assert 0 < first <= 1
