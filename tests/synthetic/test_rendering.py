"""The renderer: geometry against a slow twin, colours where they belong, tight sprites."""

from dataclasses import replace

import numpy as np
import pytest

from src.synthetic.body import SURFACE_INDEX, SURFACES, Part, Pose, build_body
from src.synthetic.clothing import COLUMNS, FRONT, ROWS, texture_atlas
from src.synthetic.people import Person, sample_person
from src.synthetic.rendering import Light, Sprite, _project, _rasterise, render_person


@pytest.fixture
def person() -> Person:
    return replace(sample_person(np.random.default_rng(8)), bag="none", hat="none", lean=0.0, height_m=1.75)


def draw(
    person: Person, heading: float = 0.0, tilt: float = 0.0, phase: float = 0.0, scale: float = 100.0, seed: int = 0
) -> Sprite:
    return render_person(
        person, phase=phase, heading=heading, tilt=tilt, pixels_per_metre=scale, rng=np.random.default_rng(seed)
    )


def test_same_arguments_same_bytes(person):
    assert np.array_equal(draw(person, 0.4, 0.2).rgba, draw(person, 0.4, 0.2).rgba)


def test_a_standing_person_is_as_tall_as_they_are(person):
    sprite = render_person(
        person, phase=0, heading=0, tilt=0, pixels_per_metre=100, rng=np.random.default_rng(0), vigour=0
    )
    assert sprite.rgba.shape[0] == pytest.approx(175, rel=0.06)
    assert sprite.foot_xy[1] == pytest.approx(sprite.rgba.shape[0], abs=4)


def test_the_sprite_is_tight_and_premultiplied(person):
    rgba = draw(person, 1.0, 0.3).rgba
    solid = rgba[..., 3] > 40
    assert solid[0].any() and solid[-1].any() and solid[:, 0].any() and solid[:, -1].any()
    assert (rgba[..., :3].max(axis=2).astype(int) <= rgba[..., 3].astype(int) + 1).all()


def test_from_a_steeper_camera_a_person_looks_shorter(person):
    heights = [draw(person, tilt=tilt).rgba.shape[0] for tilt in (0.0, 0.5, 0.9)]
    assert heights[0] > heights[1] > heights[2]


def test_left_and_right_are_not_mixed_up(person):
    """Heading 0 comes towards the camera, so the person's left is on the picture's right; π/2 walks to the right."""
    left = np.array([[1.0, 0, 0]])
    forward = np.array([[0, 1.0, 0]])
    assert _project(left, 0.0, 0.0)[0] == pytest.approx([1, 0, 0])
    assert _project(forward, 0.0, 0.0)[0] == pytest.approx([0, 0, -1])  # nearer to the camera
    assert _project(forward, np.pi / 2, 0.0)[0] == pytest.approx([1, 0, 0])


def test_front_and_back_show_their_own_colours(person):
    """A person in red in front and green behind: seen from the front mostly red, from behind mostly green."""
    coloured = replace(
        person, open_front=0.6, inner_colour=(250.0, 0.0, 0.0), print_box=None, collar=False, hair_style="bald"
    )
    coloured = replace(coloured, top=replace(person.top, kind="jacket", colour=(0.0, 250.0, 0.0), pattern="plain"))
    light = Light(ambient=1.0)

    def redness(heading: float) -> float:
        rng = np.random.default_rng(0)
        sprite = render_person(
            coloured, phase=0, heading=heading, tilt=0, pixels_per_metre=100, rng=rng, light=light, vigour=0
        )
        height, width = sprite.rgba.shape[:2]
        chest = sprite.rgba[int(height * 0.25) : int(height * 0.4), int(width * 0.4) : int(width * 0.6), :3].astype(
            float
        )
        return float((chest[..., 0] - chest[..., 1]).mean())

    assert redness(0.0) > 100
    assert redness(np.pi) < -50


def test_the_depth_buffer_agrees_with_a_pixel_by_pixel_twin():
    """Two crossing cylinders: the fast windows against one obvious formula for each pixel."""
    parts = [
        Part("torso", np.array([0.0, 0.0, 1.0]), np.array([0.0, 0.0, 0.2]), (0.2, 0.3), (0.1, 0.2), 0.5),
        Part("hand", np.array([-0.4, 0.3, 0.5]), np.array([0.4, 0.1, 0.7]), (0.08, 0.08), (0.08, 0.08), 1.0),
    ]
    scale, heading = 40.0, 0.5
    buffer, foot = _rasterise(parts, heading, 0.0, scale)
    for y in range(0, buffer.depth.shape[0], 3):
        for x in range(0, buffer.depth.shape[1], 3):
            nearest, who = 1e6, -1
            for index, part in enumerate(parts):
                depth = _depth_at(part, x - foot[0], y - foot[1], heading, scale)
                if depth is not None and depth < nearest:
                    nearest, who = depth, index
            assert buffer.part[y, x] == who
            if who >= 0:
                assert buffer.depth[y, x] == pytest.approx(nearest, abs=0.05)


def _depth_at(part: Part, x: float, y: float, heading: float, scale: float) -> float | None:
    start, end = (point * scale for point in _project(np.stack([part.start, part.end]), heading, 0.0))
    side, front = abs(np.cos(heading)), abs(np.sin(heading))
    axis = end[:2] - start[:2]
    length = np.hypot(*axis)
    along = np.clip(np.dot([x - start[0], y - start[1]], axis / length), 0, length)
    share = along / length
    ends = [np.hypot(w * scale * side, d * scale * front) for w, d in zip(part.widths, part.depths, strict=True)]
    thicks = [np.hypot(w * scale * front, d * scale * side) for w, d in zip(part.widths, part.depths, strict=True)]
    seen, thick = np.interp(share, [0, 1], ends), np.interp(share, [0, 1], thicks)
    to_axis = np.array([x, y]) - start[:2]
    direction = axis / length
    across = (direction[0] * to_axis[1] - direction[1] * to_axis[0]) / seen
    beyond = (np.dot(to_axis, direction) - along) / (seen * part.roundness)
    bulge = 1 - across**2 - beyond**2
    return None if bulge <= 0 else start[2] + (end[2] - start[2]) * share - thick * np.sqrt(bulge)


def test_every_part_has_a_surface_and_stands_on_the_ground(person):
    for phase in np.linspace(0, 2 * np.pi, 7):
        parts = build_body(person, Pose(phase=float(phase)))
        assert {part.surface for part in parts} <= set(SURFACES)
        shoes = [min(part.start[2], part.end[2]) - min(part.depths) for part in parts if part.surface == "shoe"]
        assert min(shoes) == pytest.approx(0)


def test_legs_move_against_each_other(person):
    parts = build_body(person, Pose(phase=np.pi / 2))
    left, right = (part for part in parts if part.surface == "thigh")
    assert left.end[1] > 0 > right.end[1]


def test_the_atlas_paints_every_page_and_leaves_the_face_in_front(person):
    atlas = texture_atlas(
        replace(person, hair=(10.0, 10.0, 10.0), skin=(240.0, 200.0, 180.0), hair_style="short", beard=False)
    )
    assert atlas.shape == (len(SURFACES), ROWS, COLUMNS, 3)
    assert np.isfinite(atlas).all()
    head = atlas[SURFACE_INDEX["head"]]
    assert head[40, FRONT - 20].mean() > 150 > head[40, 0].mean()
