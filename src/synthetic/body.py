"""The body as a handful of generalised cylinders, posed by a walking cycle.

Each `Part` is a straight axis with an elliptic cross-section whose two half-axes follow a profile from one end to the
other: a torso that widens at the shoulders and narrows at the waist is one part, a calf is another.
"""

from dataclasses import dataclass

import numpy as np

from src.synthetic.people import Person

# The surfaces of the texture atlas, in order (see clothing.py).
SURFACES = (
    "torso", "hips", "upper_arm", "forearm", "hand", "thigh", "shin", "shoe",
    "neck", "head", "hair", "skirt", "bag", "hat",
)  # fmt: skip
SURFACE_INDEX = {name: index for index, name in enumerate(SURFACES)}


@dataclass(frozen=True)
class Part:
    """A generalised cylinder in the person's own frame: x to the person's left, y forward, z up, metres.

    Attributes:
        surface: which page of the atlas covers it.
        start, end: the axis, (3,) each; textures run from start to end.
        widths, depths: half-axes of the cross-section at equal steps along the axis, (k,) metres.
        roundness: how far the end caps bulge, as a share of the half-width (1 = hemisphere, 0.2 = nearly flat).
        turn: extra heading of this part in radians, positive to the person's left (a head looks aside).
    """

    surface: str
    start: np.ndarray
    end: np.ndarray
    widths: tuple[float, ...]
    depths: tuple[float, ...]
    roundness: float = 0.9
    turn: float = 0.0


@dataclass(frozen=True)
class Pose:
    """What changes from picture to picture: phase of the gait, its vigour, and how the head and arms are held."""

    phase: float  # radians; a full step cycle is 2π
    vigour: float = 1.0  # 1 = walking, 0 = standing
    head_turn: float = 0.0
    raised_arm: int = 0  # +1 the left arm, -1 the right arm is bent upward (a phone), 0 none
    elbow: float = 0.25


def build_body(person: Person, pose: Pose) -> list[Part]:
    """The parts of a person in a pose, standing on z = 0.

    Args:
        person: proportions and clothes (clothes change the outline: coats, skirts, bags).
        pose: phase of the walk and how arms and head are held.

    Returns:
        About twenty parts, in metres.
    """
    parts = [*_trunk(person), *_head(person, pose), *_bag(person)]
    for side in (1, -1):
        parts += _leg(person, pose, side) + _arm(person, pose, side)
    lowest = min(min(part.start[2], part.end[2]) - min(part.depths) for part in parts if part.surface == "shoe")
    lift = np.array([0.0, 0.0, -lowest])
    return [_moved(part, lift) for part in parts]


def _trunk(person: Person) -> list[Part]:
    h, girth = person.height_m, person.girth
    loose = 1.12 if person.top.kind in ("jacket", "coat", "hoodie") else 1.0
    broad, soft = h * person.shoulders * (0.6 + 0.4 * girth) * loose, h * girth * loose
    hip = h * person.hips * (0.5 + 0.5 * girth)
    top, waist = _leaned(person, 0.838), _leaned(person, 0.52)
    parts = [
        Part(
            "torso", top, waist, roundness=0.4,
            widths=(
                *(broad * width for width in (0.040, 0.092, 0.105, 0.102, 0.096)),
                *(soft * width for width in (0.087, 0.082, 0.084)),
                hip * 0.092,
            ),
            depths=(*(soft * depth for depth in (0.036, 0.052, 0.062, 0.066, 0.066, 0.063, 0.061, 0.061)), hip * 0.064),
        ),
        Part(
            "hips", _leaned(person, 0.545), np.array([0, 0, 0.455 * h]), roundness=0.5,
            widths=(0.090 * hip, 0.096 * hip, 0.082 * hip), depths=(0.062 * hip, 0.070 * hip, 0.062 * hip),
        ),
        Part("neck", _leaned(person, 0.885), _leaned(person, 0.82), (0.030 * h,) * 2, (0.032 * h,) * 2),
    ]  # fmt: skip
    if skirt_length(person) > 0:
        long_coat = person.top.kind == "coat"
        hem = (0.5 - 0.24 * skirt_length(person)) * h
        flare = 1.08 if long_coat else 1.3
        parts.append(
            Part(
                "skirt", _leaned(person, 0.54), np.array([0, 0, hem]), roundness=0.12,
                widths=(0.088 * hip * loose, 0.102 * hip * loose, 0.100 * hip * flare),
                depths=(0.066 * hip, 0.078 * hip, 0.082 * hip * flare),
            )
        )  # fmt: skip
    return parts


def skirt_length(person: Person) -> float:
    """How far a skirt, dress or coat reaches from the hip, as a share of the thigh; 0 where there is none."""
    if person.top.kind == "coat":
        return 0.75
    return person.bottom.length if person.bottom.kind == "skirt" else 0.0


def _head(person: Person, pose: Pose) -> list[Part]:
    h = person.height_m
    centre = _leaned(person, 0.93) + np.array([0, 0.012 * h, 0])
    turn = pose.head_turn

    def along(forward: float, up: float) -> np.ndarray:
        return centre + h * np.array([forward * np.sin(turn), forward * np.cos(turn), up])

    parts = [
        Part(
            "head",
            along(0, 0.040),
            along(0.008, -0.034),
            (0.037 * h, 0.048 * h, 0.037 * h),
            (0.044 * h, 0.057 * h, 0.043 * h),
            0.85,
            turn,
        )
    ]
    hood = person.hat == "hood"
    if person.hair_style != "bald" or hood:
        size = 1.12 if hood else 1.0
        shell = (0.042 * h * size, 0.0525 * h * size, 0.042 * h * size)
        parts.append(
            Part(
                "hair",
                along(-0.010, 0.044),
                along(-0.020, -0.016),
                shell,
                (0.047 * h, 0.057 * h, 0.038 * h),
                0.85,
                turn,
            )
        )
    tails = {
        "bob": (along(-0.016, 0.02), along(-0.026, -0.055), 0.050, 0.036),
        "long": (along(-0.022, 0.02), along(-0.046, -0.135), 0.048, 0.024),
        "ponytail": (along(-0.062, 0.015), along(-0.082, -0.085), 0.016, 0.016),
        "bun": (along(-0.055, 0.045), along(-0.058, 0.040), 0.024, 0.024),
    }
    if person.hair_style in tails and not hood:
        start, end, width, depth = tails[person.hair_style]
        parts.append(Part("hair", start, end, (width * h,) * 3, (depth * h,) * 3, 0.8, turn))
    if person.hat in ("cap", "beanie"):
        parts.append(
            Part(
                "hat",
                along(-0.004, 0.058),
                along(-0.006, 0.030),
                (0.039 * h, 0.054 * h),
                (0.045 * h, 0.061 * h),
                0.8,
                turn,
            )
        )
    if person.hat == "cap":
        parts.append(
            Part("hat", along(0.05, 0.034), along(0.095, 0.028), (0.034 * h, 0.026 * h), (0.008 * h,) * 2, 0.6, turn)
        )
    return parts


def _leg(person: Person, pose: Pose, side: int) -> list[Part]:
    h, kind = person.height_m, person.bottom.kind
    phase = pose.phase + (0.0 if side > 0 else np.pi)
    swing = person.stride * pose.vigour * np.sin(phase)  # hip angle, forward positive
    bend = (
        0.06 + 1.5 * person.stride * pose.vigour * max(0.0, np.cos(phase)) ** 2
    )  # the knee bends while the leg swings forward
    hip = np.array([side * 0.050 * h * person.hips, 0, 0.49 * h])
    knee = hip + 0.235 * h * _forward(swing)
    ankle = knee + 0.215 * h * _forward(swing - bend)
    flat = 0.35 * (swing - bend)  # the foot follows the shin a little
    heel, toe = (
        ankle + h * np.array([0, -0.02, -0.022]),
        ankle + h * np.array([0, 0.088 * np.cos(flat), -0.026 + 0.088 * np.sin(flat)]),
    )
    girth = h * (0.55 + 0.45 * person.girth)
    covered = kind in ("trousers", "slim", "wide")
    ease = {"wide": 1.32, "trousers": 1.1}.get(kind, 0.98)
    calf = (0.037, 0.041, 0.033, 0.026, 0.024) if not covered or kind == "slim" else (0.039, 0.041, 0.038, 0.036, 0.036)
    shin = tuple(width * girth * (ease if covered else 1.0) for width in calf)
    thigh = tuple(width * girth * ease for width in (0.054, 0.055, 0.048, 0.040))
    return [
        Part("thigh", hip, knee, thigh, tuple(1.05 * width for width in thigh)),
        Part("shin", knee, ankle, shin, tuple(1.06 * width for width in shin)),
        Part("shoe", heel, toe, (0.026 * h, 0.028 * h, 0.022 * h), (0.026 * h, 0.024 * h, 0.016 * h), 0.8),
    ]


def _arm(person: Person, pose: Pose, side: int) -> list[Part]:
    h = person.height_m
    phase = pose.phase + (np.pi if side > 0 else 0.0)  # arms swing against the legs
    swing = person.arm_swing * pose.vigour * np.sin(phase) + 0.05
    bend, inward = pose.elbow, 0.0
    if pose.raised_arm == side:
        swing, bend, inward = 0.35, 1.9, 0.35
    loose = 1.2 if person.top.kind in ("jacket", "coat", "hoodie", "sweater") else 1.0
    girth = h * (0.55 + 0.45 * person.girth)
    shoulder = _leaned(person, 0.788) + np.array(
        [side * 0.100 * h * person.shoulders * (0.6 + 0.4 * person.girth), 0, 0]
    )
    outward = np.array([side * 0.14, 0, 0])
    elbow = shoulder + 0.155 * h * (_forward(swing) + outward)
    wrist = elbow + 0.145 * h * (_forward(swing + bend) + outward * 0.4 - np.array([side * inward, 0, 0]))
    upper = tuple(width * girth * loose for width in (0.031, 0.033, 0.029, 0.025))
    lower = tuple(width * girth * (loose if person.top.length > 0.6 else 1.0) for width in (0.025, 0.027, 0.023, 0.018))
    hand = wrist + 0.055 * h * (wrist - elbow) / np.linalg.norm(wrist - elbow)
    return [
        Part("upper_arm", shoulder, elbow, upper, upper),
        Part("forearm", elbow, wrist, lower, lower),
        Part("hand", wrist, hand, (0.016 * h, 0.018 * h, 0.014 * h), (0.016 * h, 0.017 * h, 0.013 * h)),
    ]


def _bag(person: Person) -> list[Part]:
    h, size, side = person.height_m, person.bag_size, person.bag_side
    if person.bag == "backpack":
        back = -0.062 * h * person.girth - 0.045 * h * size
        top, bottom = (
            _leaned(person, 0.80) + np.array([0, back, 0]),
            _leaned(person, 0.80 - 0.19 * size) + np.array([0, back, 0]),
        )
        widths = tuple(width * h * size for width in (0.060, 0.076, 0.080, 0.078))
        return [Part("bag", top, bottom, widths, tuple(0.6 * width for width in widths), 0.3)]
    if person.bag in ("shoulder", "handbag"):
        height = 0.52 if person.bag == "shoulder" else 0.36
        out = 0.105 if person.bag == "shoulder" else 0.135
        top = np.array([side * out * h * (0.5 + 0.5 * person.girth), 0.01 * h, height * h])
        return [
            Part(
                "bag",
                top,
                top - np.array([0, 0, 0.085 * h * size]),
                (0.026 * h, 0.034 * h),
                (0.062 * h * size, 0.074 * h * size),
                0.3,
            )
        ]
    return []


def _forward(angle: float) -> np.ndarray:
    """Unit vector of a limb that hangs down (angle 0) or points forward (angle π/2)."""
    return np.array([0.0, np.sin(angle), -np.cos(angle)])


def _leaned(person: Person, share: float) -> np.ndarray:
    """A point on the body's axis at a share of the height; the trunk leans forward above the hips."""
    return person.height_m * np.array([0.0, np.sin(person.lean) * max(0.0, share - 0.5), share])


def _moved(part: Part, offset: np.ndarray) -> Part:
    return Part(
        part.surface, part.start + offset, part.end + offset, part.widths, part.depths, part.roundness, part.turn
    )
