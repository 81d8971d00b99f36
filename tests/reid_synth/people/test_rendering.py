"""Rendered people: tight sprites, correct sides, determinism."""

from dataclasses import replace

import numpy as np
import pytest

from reid_synth.people.person import Person, sample_person
from reid_synth.people.rendering import Light, Sprite, project, render_person


@pytest.fixture
def person() -> Person:
    drawn = sample_person(np.random.default_rng(8))
    return replace(drawn, bag="none", carried="none", hat="none", scarf=None, lean=0.0, height_m=1.75)


def draw(
    person: Person, heading: float = 0.0, tilt: float = 0.0, phase: float = 0.0, scale: float = 100.0, seed: int = 0
) -> Sprite:
    return render_person(
        person, phase=phase, heading=heading, tilt=tilt, pixels_per_meter=scale, rng=np.random.default_rng(seed)
    )


def test_same_arguments_give_the_same_bytes(person):
    assert np.array_equal(draw(person, 0.4, 0.2).rgba, draw(person, 0.4, 0.2).rgba)


def test_a_standing_person_has_the_right_height(person):
    sprite = render_person(
        replace(person, hair_style="bald", legs=1.0),
        phase=0, heading=0, tilt=0, pixels_per_meter=100, rng=np.random.default_rng(0), gait_amplitude=0,
    )  # fmt: skip
    assert sprite.rgba.shape[0] == pytest.approx(175, rel=0.06)
    assert sprite.foot_xy[1] == pytest.approx(sprite.rgba.shape[0], abs=4)


def test_the_sprite_is_tight_and_premultiplied(person):
    rgba = draw(person, 1.0, 0.3).rgba
    solid = rgba[..., 3] > 40
    assert solid[0].any() and solid[-1].any() and solid[:, 0].any() and solid[:, -1].any()
    assert (rgba[..., :3].max(axis=2).astype(int) <= rgba[..., 3].astype(int) + 1).all()


def test_a_steeper_camera_shortens_the_person(person):
    heights = [draw(person, tilt=tilt).rgba.shape[0] for tilt in (0.0, 0.5, 0.9)]
    assert heights[0] > heights[1] > heights[2]


def test_left_and_right_are_correct():
    """Heading 0 comes towards the camera, so the person's left is on the right of the image; π/2 walks to the right."""
    left = np.array([[1.0, 0, 0]])
    forward = np.array([[0, 1.0, 0]])
    assert project(left, 0.0, 0.0)[0] == pytest.approx([1, 0, 0])
    assert project(forward, 0.0, 0.0)[0] == pytest.approx([0, 0, -1])  # nearer to the camera
    assert project(forward, np.pi / 2, 0.0)[0] == pytest.approx([1, 0, 0])


def test_an_open_jacket_shows_the_shirt_only_in_front(person):
    """A red shirt under a green jacket: mostly red from the front, green from behind."""
    jacket = replace(person.top, kind="jacket", color=(0.0, 250.0, 0.0), pattern="plain")
    dressed = replace(
        person, top=jacket, open_front=0.5, inner_color=(250.0, 0.0, 0.0), sleeve_color=None, hair_style="bald",
        print=replace(person.print, kind="none"),
    )  # fmt: skip

    def redness(heading: float) -> float:
        sprite = render_person(
            dressed, phase=0, heading=heading, tilt=0, pixels_per_meter=100, rng=np.random.default_rng(0),
            light=Light(ambient=1.0), gait_amplitude=0,
        )  # fmt: skip
        height, foot = sprite.rgba.shape[0], round(sprite.foot_xy[0])
        chest = sprite.rgba[int(height * 0.25) : int(height * 0.4), foot - 5 : foot + 5, :3].astype(float)
        return float((chest[..., 0] - chest[..., 1]).mean())

    assert redness(0.0) > 100
    assert redness(np.pi) < -50


def test_a_bag_is_visible_on_its_side(person):
    carrying = replace(person, bag="handbag", bag_color=(250.0, 0.0, 250.0), bag_side=1)

    def side(heading: float) -> float:
        sprite = draw(carrying, heading)
        pink = (sprite.rgba[..., 0] > 80) & (sprite.rgba[..., 1] < 60) & (sprite.rgba[..., 2] > 80)
        return float(np.flatnonzero(pink.any(axis=0)).mean() - sprite.foot_xy[0])

    assert side(0.0) > 5  # coming towards the camera, the left hand is on the right of the image
    assert side(np.pi) < -5
