"""Two cameras and fog before the second: who walked past both? The people of exercise 10."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from learning_reid.datasets.images import read_crop
from reid_course.lesson_data import lesson_embedder
from reid_course.exercise_setup import student_split
from reid_synth.datasets.market import MarketPlan

PEOPLE, LENGTH = 24, 3  # who walk past, and crops of each by each camera
PLAN = MarketPlan(train_people=0, test_people=PEOPLE, cameras=2, crops_per_camera=LENGTH, distractors=0, junk=0)


@dataclass(frozen=True, eq=False)
class TwoCameras:
    """Everybody as both cameras see them.

    Attributes:
        seed: of the people and the evenings.
        crops: (h, w, 3) uint8 RGB each; those of the second camera in fog.
        vectors: (n, d) float32, one for each crop, of length 1.
        rows: (24, 2, 3) int64, of `crops` and `vectors`: of each person by each camera.
    """

    seed: int
    crops: list[np.ndarray]
    vectors: np.ndarray
    rows: np.ndarray

    def evening(self, number: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One of many evenings: 12 people walk past both cameras, 6 past the first only and 6 past the second only.

        Returns:
            (18, 3) rows of `crops` and `vectors`, a tracklet in each row: what the first camera saw; (18, 3) what the
            second one saw; (18,) the truth: for each tracklet of the first the one of the second, -1 for nobody.
        """
        rng = np.random.default_rng([self.seed, number])
        people = rng.permutation(PEOPLE)
        here, there = rng.permutation(people[:18]), rng.permutation(people[6:])
        same = here[:, None] == there
        return self.rows[here, 0], self.rows[there, 1], np.where(same.any(axis=1), same.argmax(axis=1), -1)


@lru_cache(maxsize=2)
def two_cameras(seed: int) -> TwoCameras:
    """People of a seed; drawn on first use, and looked at by the embedded network, which takes seconds.

    The fog takes away more than half of the contrast: 0.45 · crop + 115.
    """
    contest = student_split(seed, PLAN)
    labels = contest.all_labels
    foggy = labels.camera != labels.camera.min()
    crops = [read_crop(sample) for sample in contest.samples]
    crops = [(0.45 * crop + 115).astype(np.uint8) if fog else crop for crop, fog in zip(crops, foggy, strict=True)]
    rows = np.lexsort((foggy, labels.person)).reshape(PEOPLE, 2, LENGTH)
    return TwoCameras(seed, crops, lesson_embedder("embedded")(crops), rows)
