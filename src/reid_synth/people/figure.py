"""Assemble a whole person: body, clothes, hair and luggage."""

from math import cos, sin

from reid_synth.people.body import Part, Point, build_arm, build_leg, build_trunk
from reid_synth.people.luggage import build_bag, build_carried
from reid_synth.people.outfit import build_head, build_outerwear
from reid_synth.people.person import Person
from reid_synth.people.poses import Pose

_UPRIGHT = frozenset({"thigh", "shin", "shoe", "sole", "hips", "skirt", "hem", "pram", "wheel"})  # do not bow


def build_figure(person: Person, pose: Pose) -> list[Part]:
    """Build the parts of a person in a pose, standing on z = 0.

    Args:
        person: Proportions and clothes; coats, skirts and bags change the outline.
        pose: Phase of the gait, arms and head.

    Returns:
        Twenty to thirty parts, in meters.
    """
    parts = [*build_trunk(person), *build_head(person, pose), *build_outerwear(person, pose), *build_bag(person, pose)]
    for side in (1, -1):
        parts += build_leg(person, pose, side) + build_arm(person, pose, side)
    parts += build_carried(person, pose)
    if pose.posture is not None:
        parts = [_bow(part, pose.posture.bow, 0.5 * person.height_m) for part in parts]
    lowest = min(min(part.start[2], part.end[2]) - min(part.depths) for part in parts if part.surface == "sole")
    return [
        part._replace(
            start=(part.start[0], part.start[1], part.start[2] - lowest),
            end=(part.end[0], part.end[1], part.end[2] - lowest),
        )
        for part in parts
    ]


def _bow(part: Part, angle: float, pivot: float) -> Part:
    """Turn a part of the upper body forward about the hips, `pivot` meters up."""

    def turn(point: Point) -> Point:
        x, y, z = point
        return x, y * cos(angle) + (z - pivot) * sin(angle), pivot + (z - pivot) * cos(angle) - y * sin(angle)

    return part if part.surface in _UPRIGHT else part._replace(start=turn(part.start), end=turn(part.end))
