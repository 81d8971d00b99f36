"""Attributes of a person in words, the labels of attribute recognition."""

import numpy as np

from reid_synth.people.person import Person
from reid_synth.people.wardrobe import Colour

_COLOUR_WORDS: dict[str, Colour] = {
    "black": (28, 28, 30), "grey": (125, 125, 125), "white": (230, 230, 226), "navy": (30, 38, 75),
    "blue": (60, 105, 180), "pale blue": (140, 175, 215), "red": (180, 40, 45), "maroon": (100, 30, 45),
    "pink": (222, 140, 165),
    "orange": (222, 122, 50), "yellow": (224, 195, 75), "beige": (215, 198, 165), "brown": (105, 75, 52),
    "olive": (95, 98, 58), "green": (55, 130, 75), "teal": (48, 140, 144), "purple": (120, 78, 150),
}  # fmt: skip
_COLOURS = np.array(list(_COLOUR_WORDS.values()))


def colour_name(colour: Colour) -> str:
    """Return the nearest of seventeen common colour words.

    >>> colour_name((250.0, 10.0, 10.0))
    'red'
    """
    return list(_COLOUR_WORDS)[int(np.argmin(np.linalg.norm(_COLOURS - colour, axis=1)))]


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
        "hair": "bald" if person.hair_style == "bald" else f"{colour_name(person.hair)} {person.hair_style}",
        "beard": "yes" if person.beard else "no",
        "glasses": "yes" if person.glasses else "no",
        "hat": _item_words(person.hat, person.top.colour if person.hat == "hood" else person.hat_colour),
        "scarf": "none" if person.scarf is None else colour_name(person.scarf),
        "top": f"{colour_name(person.top.colour)} {person.top.kind}",
        "top_pattern": _pattern(person.top.pattern, person.top.second_colour),
        "sleeves": _size_word(person.top.length, 0.05, 0.6, "none", "short", "long"),
        "open_over": "closed" if person.open_front == 0 else colour_name(person.inner_colour),
        "print": "none" if person.print.kind == "none" else f"{colour_name(person.print.colour)} {person.print.kind}",
        "bottom": f"{colour_name(bottom.colour)} {bottom.kind}" if person.top.kind != "dress" else "dress",
        "bottom_pattern": _pattern(bottom.pattern, bottom.second_colour),
        "bottom_length": _size_word(bottom.length, 0.6, 0.95, "short", "three-quarter", "long"),
        "shoes": f"{colour_name(person.shoes)} {person.shoe_kind}",
        "bag": _item_words(bag, person.bag_colour),
        "bag_side": "none" if bag in ("none", "backpack") else "left" if person.bag_side > 0 else "right",
        "carried": _item_words(person.carried, person.carried_colour),
    }


def _size_word(value: float, low: float, high: float, *words: str) -> str:
    return words[0] if value < low else words[1] if value < high else words[2]


def _item_words(kind: str, colour: Colour) -> str:
    return kind if kind == "none" else f"{colour_name(colour)} {kind}"


def _pattern(pattern: str, colour: Colour) -> str:
    return pattern if pattern == "plain" else f"{colour_name(colour)} {pattern}"
