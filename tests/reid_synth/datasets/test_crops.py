"""Crops: one person each, filling the crop, and determinism."""

from dataclasses import replace

import cv2
import numpy as np

from reid_synth.camera import CameraResponse
from reid_synth.datasets.crops import render_crop, sample_crop_camera, sample_people
from reid_synth.places.street import EmptyStreet
from reid_synth.places.weather import dusk, sunshine

_GRAY = EmptyStreet(np.full((384, 512, 3), 128, np.uint8), sunshine(np.random.default_rng(0)))


def test_a_crop_is_filled_by_its_person_and_depends_on_the_seed():
    streets = [_GRAY]
    camera = sample_crop_camera(np.random.default_rng(0), streets)
    people = sample_people(np.random.default_rng(1), 3)
    first = render_crop(people[0], camera, np.random.default_rng(2), people)
    again = render_crop(people[0], camera, np.random.default_rng(2), people)
    assert np.array_equal(first, again)
    assert first.dtype == np.uint8 and first.shape[2] == 3
    assert 1.2 < first.shape[0] / first.shape[1] < 3.2


def test_two_people_in_one_camera_look_different():
    streets = [_GRAY]
    camera = sample_crop_camera(np.random.default_rng(0), streets)
    one, other = sample_people(np.random.default_rng(1), 2, near_copies=0)
    crops = [
        cv2.resize(render_crop(person, camera, np.random.default_rng(2)), (64, 128)).astype(float)
        for person in (one, one, other)
    ]
    assert np.abs(crops[0] - crops[1]).mean() < np.abs(crops[0] - crops[2]).mean()


def test_dusk_dims_person_and_background_equally():
    camera = replace(sample_crop_camera(np.random.default_rng(0), [_GRAY]), response=CameraResponse())
    weather = replace(dusk(np.random.default_rng(3)), noise=0.0)
    at_dusk = replace(camera, street=_GRAY._replace(weather=weather))
    (person,) = sample_people(np.random.default_rng(1), 1)
    day, later = (render_crop(person, each, np.random.default_rng(2)).astype(float) for each in (camera, at_dusk))
    gains = weather.adapt_response(CameraResponse()).exposure * np.array(weather.light)
    assert gains.max() < 0.95
    assert np.abs(later - day * gains).max() < 3  # gray levels; each step rounds
