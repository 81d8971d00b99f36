"""Sample synthetic faces.

A `Face` holds what is constant across images (see `parts`). Pose, expression, light and camera are sampled when an
image is rendered (see `rendering`).
"""

from dataclasses import fields, replace

import numpy as np

from reid_synth.faces.parts import (
    HAIR_STYLES,
    Brows,
    Eyes,
    Face,
    FacialHair,
    Glasses,
    GlassesKind,
    Hair,
    Head,
    Mouth,
    Nose,
    Skin,
)
from reid_synth.people.person import Color

_SKIN = np.array(
    [(244, 214, 194), (233, 194, 166), (216, 170, 136), (190, 138, 102), (150, 102, 72), (108, 72, 52), (76, 52, 42)],
    float,
)
_HAIR = np.array(
    [(24, 20, 20), (44, 32, 26), (76, 52, 36), (118, 84, 52), (190, 156, 104), (150, 70, 36)], float
)  # fmt: skip
_DARK_IRIS = np.array([(44, 28, 20), (66, 42, 26), (92, 62, 34)], float)
_PALE_IRIS = np.array([(92, 62, 34), (110, 96, 56), (84, 112, 92), (84, 118, 150), (120, 150, 176)], float)


def sample_face(rng: np.random.Generator) -> Face:
    """Sample a synthetic face.

    Args:
        rng: Source of randomness; the same state gives the same face.

    >>> first = sample_face(np.random.default_rng(1))
    >>> first == sample_face(np.random.default_rng(1))
    True
    """
    feminine = float(rng.beta(0.6, 0.6))  # 0 … 1: correlates attributes as in real people
    depth = float(rng.uniform(0, 1))  # of the skin color
    age = float(np.clip(rng.beta(1.1, 2.0), 0, 1))
    skin = _sample_skin(rng, depth, age)
    hair = _sample_hair(rng, feminine, depth, age)
    return Face(
        head=_sample_head(rng, feminine),
        skin=skin,
        eyes=_sample_eyes(rng, feminine, depth, age),
        brows=_sample_brows(rng, feminine, hair),
        nose=_sample_nose(rng, feminine),
        mouth=_sample_mouth(rng, feminine, skin),
        hair=hair,
        glasses=_sample_glasses(rng, age),
        texture_seed=int(rng.integers(2**31)),
    )


def sibling(face: Face, rng: np.random.Generator) -> Face:
    """Return a different person who looks almost the same: one or two parts are exchanged.

    Such pairs are hard negatives for a face recognition network.
    """
    other = sample_face(rng)
    parts = [part.name for part in fields(Face) if part.name not in ("skin", "glasses", "texture_seed")]
    chosen = rng.choice(len(parts), size=int(rng.integers(1, 3)), replace=False)
    exchanged = {parts[index]: getattr(other, parts[index]) for index in chosen}
    if "mouth" in exchanged:  # the lip color must match the skin
        exchanged["mouth"] = replace(exchanged["mouth"], color=face.mouth.color)
    return replace(face, texture_seed=other.texture_seed, **exchanged)


def sample_faces(rng: np.random.Generator, count: int, siblings: float = 0.25) -> list[Face]:
    """Sample faces; a share `siblings` of them are siblings of the face before them."""
    faces: list[Face] = []
    while len(faces) < count:
        faces.append(sibling(faces[-1], rng) if faces and rng.random() < siblings else sample_face(rng))
    return faces


def _sample_head(rng: np.random.Generator, feminine: float) -> Head:
    return Head(
        width=_clipped_normal(rng, 1.0, 0.05, 0.88, 1.14),
        length=_clipped_normal(rng, 1.0 - 0.02 * feminine, 0.045, 0.89, 1.1),
        jaw=_clipped_normal(rng, 1.05 - 0.1 * feminine, 0.07, 0.82, 1.2),
        chin=float(np.clip(rng.normal(0.6 - 0.3 * feminine, 0.22), 0, 1)),
        chin_forward=_clipped_normal(rng, 0.0, 2.5, -5, 6),
        cheekbones=_clipped_normal(rng, 2.5, 2.0, -1, 7),
        cheeks=_clipped_normal(rng, 0.5, 3.2, -6, 8),
        forehead=_clipped_normal(rng, 0.0, 2.2, -4, 5),
        ears=_clipped_normal(rng, 15.0, 4.0, 7, 25),
    )


def _sample_skin(rng: np.random.Generator, depth: float, age: float) -> Skin:
    position = depth * (len(_SKIN) - 1.001)
    tone = _SKIN[int(position)] * (1 - position % 1) + _SKIN[int(position) + 1] * (position % 1)
    cast = (
        tone / 220 * (rng.normal(0, 1) * np.array([0.5, -1.0, -4.0]) + rng.normal(0, 3, 3))
    )  # more golden or more pink
    freckled = rng.random() < (0.22 if depth < 0.45 else 0.05)
    moles = [
        (float(rng.uniform(-50, 50)), float(rng.choice([-24, 18, 30, 46, 58, 74])), float(rng.uniform(0.8, 1.8)))
        for _ in range(int(rng.choice(4, p=[0.6, 0.25, 0.11, 0.04])))
    ]
    return Skin(
        tone=_color(tone * rng.uniform(0.95, 1.05) + cast),
        redness=float(rng.beta(1.5, 3)),
        freckles=float(rng.uniform(0.3, 1)) if freckled else 0.0,
        moles=tuple(moles),
        age=age,
        shine=float(rng.uniform(0.1, 0.8)),
    )


def _sample_eyes(rng: np.random.Generator, feminine: float, depth: float, age: float) -> Eyes:
    irises = _PALE_IRIS if rng.random() < max(0.02, 0.75 - 1.7 * depth) else _DARK_IRIS
    return Eyes(
        spacing=_clipped_normal(rng, 63.0, 2.8, 56, 71),
        height=_clipped_normal(rng, 0.0, 1.3, -3, 3),
        width=_clipped_normal(rng, 29.5, 2.0, 24.5, 35),
        opening=_clipped_normal(rng, 10.4 + feminine - 1.2 * age, 1.4, 6.5, 14.5),
        tilt=_clipped_normal(rng, 2.5 - 3 * age, 3.6, -8, 11),
        crease=0.0 if rng.random() < 0.25 else _clipped_normal(rng, 3.2, 1.2, 1, 6),
        depth=_clipped_normal(rng, 4.5, 2.2, 0, 10),
        iris=_color(irises[rng.integers(len(irises))] * rng.uniform(0.85, 1.2)),
        lashes=float(np.clip(rng.normal(0.35 + 0.4 * feminine, 0.2), 0.05, 1)),
        shadow=float(np.clip(rng.beta(1.3, 3) + 0.3 * age, 0, 1)),
    )


def _sample_brows(rng: np.random.Generator, feminine: float, hair: Hair) -> Brows:
    return Brows(
        thickness=_clipped_normal(rng, 8.0 - 3.2 * feminine, 1.8, 2.2, 13),
        length=_clipped_normal(rng, 40.0, 4.0, 30, 50),
        height=_clipped_normal(rng, 18.5 + 2 * feminine, 2.2, 13, 26),
        arch=_clipped_normal(rng, 2.2 + 1.6 * feminine, 1.7, -1, 8),
        tilt=_clipped_normal(rng, 0.5, 4.0, -9, 11),
        density=float(np.clip(rng.normal(0.68, 0.2), 0.15, 1)),
        color=_color(np.array(hair.color) * (1 - 0.5 * hair.gray) * rng.uniform(0.5, 0.9) + 40 * hair.gray),
    )


def _sample_nose(rng: np.random.Generator, feminine: float) -> Nose:
    return Nose(
        length=_clipped_normal(rng, 43.0 - 1.5 * feminine, 3.2, 34, 52),
        width=_clipped_normal(rng, 36.0 - 3 * feminine, 4.5, 25, 49),
        height=_clipped_normal(rng, 21.0 - 2 * feminine, 3.3, 12, 30),
        bridge=_clipped_normal(rng, 8.0, 2.8, 1.5, 15),
        hump=_clipped_normal(rng, -0.6 * feminine, 1.6, -4, 5),
        tip=_clipped_normal(rng, 11.0, 2.2, 6, 17),
    )


def _sample_mouth(rng: np.random.Generator, feminine: float, skin: Skin) -> Mouth:
    natural = np.array(skin.tone) * rng.uniform(0.76, 0.92) * (1.02, 0.74, 0.76)
    if rng.random() < 0.45 * feminine:  # lipstick, worn in most images
        stick = np.array([(176, 44, 56), (150, 40, 74), (196, 92, 96), (122, 44, 50)][int(rng.integers(4))])
        natural = 0.58 * natural + 0.42 * stick * rng.uniform(0.8, 1.15)
    return Mouth(
        height=_clipped_normal(rng, 72.0, 2.8, 64, 80),
        width=_clipped_normal(rng, 51.0 - 1.5 * feminine, 4.0, 41, 63),
        upper=_clipped_normal(rng, 6.0 + 0.8 * feminine, 1.9, 2.2, 11.5),
        lower=_clipped_normal(rng, 9.0 + feminine, 2.0, 4.5, 15),
        bow=_clipped_normal(rng, 1.8, 0.9, 0, 4.5),
        corners=_clipped_normal(rng, 0.0, 1.5, -4, 4),
        color=_color(natural),
    )


def _sample_hair(rng: np.random.Generator, feminine: float, depth: float, age: float) -> Hair:
    long_likely = feminine > rng.uniform(0.2, 0.8)
    shares = (0, 0.01, 0.06, 0.04, 0.03, 0.06, 0.14, 0.06, 0.14, 0.22, 0.12, 0.12) if long_likely else (
        0.09, 0.13, 0.2, 0.15, 0.09, 0.13, 0.1, 0.04, 0.01, 0.03, 0.01, 0.02)  # fmt: skip
    style = HAIR_STYLES[int(rng.choice(len(HAIR_STYLES), p=np.array(shares) / sum(shares)))]
    if depth > 0.75 and style in ("fringe", "parted", "long", "bob") and rng.random() < 0.6:
        style = "afro" if long_likely else "buzz"
    dark = rng.random() < 0.25 + 0.9 * depth
    color = _HAIR[rng.integers(2)] if dark else _HAIR[rng.integers(1, len(_HAIR))]
    if long_likely and rng.random() < 0.05:  # dyed
        color = 0.55 * rng.uniform(20, 200, 3) + 40
    facial: FacialHair = "none"
    if feminine < 0.45 and rng.random() < 0.62:
        kinds: tuple[FacialHair, ...] = ("stubble", "moustache", "goatee", "beard")
        facial = kinds[int(rng.choice(4, p=[0.36, 0.14, 0.2, 0.3]))]
    return Hair(
        style=style,
        color=_color(color * rng.uniform(0.8, 1.25) + rng.normal(0, 3, 3)),
        gray=float(np.clip((age - 0.45) * rng.uniform(0, 2.2), 0, 1)),
        hairline=_clipped_normal(rng, 56.0 - 2 * feminine, 5.0, 44, 70),
        recession=float(np.clip(rng.beta(1.2, 3) * (1.2 - feminine) + 0.3 * age * (1 - feminine), 0, 1)),
        volume=_clipped_normal(rng, 9.0, 3.0, 3, 18),
        wave=float(rng.beta(0.8, 1.3)),
        parting=float(rng.choice([-1, 1]) * rng.uniform(0.0, 0.8)),
        facial=facial,
        facial_density=float(rng.uniform(0.35, 1)),
    )


def _sample_glasses(rng: np.random.Generator, age: float) -> Glasses:
    kinds: tuple[GlassesKind, ...] = ("none", "round", "square", "half_rim", "thin")
    owned = rng.random() < 0.25 + 0.25 * age
    kind = kinds[int(rng.integers(1, len(kinds)))] if owned else "none"
    loud = rng.random() < 0.3
    color = rng.uniform(20, 190, 3) if loud else np.full(3, rng.uniform(15, 70)) + rng.normal(0, 5, 3)
    return Glasses(
        kind, _color(color), _clipped_normal(rng, 1.0, 0.08, 0.82, 1.2), float(rng.uniform(0.5, 1)) if owned else 0
    )


def _clipped_normal(rng: np.random.Generator, middle: float, spread: float, low: float, high: float) -> float:
    return float(np.clip(rng.normal(middle, spread), low, high))


def _color(values: np.ndarray) -> Color:
    red, green, blue = np.clip(values, 4, 250)
    return float(red), float(green), float(blue)
