"""Features without pictures: points that behave like those of a ReID network, for exhibits, tests and lessons.

Every person is a point, every camera pushes all its pictures the same way, and every picture adds noise of its own:
little for most, much for a few (somebody half hidden, seen from behind, cut off).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeaturePlan:
    """How many of what, and how hard.

    Attributes:
        persons, cameras: how many.
        shots: pictures of each person from each camera.
        strangers: pictures in the gallery of people nobody asks for.
        dimension: length of a feature.
        camera_shift: how far a camera pushes its pictures; the persons lie about 1.4 apart.
        noise: how far a usual picture lies from its person.
        seed: of everything.
    """

    persons: int = 100
    cameras: int = 6
    shots: int = 3
    strangers: int = 300
    dimension: int = 64
    camera_shift: float = 0.5
    noise: float = 1.0
    seed: int = 0


def make_features(world: FeaturePlan) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Make features as Market-1501 is divided: of each person one picture from each camera asks.

    Returns:
        features (n, d) float32 of unit length; person (n,) int64, -1 for strangers; camera (n,) int64; asks (n,) bool.
    """
    rng = np.random.default_rng(world.seed)

    def points(count: int) -> np.ndarray:
        return rng.standard_normal((count, world.dimension)) / np.sqrt(world.dimension)

    each = world.cameras * world.shots
    person = np.concatenate([np.repeat(np.arange(world.persons), each), np.full(world.strangers, -1)])
    camera = np.concatenate(
        [np.tile(np.arange(each) % world.cameras, world.persons), rng.integers(0, world.cameras, world.strangers)]
    )
    asks = np.concatenate([np.tile(np.arange(each) < world.cameras, world.persons), np.zeros(world.strangers, bool)])
    centre = np.concatenate([points(world.persons)[person[: world.persons * each]], points(world.strangers)])
    spread = world.noise * rng.lognormal(0, 0.5, len(person))[:, None]  # a few pictures are far off
    features = centre + world.camera_shift * points(world.cameras)[camera] + spread * points(len(person))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features.astype(np.float32), person, camera, asks
