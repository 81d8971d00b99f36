"""Synthetic faces as a labeled dataset on disk: a folder for each person and one table of labels and splits.

    labels.csv     img_path,person_id,camera_id,split
    train/0001/    people for training
    test/0004/     test people: the first two images of each are queries, the others the gallery

The layout "csv" of `learning_reid.datasets` reads the table. File names follow Market-1501:
`0004_c1s1_000031_01.jpg` is person 4, camera 1, sequence 1, image 31.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from reid_synth.datasets.atomic_folder import encode_jpeg, staged_folder, write_file
from reid_synth.errors import UserError
from reid_synth.faces.face import sample_faces
from reid_synth.faces.rendering import render_face_crop, sample_face_camera

LABELS = "labels.csv"
_CAMERAS = 2
_QUERIES = 2  # images of each test person, one from each camera


@dataclass(frozen=True)
class FacePlan:
    """Size of a face dataset. Training and test people are disjoint; some look as alike as siblings.

    Raises:
        UserError: Too few people or images for a dataset.
    """

    train_people: int = 200
    test_people: int = 100
    images_each: int = 12

    def __post_init__(self) -> None:
        """Check that every test person has a gallery image from both cameras."""
        if self.train_people < 0 or self.test_people < 0 or self.train_people + self.test_people == 0:
            raise UserError(f"{self.train_people} + {self.test_people} people: a face dataset needs at least 1 person")
        if self.images_each < _QUERIES + _CAMERAS:
            least = _QUERIES + _CAMERAS
            raise UserError(f"{self.images_each} images of each face are too few: use {least} or more")

    @property
    def people(self) -> int:
        """Number of people."""
        return self.train_people + self.test_people

    @property
    def images(self) -> int:
        """Number of images."""
        return self.people * self.images_each


def write_faces(folder: Path, plan: FacePlan, seed: int, done: Callable[[], object] = lambda: None) -> int:
    """Write a synthetic dataset of aligned faces, 112 × 112 pixels.

    Args:
        folder: Folder of the dataset; created if missing.
        plan: Size of the dataset.
        seed: Seed of everything that is random; the same seed gives the same bytes.
        done: Progress callback, called after each image.

    Returns:
        Number of images written.

    Raises:
        UserError: The folder contains files or cannot be written.
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("img_path", "person_id", "camera_id", "split"))
    written = 0
    with staged_folder(folder) as staging:
        for row, image in _render_images(plan, seed):
            write_file(staging, row[0], encode_jpeg(image))
            rows.writerow(row)
            written += 1
            done()
        write_file(staging, LABELS, table.getvalue().encode())
    return written


def _render_images(plan: FacePlan, seed: int) -> Iterator[tuple[tuple[str, str, str, str], np.ndarray]]:
    """Yield every row of the table with its image."""
    rng = np.random.default_rng([seed, 112])
    cameras = [sample_face_camera(rng) for _ in range(_CAMERAS)]
    frame = 0
    for index, face in enumerate(sample_faces(rng, plan.people)):
        person_id = f"{index + 1:04d}"
        train = index < plan.train_people
        for number in range(plan.images_each):
            frame += 1
            camera = number % _CAMERAS
            split = "train" if train else "query" if number < _QUERIES else "gallery"
            name = f"{person_id}_c{camera + 1}s1_{frame:06d}_01.jpg"
            path = f"{'train' if train else 'test'}/{person_id}/{name}"
            yield (path, person_id, str(camera + 1), split), render_face_crop(face, rng, cameras[camera])
