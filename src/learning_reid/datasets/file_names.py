"""Read identity and camera from the file names of Market-1501, DukeMTMC-reID, MSMT17 and CUHK03."""

import re
from typing import NamedTuple

JUNK = "-1"  # Market-1501's mark for a detection that shows too little of a person

_MARKET = re.compile(r"(-1|[0-9]+)_c([0-9]+)(?:s[0-9]+)?(?:_.*)?")
_DUKE = re.compile(r"([0-9]+)_c([0-9]+)_f[0-9]+.*")
_CAMERA = re.compile(r"_c([0-9]+)(?:s[0-9]+)?(?=_|$)")
_MSMT17 = re.compile(r"([0-9]+)_[0-9]+_([0-9]+)_[0-9]{4}(?:morning|noon|afternoon)_.*")
_CUHK03 = re.compile(r"([0-9]+_[0-9]+)_([0-9]+)_[0-9]+")


class NameLabel(NamedTuple):
    """Identity and camera as written in the name."""

    person_id: str
    camera_id: str


def market_label(stem: str) -> NameLabel | None:
    """Parse a name of Market-1501, or a similar one; None if it is not one.

    >>> market_label("0002_c1s1_000451_03"), market_label("-1_c3s2_000100_00"), market_label("holiday")
    (NameLabel(person_id='0002', camera_id='1'), NameLabel(person_id='-1', camera_id='3'), None)
    """
    return _label(_MARKET.fullmatch(stem))


def duke_label(stem: str) -> NameLabel | None:
    """Parse a name of DukeMTMC-reID; None if it is not one.

    >>> duke_label("0005_c2_f0046985"), duke_label("0002_c1s1_000451_03")
    (NameLabel(person_id='0005', camera_id='2'), None)
    """
    return _label(_DUKE.fullmatch(stem))


def msmt17_label(stem: str) -> NameLabel | None:
    """Parse a name of MSMT17; None if it is not one.

    >>> msmt17_label("0000_001_02_0303morning_0020_1")
    NameLabel(person_id='0000', camera_id='02')
    """
    return _label(_MSMT17.fullmatch(stem))


def full_label(stem: str) -> NameLabel | None:
    """Parse a name of a crop from a published dataset; None for a short name such as `1_c2`, image 1 of camera 2.

    >>> full_label("0002_c1s1_000451_03"), full_label("1_c2")
    (NameLabel(person_id='0002', camera_id='1'), None)
    """
    market = market_label(stem)
    return market if market and stem.count("_") > 1 else msmt17_label(stem)


def cuhk03_label(stem: str) -> NameLabel | None:
    """Parse a name of CUHK03 as unpacked by torchreid; the identity is the camera pair and a number within it.

    >>> cuhk03_label("1_001_2_06")
    NameLabel(person_id='1_001', camera_id='2')
    """
    return _label(_CUHK03.fullmatch(stem))


def camera_in(stem: str) -> str | None:
    """Find the camera in a name that contains a part such as `_c2` or `_c2s1`.

    >>> camera_in("anna_c2"), camera_in("anna_cat")
    ('2', None)
    """
    match = _CAMERA.search(stem)
    return match[1] if match else None


def is_distractor(person_id: str) -> bool:
    """Return whether the identity is 0000, Market-1501's distractors: people who are in no query."""
    return person_id.strip("0") == "" and person_id != ""


def _label(match: re.Match[str] | None) -> NameLabel | None:
    return NameLabel(match[1], match[2]) if match else None
