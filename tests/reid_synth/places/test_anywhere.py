"""Images of any place: every kind is composed, its boxes are those of the people, and coats are not people."""

import numpy as np
import pytest

from reid_synth.camera import Camera
from reid_synth.places.anywhere import KINDS, compose_anywhere, sample_view
from reid_synth.places.furniture import INTERIOR, hanging_coat
from reid_synth.places.interior import room_walls, sample_room
from reid_synth.places.sprite_bank import PIXELS_PER_METER, SpriteBank, render_sprite_bank
from reid_synth.places.street import HEIGHT, WIDTH
from reid_synth.places.surfaces import Surfaces, make_surfaces


@pytest.fixture(scope="module")
def bank() -> SpriteBank:
    return render_sprite_bank(12, 3, active=True)


@pytest.fixture(scope="module")
def surfaces() -> Surfaces:
    return make_surfaces(3, per_kind=1)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_place_has_boxes_inside_the_image(kind: str, surfaces: Surfaces, bank: SpriteBank) -> None:
    people = 0
    for seed in range(3):
        place = compose_anywhere(np.random.default_rng(seed), surfaces, bank, kind)
        assert place.image.shape == (HEIGHT, WIDTH, 3) and place.image.std() > 3
        assert (place.boxes_xyxy >= 0).all() and (place.boxes_xyxy[:, 2:] <= (WIDTH, HEIGHT)).all()
        assert (place.visibility >= 0).all() and (place.visibility <= 1).all()
        people += len(place.boxes_xyxy)
    assert people


def test_a_place_is_a_function_of_its_seed(surfaces: Surfaces, bank: SpriteBank) -> None:
    first, again = (compose_anywhere(np.random.default_rng(5), surfaces, bank) for _ in range(2))
    assert (first.image == again.image).all() and (first.boxes_xyxy == again.boxes_xyxy).all()


def test_people_are_nearer_than_in_the_street_under_a_mast() -> None:
    rng = np.random.default_rng(0)
    heights = {kind: np.median([sample_view(kind, rng).height_m for _ in range(50)]) for kind in KINDS}
    assert heights["eye level"] < heights["corner"] < heights["above"]
    assert heights["room"] < heights["street"]
    steep = [sample_view("above", rng).tilt for _ in range(50)]
    assert np.rad2deg(min(steep)) > 30 and np.rad2deg(max(steep)) < 65


def test_a_room_surrounds_the_view_and_its_walls_hide_what_is_behind() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        camera = Camera(rng.uniform(1.2, 3.5), rng.uniform(0.02, 0.6), 400.0, WIDTH, HEIGHT)
        room = sample_room(camera, rng)
        back, left, right = room_walls(camera, room)
        assert room.height_m > camera.height_m
        assert back.occludes(np.array([(room.left + room.right) / 2, room.depth + 2]))
        middle = np.array([(room.left + room.right) / 2, room.depth / 2])
        assert room.contains(middle) and not any(wall.occludes(middle, 0.1) for wall in (back, left, right))
        assert not room.contains(np.array([room.right + 0.1, room.depth / 2]))


def test_a_hanging_coat_has_neither_head_nor_legs(bank: SpriteBank) -> None:
    figure = bank.draw(0.0, np.random.default_rng(0)).rgba
    for seed in range(5):
        coat = hanging_coat(np.random.default_rng(seed), figure, PIXELS_PER_METER)
        assert (coat.rgba[..., :3] <= coat.rgba[..., 3:]).all()  # premultiplied
        cloth = (coat.rgba[4:, : figure.shape[1], 3] > 127).any(axis=1)
        assert (cloth.any() and cloth.sum() < 0.65 * len(figure)) or coat.rgba.shape[1] > figure.shape[1]


def test_furniture_stands_on_the_ground() -> None:
    for maker in INTERIOR:
        parts = maker(np.random.default_rng(2))
        levels = [p.points[:, 2].min() if hasattr(p, "points") else min(p.start[2], p.end[2]) for p in parts]
        assert -0.01 <= min(levels) < 0.1
