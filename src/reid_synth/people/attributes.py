"""Attributes of a person in words, the labels of attribute recognition."""

import numpy as np

from reid_synth.people.person import Person
from reid_synth.people.wardrobe import Color

_COLOR_WORDS: dict[str, Color] = {
    "black": (28, 28, 30), "grey": (125, 125, 125), "white": (230, 230, 226), "navy": (30, 38, 75),
    "blue": (60, 105, 180), "pale blue": (140, 175, 215), "red": (180, 40, 45), "maroon": (100, 30, 45),
    "pink": (222, 140, 165),
    "orange": (222, 122, 50), "yellow": (224, 195, 75), "beige": (215, 198, 165), "brown": (105, 75, 52),
    "olive": (95, 98, 58), "green": (55, 130, 75), "teal": (48, 140, 144), "purple": (120, 78, 150),
}  # fmt: skip
_COLORS = np.array(list(_COLOR_WORDS.values()))


def color_name(color: Color) -> str:
    """Return the nearest of seventeen common color words.

    >>> color_name((250.0, 10.0, 10.0))
    'red'
    """
    return list(_COLOR_WORDS)[int(np.argmin(np.linalg.norm(_COLORS - color, axis=1)))]


def attributes_of(person: Person) -> dict[str, str]:
    """Describe a person in words.

    Returns:
        Attribute names and values, always the same names in the same order; "none" for what is absent.
    """
    bottom, bag = person.bottom, person.bag
    return {
        "height": _size_word(person.height_m, 1.63, 1.78, "short", "middling", "tall"),
        "build": _size_word(person.girth, 0.92, 1.1, "slim", "middling", "stout"),
        "skin": _size_word(sum(person.skin) / 3, 110, 180, "dark", "brown", "pale"),
        "hair": "bald" if person.hair_style == "bald" else f"{color_name(person.hair)} {person.hair_style}",
        "beard": "yes" if person.beard else "no",
        "glasses": "yes" if person.glasses else "no",
        "hat": _item_words(person.hat, person.top.color if person.hat == "hood" else person.hat_color),
        "scarf": "none" if person.scarf is None else color_name(person.scarf),
        "top": f"{color_name(person.top.color)} {person.top.kind}",
        "top_pattern": _pattern(person.top.pattern, person.top.second_color),
        "sleeves": _size_word(person.top.length, 0.05, 0.6, "none", "short", "long"),
        "open_over": "closed" if person.open_front == 0 else color_name(person.inner_color),
        "print": "none" if person.print.kind == "none" else f"{color_name(person.print.color)} {person.print.kind}",
        "bottom": f"{color_name(bottom.color)} {bottom.kind}" if person.top.kind != "dress" else "dress",
        "bottom_pattern": _pattern(bottom.pattern, bottom.second_color),
        "bottom_length": _size_word(bottom.length, 0.6, 0.95, "short", "three-quarter", "long"),
        "shoes": f"{color_name(person.shoes)} {person.shoe_kind}",
        "bag": _item_words(bag, person.bag_color),
        "bag_side": "none" if bag in ("none", "backpack") else "left" if person.bag_side > 0 else "right",
        "carried": _item_words(person.carried, person.carried_color),
    }


def _size_word(value: float, low: float, high: float, *words: str) -> str:
    return words[0] if value < low else words[1] if value < high else words[2]


def _item_words(kind: str, color: Color) -> str:
    return kind if kind == "none" else f"{color_name(color)} {kind}"


def _pattern(pattern: str, color: Color) -> str:
    return pattern if pattern == "plain" else f"{color_name(color)} {pattern}"
