"""People seen by two cameras, the second one in fog: the data of exercise 10."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from learning_reid.datasets.images import read_crop
from reid_course.exercise_setup import student_split
from reid_course.lesson_data import lesson_embedder
from reid_synth.datasets.market import MarketPlan

PEOPLE, LENGTH = 24, 3  # number of people, and crops of each person per camera
PLAN = MarketPlan(train_people=0, test_people=PEOPLE, cameras=2, crops_per_camera=LENGTH, distractors=0, junk=0)


@dataclass(frozen=True, eq=False)
class TwoCameras:
    """Crops and embeddings of every person from both cameras.

    Attributes:
        seed: Seed of the people and of the sampled tracklets.
        crops: (h, w, 3) uint8 RGB crops; those of the second camera are foggy.
        vectors: (n, d) float32 embeddings of the crops, of unit length.
        rows: (24, 2, 3) int64 rows of `crops` and `vectors`, by person and camera.
    """

    seed: int
    crops: list[np.ndarray]
    vectors: np.ndarray
    rows: np.ndarray

    def sample_tracklets(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sample tracklets: 12 people pass both cameras, 6 only the first, and 6 only the second.

        Args:
            number: Number of the sample, from 0.

        Returns:
            (18, 3) rows of `crops` and `vectors` of the first camera's tracklets, one tracklet per row; (18, 3) those
            of the second camera; (18,) the true match in the second camera of each tracklet of the first, -1 = none.
        """
        rng = np.random.default_rng([self.seed, number])
        people = rng.permutation(PEOPLE)
        first, second = rng.permutation(people[:18]), rng.permutation(people[6:])
        same = first[:, None] == second
        return self.rows[first, 0], self.rows[second, 1], np.where(same.any(axis=1), same.argmax(axis=1), -1)


@lru_cache(maxsize=2)
def open_two_cameras(seed: int) -> TwoCameras:
    """Render and embed the people of a seed on first use, which takes seconds.

    Fog removes more than half of the contrast: 0.45 · crop + 115.
    """
    split = student_split(seed, PLAN)
    labels = split.all_labels
    foggy = labels.camera != labels.camera.min()
    crops = [read_crop(sample) for sample in split.samples]
    crops = [(0.45 * crop + 115).astype(np.uint8) if fog else crop for crop, fog in zip(crops, foggy, strict=True)]
    rows = np.lexsort((foggy, labels.person)).reshape(PEOPLE, 2, LENGTH)
    return TwoCameras(seed, crops, lesson_embedder("embedded")(crops), rows)
