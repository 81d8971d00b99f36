"""Several calibrated cameras along one road, and people who walk from one into the next in the clothes they have on.

The map: metres; x along the road, whose middle is y = 0. Cameras stand in turn on either side of it, too far apart to
see the same place, so that whoever leaves one comes into the next after the time that the way between them takes.
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
ROAD_M = 18.5  # from a camera's foot to the middle of the road
SPACING_M = 28.0  # from camera to camera along the road; each sees about 17 m of it
_REACH_M = 8.0  # the middle of the road is seen to about so far left and right of a camera
_SAMPLE_STEP_S = 0.2  # the timetable is exact to this


@dataclass(frozen=True)
class WorldPlan:
    """How many of what.

    Raises:
        UserError: a number that makes no world.
    """

    cameras: int = 2
    people: int = 16
    frames: int = 105  # of each camera
    frames_per_second: float = 3.5

    def __post_init__(self) -> None:
        """Check that there is something to see."""
        for name in ("cameras", "people", "frames"):
            if getattr(self, name) < 1:
                raise UserError(f"{getattr(self, name)} {name} make no world: take 1 or more")
        if not 0 < self.frames_per_second < math.inf:
            raise UserError(f"{self.frames_per_second} frames a second make no film: take a number above 0")

    @property
    def duration_s(self) -> float:
        """Seconds from the first frame to the last."""
        return self.frames / self.frames_per_second


@dataclass(frozen=True)
class PlacedCamera:
    """A camera and where it stands on the map."""

    camera: Camera
    position_xy: np.ndarray  # (2,) metres, the camera's foot
    yaw: float  # radians from the map's axes to the camera's own, anticlockwise

    @property
    def _turn(self) -> np.ndarray:
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        return np.array([[cos, -sin], [sin, cos]])

    def to_local(self, map_xy: np.ndarray) -> np.ndarray:
        """Places on the map (..., 2) on the camera's own ground."""
        return (map_xy - self.position_xy) @ self._turn

    @property
    def homography(self) -> np.ndarray:
        """(3, 3) float64 that takes places on the map (x, y, 1) in metres to pixels (u, v, 1) times depth."""
        to_local = np.eye(3)
        to_local[:2, :2], to_local[:2, 2] = self._turn.T, -self._turn.T @ self.position_xy
        return self.camera.ground_homography @ to_local

    def sees(self, map_xy: np.ndarray, margin_m: float = 0.0) -> bool:
        """Whether somebody at a place on the map is in the picture, or so near to its edge."""
        own = self.to_local(map_xy)
        if own[1] < 1.0:
            return False
        u = self.camera.project(np.append(own, 0.0))[0]
        margin = margin_m * float(self.camera.pixels_per_metre(own))
        return bool(-margin <= u <= self.camera.width + margin)


class Visit(NamedTuple):
    """Somebody in one camera, from when they come in to when they leave."""

    person_id: int
    camera: int  # from 0
    enters_s: float
    leaves_s: float


@dataclass(frozen=True)
class _VisiblePerson:
    """Somebody on their way, as one camera sees them."""

    trip: Trip
    post: PlacedCamera
    dressed: Person  # as they are on the ground that this camera sees

    @property
    def person_id(self) -> int:
        return self.trip.person_id

    def render(self, camera: Camera, time_s: float, light: Light) -> RenderedPedestrian | None:
        state = self.trip.at(time_s)
        if not self.post.sees(state.ground_xy, margin_m=1.5):
            return None
        position, direction = self.post.to_local(state.ground_xy), state.direction - self.post.yaw
        own = WalkState(position, direction, state.walked_m, state.gait_amplitude)
        return render_pedestrian(self.dressed, own, camera, light, self.trip.seed)


class World:
    """The cameras and who walks where.

    Args:
        seed: decides everything.
        plan: how many cameras, people and frames.
        people: who may come by, the first `plan.people` of them; drawn where left out.
        first_id: the number of the first person.
        weather: over all cameras; None is a sunny day.
        changed: by number, who wears other clothes in the second half of the cameras, and how they look there.

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
        cast = list(people or [sample_person(rng) for _ in range(plan.people)])[: plan.people]
        ends = -_REACH_M, (plan.cameras - 1) * SPACING_M + _REACH_M
        self.trips = plan_trips(cast, first_id, *ends, plan.duration_s, rng)
        angle, darkness = rng.uniform(0, 2 * np.pi), rng.uniform(0.15, 0.4)
        self.weather = weather or Weather(Sun((0.8 * np.cos(angle), 0.8 * np.sin(angle)), darkness, 0.06))

    def view(self, index: int) -> CameraView:
        """What camera `index` (from 0) sees."""
        post, rng = self.placed_cameras[index], np.random.default_rng([self.seed, 2011, index])
        weather = replace(self.weather, sun=self.weather.sun.turned(-post.yaw))
        conditions = Conditions(weather, _sample_response(rng))
        changed = self.changed if sees_changed_clothes(index, self.plan.cameras) else {}
        visitors = [_VisiblePerson(trip, post, changed.get(trip.person_id, trip.person)) for trip in self.trips]
        seed = int(rng.integers(2**31))
        return CameraView(seed, post.camera, conditions, visitors, rng, self.plan.frames, self.plan.frames_per_second)

    def timetable(self) -> list[Visit]:
        """Who is in the picture of which camera, hidden or not, from when to when; in order of time."""
        times = np.arange(0, self.plan.duration_s, _SAMPLE_STEP_S)
        visits = []
        for trip in self.trips:
            states = [trip.at(time) for time in times.tolist()]
            for camera, post in enumerate(self.placed_cameras):
                seen = [post.sees(state.ground_xy) for state in states]
                edges = np.flatnonzero(np.diff([False, *seen, False])).reshape(-1, 2)
                for first, last in edges.tolist():
                    visits.append(Visit(trip.person_id, camera, float(times[first]), float(times[last - 1])))
        return sorted(visits, key=lambda visit: (visit.enters_s, visit.person_id))


def _sample_placement(number: int, rng: np.random.Generator) -> PlacedCamera:
    """The camera with that number, from 0, looking across the road."""
    height, focal = rng.uniform(5.5, 8.5), rng.uniform(800, 950)
    tilt = math.atan((height - 0.9) / ROAD_M) + rng.uniform(-0.01, 0.03)
    south = rng.random() < 0.5
    position = np.array([number * SPACING_M + rng.uniform(-2, 2), -ROAD_M if south else ROAD_M])
    return PlacedCamera(Camera(height, tilt, focal, WIDTH, HEIGHT), position, 0.0 if south else math.pi)


def _sample_response(rng: np.random.Generator) -> CameraResponse:
    """A camera out of the middle of the range: the whole picture must stay fit to be looked at."""
    far = sample_camera_response(rng)
    return replace(
        far,
        saturation=0.4 + 0.6 * far.saturation,
        exposure=far.exposure**0.6,
        gamma=far.gamma**0.6,
        contrast=far.contrast**0.6,
        haze=0.5 * far.haze,
        resolution=max(far.resolution, 0.7),
        blur=0.6 * far.blur,
        sharpening=0.6 * far.sharpening,
        noise=0.6 * far.noise,
        jpeg_quality=max(far.jpeg_quality, 60),
    )
