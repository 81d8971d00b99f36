"""Shells around the body: hair, hats, open jackets, hems, skirts, collars, hoods.

A shell is a part whose atlas page has holes (alpha 0): the opening of a jacket, the face in the hair.
"""

from math import cos, sin

from reid_synth.people.body import Part, Point, looseness, on_body_axis, torso_profile
from reid_synth.people.person import Person
from reid_synth.people.poses import Pose


def build_head(person: Person, pose: Pose) -> list[Part]:
    """Build head, hair and hat, turned by the head angle of the pose."""
    h, turn, volume = person.height_m, pose.head_turn, person.hair_volume
    x, y, z = on_body_axis(person, 0.93, forward=0.012)

    def at(forward: float, up: float) -> Point:
        return x + h * forward * sin(turn), y + h * forward * cos(turn), z + h * up

    def part(
        surface: str, start: Point, end: Point, widths: tuple[float, ...], depths: tuple[float, ...], cap: float
    ) -> Part:
        return Part(surface, start, end, [h * w for w in widths], [h * d for d in depths], cap, turn)

    parts = [
        part("head", at(0, 0.040), at(0.008, -0.034), (0.037, 0.048, 0.037), (0.044, 0.057, 0.043), 0.85),
        part("head", at(0.048, 0.004), at(0.052, -0.008), (0.006, 0.009), (0.012, 0.016), 0.9),  # nose
    ]
    if person.hat == "hood":
        parts.append(
            part("hood", at(-0.006, 0.046), at(-0.012, -0.058), (0.047, 0.060, 0.056), (0.056, 0.070, 0.058), 0.9)
        )
        return parts
    if person.hair_style != "bald":
        full = {"afro": 1.32, "bob": 1.08, "long": 1.08}.get(person.hair_style, 1.0) * (0.5 + 0.5 * volume)
        low = {"bob": -0.056, "long": -0.050, "short": -0.030}.get(person.hair_style, -0.034)
        flare = 1.15 if person.hair_style in ("bob", "long") else 0.86
        parts.append(
            part(
                "hair", at(-0.006, 0.044 * full), at(-0.010, low),
                (0.042 * full, 0.053 * full, 0.050 * full * flare), (0.048 * full, 0.062 * full, 0.052 * full * flare),
                0.85,
            )
        )  # fmt: skip
    tails = {
        "long": (at(-0.026, 0.0), at(-0.046, -0.09 - 0.06 * volume), 0.046, 0.024),
        "ponytail": (at(-0.062, 0.018), at(-0.080, -0.05 - 0.05 * volume), 0.016 * volume, 0.016 * volume),
        "bun": (at(-0.052, 0.048), at(-0.056, 0.042), 0.024 * volume, 0.024 * volume),
    }
    if person.hair_style in tails:
        start, end, width, depth = tails[person.hair_style]
        parts.append(part("tail", start, end, (width, width, 0.8 * width), (depth, depth, 0.8 * depth), 0.8))
    if person.hat != "none":
        parts.append(part("hat", at(-0.004, 0.060), at(-0.006, 0.026), (0.044, 0.057), (0.050, 0.065), 0.8))
    if person.hat == "cap":
        parts.append(part("brim", at(0.05, 0.036), at(0.098, 0.028), (0.036, 0.028), (0.007, 0.007), 0.6))
    if person.hat == "sunhat":
        parts.append(part("brim", at(-0.004, 0.032), at(-0.004, 0.026), (0.080, 0.098), (0.084, 0.102), 0.1))
    return parts


def build_outerwear(person: Person, pose: Pose) -> list[Part]:
    """Build open jacket, hem of the top, skirt, collar, scarf, hood on the back."""
    h, loose = person.height_m, looseness(person)
    hip = h * person.hips * (0.5 + 0.5 * person.girth)
    widths, depths = torso_profile(person)
    stride = 1 + 0.25 * abs(sin(pose.phase)) * pose.gait_amplitude  # striding legs widen the hem
    parts = []
    if person.open_front > 0:
        parts.append(
            Part(
                "outer", on_body_axis(person, 0.842), on_body_axis(person, 0.515),
                [1.07 * width for width in widths], [1.1 * depth for depth in depths], 0.3,
            )
        )  # fmt: skip
    if person.hem > 0.012:
        flare = 1.0 + 1.2 * person.hem * stride
        parts.append(
            Part(
                "hem", on_body_axis(person, 0.55), (0.0, 0.0, (0.505 - person.hem) * h),
                (0.094 * hip * loose, 0.103 * hip * loose, 0.104 * hip * loose * flare),
                (0.069 * hip * loose, 0.079 * hip * loose, 0.082 * hip * loose * flare * stride), 0.1,
            )
        )  # fmt: skip
    if person.bottom.kind == "skirt":
        flare = 1.05 + 0.35 * (person.texture_seed % 97) / 97
        parts.append(
            Part(
                "skirt", on_body_axis(person, 0.54), (0.0, 0.0, (0.5 - 0.3 * person.bottom.length) * h),
                (0.088 * hip, 0.102 * hip, 0.100 * hip * flare),
                (0.066 * hip, 0.078 * hip, 0.082 * hip * flare * stride), 0.1,
            )
        )  # fmt: skip
    if person.collar or person.scarf is not None:
        size = 1.35 if person.scarf is not None else 1.0
        parts.append(
            Part(
                "collar", on_body_axis(person, 0.858, forward=0.004), on_body_axis(person, 0.822),
                (0.038 * h * size, 0.050 * h * size), (0.040 * h * size, 0.044 * h * size), 0.2,
            )
        )  # fmt: skip
    if person.top.kind == "hoodie" and person.hat != "hood":
        parts.append(
            Part(
                "hood",
                on_body_axis(person, 0.850, -0.040),
                on_body_axis(person, 0.795, -0.062),
                (0.046 * h, 0.058 * h),
                (0.026 * h, 0.024 * h),
                0.8,
            )
        )
    return parts
