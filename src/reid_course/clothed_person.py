"""One and the same generated person in clothes of one's choice, for lessons that change one thing at a time."""

from dataclasses import replace

import numpy as np

from reid_synth.people.person import sample_person
from reid_synth.people.rendering import paste, render_person

_WHO = 3  # a seed whose person wears a plain top and plain trousers and carries nothing
_GREY, _MARGIN = 150, 6


def dressed(
    top: tuple[int, int, int], trousers: tuple[int, int, int], heading: float = 0.2, phase: float = 1.0
) -> np.ndarray:
    """Draw the person before a grey wall.

    Args:
        top, trousers: colours, RGB.
        heading: radians, 0 comes towards the camera, π goes away.
        phase: place in the walking cycle, radians.

    Returns:
        (h, w, 3) uint8 RGB, at least half as wide as high.

    >>> dressed((190, 40, 40), (40, 60, 170)).dtype
    dtype('uint8')
    """
    person = sample_person(np.random.default_rng(_WHO))
    person = replace(
        person,
        top=replace(person.top, colour=top, length=1.0),
        bottom=replace(person.bottom, colour=trousers),
    )
    sprite = render_person(
        person, phase=phase, heading=heading, tilt=0.1, pixels_per_metre=110, rng=np.random.default_rng(0)
    )
    height, width = (side + 2 * _MARGIN for side in sprite.rgba.shape[:2])
    crop = np.full((height, max(width, height // 2), 3), _GREY, np.uint8)
    corner = np.array([(crop.shape[1] - sprite.rgba.shape[1]) // 2, _MARGIN])
    return paste(crop, sprite, corner + np.array(sprite.foot_xy))
