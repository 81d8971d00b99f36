"""Render a person who walks in the world as one camera sees them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from reid_synth.camera import Camera
from reid_synth.people.person import Person
from reid_synth.people.rendering import Light, Sprite, render_person

_STRIDE_M = 1.45  # length of one gait cycle (two steps) of a person 1.7 m tall
_OVERSAMPLING = 1.4  # sprites are rendered larger by this factor than they appear


class WalkState(NamedTuple):
    """Position and gait of a person at one time."""

    ground_xy: np.ndarray  # (2,) meters
    direction: float  # body direction, radians: 0 = along +x, π/2 = along +y
    walked_m: float  # since the start; gives the phase of the gait
    gait_amplitude: float = 1.0  # 1 walks, 0 stands


class RenderedPedestrian(NamedTuple):
    """Image of a person in one camera at one time."""

    ground_xy: np.ndarray  # (2,) meters on the camera's ground
    sprite: Sprite
    pixels_per_meter: float  # scale of the sprite


class Pedestrian(Protocol):
    """A person who may be visible to a camera."""

    @property
    def person_id(self) -> int:
        """Number of the person, from 1."""
        ...

    def render(self, camera: Camera, time_s: float, light: Light) -> RenderedPedestrian | None:
        """Render the person as the camera sees them at a time; None if out of view."""
        ...


def render_pedestrian(person: Person, state: WalkState, camera: Camera, light: Light, seed: int) -> RenderedPedestrian:
    """Render a person in a walking state.

    Args:
        person: The person.
        state: Position and gait on the camera's ground.
        camera: The camera.
        light: Direction of the light.
        seed: Seed of cloth folds and habits that stay the same in all frames.
    """
    pixels_per_meter = _OVERSAMPLING * float(camera.pixels_per_meter(state.ground_xy))
    sprite = render_person(
        person,
        phase=2 * np.pi * state.walked_m / (_STRIDE_M * person.height_m / 1.7),
        heading=float(camera.heading_at(state.ground_xy, state.direction)),
        tilt=max(0.0, float(camera.tilt_at(state.ground_xy))),
        pixels_per_meter=pixels_per_meter,
        rng=np.random.default_rng(seed),
        light=light,
        gait_amplitude=state.gait_amplitude,
    )
    return RenderedPedestrian(state.ground_xy, sprite, pixels_per_meter)
