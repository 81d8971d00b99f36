"""Crops: one person each, large, and repeatable."""

import cv2
import numpy as np

from src.synthetic.crops import photograph, sample_crop_camera, sample_people


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
