"""Who walks through the synthetic world: a person as a set of attributes, drawn from a seeded generator.

Nobody here ever existed. A `Person` says everything that stays the same from camera to camera (body, skin, hair,
clothes, bag); what changes from picture to picture (pose, heading, light) is given when the person is rendered.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Colour = tuple[float, float, float]  # red, green, blue, each 0–255

TopKind = Literal["tshirt", "shirt", "tank", "sweater", "hoodie", "jacket", "coat", "dress"]
BottomKind = Literal["trousers", "slim", "wide", "shorts", "skirt"]
Pattern = Literal["plain", "hoops", "stripes", "check", "dots", "mottled", "colour_block"]
HairStyle = Literal["bald", "short", "bob", "long", "ponytail", "bun"]
Hat = Literal["none", "cap", "beanie", "hood"]
BagKind = Literal["none", "backpack", "shoulder", "handbag"]

# What people wear is mostly dark, grey, blue or pale; the bright colours are rare. (colour, weight)
_CLOTH: tuple[tuple[Colour, float], ...] = (
    ((24, 24, 28), 15), ((62, 62, 66), 8), ((118, 118, 120), 7), ((178, 178, 176), 5), ((228, 228, 224), 11),
    ((30, 38, 70), 9), ((58, 84, 128), 7), ((122, 156, 196), 5), ((44, 82, 176), 4), ((168, 34, 40), 6),
    ((104, 28, 44), 3), ((42, 98, 62), 3), ((92, 96, 58), 4), ((186, 164, 120), 5), ((104, 74, 50), 5),
    ((218, 204, 178), 4), ((224, 192, 70), 3), ((220, 120, 48), 2), ((222, 136, 164), 4), ((120, 78, 150), 3),
    ((48, 140, 144), 2),
)  # fmt: skip
_CLOTH_COLOURS = np.array([colour for colour, _ in _CLOTH])
_CLOTH_WEIGHTS = np.array([weight for _, weight in _CLOTH]) / sum(weight for _, weight in _CLOTH)
_DENIM_AND_BLACK = np.array([(26, 26, 30), (46, 48, 54), (40, 52, 84), (66, 86, 122)], float)
_SKIN = np.array(
    [(246, 216, 194), (230, 188, 158), (206, 158, 122), (164, 114, 82), (116, 78, 56), (78, 54, 42)], float
)
_HAIR = np.array(
    [(20, 18, 18), (40, 30, 24), (78, 54, 38), (124, 90, 56), (196, 164, 112), (146, 144, 142), (112, 52, 30)], float
)
_HAIR_WEIGHTS = (0.32, 0.24, 0.16, 0.1, 0.07, 0.07, 0.04)


@dataclass(frozen=True)
class Garment:
    """One piece of clothing."""

    kind: str
    colour: Colour
    second_colour: Colour
    pattern: Pattern
    pattern_scale: float  # repeats along the piece
    length: float  # share of the limb it covers: a sleeve of 0.4 ends above the elbow


@dataclass(frozen=True)
class Person:
    """All that makes a person recognisable. Lengths in metres, proportions relative to an average body."""

    height_m: float
    girth: float
    shoulders: float
    hips: float
    skin: Colour
    hair: Colour
    hair_style: HairStyle
    beard: bool
    glasses: bool
    hat: Hat
    hat_colour: Colour
    top: Garment
    open_front: float  # half-width of an open jacket as a share of the front; 0 = closed
    inner_colour: Colour
    print_box: (
        tuple[float, float, float, float] | None
    )  # a print on the chest: top, height, half-width, on back (1) or front (0)
    print_colour: Colour
    collar: bool
    bottom: Garment
    belt: bool
    shoes: Colour
    socks: Colour
    pale_soles: bool
    bag: BagKind
    bag_colour: Colour
    bag_side: int  # +1 = the person's left
    bag_size: float
    stride: float  # amplitude of the hip angle when walking, radians
    arm_swing: float
    lean: float  # radians forward
    texture_seed: int


def sample_person(rng: np.random.Generator) -> Person:
    """Draw a person who never existed.

    Args:
        rng: source of randomness; the same state gives the same person.

    Returns:
        A new person.

    >>> first = sample_person(np.random.default_rng(1))
    >>> first == sample_person(np.random.default_rng(1))
    True
    """
    top = _sample_top(rng)
    jacket = top.kind in ("jacket", "coat", "hoodie", "shirt")
    tone = rng.uniform(0, len(_SKIN) - 1.01)
    skin = _SKIN[int(tone)] * (1 - tone % 1) + _SKIN[int(tone) + 1] * (tone % 1)
    hair_style: HairStyle = _pick(rng, bald=0.05, short=0.45, bob=0.13, long=0.2, ponytail=0.12, bun=0.05)  # type: ignore[assignment]
    hat: Hat = _pick(rng, none=0.84, cap=0.08, beanie=0.05, hood=0.03)  # type: ignore[assignment]
    bag: BagKind = _pick(rng, none=0.52, backpack=0.22, shoulder=0.16, handbag=0.1)  # type: ignore[assignment]
    return Person(
        height_m=float(np.clip(rng.normal(1.71, 0.09), 1.45, 1.98)),
        girth=float(np.clip(rng.normal(1.0, 0.13), 0.78, 1.45)),
        shoulders=float(rng.uniform(0.9, 1.12)),
        hips=float(rng.uniform(0.9, 1.12)),
        skin=_colour(skin + rng.normal(0, 4, 3)),
        hair=_colour(_HAIR[rng.choice(len(_HAIR), p=_HAIR_WEIGHTS)] * rng.uniform(0.8, 1.25)),
        hair_style=hair_style,
        beard=bool(hair_style in ("bald", "short") and rng.random() < 0.25),
        glasses=bool(rng.random() < 0.15),
        hat=hat,
        hat_colour=sample_cloth_colour(rng),
        top=top,
        open_front=float(rng.uniform(0.12, 0.3)) if jacket and rng.random() < 0.45 else 0.0,
        inner_colour=sample_cloth_colour(rng),
        print_box=_sample_print(rng) if rng.random() < 0.35 else None,
        print_colour=sample_cloth_colour(rng),
        collar=bool(rng.random() < 0.3),
        bottom=_sample_bottom(rng, dress=top.kind == "dress"),
        belt=bool(rng.random() < 0.25),
        shoes=sample_cloth_colour(rng),
        socks=sample_cloth_colour(rng),
        pale_soles=bool(rng.random() < 0.4),
        bag=bag,
        bag_colour=sample_cloth_colour(rng),
        bag_side=1 if rng.random() < 0.5 else -1,
        bag_size=float(rng.uniform(0.8, 1.25)),
        stride=float(rng.uniform(0.32, 0.52)),
        arm_swing=float(rng.uniform(0.25, 0.6)),
        lean=float(rng.normal(0.03, 0.03)),
        texture_seed=int(rng.integers(2**31)),
    )


def near_copy(person: Person, rng: np.random.Generator) -> Person:
    """A different person who looks almost the same: one or two things are exchanged, the rest is shared.

    Such pairs are what a ReID network finds hardest, so training needs them on purpose.
    """
    other = sample_person(rng)
    changes: tuple[tuple[str, ...], ...] = (
        ("top", "open_front", "inner_colour", "collar"),
        ("bottom", "belt"),
        ("shoes", "socks"),
        ("bag", "bag_colour", "bag_side", "bag_size"),
        ("hair", "hair_style", "hat", "hat_colour"),
        ("print_box", "print_colour", "inner_colour"),
        ("skin", "height_m", "girth", "shoulders", "hips"),
    )
    chosen = rng.choice(len(changes), size=int(rng.integers(1, 3)), replace=False)
    exchanged = {name: getattr(other, name) for index in chosen for name in changes[index]}
    return replace(person, texture_seed=other.texture_seed, **exchanged)


def sample_cloth_colour(rng: np.random.Generator) -> Colour:
    """A colour that cloth has in the street (red, green, blue, 0–255)."""
    if rng.random() < 0.15:
        return _colour(rng.uniform(10, 245, 3))
    base = _CLOTH_COLOURS[rng.choice(len(_CLOTH), p=_CLOTH_WEIGHTS)]
    return _colour(base * rng.uniform(0.8, 1.2) + rng.normal(0, 9, 3))


def _sample_top(rng: np.random.Generator) -> Garment:
    kind = _pick(rng, tshirt=0.27, shirt=0.17, tank=0.05, sweater=0.13, hoodie=0.1, jacket=0.14, coat=0.08, dress=0.06)
    short = {"tank": 0.0, "tshirt": rng.uniform(0.2, 0.45), "dress": rng.uniform(0.0, 0.4)}
    length = short.get(kind, 1.0 if rng.random() < 0.85 else rng.uniform(0.45, 0.8))
    return _garment(rng, kind, patterned=0.4, length=float(length))


def _sample_bottom(rng: np.random.Generator, dress: bool) -> Garment:
    kind = "skirt" if dress else _pick(rng, trousers=0.42, slim=0.22, wide=0.1, shorts=0.15, skirt=0.11)
    length = {"shorts": rng.uniform(0.3, 0.55), "skirt": rng.uniform(0.35, 0.85)}.get(kind, 1.0)
    garment = _garment(rng, kind, patterned=0.15, length=float(length))
    if kind != "skirt" and rng.random() < 0.5:  # half of all trousers are denim or black
        common = _DENIM_AND_BLACK[rng.integers(len(_DENIM_AND_BLACK))]
        garment = replace(garment, colour=_colour(common * rng.uniform(0.75, 1.35) + rng.normal(0, 5, 3)))
    return garment


def _garment(rng: np.random.Generator, kind: str, patterned: float, length: float) -> Garment:
    pattern: Pattern = "plain"
    if rng.random() < patterned:
        pattern = _pick(rng, hoops=0.25, stripes=0.12, check=0.18, dots=0.1, mottled=0.2, colour_block=0.15)  # type: ignore[assignment]
    scale = float(rng.uniform(3, 9))
    return Garment(kind, sample_cloth_colour(rng), sample_cloth_colour(rng), pattern, scale, length)


def _sample_print(rng: np.random.Generator) -> tuple[float, float, float, float]:
    on_back = float(rng.random() < 0.3)
    return float(rng.uniform(0.2, 0.4)), float(rng.uniform(0.08, 0.3)), float(rng.uniform(0.03, 0.1)), on_back


def _pick(rng: np.random.Generator, **weights: float) -> str:
    shares = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(shares), p=shares / shares.sum()))]


def _colour(values: np.ndarray) -> Colour:
    red, green, blue = np.clip(values, 4, 250)
    return float(red), float(green), float(blue)
