"""Sampled people: determinism, variety, and near-copies."""

from dataclasses import asdict
from itertools import pairwise
from typing import get_args

import numpy as np

from reid_synth.datasets.crops import sample_people
from reid_synth.people.person import BagKind, Carried, HairStyle, change_clothes, near_copy, sample_person
from reid_synth.people.wardrobe import BottomKind, TopKind


def test_people_depend_on_the_seed():
    assert sample_person(np.random.default_rng(5)) == sample_person(np.random.default_rng(5))
    assert sample_person(np.random.default_rng(5)) != sample_person(np.random.default_rng(6))


def test_attributes_stay_in_their_ranges():
    for person in (sample_person(np.random.default_rng(seed)) for seed in range(200)):
        assert 1.4 < person.height_m < 2.0
        assert all(0 <= channel <= 255 for channel in (*person.skin, *person.hair, *person.top.color, *person.shoes))
        assert 0 <= person.top.length <= 1 and 0 < person.bottom.length <= 1
        assert person.top.kind != "dress" or person.bottom.kind == "skirt"


def test_the_population_is_varied():
    people = [sample_person(np.random.default_rng(seed)) for seed in range(600)]
    for kinds, least in (
        ({p.top.kind for p in people}, len(get_args(TopKind))),
        ({p.bottom.kind for p in people}, len(get_args(BottomKind))),
        ({p.bag for p in people}, len(get_args(BagKind))),
        ({p.hair_style for p in people}, len(get_args(HairStyle))),
        ({p.carried for p in people}, len(get_args(Carried))),
    ):
        assert len(kinds) == least


def test_a_near_copy_shares_most_attributes():
    rng = np.random.default_rng(3)
    for _ in range(50):
        person = sample_person(rng)
        copy = near_copy(person, rng)
        same = [name for name, value in asdict(person).items() if value == asdict(copy)[name]]
        assert copy != person
        assert len(same) >= len(asdict(person)) / 2
        assert copy.top.kind != "dress" or copy.bottom.kind == "skirt"


def test_a_change_of_clothes_keeps_only_the_body():
    rng = np.random.default_rng(5)
    for _ in range(50):
        person = sample_person(rng)
        other = change_clothes(person, rng)
        body = (
            "height_m",
            "girth",
            "belly",
            "shoulders",
            "hips",
            "legs",
            "skin",
            "hair",
            "hair_style",
            "stride",
            "arm_swing",
        )
        assert all(getattr(other, name) == getattr(person, name) for name in body)
        assert other.top != person.top and other.bottom != person.bottom and other.shoes != person.shoes


def test_a_share_of_the_people_are_near_copies():
    people = sample_people(np.random.default_rng(1), 60, near_copies=1.0)
    shared = [first.stride == second.stride for first, second in pairwise(people)]
    assert all(shared)  # near-copies keep the gait
    assert len(sample_people(np.random.default_rng(1), 7)) == 7
