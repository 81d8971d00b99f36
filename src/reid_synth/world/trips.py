"""Who walks where on the map of a world: along a road, alone or in company, across it, and standing for a while."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reid_synth.people.person import Person
from reid_synth.world.pedestrian import WalkState
from reid_synth.world.walkers import smooth_path

LANE_M = 4.2  # people keep that near to the middle of the road
_LEG_M = 11.0  # about how far somebody walks before they change lanes
_SLOWEST, _FASTEST = 1.05, 1.5  # metres a second
_GROUP_SIZES = (1, 1, 1, 2, 2, 3)


@dataclass(frozen=True)
class Trip:
    """One person's way over the map.

    Attributes:
        person_id: who.
        person: what they look like when they set out.
        path: (n, 2) metres on the map, a dense smooth line.
        along: (n,) metres walked at each point of the path.
        speed: metres a second.
        start_m: metres walked at time 0.
        stop_m: where on the way they stand for a while.
        stop_s: how long, 0 = they do not.
        turn: radians by which they turn away from their way while they stand.
        lateral_offset_m: metres to the left of the path, for those who walk side by side.
        seed: of the folds and habits that stay the same in all frames.
    """

    person_id: int
    person: Person
    path: np.ndarray
    along: np.ndarray
    speed: float
    start_m: float
    stop_m: float
    stop_s: float
    turn: float
    lateral_offset_m: float
    seed: int

    def at(self, time_s: float) -> WalkState:
        """Where they are on the map at a time."""
        stops_at_s = (self.stop_m - self.start_m) / self.speed
        stands = self.stop_s > 0 and 0 <= time_s - stops_at_s < self.stop_s
        paused_s = min(max(time_s - stops_at_s, 0.0), self.stop_s)
        walked = self.start_m + self.speed * (time_s - paused_s)
        here, ahead = (self._point(walked + step) for step in (-0.2, 0.2))
        way = (ahead - here) / np.linalg.norm(ahead - here)
        position = (here + ahead) / 2 + self.lateral_offset_m * np.array([-way[1], way[0]])
        direction = float(np.arctan2(way[1], way[0])) + (self.turn if stands else 0.0)
        return WalkState(position, direction, walked, gait_amplitude=0.0 if stands else 1.0)

    def _point(self, walked_m: float) -> np.ndarray:
        return np.array([np.interp(walked_m, self.along, self.path[:, axis]) for axis in (0, 1)])


def plan_trips(
    people: Sequence[Person], first_id: int, low_x: float, high_x: float, duration_s: float, rng: np.random.Generator
) -> list[Trip]:
    """Send people along the road so that at half-time they are spread evenly between two places.

    Args:
        people: who; numbered from `first_id` on.
        first_id: of the first of them.
        low_x, high_x: the two places, metres on the map.
        duration_s: how long the world is looked at.
        rng: draws ways, speeds, stops and company.
    """
    groups: list[list[int]] = []
    while (taken := sum(map(len, groups))) < len(people):
        size = min(int(rng.choice(_GROUP_SIZES)), len(people) - taken)
        groups.append(list(range(taken, taken + size)))
    halfway = (rng.permutation(len(groups)) + rng.random(len(groups))) / len(groups)
    reach = _FASTEST * duration_s / 2 + 1  # what anybody walks before or after half-time
    trips = []
    for number, (members, share) in enumerate(zip(groups, halfway.tolist(), strict=True)):
        path = _sample_path(low_x - reach, high_x + reach, 1 if number % 2 else -1, rng)
        halfway_m = reach + share * (_along(path)[-1] - 2 * reach)
        group = [(first_id + member, people[member]) for member in members]
        trips += _group_trips(group, path, halfway_m, duration_s, rng)
    return trips


def _group_trips(
    group: Sequence[tuple[int, Person]], path: np.ndarray, halfway_m: float, duration_s: float, rng: np.random.Generator
) -> list[Trip]:
    """Trips of people (number, person) side by side, who have walked `halfway_m` at half-time if they do not stop."""
    speed = float(rng.uniform(_SLOWEST, _FASTEST))
    start = halfway_m - speed * duration_s / 2
    stop_s = float(rng.uniform(3, 10)) if rng.random() < 0.3 else 0.0
    stop = start + speed * float(rng.uniform(0.1, 0.9)) * duration_s
    trips = []
    for position, (person_id, person) in enumerate(group):
        behind = float(rng.normal(0, 0.25)) if len(group) > 1 else 0.0
        trips.append(
            Trip(
                person_id,
                person,
                path,
                _along(path),
                speed,
                start_m=start - behind,
                stop_m=stop - behind,
                stop_s=stop_s,
                turn=float(rng.uniform(-2.2, 2.2)),
                lateral_offset_m=float((position - (len(group) - 1) / 2) * rng.uniform(0.6, 0.85)),
                seed=int(rng.integers(2**31)),
            )
        )
    return trips


def _along(path: np.ndarray) -> np.ndarray:
    """Metres walked at each point of a path (n, 2), (n,)."""
    return np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1))])


def _sample_path(low_x: float, high_x: float, sense: int, rng: np.random.Generator) -> np.ndarray:
    """A line along the whole road that changes lanes now and then."""
    count = max(3, round((high_x - low_x) / _LEG_M) + 1)
    x = np.linspace(low_x, high_x, count)[::sense]
    lanes = 0.5 * rng.uniform(-LANE_M, LANE_M) + 0.5 * rng.uniform(-LANE_M, LANE_M, count)
    return smooth_path(np.stack([x, lanes], axis=1))
