"""Walkers of the demonstration scene: paths, timing and appearance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reid_synth.camera import Camera
from reid_synth.people.person import Person, sample_person
from reid_synth.people.rendering import Light
from reid_synth.world.pedestrian import RenderedPedestrian, WalkState, render_pedestrian

_FIRST_M = (2.6, 1.8, 2.5, 2.0)  # earliest start on each path, meters
_NUM_CANDIDATES = 24
_TARGET_OCCLUSION = 8.0  # one occlusion of about four frames


@dataclass(frozen=True)
class Walker:
    """A person who walks up and down a path forever.

    Attributes:
        person_id: Number of the person.
        person: Appearance.
        path: (n, 2) meters, a dense smooth line on the ground.
        speed: Walking speed, meters per second.
        start_m: Meters already walked at time 0.
        seed: Seed of cloth folds and habits that stay the same in all frames.
    """

    person_id: int
    person: Person
    path: np.ndarray
    speed: float
    start_m: float
    seed: int

    def at(self, time_s: float) -> tuple[np.ndarray, float]:
        """Return position (2,) in meters and walking direction (radians, 0 = along +x) at a time."""
        steps = np.linalg.norm(np.diff(self.path, axis=0), axis=1)
        distances = np.concatenate([[0.0], np.cumsum(steps)])
        walked = (self.start_m + self.speed * time_s) % (2 * distances[-1])
        returning = walked > distances[-1]
        position = 2 * distances[-1] - walked if returning else walked
        here, ahead = (
            np.array([np.interp(position + d, distances, self.path[:, i]) for i in (0, 1)]) for d in (-0.2, 0.2)
        )
        forward = (here - ahead) if returning else (ahead - here)
        return (here + ahead) / 2, float(np.arctan2(forward[1], forward[0]))

    def render(self, camera: Camera, time_s: float, light: Light) -> RenderedPedestrian:
        """Render the walker as the camera sees them at a time."""
        state = WalkState(*self.at(time_s), self.start_m + self.speed * time_s)
        return render_pedestrian(self.person, state, camera, light, self.seed)


def sample_walkers(count: int, seed: int, camera: Camera, rng: np.random.Generator) -> list[Walker]:
    """Sample walkers with distinct clothes on crossing paths.

    Of many sampled timings, the one is chosen in which walkers occlude each other for about as many frames as a lesson
    needs: they do meet, and no walker stays occluded for long.
    """
    people = _sample_distinct_people(count, rng)
    mirror = np.array([rng.choice([-1.0, 1.0]), 1.0])
    paths = [smooth_path(corners * mirror) for corners in _path_corners(rng)[:count]]
    timings = [(rng.uniform(1.15, 1.4, count), rng.uniform(0.0, 1.0, count)) for _ in range(_NUM_CANDIDATES)]
    groups = [
        [
            Walker(index + 1, person, path, float(speed), _FIRST_M[index] + float(delay) * 3.0, 1000 * seed + index)
            for index, (person, path, speed, delay) in enumerate(zip(people, paths, *timing, strict=True))
        ]
        for timing in timings
    ]
    return min(groups, key=lambda walkers: abs(_occlusion_score(walkers, camera) - _TARGET_OCCLUSION))


def _occlusion_score(walkers: list[Walker], camera: Camera) -> float:
    """Score mutual occlusion in the first ten seconds: walker-frames, with long occlusions weighing more."""
    boxes = np.array([[_approximate_box(walker, camera, frame / 7) for frame in range(70)] for walker in walkers])
    weight = 0.0
    for one in range(len(walkers)):
        for other in range(one):
            low = np.maximum(boxes[one, :, :2], boxes[other, :, :2])
            high = np.minimum(boxes[one, :, 2:], boxes[other, :, 2:])
            shared = np.clip(high - low, 0, None).prod(axis=1) / (boxes[one, :, 2:] - boxes[one, :, :2]).prod(axis=1)
            weight += (shared > 0.25).sum() ** 1.5
    return weight


def _approximate_box(walker: Walker, camera: Camera, time_s: float) -> np.ndarray:
    """Approximate the box of a walker, (4,) pixels xyxy."""
    ground_xy, _ = walker.at(time_s)
    u, v = camera.project(np.append(ground_xy, 0.0))
    height = walker.person.height_m * float(camera.pixels_per_meter(ground_xy)) * 0.95
    return np.array([u - 0.18 * height, v - height, u + 0.18 * height, v])


def _path_corners(rng: np.random.Generator) -> list[np.ndarray]:
    """Sample the corners (n, 2) in meters of four paths: left to right, right to left, from the house, a turn."""
    y = rng.uniform(-0.5, 0.5, 4)
    return [
        np.array([(-9.5, 16.2 + y[0]), (-3.0, 16.6 + y[0]), (2.0, 17.4), (11.5, 18.5 + y[0])]),
        np.array([(9.5, 18.2 + y[1]), (3.0, 18.4 + y[1]), (-3.5, 18.6), (-5.5, 21.5), (-13.5, 23.5)]),
        np.array([(5.2, 26.5), (4.6, 22.5 + y[2]), (2.0, 20.6), (1.0, 14.8), (9.0, 13.9 + y[2])]),
        np.array([(-11.5, 21.5), (-5.5, 21.3 + y[3]), (-3.5, 20.0), (-3.0, 15.4 + y[3]), (-9.0, 14.0)]),
    ]


def smooth_path(corners: np.ndarray, rounds: int = 4) -> np.ndarray:
    """Smooth a path (n, 2) with Chaikin's corner cutting; returns (m, 2)."""
    for _ in range(rounds):
        first, second = 0.75 * corners[:-1] + 0.25 * corners[1:], 0.25 * corners[:-1] + 0.75 * corners[1:]
        between = np.stack([first, second], axis=1).reshape(-1, 2)
        corners = np.vstack([corners[:1], between, corners[-1:]])
    return corners


def _sample_distinct_people(count: int, rng: np.random.Generator) -> list[Person]:
    """Sample candidates and choose `count` of them, each as differently dressed from the others as possible."""
    candidates = [sample_person(rng) for _ in range(24)]
    chosen = [candidates[0]]
    while len(chosen) < count:
        colors = np.array([_clothing_colors(person) for person in chosen])
        distance = [np.linalg.norm(colors - _clothing_colors(person), axis=1).min() for person in candidates]
        chosen.append(candidates[int(np.argmax(distance))])
    return chosen


def _clothing_colors(person: Person) -> np.ndarray:
    """Return the colors of the clothes as one vector, in which the top weighs most."""
    return np.concatenate(
        [np.array(person.top.color) * 1.2, np.array(person.bottom.color), np.array(person.hair) * 0.3]
    )
