"""Several calibrated cameras along one road, and people who walk from one camera to the next in the same clothes.

The map: meters; x along the road, whose middle is y = 0. Cameras stand on either side of the road, too far apart for
overlapping views, so that a person who leaves one camera appears in the next after the walking time between them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from reid_synth.camera import Camera, CameraResponse, sample_camera_response
from reid_synth.errors import UserError
from reid_synth.people.person import Person, sample_person, sees_changed_clothes
from reid_synth.people.rendering import Light
from reid_synth.places.canvas import Sun
from reid_synth.places.weather import Weather
from reid_synth.world.camera_view import CameraView, Conditions
from reid_synth.world.pedestrian import RenderedPedestrian, WalkState, render_pedestrian
from reid_synth.world.trips import Trip, plan_trips

WIDTH, HEIGHT = 768, 576
ROAD_M = 18.5  # from a camera to the middle of the road
SPACING_M = 28.0  # from camera to camera along the road; each sees about 17 m of it
_REACH_M = 8.0  # visible length of the road to the left and right of a camera
_TIME_STEP_S = 0.2  # resolution of the timetable


@dataclass(frozen=True)
class WorldPlan:
    """Size of a world.

    Raises:
        UserError: The numbers do not make a world.
    """

    cameras: int = 2
    people: int = 16
    frames: int = 105  # of each camera
    frames_per_second: float = 3.5

    def __post_init__(self) -> None:
        """Check that the numbers are positive."""
        for name in ("cameras", "people", "frames"):
            if getattr(self, name) < 1:
                raise UserError(f"{getattr(self, name)} {name}: use 1 or more")
        if not 0 < self.frames_per_second < math.inf:
            raise UserError(f"{self.frames_per_second} frames per second: use a number above 0")

    @property
    def duration_s(self) -> float:
        """Duration in seconds."""
        return self.frames / self.frames_per_second


@dataclass(frozen=True)
class PlacedCamera:
    """A camera and its placement on the map."""

    camera: Camera
    position_xy: np.ndarray  # (2,) meters, the ground point below the camera
    yaw: float  # radians from the map's axes to the camera's, anticlockwise

    @property
    def _rotation(self) -> np.ndarray:
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        return np.array([[cos, -sin], [sin, cos]])

    def to_local(self, map_xy: np.ndarray) -> np.ndarray:
        """Transform map points (..., 2) to the camera's ground frame."""
        return (map_xy - self.position_xy) @ self._rotation

    @property
    def homography(self) -> np.ndarray:
        """Homography (3, 3) float64 from map points (x, y, 1) in meters to pixels (u, v, 1) times depth."""
        to_local = np.eye(3)
        to_local[:2, :2], to_local[:2, 2] = self._rotation.T, -self._rotation.T @ self.position_xy
        return self.camera.ground_homography @ to_local

    def sees(self, map_xy: np.ndarray, margin_m: float = 0.0) -> bool:
        """Return whether a person at a map point is in the image, or within `margin_m` of its edge."""
        local = self.to_local(map_xy)
        if local[1] < 1.0:
            return False
        u = self.camera.project(np.append(local, 0.0))[0]
        margin = margin_m * float(self.camera.pixels_per_meter(local))
        return bool(-margin <= u <= self.camera.width + margin)


class Visit(NamedTuple):
    """Presence of one person in one camera, from entering to leaving the view."""

    person_id: int
    camera: int  # from 0
    enters_s: float
    leaves_s: float


@dataclass(frozen=True)
class _VisiblePerson:
    """A person on a trip, as one camera sees them."""

    trip: Trip
    placed_camera: PlacedCamera
    appearance: Person  # in the clothes that this camera sees

    @property
    def person_id(self) -> int:
        return self.trip.person_id

    def render(self, camera: Camera, time_s: float, light: Light) -> RenderedPedestrian | None:
        state = self.trip.at(time_s)
        if not self.placed_camera.sees(state.ground_xy, margin_m=1.5):
            return None
        position, direction = self.placed_camera.to_local(state.ground_xy), state.direction - self.placed_camera.yaw
        local_state = WalkState(position, direction, state.walked_m, state.gait_amplitude)
        return render_pedestrian(self.appearance, local_state, camera, light, self.trip.seed)


class World:
    """Cameras along a road and the trips of people past them.

    Args:
        seed: Seed of everything that is random.
        plan: Number of cameras, people and frames.
        people: Candidates; the first `plan.people` are used. Sampled if None.
        first_id: Number of the first person.
        weather: Weather over all cameras; None is a sunny day.
        changed: People in changed clothes for the second half of the cameras, by number.

    Example:
        >>> world = World(seed=1, plan=WorldPlan(cameras=2, people=4, frames=8))
        >>> image, person_ids, boxes_xyxy, visibility = world.view(1).render(0)
        >>> image.shape
        (576, 768, 3)
    """

    def __init__(
        self,
        seed: int,
        plan: WorldPlan,
        people: Sequence[Person] | None = None,
        first_id: int = 1,
        weather: Weather | None = None,
        changed: Mapping[int, Person] | None = None,
    ) -> None:
        rng = np.random.default_rng([seed, 2010])
        self.seed, self.plan, self.changed = seed, plan, changed or {}
        self.placed_cameras = [_sample_placement(number, rng) for number in range(plan.cameras)]
        people = list(people or [sample_person(rng) for _ in range(plan.people)])[: plan.people]
        ends = -_REACH_M, (plan.cameras - 1) * SPACING_M + _REACH_M
        self.trips = plan_trips(people, first_id, *ends, plan.duration_s, rng)
        angle, darkness = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.4)
        self.weather = weather or Weather(Sun((0.8 * np.cos(angle), 0.8 * np.sin(angle)), darkness, 0.06))

    def view(self, index: int) -> CameraView:
        """Return the view of camera `index`, from 0."""
        placed, rng = self.placed_cameras[index], np.random.default_rng([self.seed, 2011, index])
        weather = replace(self.weather, sun=self.weather.sun.turned(-placed.yaw))
        conditions = Conditions(weather, _sample_response(rng))
        changed = self.changed if sees_changed_clothes(index, self.plan.cameras) else {}
        pedestrians = [_VisiblePerson(trip, placed, changed.get(trip.person_id, trip.person)) for trip in self.trips]
        seed = int(rng.integers(2**31))
        return CameraView(
            seed, placed.camera, conditions, pedestrians, rng, self.plan.frames, self.plan.frames_per_second
        )

    def timetable(self) -> list[Visit]:
        """List the visits of all people to all cameras, occluded or not, sorted by time."""
        times = np.arange(0, self.plan.duration_s, _TIME_STEP_S)
        visits = []
        for trip in self.trips:
            states = [trip.at(time) for time in times.tolist()]
            for camera, placed in enumerate(self.placed_cameras):
                seen = [placed.sees(state.ground_xy) for state in states]
                edges = np.flatnonzero(np.diff([False, *seen, False])).reshape(-1, 2)
                for first, last in edges.tolist():
                    visits.append(Visit(trip.person_id, camera, float(times[first]), float(times[last - 1])))
        return sorted(visits, key=lambda visit: (visit.enters_s, visit.person_id))


def _sample_placement(number: int, rng: np.random.Generator) -> PlacedCamera:
    """Sample the camera with that number, from 0, looking across the road."""
    height, focal = rng.uniform(5.5, 8.5), rng.uniform(800, 950)
    tilt = math.atan((height - 0.9) / ROAD_M) + rng.uniform(-0.01, 0.03)
    south = rng.random() < 0.5
    position = np.array([number * SPACING_M + rng.uniform(-2, 2), -ROAD_M if south else ROAD_M])
    return PlacedCamera(Camera(height, tilt, focal, WIDTH, HEIGHT), position, 0.0 if south else math.pi)


def _sample_response(rng: np.random.Generator) -> CameraResponse:
    """Sample a moderate camera response: whole images must stay pleasant to look at."""
    sampled = sample_camera_response(rng)
    return replace(
        sampled,
        saturation=0.4 + 0.6 * sampled.saturation,
        exposure=sampled.exposure**0.6,
        gamma=sampled.gamma**0.6,
        contrast=sampled.contrast**0.6,
        haze=0.5 * sampled.haze,
        resolution=max(sampled.resolution, 0.7),
        blur=0.6 * sampled.blur,
        sharpening=0.6 * sampled.sharpening,
        noise=0.6 * sampled.noise,
        jpeg_quality=max(sampled.jpeg_quality, 60),
    )
