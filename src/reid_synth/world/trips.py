"""Trips of people on the map of a world: along a road, alone or in groups, changing lanes, sometimes standing still."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid_synth.people.person import Person
from reid_synth.world.pedestrian import WalkState
from reid_synth.world.walkers import smooth_path

LANE_M = 4.2  # maximum distance of a path from the middle of the road
_LANE_CHANGE_M = 11.0  # about the distance between two lane changes
_MIN_SPEED, _MAX_SPEED = 1.05, 1.5  # meters per second
_GROUP_SIZES = (1, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Trip:
    """Path of one person over the map.

    Beyond either end of the path the person walks straight on.

    Attributes:
        person_id: Number of the person.
        person: Appearance at the start.
        path: (n, 2) meters on the map, a dense smooth line.
        distance_m: (n,) meters walked at each point of the path.
        speed: Walking speed, meters per second.
        start_m: Meters walked at time 0.
        stop_m: Meters walked at which the person stands still for a while.
        stop_s: Duration of that stop, seconds; 0 = no stop.
        stop_turn: Rotation away from the walking direction during the stop, radians.
        lateral_offset_m: Meters to the left of the path, for people who walk side by side.
        seed: Seed of cloth folds and habits that stay the same in all frames.
    """

    person_id: int
    person: Person
    path: np.ndarray
    distance_m: np.ndarray
    speed: float
    start_m: float
    stop_m: float
    stop_s: float
    stop_turn: float
    lateral_offset_m: float
    seed: int

    def at(self, time_s: float) -> WalkState:
        """Return position and gait on the map at a time."""
        stops_at_s = (self.stop_m - self.start_m) / self.speed
        is_standing = self.stop_s > 0 and 0 <= time_s - stops_at_s < self.stop_s
        paused_s = min(max(time_s - stops_at_s, 0.0), self.stop_s)
        walked = self.start_m + self.speed * (time_s - paused_s)
        here, ahead = (self._point(walked + step) for step in (-0.2, 0.2))
        forward = (ahead - here) / np.linalg.norm(ahead - here)
        position = (here + ahead) / 2 + self.lateral_offset_m * np.array([-forward[1], forward[0]])
        direction = float(np.arctan2(forward[1], forward[0])) + (self.stop_turn if is_standing else 0.0)
        return WalkState(position, direction, walked, gait_amplitude=0.0 if is_standing else 1.0)

    def _point(self, walked_m: float) -> np.ndarray:
        """Interpolate the path, and extrapolate its first and last segment."""
        point = np.array([np.interp(walked_m, self.distance_m, self.path[:, axis]) for axis in (0, 1)])
        beyond_m = walked_m - np.clip(walked_m, self.distance_m[0], self.distance_m[-1])
        if beyond_m == 0:
            return point
        start = 0 if beyond_m < 0 else int(np.searchsorted(self.distance_m, self.distance_m[-1])) - 1
        end = int(np.searchsorted(self.distance_m, self.distance_m[start], side="right"))  # skips repeated points
        step = self.path[end] - self.path[start]
        return point + beyond_m * step / np.linalg.norm(step)


def plan_trips(
    people: Sequence[Person], first_id: int, low_x: float, high_x: float, duration_s: float, rng: np.random.Generator
) -> list[Trip]:
    """Sample trips along the road such that at half-time people are spread evenly between two positions.

    Args:
        people: The people, numbered from `first_id`.
        first_id: Number of the first person.
        low_x, high_x: The two positions, meters on the map.
        duration_s: Duration of the world, seconds.
        rng: Draws groups, paths, speeds and stops.
    """
    groups: list[list[int]] = []
    while (taken := sum(map(len, groups))) < len(people):
        size = min(int(rng.choice(_GROUP_SIZES)), len(people) - taken)
        groups.append(list(range(taken, taken + size)))
    halfway = (rng.permutation(len(groups)) + rng.random(len(groups))) / len(groups)
    reach = _MAX_SPEED * duration_s / 2 + 1  # maximum distance walked before or after half-time
    trips = []
    for number, (members, share) in enumerate(zip(groups, halfway.tolist(), strict=True)):
        path = _sample_path(low_x - reach, high_x + reach, 1 if number % 2 else -1, rng)
        halfway_m = reach + share * (_distance_along(path)[-1] - 2 * reach)
        group = [(first_id + member, people[member]) for member in members]
        trips += _group_trips(group, path, halfway_m, duration_s, rng)
    return trips


def _group_trips(
    group: Sequence[tuple[int, Person]], path: np.ndarray, halfway_m: float, duration_s: float, rng: np.random.Generator
) -> list[Trip]:
    """Sample the trips of people who walk side by side.

    Args:
        group: (number, person) of each.
        path: (n, 2) meters.
        halfway_m: Meters walked at half-time without a stop.
        duration_s: Duration of the world, seconds.
        rng: Draws speed, stop and distances within the group.
    """
    speed = float(rng.uniform(_MIN_SPEED, _MAX_SPEED))
    start = halfway_m - speed * duration_s / 2
    stop_s = float(rng.uniform(3, 10)) if rng.random() < 0.3 else 0.0
    stop = start + speed * float(rng.uniform(0.1, 0.9)) * duration_s
    trips = []
    for index, (person_id, person) in enumerate(group):
        behind_m = float(rng.normal(0, 0.25)) if len(group) > 1 else 0.0
        trips.append(
            Trip(
                person_id,
                person,
                path,
                _distance_along(path),
                speed,
                start_m=start - behind_m,
                stop_m=stop - behind_m,
                stop_s=stop_s,
                stop_turn=float(rng.uniform(-2.2, 2.2)),
                lateral_offset_m=float((index - (len(group) - 1) / 2) * rng.uniform(0.6, 0.85)),
                seed=int(rng.integers(2**31)),
            )
        )
    return trips


def _distance_along(path: np.ndarray) -> np.ndarray:
    """Return the meters walked (n,) at each point of a path (n, 2)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


def _sample_path(low_x: float, high_x: float, sign: int, rng: np.random.Generator) -> np.ndarray:
    """Sample a line along the whole road that changes lanes now and then."""
    count = max(3, round((high_x - low_x) / _LANE_CHANGE_M) + 1)
    x = np.linspace(low_x, high_x, count)[::sign]
    lane_y = 0.5 * rng.uniform(-LANE_M, LANE_M) + 0.5 * rng.uniform(-LANE_M, LANE_M, count)
    return smooth_path(np.stack([x, lane_y], axis=1))
