"""Synthetic faces: determinism, variety, visible attributes, alignment."""

from dataclasses import asdict, fields, replace
from itertools import pairwise

import cv2
import numpy as np
import pytest

from reid_synth.faces.extras import Extras
from reid_synth.faces.face import sample_face, sample_faces, sibling
from reid_synth.faces.light import Lighting
from reid_synth.faces.parts import HAIR_STYLES, Brows, Eyes, Face, Glasses, Hair, Head, Mouth, Nose, Skin
from reid_synth.faces.pose import TEMPLATE_XY, HeadPose
from reid_synth.faces.rendering import draw_face, render_face_crop, sample_face_camera
from reid_synth.faces.shape import Expression

PLAIN = Face(
    head=Head(1.0, 1.0, 1.0, 0.5, 0.0, 2.0, 0.0, 0.0, 14.0),
    skin=Skin((216, 170, 136), 0.3, 0.0, (), 0.2, 0.4),
    eyes=Eyes(63.0, 0.0, 29.0, 10.5, 2.0, 3.0, 4.0, (90, 60, 40), 0.4, 0.2),
    brows=Brows(7.0, 40.0, 19.0, 2.0, 1.0, 0.7, (50, 36, 28)),
    nose=Nose(43.0, 35.0, 20.0, 8.0, 0.0, 11.0),
    mouth=Mouth(72.0, 50.0, 6.0, 9.0, 1.5, 0.0, (178, 112, 100)),
    hair=Hair("parted", (60, 42, 30), 0.0, 56.0, 0.1, 9.0, 0.2, 0.4, "beard", 0.6),
    glasses=Glasses("square", (30, 30, 30), 1.0, 1.0),
    texture_seed=5,
)
ANYWHERE, EYES, BROWS, NOSE, MOUTH = (0, 112), (40, 66), (28, 58), (48, 88), (76, 112)
# (part, attribute, new value, rows of the image in which the change must be visible)
CHANGES = [
    ("head", "width", 1.1, ANYWHERE), ("head", "length", 0.92, (80, 112)), ("head", "jaw", 1.18, (70, 112)),
    ("head", "chin", 1.0, (80, 112)), ("head", "chin_forward", 6.0, (80, 112)), ("head", "cheekbones", 7.0, (48, 85)),
    ("head", "cheeks", 8.0, (60, 112)), ("head", "forehead", 5.0, (0, 50)), ("head", "ears", 24.0, (40, 90)),
    ("skin", "tone", (108, 72, 52), ANYWHERE), ("skin", "redness", 1.0, (50, 90)), ("skin", "freckles", 1.0, (45, 90)),
    ("skin", "moles", ((30.0, 30.0, 2.0),), (60, 76)), ("skin", "age", 0.9, ANYWHERE), ("skin", "shine", 1.0, ANYWHERE),
    ("eyes", "spacing", 69.0, EYES), ("eyes", "height", 3.0, EYES), ("eyes", "width", 34.0, EYES),
    ("eyes", "opening", 14.0, EYES), ("eyes", "tilt", 10.0, EYES), ("eyes", "crease", 0.0, EYES),
    ("eyes", "depth", 10.0, (34, 66)), ("eyes", "iris", (110, 150, 180), EYES), ("eyes", "lashes", 1.0, EYES),
    ("eyes", "shadow", 1.0, EYES),
    ("brows", "thickness", 12.0, BROWS), ("brows", "length", 50.0, BROWS), ("brows", "height", 24.0, BROWS),
    ("brows", "arch", 7.0, BROWS), ("brows", "tilt", 11.0, BROWS), ("brows", "density", 0.1, BROWS),
    ("brows", "color", (150, 110, 70), BROWS),
    ("nose", "length", 50.0, NOSE), ("nose", "width", 47.0, NOSE), ("nose", "height", 29.0, NOSE),
    ("nose", "bridge", 14.0, (36, 76)), ("nose", "hump", 5.0, (40, 80)), ("nose", "tip", 16.0, NOSE),
    ("mouth", "height", 78.0, MOUTH), ("mouth", "width", 62.0, MOUTH), ("mouth", "upper", 11.0, MOUTH),
    ("mouth", "lower", 15.0, MOUTH), ("mouth", "bow", 4.5, MOUTH), ("mouth", "corners", 4.0, MOUTH),
    ("mouth", "color", (150, 50, 60), MOUTH),
    ("hair", "style", "long", ANYWHERE), ("hair", "color", (190, 156, 104), ANYWHERE), ("hair", "gray", 0.9, ANYWHERE),
    ("hair", "hairline", 68.0, (0, 40)), ("hair", "recession", 0.9, (0, 45)), ("hair", "volume", 18.0, (0, 60)),
    ("hair", "wave", 1.0, (0, 50)), ("hair", "parting", -0.6, (0, 50)), ("hair", "facial", "none", (70, 112)),
    ("hair", "facial_density", 1.0, (40, 112)),
    ("glasses", "kind", "round", (34, 74)), ("glasses", "color", (180, 40, 40), (34, 74)),
    ("glasses", "size", 1.2, (34, 74)),
]  # fmt: skip
# The crop is aligned by eyes, tip of the nose and corners of the mouth, so moving them moves everything.
MOVES_THE_CROP = {("eyes", "spacing"), ("eyes", "height"), ("eyes", "depth"), ("nose", "length"), ("nose", "height")}
MOVES_THE_CROP |= {("mouth", "height"), ("mouth", "width")}


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(float) - other).mean(axis=2)


# ---- sampling -------------------------------------------------------------------------------------------------------------


def test_faces_depend_on_the_seed():
    assert sample_face(np.random.default_rng(5)) == sample_face(np.random.default_rng(5))
    assert sample_face(np.random.default_rng(5)) != sample_face(np.random.default_rng(6))


def test_the_population_is_varied():
    faces = [sample_face(np.random.default_rng(seed)) for seed in range(400)]
    assert {face.hair.style for face in faces} == set(HAIR_STYLES)
    assert len({face.hair.facial for face in faces}) == 5 and len({face.glasses.kind for face in faces}) == 5
    brightness = np.array([np.mean(face.skin.tone) for face in faces])
    assert np.histogram(brightness, bins=(0, 70, 100, 140, 180, 256))[0].min() > 20  # all groups


def test_attributes_stay_in_their_ranges():
    for face in (sample_face(np.random.default_rng(seed)) for seed in range(200)):
        colors = (face.skin.tone, face.eyes.iris, face.brows.color, face.mouth.color, face.hair.color)
        assert all(0 <= channel <= 255 for color in colors for channel in color)
        shares = (face.skin.age, face.skin.freckles, face.hair.gray, face.hair.wave, face.glasses.habit, face.head.chin)
        assert all(0 <= share <= 1 for share in shares)
        assert (face.glasses.kind == "none") == (face.glasses.habit == 0)


def test_a_sibling_differs_visibly_in_one_or_two_parts():
    rng = np.random.default_rng(3)
    for _ in range(12):
        face = sample_face(rng)
        other = sibling(face, rng)
        parts = [part for part, value in asdict(face).items() if value != asdict(other)[part]]
        assert 1 <= len(set(parts) - {"texture_seed"}) <= 2
        assert difference(draw_face(face), draw_face(other)).mean() > 0.4


def test_a_share_of_the_faces_are_siblings():
    faces = sample_faces(np.random.default_rng(1), 400)
    alike = sum(one.skin == other.skin for one, other in pairwise(faces))
    assert len(faces) == 400 and 70 <= alike <= 130
    assert sample_faces(np.random.default_rng(1), 0) == []


# ---- rendering ---------------------------------------------------------------------------------------------------


def test_every_attribute_is_tested():
    named = {(part, name) for part, name, _, _ in CHANGES}
    parts = {part.name: getattr(PLAIN, part.name) for part in fields(Face) if part.name != "texture_seed"}
    assert named == {(part, item.name) for part, value in parts.items() for item in fields(value)} - {
        ("glasses", "habit")
    }


@pytest.mark.parametrize(("part", "name", "value", "rows"), CHANGES, ids=lambda value: str(value)[:20])
@pytest.mark.slow
def test_every_attribute_is_visible_where_it_belongs(part, name, value, rows):
    face = PLAIN if name in ("facial", "facial_density") else replace(PLAIN, hair=replace(PLAIN.hair, facial="none"))
    other = replace(face, **{part: replace(getattr(face, part), **{name: value})})
    extras = Extras(glasses=part == "glasses")
    changed = difference(draw_face(face, extras=extras), draw_face(other, extras=extras))
    inside = changed[slice(*rows)]
    assert np.sort(inside.ravel())[-25:].mean() > 6, "hardly visible"
    if rows != ANYWHERE and (part, name) not in MOVES_THE_CROP:
        assert inside.sum() > 0.6 * changed.sum(), "visible elsewhere"


def test_the_texture_seed_changes_the_skin():
    changed = difference(draw_face(PLAIN), draw_face(replace(PLAIN, texture_seed=6)))
    assert 0.2 < changed.mean() < 8


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        (Expression(smile=1.0), (60, 112)),
        (Expression(mouth=0.8), (60, 112)),
        (Expression(lids=0.0), EYES),
        (Expression(brows=1.0), BROWS),
        (Expression(brows=-1.0), BROWS),
        (Expression(gaze=(1.0, 0.5)), EYES),
    ],
)
def test_expressions_are_visible_where_they_belong(expression, rows):
    changed = difference(draw_face(PLAIN), draw_face(PLAIN, expression=expression))
    assert changed[slice(*rows)].mean() > 0.8
    assert changed[slice(*rows)].sum() > 0.6 * changed.sum()


def test_light_from_one_side_brightens_that_side():
    bald = replace(PLAIN, hair=replace(PLAIN.hair, facial="none"))
    left, right = (draw_face(bald, lighting=Lighting(right=way, ambient=0.3)).astype(float) for way in (-1.2, 1.2))
    cheeks = (slice(60, 90), slice(28, 45)), (slice(60, 90), slice(68, 85))
    assert left[cheeks[0]].mean() > left[cheeks[1]].mean() + 15
    assert right[cheeks[1]].mean() > right[cheeks[0]].mean() + 15


@pytest.mark.slow
@pytest.mark.parametrize(
    "extras",
    [
        Extras(glasses=True),
        Extras(sunglasses=True),
        Extras(hat="cap"),
        Extras(hat="beanie"),
        Extras(hand="mouth"),
        Extras(hand="cheek", hand_side=-1),
        Extras(background=3),
    ],
)
@pytest.mark.parametrize("yaw", [-35, 0, 35])
def test_accessories_and_background_are_visible(extras, yaw):
    pose = HeadPose(yaw=float(np.radians(yaw)))
    assert difference(draw_face(PLAIN, pose), draw_face(PLAIN, pose, extras=extras)).mean() > 1


# ---- alignment -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("yaw", [-35, -15, 0, 15, 35])
@pytest.mark.parametrize("roll", [-20, 0, 20])
def test_eyes_are_at_the_template_positions(yaw, roll):
    pose = HeadPose(*np.radians([yaw, 0, roll]).tolist())
    for seed in range(3):
        face = sample_face(np.random.default_rng(seed))
        blink = difference(draw_face(face, pose), draw_face(face, pose, Expression(lids=0.0)))
        for half, wanted in ((slice(0, 56), TEMPLATE_XY[0]), (slice(56, 112), TEMPLATE_XY[1])):
            rows, columns = np.nonzero(blink[:, half] > 12)
            found = np.array([columns.mean() + half.start, rows.mean()])
            assert np.hypot(*(found - wanted)) < 5.5, (seed, found)


def test_eyes_have_the_most_contrast():
    bare = replace(
        PLAIN, hair=replace(PLAIN.hair, facial="none"), brows=replace(PLAIN.brows, density=0.1, thickness=2.5)
    )
    gray = cv2.cvtColor(draw_face(bare), cv2.COLOR_RGB2GRAY).astype(np.float32)
    mean, square = cv2.boxFilter(gray, -1, (15, 9)), cv2.boxFilter(gray**2, -1, (15, 9))
    spread = (square - mean**2)[30:112, 30:82]  # the face without hair and ears
    for first, last, wanted in ((0, 26, TEMPLATE_XY[0]), (26, 52, TEMPLATE_XY[1])):
        row, column = np.unravel_index(spread[:, first:last].argmax(), (82, last - first))
        assert np.hypot(column + 30 + first - wanted[0], row + 30 - wanted[1]) < 8


# ---- face crops -----------------------------------------------------------------------------------------------------


def test_a_face_crop_has_112_pixels_and_depends_on_the_seed():
    one, same, other = (render_face_crop(PLAIN, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one.shape == (112, 112, 3) and one.dtype == np.uint8
    assert (one == same).all() and difference(one, other).mean() > 3


def test_cached_maps_do_not_leak_between_faces():
    first, second = sample_faces(np.random.default_rng(8), 2, siblings=1.0)
    alone = draw_face(second)
    draw_face(first, HeadPose(0.3), Expression(smile=1, mouth=1), extras=Extras(hat="cap", glasses=True, hand="chin"))
    assert (draw_face(second) == alone).all()


@pytest.mark.slow
def test_no_head_has_holes():
    for seed in range(25):
        rng = np.random.default_rng(seed)
        face, pose = sample_face(rng), HeadPose(float(rng.uniform(-0.6, 0.6)), float(rng.uniform(-0.3, 0.3)), 0.0)
        one, other = (draw_face(face, pose, extras=Extras(background=position)) for position in (3, 6))
        shines_through = difference(one, other)
        assert shines_through[36:88, 46:66].max() < 2, seed  # only face between eyes and chin
        assert shines_through.max() > 20


def separation(images: np.ndarray, person: np.ndarray) -> float:
    """Compute how much farther apart images of different people are than images of the same person, on average."""
    small = np.stack([cv2.resize(p, (16, 16), interpolation=cv2.INTER_AREA) for p in images]).astype(float)
    small -= small.mean(axis=(1, 2, 3), keepdims=True)  # ignore overall brightness
    flat = small.reshape(len(small), -1)
    gaps = np.linalg.norm(flat[:, None] - flat[None], axis=2)
    same = person[:, None] == person[None]
    return float(gaps[~same].mean() / gaps[same & ~np.eye(len(person), dtype=bool)].mean())


@pytest.mark.slow
def test_people_differ_more_than_images_of_one_person():
    rng = np.random.default_rng(4)
    people, each = sample_faces(rng, 14), 5
    camera = sample_face_camera(rng)
    images = np.stack([render_face_crop(face, rng, camera) for face in people for _ in range(each)])
    person = np.repeat(np.arange(len(people)), each)
    assert separation(images, person) > 1.12
    assert abs(separation(images, rng.permutation(person)) - 1) < 0.06  # near 1 for random labels


@pytest.mark.slow
def test_raw_pixels_alone_do_not_identify_people():
    rng = np.random.default_rng(6)
    people = sample_faces(rng, 30)
    images = [[render_face_crop(face, rng) for _ in range(3)] for face in people]
    flat = np.array(images).reshape(30, 3, -1).astype(float)
    flat -= flat.mean(axis=2, keepdims=True)
    flat /= np.linalg.norm(flat, axis=2, keepdims=True)
    nearest = np.argmax(flat[:, 0] @ flat[:, 1:].reshape(60, -1).T, axis=1) // 2
    assert 0.1 < (nearest == np.arange(30)).mean() < 0.8  # chance: 0.03


def test_cameras_differ_in_color():
    rng = np.random.default_rng(1)
    first, second = sample_face_camera(rng), sample_face_camera(rng)
    drawn = draw_face(PLAIN)
    assert first != second and difference(first.apply(drawn, rng), second.apply(drawn, rng)).mean() > 3
