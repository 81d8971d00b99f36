"""Synthetic people: a person as a set of sampled attributes.

A `Person` holds what is constant across cameras (body, skin, hair, clothes, bag). Pose, heading and light vary from
image to image and are arguments of the renderer.
"""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reid_synth.people.wardrobe import (
    OPEN_KINDS,
    Color,
    Garment,
    as_color,
    pick,
    sample_bottom,
    sample_cloth_color,
    sample_top,
)

HairStyle = Literal["bald", "short", "afro", "bob", "long", "ponytail", "bun"]
Hat = Literal["none", "cap", "beanie", "sunhat", "hood"]
ShoeKind = Literal["shoe", "boot", "trainer"]
BagKind = Literal["none", "backpack", "shoulder", "crossbody", "handbag", "tote", "trolley"]
Carried = Literal["none", "umbrella", "pram"]
PrintKind = Literal["none", "block", "lettering", "badge", "band"]

_SKIN = np.array(
    [(246, 216, 194), (230, 188, 158), (206, 158, 122), (164, 114, 82), (116, 78, 56), (78, 54, 42)], float
)
_HAIR = np.array(
    [(20, 18, 18), (40, 30, 24), (78, 54, 38), (124, 90, 56), (196, 164, 112), (146, 144, 142), (112, 52, 30)], float
)
_HAIR_WEIGHTS = (0.32, 0.24, 0.16, 0.1, 0.07, 0.07, 0.04)


@dataclass(frozen=True)
class Print:
    """A print on the chest or the back; positions are shares of the height and circumference of the torso."""

    kind: PrintKind
    color: Color
    top: float
    height: float
    half_width: float
    on_back: bool


@dataclass(frozen=True)
class Person:
    """Attributes that make a person recognizable. Lengths in meters, proportions relative to an average body."""

    height_m: float
    girth: float
    belly: float  # protrusion, 0 = flat
    shoulders: float
    hips: float
    legs: float  # leg length
    skin: Color
    hair: Color
    hair_style: HairStyle
    hair_volume: float
    beard: bool
    glasses: bool
    hat: Hat
    hat_color: Color
    scarf: Color | None
    top: Garment
    hem: float  # length of the top below the waist, as a share of the height
    open_front: float  # half-width of an open jacket as a share of the front; 0 = closed
    inner_color: Color  # of the garment under an open top
    sleeve_color: Color | None  # None = same as the top
    print: Print
    collar: bool
    bottom: Garment
    side_stripe: bool
    belt: bool
    shoes: Color
    shoe_kind: ShoeKind
    socks: Color
    pale_soles: bool
    bag: BagKind
    bag_color: Color
    bag_side: int  # +1 = the person's left
    bag_size: float
    carried: Carried
    carried_color: Color
    stride: float  # amplitude of the hip angle when walking, radians
    arm_swing: float
    lean: float  # radians forward
    texture_seed: int


def sample_person(rng: np.random.Generator) -> Person:
    """Sample a synthetic person.

    Args:
        rng: Source of randomness; the same state gives the same person.

    >>> first = sample_person(np.random.default_rng(1))
    >>> first == sample_person(np.random.default_rng(1))
    True
    """
    top = sample_top(rng)
    girth = float(np.clip(rng.normal(1.0, 0.13), 0.78, 1.45))
    tone = rng.uniform(0, len(_SKIN) - 1.01)
    skin = _SKIN[int(tone)] * (1 - tone % 1) + _SKIN[int(tone) + 1] * (tone % 1)
    hair_style: HairStyle = pick(  # type: ignore[assignment]
        rng, bald=0.05, short=0.43, afro=0.04, bob=0.13, long=0.18, ponytail=0.12, bun=0.05
    )
    bag: BagKind = pick(  # type: ignore[assignment]
        rng, none=0.48, backpack=0.2, shoulder=0.1, crossbody=0.07, handbag=0.08, tote=0.05, trolley=0.02
    )
    open_front = float(rng.uniform(0.1, 0.34)) if top.kind in OPEN_KINDS and rng.random() < 0.5 else 0.0
    return Person(
        height_m=float(np.clip(rng.normal(1.71, 0.09), 1.45, 1.98)),
        girth=girth,
        belly=float(max(0.0, rng.normal(0.1, 0.15) + 0.5 * (girth - 1))),
        shoulders=float(rng.uniform(0.9, 1.12)),
        hips=float(rng.uniform(0.9, 1.12)),
        legs=float(rng.uniform(0.95, 1.05)),
        skin=as_color(skin + rng.normal(0, 4, 3)),
        hair=as_color(_HAIR[rng.choice(len(_HAIR), p=_HAIR_WEIGHTS)] * rng.uniform(0.8, 1.25)),
        hair_style=hair_style,
        hair_volume=float(rng.uniform(0.85, 1.3)),
        beard=bool(hair_style in ("bald", "short", "afro") and rng.random() < 0.25),
        glasses=bool(rng.random() < 0.15),
        hat=pick(rng, none=0.83, cap=0.07, beanie=0.05, sunhat=0.02, hood=0.03),  # type: ignore[arg-type]
        hat_color=sample_cloth_color(rng),
        scarf=sample_cloth_color(rng) if rng.random() < 0.07 else None,
        top=top,
        hem=_sample_hem(rng, top),
        open_front=open_front,
        inner_color=sample_cloth_color(rng),
        sleeve_color=sample_cloth_color(rng) if top.kind != "gilet" and rng.random() < 0.1 else None,
        print=_sample_print(rng),
        collar=bool(rng.random() < (0.7 if top.kind in ("shirt", "blazer", "coat") else 0.2)),
        bottom=sample_bottom(rng, dress=top.kind == "dress"),
        side_stripe=bool(rng.random() < 0.08),
        belt=bool(rng.random() < 0.25),
        shoes=sample_cloth_color(rng),
        shoe_kind=pick(rng, shoe=0.45, boot=0.15, trainer=0.4),  # type: ignore[arg-type]
        socks=sample_cloth_color(rng),
        pale_soles=bool(rng.random() < 0.4),
        bag=bag,
        bag_color=sample_cloth_color(rng),
        bag_side=1 if rng.random() < 0.5 else -1,
        bag_size=float(rng.uniform(0.8, 1.25)),
        carried=pick(rng, none=0.965, umbrella=0.02, pram=0.015),  # type: ignore[arg-type]
        carried_color=sample_cloth_color(rng),
        stride=float(rng.uniform(0.32, 0.52)),
        arm_swing=float(rng.uniform(0.25, 0.6)),
        lean=float(rng.normal(0.03, 0.03)),
        texture_seed=int(rng.integers(2**31)),
    )


_TOP = ("top", "hem", "open_front", "inner_color", "collar", "sleeve_color", "print")
_BOTTOM = ("bottom", "belt", "side_stripe")
_EXCHANGEABLE: tuple[tuple[str, ...], ...] = (
    _TOP,
    _BOTTOM,
    ("shoes", "shoe_kind", "socks", "pale_soles"),
    ("bag", "bag_color", "bag_side", "bag_size"),
    ("hair", "hair_style", "hair_volume", "hat", "hat_color"),
    ("print", "inner_color", "sleeve_color"),
    ("skin", "height_m", "girth", "belly", "shoulders", "hips", "legs"),
)


def near_copy(person: Person, rng: np.random.Generator) -> Person:
    """Return a different person who looks almost the same: one or two attribute groups are exchanged.

    Such pairs are hard negatives for a ReID network.
    """
    chosen = rng.choice(len(_EXCHANGEABLE), size=int(rng.integers(1, 3)), replace=False)
    return _exchange_attributes(person, rng, [name for index in chosen for name in _EXCHANGEABLE[index]])


def change_clothes(person: Person, rng: np.random.Generator) -> Person:
    """Return the same person in other clothes: body, face, hair and gait stay, everything worn or carried is new."""
    worn = ("shoes", "shoe_kind", "socks", "pale_soles", "hat", "hat_color", "scarf")
    carried = ("bag", "bag_color", "bag_side", "bag_size", "carried", "carried_color")
    return _exchange_attributes(person, rng, [*_TOP, *_BOTTOM, *worn, *carried])


def sees_changed_clothes(camera: int, cameras: int) -> bool:
    """Return whether camera `camera` (from 0) sees changed clothes: the second half of the cameras does.

    >>> [sees_changed_clothes(camera, 3) for camera in range(3)]
    [False, False, True]
    """
    return camera >= cameras - cameras // 2


def _exchange_attributes(person: Person, rng: np.random.Generator, names: list[str]) -> Person:
    other = sample_person(rng)
    exchanged = {name: getattr(other, name) for name in names}
    if exchanged.get("top", person.top).kind == "dress" and exchanged.get("bottom", person.bottom).kind != "skirt":
        exchanged["bottom"] = sample_bottom(rng, dress=True)  # a dress includes its skirt
    return replace(person, texture_seed=other.texture_seed, **exchanged)


def _sample_hem(rng: np.random.Generator, top: Garment) -> float:
    low, high = {
        "coat": (0.16, 0.33),
        "blazer": (0.05, 0.09),
        "jacket": (0.02, 0.08),
        "puffer": (0.03, 0.16),
        "dress": (0.0, 0.01),
    }.get(top.kind, (0.01, 0.07))
    return float(rng.uniform(low, high))


def _sample_print(rng: np.random.Generator) -> Print:
    return Print(
        kind=pick(rng, none=0.62, block=0.12, lettering=0.12, badge=0.08, band=0.06),  # type: ignore[arg-type]
        color=sample_cloth_color(rng),
        top=float(rng.uniform(0.2, 0.42)),
        height=float(rng.uniform(0.08, 0.3)),
        half_width=float(rng.uniform(0.03, 0.1)),
        on_back=bool(rng.random() < 0.3),
    )
