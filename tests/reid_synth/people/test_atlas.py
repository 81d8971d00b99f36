"""Texture atlas: every page painted, the face in front, sleeves and trousers of the right length."""

from dataclasses import replace

import numpy as np
import pytest

from reid_synth.people.atlas import texture_atlas
from reid_synth.people.body import SURFACE_INDEX, SURFACES
from reid_synth.people.fabric import COLUMNS, FRONT, ROWS
from reid_synth.people.person import Person, sample_person


@pytest.fixture
def person() -> Person:
    drawn = sample_person(np.random.default_rng(8))
    return replace(
        drawn, skin=(240.0, 200.0, 180.0), hair=(10.0, 10.0, 10.0), beard=False, hair_style="short", hat="none"
    )


def page(person: Person, surface: str) -> np.ndarray:
    return texture_atlas(person)[SURFACE_INDEX[surface]]


def test_the_atlas_has_a_page_for_every_surface_and_is_read_only(person):
    atlas = texture_atlas(person)
    assert atlas.shape == (len(SURFACES), ROWS, COLUMNS, 4) and atlas.dtype == np.uint8
    with pytest.raises(ValueError):
        atlas[0] = 0


def test_the_hair_has_a_hole_only_in_front(person):
    hair = page(person, "hair")
    assert hair[40, FRONT, 3] == 0 < hair[40, 0, 3]
    assert hair[5, FRONT, 3] > 0  # no hole at the crown
    assert page(person, "head")[40, FRONT - 20, :3].mean() > 150


def test_the_width_of_an_open_front_follows_its_attribute(person):
    narrow, wide = ((page(replace(person, open_front=share), "outer")[..., 3] == 0).mean() for share in (0.1, 0.3))
    assert 0 < narrow < wide < 0.5
    assert (page(replace(person, open_front=0.3), "outer")[:, 0, 3] > 0).all()


def test_a_sleeve_has_its_length_and_skin_has_no_folds(person):
    top = replace(person.top, kind="tshirt", length=0.3, pattern="plain", color=(10.0, 10.0, 200.0))
    arm = page(replace(person, top=top, sleeve_color=None), "upper_arm")
    assert arm[5, 10, 2] > arm[5, 10, 0] + 80  # blue cloth
    assert (arm[-5, :, :3] == (240, 200, 180)).all() and (arm[-5, :, 3] == 1).all()
    assert (arm[5, :, 3] > 1).all()


def test_a_print_is_on_its_side(person):
    for on_back, column in ((False, FRONT), (True, 0)):
        motif = replace(
            person.print,
            kind="block",
            on_back=on_back,
            color=(250.0, 0.0, 250.0),
            top=0.3,
            height=0.2,
            half_width=0.06,
        )
        plain = replace(person.top, pattern="plain", color=(20.0, 60.0, 20.0), kind="tshirt")
        torso = page(replace(person, top=plain, print=motif, open_front=0.0, bag="none"), "torso")
        middle = torso[int(0.4 * ROWS)]
        assert middle[column, 0] > 240 > 100 > middle[(column + FRONT) % COLUMNS, 0]


def test_a_shoe_has_its_own_color_from_behind(person):
    for pale, level in ((True, 225), (False, 30)):
        dressed = replace(person, shoes=(10.0, 200.0, 10.0), pale_soles=pale)
        assert (page(dressed, "shoe")[:, [0, FRONT - 20, -1], :3] == (10, 200, 10)).all()
        assert (page(dressed, "sole")[..., :3] == level).all()


def test_a_thigh_under_the_hem_has_its_fabric(person):
    short = replace(person, bottom=replace(person.bottom, kind="trousers"), hem=0.03)
    assert (page(short, "thigh")[:3, :, :3] == page(short, "hem")[:3, :, :3]).all()
    assert (page(short, "thigh")[20, :, :3] != page(short, "hem")[20, :, :3]).any()
