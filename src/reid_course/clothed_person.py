"""One synthetic person in chosen clothes, for lessons that change one thing at a time."""

from dataclasses import replace

import numpy as np

from reid_synth.people.person import sample_person
from reid_synth.people.rendering import paste, render_person

_SEED = 3  # its person wears a plain top and plain trousers and carries nothing
_GREY, _MARGIN = 150, 6


def draw_clothed_person(
    top: tuple[int, int, int], trousers: tuple[int, int, int], heading: float = 0.2, phase: float = 1.0
) -> np.ndarray:
    """Draw the person in front of a grey wall.

    Args:
        top, trousers: Colors of the clothes, RGB.
        heading: Direction of walking in radians: 0 = towards the camera, π = away from it.
        phase: Phase of the walking cycle in radians.

    Returns:
        (h, w, 3) uint8 RGB crop, at least half as wide as high.

    >>> draw_clothed_person((190, 40, 40), (40, 60, 170)).dtype
    dtype('uint8')
    """
    person = sample_person(np.random.default_rng(_SEED))
    person = replace(
        person,
        top=replace(person.top, color=top, length=1.0),
        bottom=replace(person.bottom, color=trousers),
    )
    sprite = render_person(
        person, phase=phase, heading=heading, tilt=0.1, pixels_per_meter=110, rng=np.random.default_rng(0)
    )
    height, width = (side + 2 * _MARGIN for side in sprite.rgba.shape[:2])
    crop = np.full((height, max(width, height // 2), 3), _GREY, np.uint8)
    corner = np.array([(crop.shape[1] - sprite.rgba.shape[1]) // 2, _MARGIN])
    return paste(crop, sprite, corner + np.array(sprite.foot_xy))
