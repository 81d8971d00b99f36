"""Crops and the data set in the Market-1501 layout."""

import re

import cv2
import numpy as np
import pytest

from src.settings.errors import UserError
from src.synthetic.crops import photograph, sample_crop_camera, sample_people
from src.synthetic.market import GALLERY, QUERY, TRAIN, MarketPlan, write_market

PLAN = MarketPlan(train_people=3, test_people=4, cameras=3, crops_per_camera=2, distractors=2, junk=2)


@pytest.fixture(scope="module")
def market(tmp_path_factory):
    folder = tmp_path_factory.mktemp("market")
    assert write_market(folder, PLAN, seed=1) == PLAN.pictures
    return folder


def test_a_crop_shows_its_person_large_and_repeats_with_its_seed():
    places = [np.full((384, 512, 3), 128, np.uint8)]
    camera = sample_crop_camera(np.random.default_rng(0), places)
    people = sample_people(np.random.default_rng(1), 3)
    first = photograph(people[0], camera, np.random.default_rng(2), people)
    again = photograph(people[0], camera, np.random.default_rng(2), people)
    assert np.array_equal(first, again)
    assert first.dtype == np.uint8 and first.shape[2] == 3
    assert 1.2 < first.shape[0] / first.shape[1] < 3.2


def test_two_people_in_one_camera_look_different():
    places = [np.full((384, 512, 3), 128, np.uint8)]
    camera = sample_crop_camera(np.random.default_rng(0), places)
    one, other = sample_people(np.random.default_rng(1), 2, near_copies=0)
    crops = [
        cv2.resize(photograph(person, camera, np.random.default_rng(2)), (64, 128)).astype(float)
        for person in (one, one, other)
    ]
    assert np.abs(crops[0] - crops[1]).mean() < np.abs(crops[0] - crops[2]).mean()


def test_the_layout_of_market1501(market):
    files = {name: sorted(path.name for path in (market / name).iterdir()) for name in (TRAIN, QUERY, GALLERY)}
    assert all(re.fullmatch(r"(-1|\d{4})_c[1-3]s1_\d{6}_01\.jpg", name) for names in files.values() for name in names)
    people = {name: {file.split("_")[0] for file in names} for name, names in files.items()}
    assert len(files[TRAIN]) == 3 * 3 * 2
    assert len(files[QUERY]) == 4 * 3  # one crop of each test person from each camera
    assert people[QUERY] == people[GALLERY] - {"0000", "-1"}
    assert not people[TRAIN] & people[GALLERY]
    assert sum(name.startswith("0000_") for name in files[GALLERY]) == 2
    assert sum(name.startswith("-1_") for name in files[GALLERY]) == 2
    assert cv2.imread(str(market / QUERY / files[QUERY][0])).shape == (128, 64, 3)


def test_same_seed_same_bytes(market, tmp_path):
    write_market(tmp_path / "again", PLAN, seed=1)
    for path in sorted(market.rglob("*.jpg")):
        assert path.read_bytes() == (tmp_path / "again" / path.relative_to(market)).read_bytes()


def test_a_folder_that_holds_a_data_set_is_left_alone(market):
    with pytest.raises(UserError, match="already holds a data set"):
        write_market(market, PLAN, seed=2)


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="cannot be written"):
        write_market(tmp_path / "file", PLAN, seed=2)
