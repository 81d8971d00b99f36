"""Synthetic embeddings that behave like those of a ReID network, for demonstrations, lessons and tests.

Every person is a point, every camera shifts its images in one direction, and every image adds noise: little for most
images, much for a few (occluded, seen from behind, cut off).
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class FeaturePlan:
    """Size and difficulty of a set of embeddings.

    Attributes:
        persons, cameras: Number of persons and cameras.
        images_per_camera: Images of each person from each camera.
        distractors: Gallery images of other people.
        dimension: Length of an embedding.
        camera_shift: Distance by which a camera shifts its images; persons are about 1.4 apart.
        noise: Distance of a typical image from its person.
        seed: Seed of everything that is random.
    """

    persons: int = 100
    cameras: int = 6
    images_per_camera: int = 3
    distractors: int = 300
    dimension: int = 64
    camera_shift: float = 0.5
    noise: float = 1.0
    seed: int = 0


def make_features(plan: FeaturePlan) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Generate embeddings with the query/gallery split of Market-1501: one query per person and camera.

    Returns:
        features (n, d) float32 of unit length; person (n,) int64, -1 for distractors; camera (n,) int64;
        is_query (n,) bool.
    """
    rng = np.random.default_rng(plan.seed)

    def points(count: int) -> np.ndarray:
        return rng.standard_normal((count, plan.dimension)) / np.sqrt(plan.dimension)

    each = plan.cameras * plan.images_per_camera
    person = np.concatenate([np.repeat(np.arange(plan.persons), each), np.full(plan.distractors, -1)])
    camera = np.concatenate(
        [np.tile(np.arange(each) % plan.cameras, plan.persons), rng.integers(0, plan.cameras, plan.distractors)]
    )
    is_query = np.concatenate([np.tile(np.arange(each) < plan.cameras, plan.persons), np.zeros(plan.distractors, bool)])
    center = np.concatenate([points(plan.persons)[person[: plan.persons * each]], points(plan.distractors)])
    spread = plan.noise * rng.lognormal(0, 0.5, len(person))[:, None]  # heavy-tailed: a few images are far off
    features = center + plan.camera_shift * points(plan.cameras)[camera] + spread * points(len(person))
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return features.astype(np.float32), person, camera, is_query
