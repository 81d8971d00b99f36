"""From somebody on the move to how one camera sees them at that moment."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from reid_synth.camera import Camera
from reid_synth.people.person import Person
from reid_synth.people.rendering import Light, Sprite, render_person

_STRIDE_M = 1.45  # metres walked in one cycle of the gait (two steps) by a person 1.7 m tall
_SHARPNESS = 1.4  # sprites are rendered that much larger than they are seen


class WalkState(NamedTuple):
    """Where somebody is and what they do."""

    ground_xy: np.ndarray  # (2,) metres
    direction: float  # radians, the way they face: 0 = along +x, π/2 = along +y
    walked_m: float  # since they set out, which says where in their stride they are
    gait_amplitude: float = 1.0  # 1 walks, 0 stands


class RenderedPedestrian(NamedTuple):
    """How somebody looks to a camera at one moment."""

    ground_xy: np.ndarray  # (2,) metres on the camera's own ground
    sprite: Sprite
    pixels_per_metre: float  # of the sprite


class Pedestrian(Protocol):
    """Somebody who may be seen."""

    @property
    def person_id(self) -> int:
        """Who it is, from 1."""
        ...

    def render(self, camera: Camera, time_s: float, light: Light) -> RenderedPedestrian | None:
        """How the camera sees them at a time; None where they are out of its sight."""
        ...


def render_pedestrian(person: Person, state: WalkState, camera: Camera, light: Light, seed: int) -> RenderedPedestrian:
    """Draw somebody.

    Args:
        person: who.
        moment: on the camera's own ground.
        camera: who looks.
        light: where the light comes from.
        seed: of the folds and habits that stay the same in all frames.
    """
    metre = _SHARPNESS * float(camera.pixels_per_metre(state.ground_xy))
    sprite = render_person(
        person,
        phase=2 * np.pi * state.walked_m / (_STRIDE_M * person.height_m / 1.7),
        heading=float(camera.heading_at(state.ground_xy, state.direction)),
        tilt=max(0.0, float(camera.tilt_at(state.ground_xy))),
        pixels_per_metre=metre,
        rng=np.random.default_rng(seed),
        light=light,
        gait_amplitude=state.gait_amplitude,
    )
    return RenderedPedestrian(state.ground_xy, sprite, metre)
