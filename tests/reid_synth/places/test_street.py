"""Random streets: determinism, boxes, visibility; sprite bank; occlusion by walls."""

from pathlib import Path

import numpy as np
import pytest

from reid_synth.places.backdrop import Wall
from reid_synth.places.lookalikes import LOOKALIKES
from reid_synth.places.objects import FURNITURE
from reid_synth.places.sprite_bank import SpriteBank, load_sprite_bank, render_sprite_bank
from reid_synth.places.street import HEIGHT, WIDTH, Street, compose_street
from reid_synth.places.surfaces import Surfaces, make_surfaces
from reid_synth.places.vehicles import car, van


@pytest.fixture(scope="module")
def bank() -> SpriteBank:
    return render_sprite_bank(count=24, seed=3)


@pytest.fixture(scope="module")
def surfaces() -> Surfaces:
    return make_surfaces(seed=3, per_kind=1)


def street(seed: int, surfaces: Surfaces, bank: SpriteBank, apply_response: bool = True) -> Street:
    return compose_street(np.random.default_rng(seed), surfaces, bank, apply_response)


def test_same_seed_gives_the_same_street(surfaces: Surfaces, bank: SpriteBank) -> None:
    first, second, other = (street(seed, surfaces, bank) for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(first, second, strict=True))
    assert (first.image != other.image).any()


def test_boxes_lie_in_the_image_and_visibility_between_0_and_1(surfaces: Surfaces, bank: SpriteBank) -> None:
    people = 0
    for seed in range(12):
        image, boxes, visibility, ids = street(seed, surfaces, bank)
        assert image.shape == (HEIGHT, WIDTH, 3) and image.dtype == np.uint8
        assert len(boxes) == len(visibility) == len(ids) == len(set(ids.tolist()))
        assert (boxes >= 0).all() and (boxes[:, 2:] > boxes[:, :2]).all() and (boxes[:, 2:] <= (WIDTH, HEIGHT)).all()
        assert ((visibility >= 0) & (visibility <= 1)).all()
        people += len(boxes)
    assert people > 12  # not all candidates were rejected


@pytest.mark.slow
def test_some_streets_are_empty_and_some_are_full(surfaces: Surfaces, bank: SpriteBank) -> None:
    counts = [len(street(seed, surfaces, bank, apply_response=False).boxes_xyxy) for seed in range(25)]
    assert min(counts) == 0 and max(counts) >= 6


def test_the_bank_is_sorted_and_samples_by_tilt(bank: SpriteBank) -> None:
    assert len(bank) == 24 and (np.diff(bank.tilts) >= 0).all()
    rng = np.random.default_rng(0)
    steep = {bank.draw(2.0, rng).rgba.tobytes() for _ in range(20)}
    assert steep <= {bank.sprite(index).rgba.tobytes() for index in (22, 23)}
    for index in range(len(bank)):
        sprite = bank.sprite(index)
        assert sprite.rgba.dtype == np.uint8 and sprite.rgba.shape[2] == 4 and sprite.rgba[..., 3].any()
        assert (sprite.rgba[..., :3].max(axis=2) <= sprite.rgba[..., 3]).all()  # premultiplied


def test_the_bank_is_loaded_as_rendered(tmp_path: Path) -> None:
    first = load_sprite_bank(tmp_path, count=4, seed=9)
    again = load_sprite_bank(tmp_path, count=4, seed=9)
    for name, array in vars(first).items():
        assert (array == getattr(again, name)).all()
    assert [path.name for path in tmp_path.iterdir()] == ["sprites_4_9.npz"]


def test_a_wall_occludes_only_points_behind_it() -> None:
    wall = Wall(np.array([-5.0, 20.0]), np.array([5.0, 20.0]), 4.0, leafy=False)
    assert wall.occludes(np.array([0.0, 25.0])) and wall.occludes(np.array([0.0, 19.8]))
    assert not wall.occludes(np.array([0.0, 18.0])) and not wall.occludes(np.array([9.0, 25.0]))


@pytest.mark.parametrize(
    "maker", [*FURNITURE.values(), *LOOKALIKES.values(), car, van], ids=lambda maker: maker.__name__
)
def test_objects_stand_on_the_ground_and_have_realistic_sizes(maker) -> None:  # type: ignore[no-untyped-def]
    for seed in range(5):
        parts = maker(np.random.default_rng(seed))
        points = np.concatenate(
            [np.array([part.start, part.end]) if hasattr(part, "start") else part.points for part in parts]
        )
        assert np.isfinite(points).all() and points[:, 2].min() >= -0.15 and points[:, 2].max() < 8
        assert np.abs(points[:, :2]).max() < 4
