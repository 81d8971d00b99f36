"""Assemble a whole person: body, clothes, hair and luggage."""

from reid_synth.people.body import Part, build_arm, build_leg, build_trunk
from reid_synth.people.luggage import build_bag, build_carried
from reid_synth.people.outfit import build_head, build_outerwear
from reid_synth.people.person import Person
from reid_synth.people.poses import Pose


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
    lowest = min(min(part.start[2], part.end[2]) - min(part.depths) for part in parts if part.surface == "sole")
    return [
        part._replace(
            start=(part.start[0], part.start[1], part.start[2] - lowest),
            end=(part.end[0], part.end[1], part.end[2] - lowest),
        )
        for part in parts
    ]
