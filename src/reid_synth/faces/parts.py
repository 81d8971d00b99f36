"""Parts of a face: everything that is constant across images.

Lengths are millimeters and angles degrees; "about 1" is relative to an average face.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from reid_synth.people.person import Color

HairStyle = Literal[
    "bald", "buzz", "short", "parted", "fringe", "swept", "curly", "afro", "bob", "long", "long_fringe", "tied"
]
FacialHair = Literal["none", "stubble", "moustache", "goatee", "beard"]
GlassesKind = Literal["none", "round", "square", "half_rim", "thin"]

HAIR_STYLES: tuple[HairStyle, ...] = get_args(HairStyle)


@dataclass(frozen=True)
class Head:
    """Outline of the head and bone structure."""

    width: float  # of the skull, about 1
    length: float  # from the eyes to the chin, about 1
    jaw: float  # width at the corners of the jaw, about 1
    chin: float  # width of the chin: 0 = pointed, 1 = square
    chin_forward: float  # mm
    cheekbones: float  # mm
    cheeks: float  # fullness of the cheeks, mm; negative = hollow
    forehead: float  # bulge, mm
    ears: float  # protrusion, mm


@dataclass(frozen=True)
class Skin:
    """Color and marks of the skin."""

    tone: Color
    redness: float  # of cheeks and nose, 0–1
    freckles: float  # 0–1
    moles: tuple[tuple[float, float, float], ...]  # right of the middle and below the eyes, radius: mm
    age: float  # 0 = smooth, 1 = deeply lined
    shine: float  # 0–1


@dataclass(frozen=True)
class Eyes:
    """Both eyes; the left one is the mirror image of the right one."""

    spacing: float  # between the pupils, mm
    height: float  # below the average position, mm
    width: float  # corner to corner, mm
    opening: float  # between the lids, mm
    tilt: float  # degrees; positive = outer corners higher
    crease: float  # from lid edge to fold, mm; 0 = no fold
    depth: float  # of the sockets, mm
    iris: Color
    lashes: float  # 0–1
    shadow: float  # bags and dark rings, 0–1


@dataclass(frozen=True)
class Brows:
    """Both brows."""

    thickness: float  # mm
    length: float  # mm
    height: float  # above the eyes, mm
    arch: float  # mm
    tilt: float  # degrees; positive = outer ends higher
    density: float  # 0–1
    color: Color


@dataclass(frozen=True)
class Nose:
    """The nose."""

    length: float  # from the eyes to below the tip, mm
    width: float  # over the wings, mm
    height: float  # of the tip over the face, mm
    bridge: float  # height of the ridge between the eyes, mm
    hump: float  # on the ridge, mm; negative = hollow
    tip: float  # width of the tip, mm


@dataclass(frozen=True)
class Mouth:
    """The lips."""

    height: float  # of the line between the lips, below the eyes, mm
    width: float  # mm
    upper: float  # thickness of the upper lip, mm
    lower: float  # of the lower lip, mm
    bow: float  # depth of the cupid's bow, mm
    corners: float  # how much higher than the middle, mm
    color: Color


@dataclass(frozen=True)
class Hair:
    """Hair of head and face."""

    style: HairStyle
    color: Color
    gray: float  # share of gray strands
    hairline: float  # of the forehead, above the eyes, mm
    recession: float  # of the temples, 0–1
    volume: float  # mm
    wave: float  # 0 = straight, 1 = wavy
    parting: float  # -1 = far left, 1 = far right (in the image)
    facial: FacialHair
    facial_density: float  # 0–1


@dataclass(frozen=True)
class Glasses:
    """Glasses of a person, and how often they wear them."""

    kind: GlassesKind
    color: Color
    size: float  # about 1
    habit: float  # share of the images


@dataclass(frozen=True)
class Face:
    """Attributes that make a face recognizable, part by part."""

    head: Head
    skin: Skin
    eyes: Eyes
    brows: Brows
    nose: Nose
    mouth: Mouth
    hair: Hair
    glasses: Glasses
    texture_seed: int
