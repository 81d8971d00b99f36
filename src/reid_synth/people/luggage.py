"""Carried items: bags of several kinds, umbrellas, prams."""

from reid_synth.people.body import Part, hand_position, on_body_axis
from reid_synth.people.person import Person
from reid_synth.people.poses import Pose


def build_bag(person: Person, pose: Pose) -> list[Part]:
    """Build the bag with its straps and handles; an empty list if there is none."""
    h, size, side = person.height_m, person.bag_size, person.bag_side
    if person.bag == "none":
        return []
    if person.bag == "backpack":
        back = -0.062 * person.girth - 0.045 * size
        widths = [width * h * size for width in (0.060, 0.076, 0.080, 0.078)]
        top, bottom = on_body_axis(person, 0.80, back), on_body_axis(person, 0.80 - 0.19 * size, back)
        return [Part("bag", top, bottom, widths, [0.6 * width for width in widths], 0.3)]
    if person.bag == "trolley":
        x, y, z = hand_position(person, pose, side)
        wide, tall = 0.085 * h * size, 0.30 * h * size
        box = Part(
            "bag", (x, y - 0.14 * h, 0.05 * h + tall), (x, y - 0.10 * h, 0.05 * h), (wide,) * 3, (0.6 * wide,) * 3, 0.15
        )
        rod = Part("rod", (x, y, z), box.start, (0.008 * h,) * 2, (0.008 * h,) * 2)
        return [box, rod, *_wheels(x, y - 0.10 * h, 0.025 * h, wide)]
    if person.bag in ("handbag", "tote"):
        x, y, z = hand_position(person, pose, side)
        tall, wide = (h * size * share for share in ((0.085, 0.074) if person.bag == "handbag" else (0.14, 0.085)))
        rim = (x, y, z - 0.055 * h)
        bag = Part("bag", rim, (x, y, rim[2] - tall), (0.024 * h, 0.032 * h), (0.85 * wide, wide), 0.25)
        return [bag, Part("strap", (x, y, z), rim, (0.006 * h,) * 2, (0.03 * h,) * 2, 0.5)]
    out = 0.125 * h * (0.5 + 0.5 * person.girth)
    low = 0.52 if person.bag == "shoulder" else 0.46
    high = low + 0.085 * size
    bag = Part(
        "bag", (side * out, 0.01 * h, high * h), (side * out, 0.01 * h, low * h), (0.026 * h, 0.034 * h),
        (0.062 * h * size, 0.074 * h * size), 0.3,
    )  # fmt: skip
    if person.bag == "crossbody":
        return [bag]  # its strap is painted on chest and back
    shoulder = (side * 0.085 * h * person.shoulders, on_body_axis(person, 0.825)[1], 0.828 * h)
    return [bag, Part("strap", shoulder, bag.start, (0.006 * h,) * 2, (0.012 * h,) * 2)]


def build_carried(person: Person, pose: Pose) -> list[Part]:
    """Build an umbrella over the head or a pram in front; an empty list for most people."""
    h = person.height_m
    if person.carried == "umbrella":
        x, y, z = hand_position(person, pose, -person.bag_side)
        tip = 1.16 * h
        return [
            Part("rod", (x, y, z - 0.05 * h), (x * 0.6, y * 0.8, tip), (0.006 * h,) * 2, (0.006 * h,) * 2),
            Part(
                "canopy", (x * 0.5, y * 0.6, tip), (x * 0.5, y * 0.6, tip - 0.13 * h),
                (0.03, 0.24, 0.36, 0.44), (0.03, 0.24, 0.36, 0.44), 0.05,
            ),
        ]  # fmt: skip
    if person.carried == "pram":
        _, y, z = hand_position(person, pose, 1)
        cot = [
            Part("pram", (0.0, y + 0.52, 0.56), (0.0, y + 0.14, 0.54), (0.13, 0.17, 0.16), (0.10, 0.13, 0.12), 0.5),
            Part("pram", (0.0, y + 0.50, 0.76), (0.0, y + 0.44, 0.58), (0.12, 0.16), (0.13, 0.16), 0.8),
        ]
        bars = [
            Part("rod", (side * 0.17, y, z), (side * 0.17, y + 0.42, 0.28), (0.014,) * 2, (0.014,) * 2)
            for side in (1, -1)
        ]
        return [*cot, *bars, *_wheels(0.0, y + 0.14, 0.09, 0.18), *_wheels(0.0, y + 0.50, 0.09, 0.18)]
    return []


def _wheels(x: float, y: float, radius: float, half_gap: float) -> list[Part]:
    """Build two discs on one axle."""
    return [
        Part(
            "wheel",
            (x + s * half_gap - 0.01, y, radius),
            (x + s * half_gap + 0.01, y, radius),
            (radius,) * 2,
            (radius,) * 2,
            0.05,
        )
        for s in (1, -1)
    ]
