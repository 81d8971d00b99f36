"""Lookalikes: painted, and never counted as people."""

import numpy as np
import pytest

from reid_synth.camera import Camera
from reid_synth.places.canvas import Canvas, Sun
from reid_synth.places.clutter import StreetObject, scatter_objects
from reid_synth.places.lookalikes import LOOKALIKES, mannequin, placard, statue
from reid_synth.places.solids import TexturedQuad
from reid_synth.places.sprite_bank import PIXELS_PER_METER, render_sprite_bank
from reid_synth.places.surfaces import Cutout, make_surfaces

CAMERA = Camera(height_m=6.0, tilt=0.35, focal_px=500.0, width=320, height=240)


def figure() -> np.ndarray:
    rgba = np.zeros((163, 60, 4), np.uint8)
    rgba[3:, 10:50] = (180, 40, 90, 255)
    return rgba


@pytest.mark.parametrize("seed", range(6))
def test_a_statue_has_one_color_and_a_plinth(seed: int) -> None:
    shape = statue(np.random.default_rng(seed), figure(), PIXELS_PER_METER)
    assert shape.rgba.shape[0] > 163 and (shape.rgba[-1, :, 3] == 255).all()
    solid = shape.rgba[shape.rgba[..., 3] > 0][:, :3].astype(int)
    assert (solid.max(axis=1) - solid.min(axis=1)).max() < 60
    assert (shape.rgba[..., :3].max(axis=2) <= shape.rgba[..., 3]).all()


@pytest.mark.parametrize("seed", range(4))
def test_mannequins_and_placards_are_textured_solids_above_the_ground(seed: int) -> None:
    for parts in (mannequin(np.random.default_rng(seed), figure(), PIXELS_PER_METER),
                  placard(np.random.default_rng(seed), figure())):  # fmt: skip
        images = [part for part in parts if isinstance(part, TexturedQuad)]
        assert len(images) == 2
        assert all(image.points[:, 2].min() >= 0 and image.points[:, 2].max() < 4 for image in images)


@pytest.mark.parametrize("maker", LOOKALIKES.values(), ids=LOOKALIKES)
def test_lookalikes_occlude_people_and_have_no_identity(maker) -> None:  # type: ignore[no-untyped-def]
    canvas = Canvas(CAMERA, Sun((0.5, 0.5), 0.3))
    canvas.image[:] = 100
    canvas.ids[:] = 1
    StreetObject(maker(np.random.default_rng(0)), np.array([0.0, 15.0]), 0.2).paint(canvas)
    hidden = canvas.ids == 0
    assert 0 < hidden.sum() < canvas.ids.size / 2
    unnoticed = (canvas.image != 100).any(axis=2) & ~hidden  # the soft edge of a print
    assert unnoticed.sum() < 0.1 * hidden.sum()


def test_human_shaped_objects_need_a_sprite_bank() -> None:
    surfaces, bank = make_surfaces(1, per_kind=1), render_sprite_bank(4, seed=1)

    def figures(models) -> int:  # type: ignore[no-untyped-def]
        found = 0
        for seed in range(25):
            objects = scatter_objects(CAMERA, surfaces, [], [], models, np.random.default_rng(seed))
            found += sum(isinstance(obj.shape, Cutout) and obj.shape.px_per_m == PIXELS_PER_METER for obj in objects)
        return found

    assert figures(None) == 0 < figures(bank)


def test_no_large_object_covers_a_person() -> None:
    surfaces, people = make_surfaces(1, per_kind=1), [np.array([0.0, 15.0]), np.array([3.0, 20.0])]
    for seed in range(25):
        for obj in scatter_objects(CAMERA, surfaces, [], people, None, np.random.default_rng(seed)):
            if not isinstance(obj.shape, Cutout):
                size = max(float(np.abs(getattr(part, "points", np.zeros((1, 3)))[:, :2]).max()) for part in obj.shape)
                if size > 1.7:
                    assert min(np.linalg.norm(obj.ground_xy - position) for position in people) > 0.9
