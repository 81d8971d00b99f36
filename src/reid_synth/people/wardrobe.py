"""Garments and their colors, fabrics and patterns."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

Color = tuple[float, float, float]  # red, green, blue, each 0–255

TopKind = Literal[
    "tshirt", "shirt", "tank", "sweater", "hoodie", "jacket", "blazer", "puffer", "gilet", "coat", "dress"
]
BottomKind = Literal["trousers", "slim", "wide", "shorts", "skirt"]
Pattern = Literal["plain", "hoops", "stripes", "check", "dots", "mottled", "floral", "color_block", "gradient"]

# (color, weight): most clothes are dark, gray, blue or pale; bright colors are rare
_FABRIC_COLORS: tuple[tuple[Color, float], ...] = (
    ((24, 24, 28), 15), ((62, 62, 66), 8), ((118, 118, 120), 7), ((178, 178, 176), 5), ((228, 228, 224), 11),
    ((30, 38, 70), 9), ((58, 84, 128), 7), ((122, 156, 196), 5), ((44, 82, 176), 4), ((168, 34, 40), 6),
    ((104, 28, 44), 3), ((42, 98, 62), 3), ((92, 96, 58), 4), ((186, 164, 120), 5), ((104, 74, 50), 5),
    ((218, 204, 178), 4), ((224, 192, 70), 3), ((220, 120, 48), 2), ((222, 136, 164), 4), ((120, 78, 150), 3),
    ((48, 140, 144), 2),
)  # fmt: skip
_FABRIC_COLOR_VALUES = np.array([color for color, _ in _FABRIC_COLORS])
_FABRIC_COLOR_WEIGHTS = np.array([weight for _, weight in _FABRIC_COLORS]) / sum(weight for _, weight in _FABRIC_COLORS)
_DENIM_AND_BLACK = np.array([(26, 26, 30), (46, 48, 54), (40, 52, 84), (66, 86, 122)], float)

OPEN_KINDS = frozenset({"jacket", "blazer", "puffer", "gilet", "coat", "hoodie", "shirt"})  # may be worn open
LOOSE_KINDS = frozenset({"jacket", "blazer", "puffer", "gilet", "coat", "hoodie"})  # looser than the body


@dataclass(frozen=True)
class Garment:
    """A piece of clothing.

    Attributes:
        kind: A `TopKind` or a `BottomKind`.
        color, second_color: Colors of fabric and pattern.
        pattern: Pattern of the second color.
        pattern_scale: Repeats along the garment.
        length: Covered share of the limb: a sleeve of 0.4 ends above the elbow.
        weave: Brightness variation of threads and knots, about 0–0.15.
        folds: Depth of the folds, 1 = a cotton shirt.
    """

    kind: str
    color: Color
    second_color: Color
    pattern: Pattern
    pattern_scale: float
    length: float
    weave: float = 0.05
    folds: float = 1.0


def sample_cloth_color(rng: np.random.Generator) -> Color:
    """Sample a common clothing color (red, green, blue, 0–255)."""
    if rng.random() < 0.15:
        return as_color(rng.uniform(10, 245, 3))
    base = _FABRIC_COLOR_VALUES[rng.choice(len(_FABRIC_COLORS), p=_FABRIC_COLOR_WEIGHTS)]
    return as_color(base * rng.uniform(0.8, 1.2) + rng.normal(0, 9, 3))


def sample_top(rng: np.random.Generator) -> Garment:
    """Sample a top, or a dress."""
    kind = pick(
        rng, tshirt=0.25, shirt=0.15, tank=0.05, sweater=0.12, hoodie=0.09, jacket=0.1, blazer=0.04, puffer=0.05,
        gilet=0.02, coat=0.07, dress=0.06,
    )  # fmt: skip
    short = {
        "tank": 0.0,
        "gilet": 0.0 if rng.random() < 0.3 else 1.0,
        "tshirt": rng.uniform(0.2, 0.45),
        "dress": rng.uniform(0.0, 0.4),
    }
    length = short.get(kind, 1.0 if rng.random() < 0.85 else rng.uniform(0.45, 0.8))
    return _garment(rng, kind, patterned=0.2 if kind in ("blazer", "puffer", "coat") else 0.42, length=float(length))


def sample_bottom(rng: np.random.Generator, dress: bool) -> Garment:
    """Sample trousers, shorts or a skirt; for a dress, its skirt."""
    kind = "skirt" if dress else pick(rng, trousers=0.42, slim=0.22, wide=0.1, shorts=0.15, skirt=0.11)
    length = {"shorts": rng.uniform(0.3, 0.55), "skirt": rng.uniform(0.35, 0.95)}.get(kind, 1.0)
    if kind in ("slim", "wide") and rng.random() < 0.15:
        length = rng.uniform(0.75, 0.9)  # ends above the ankle
    garment = _garment(rng, kind, patterned=0.15, length=float(length))
    if kind != "skirt" and rng.random() < 0.5:  # half of all trousers are denim or black
        common = _DENIM_AND_BLACK[rng.integers(len(_DENIM_AND_BLACK))]
        garment = replace(garment, color=as_color(common * rng.uniform(0.75, 1.35) + rng.normal(0, 5, 3)))
    return garment


def _garment(rng: np.random.Generator, kind: str, patterned: float, length: float) -> Garment:
    pattern: Pattern = "plain"
    if rng.random() < patterned:
        pattern = pick(
            rng, hoops=0.22, stripes=0.12, check=0.18, dots=0.08, mottled=0.12, floral=0.08, color_block=0.13,
            gradient=0.07,
        )  # type: ignore[assignment]  # fmt: skip
    return Garment(
        kind=kind,
        color=sample_cloth_color(rng),
        second_color=sample_cloth_color(rng),
        pattern=pattern,
        pattern_scale=float(rng.uniform(2.5, 9)),
        length=length,
        weave=float(rng.choice([rng.uniform(0.02, 0.06), rng.uniform(0.06, 0.16)])),
        folds=float(rng.uniform(0.6, 1.7)),
    )


def pick(rng: np.random.Generator, **weights: float) -> str:
    """Sample one of the names in proportion to the weights."""
    shares = np.array(list(weights.values()))
    return list(weights)[int(rng.choice(len(shares), p=shares / shares.sum()))]


def as_color(values: np.ndarray) -> Color:
    """Clip values to a color that a camera can distinguish from black and white."""
    red, green, blue = np.clip(values, 4, 250)
    return float(red), float(green), float(blue)
