"""The body as generalized cylinders, posed by a gait cycle.

Each `Part` has a straight axis and an elliptic cross-section whose half-axes follow a profile from end to end: a torso
that widens at the shoulders and narrows at the waist is one part, a calf is another. Loose clothes are parts around the
body (`outfit`), and so are carried items (`luggage`).
"""

from collections.abc import Sequence
from math import cos, hypot, pi, sin
from typing import NamedTuple

from reid_synth.people.person import Person
from reid_synth.people.poses import Pose
from reid_synth.people.wardrobe import LOOSE_KINDS

Point = tuple[float, float, float]

# The surfaces of the texture atlas, in order (see atlas.py).
SURFACES = (
    "torso", "hips", "upper_arm", "forearm", "hand", "thigh", "shin", "shoe", "neck", "head", "hair", "tail", "hat",
    "brim", "outer", "hem", "skirt", "collar", "hood", "bag", "strap", "canopy", "rod", "pram", "wheel", "sole",
)  # fmt: skip
MAX_KNOTS = 9  # of a profile
SURFACE_INDEX = {name: index for index, name in enumerate(SURFACES)}


class Part(NamedTuple):
    """A generalized cylinder in the frame of the person: x to the person's left, y forward, z up, meters.

    Attributes:
        surface: Page of the texture atlas that covers the part.
        start, end: Axis; textures run from start to end.
        widths, depths: Half-axes of the cross-section at equal steps along the axis, meters, equally many.
        roundness: Bulge of the end caps as a share of the half-width (1 = hemisphere, 0.2 = nearly flat).
        turn: Extra heading of this part, radians, positive to the person's left (a turned head).
    """

    surface: str
    start: Point
    end: Point
    widths: Sequence[float]
    depths: Sequence[float]
    roundness: float = 0.9
    turn: float = 0.0


def looseness(person: Person) -> float:
    """Return the width of the top relative to the body."""
    return 1.1 if person.top.kind in LOOSE_KINDS else 1.0


def torso_profile(person: Person) -> tuple[list[float], list[float]]:
    """Return half-widths and half-depths (meters) of the torso, from shoulders to waist in nine equal steps."""
    h, girth, loose = person.height_m, person.girth, looseness(person)
    broad, soft = h * person.shoulders * (0.6 + 0.4 * girth) * loose, h * girth * loose
    hip = h * person.hips * (0.5 + 0.5 * girth)
    front = [1 + person.belly * share for share in (0, 0, 0, 0.1, 0.3, 0.6, 0.9, 1.0, 0.7)]
    widths = [broad * width for width in (0.040, 0.092, 0.105, 0.102, 0.096)]
    widths += [soft * width for width in (0.087, 0.082, 0.084)] + [hip * 0.092]
    depths = [soft * depth for depth in (0.036, 0.052, 0.062, 0.066, 0.066, 0.063, 0.061, 0.061)] + [hip * 0.064]
    return widths, [depth * more for depth, more in zip(depths, front, strict=True)]


def build_trunk(person: Person) -> list[Part]:
    """Build torso, hips and neck."""
    h = person.height_m
    hip = h * person.hips * (0.5 + 0.5 * person.girth)
    widths, depths = torso_profile(person)
    return [
        Part("torso", on_body_axis(person, 0.838), on_body_axis(person, 0.52), widths, depths, 0.4),
        Part(
            "hips", on_body_axis(person, 0.545), (0.0, 0.0, 0.455 * h),
            (0.090 * hip, 0.096 * hip, 0.082 * hip), (0.062 * hip, 0.070 * hip, 0.062 * hip), 0.5,
        ),
        Part("neck", on_body_axis(person, 0.885), on_body_axis(person, 0.82), (0.030 * h,) * 2, (0.032 * h,) * 2),
    ]  # fmt: skip


def build_leg(person: Person, pose: Pose, side: int) -> list[Part]:
    """Build thigh, shin, shoe and sole of the left (+1) or right (-1) leg."""
    h, kind, length = person.height_m, person.bottom.kind, person.legs
    phase = pose.phase + (0.0 if side > 0 else pi)
    swing = person.stride * pose.gait_amplitude * sin(phase)  # hip angle, forward positive
    # the knee bends while the leg swings forward
    bend = 0.06 + 1.5 * person.stride * pose.gait_amplitude * max(0.0, cos(phase)) ** 2
    spread = 0.0
    if pose.posture is not None:
        limb = 0 if side > 0 else 1
        swing, bend, spread = pose.posture.hips[limb], pose.posture.knees[limb], side * pose.posture.spread
    hip = (side * 0.050 * h * person.hips, 0.0, 0.49 * h)
    knee = limb_end(hip, swing, 0.235 * h * length, spread)
    ankle = limb_end(knee, swing - bend, 0.215 * h * length, spread)
    flat = 0.35 * (swing - bend)  # the foot follows the shin a little
    heel = (ankle[0], ankle[1] - 0.02 * h, ankle[2] - 0.022 * h)
    toe = (ankle[0], ankle[1] + 0.088 * h * cos(flat), ankle[2] + h * (0.088 * sin(flat) - 0.026))
    girth = h * (0.55 + 0.45 * person.girth)
    covered = kind in ("trousers", "slim", "wide")
    ease = {"wide": 1.32, "trousers": 1.1}.get(kind, 0.98)
    calf = (0.037, 0.041, 0.033, 0.026, 0.024) if not covered or kind == "slim" else (0.039, 0.041, 0.038, 0.036, 0.037)
    shin = [width * girth * (ease if covered else 1.0) for width in calf]
    if person.shoe_kind == "boot":
        shin[3:] = [max(width, 0.031 * girth) for width in shin[3:]]
    thigh = [width * girth * ease for width in (0.054, 0.055, 0.048, 0.040)]
    broad = {"trainer": 1.18, "boot": 1.12}.get(person.shoe_kind, 1.0) * h
    thick = (1.5 if person.shoe_kind == "trainer" else 1.0) * h
    under_heel, under_toe = (heel[0], heel[1], heel[2] - 0.021 * h), (toe[0], toe[1], toe[2] - 0.012 * h)
    return [
        Part("thigh", hip, knee, thigh, [1.05 * width for width in thigh]),
        Part("shin", knee, ankle, shin, [1.06 * width for width in shin]),
        Part("shoe", heel, toe, (0.026 * broad, 0.028 * broad, 0.022 * broad), (0.026 * h, 0.024 * h, 0.016 * h), 0.8),
        Part("sole", under_heel, under_toe, (0.027 * broad, 0.030 * broad, 0.024 * broad), (0.006 * thick,) * 3, 0.9),
    ]


def build_arm(person: Person, pose: Pose, side: int) -> list[Part]:
    """Build upper arm, forearm and hand of the left (+1) or right (-1) arm."""
    h, arm = person.height_m, pose.arm(side, person.arm_swing)
    loose = 1.2 if person.top.kind in LOOSE_KINDS - {"gilet"} or person.top.kind == "sweater" else 1.0
    if person.top.kind == "puffer":
        loose = 1.4
    girth = h * (0.55 + 0.45 * person.girth)
    x, y, z = on_body_axis(person, 0.788)
    shoulder = (x + side * 0.100 * h * person.shoulders * (0.6 + 0.4 * person.girth), y, z)
    elbow = limb_end(shoulder, arm.swing, 0.155 * h, side * arm.outward)
    wrist = limb_end(elbow, arm.swing + arm.bend, 0.145 * h, side * (0.4 * arm.outward - arm.inward))
    upper = [width * girth * loose for width in (0.031, 0.033, 0.029, 0.025)]
    lower = [width * girth * (loose if person.top.length > 0.6 else 1.0) for width in (0.025, 0.027, 0.023, 0.018)]
    x, y, z = (w + 0.38 * (w - e) for w, e in zip(wrist, elbow, strict=True))
    return [
        Part("upper_arm", shoulder, elbow, upper, upper),
        Part("forearm", elbow, wrist, lower, lower),
        Part("hand", wrist, (x, y, z), _scaled(h, 0.016, 0.018, 0.014), _scaled(h, 0.016, 0.017, 0.013)),
    ]


def hand_position(person: Person, pose: Pose, side: int) -> Point:
    """Return the position of a hand, meters."""
    return build_arm(person, pose, side)[2].end


def limb_end(start: Point, angle: float, length: float, outward: float = 0.0) -> Point:
    """Return the far end of a limb that hangs down (angle 0) or points forward (π/2), tilted aside by `outward`."""
    x, y, z = outward, sin(angle), -cos(angle)
    scale = length / hypot(x, y, z)
    return start[0] + x * scale, start[1] + y * scale, start[2] + z * scale


def on_body_axis(person: Person, share: float, forward: float = 0.0) -> Point:
    """Return the point on the body axis at a share of the height; the trunk leans forward above the hips."""
    h = person.height_m
    return 0.0, h * (sin(person.lean) * max(0.0, share - 0.5) + forward), h * share


def _scaled(size: float, *shares: float) -> tuple[float, ...]:
    return tuple(size * share for share in shares)
