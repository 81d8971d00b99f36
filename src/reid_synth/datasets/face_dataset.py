"""Generated faces as a labelled set on disk: a folder for each person, and one table that says what is for what.

    labels.csv     img_path,person_id,camera_id,split
    train/0001/    people to learn from
    test/0004/     people to be recognised: the first two pictures of each are queries, the others the gallery

The table is read by the layout "csv" of `learning_reid.datasets`. A name such as `0004_c1s1_000031_01.jpg` reads as in
Market-1501: person 4, camera 1, sequence 1, picture 31.
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
_QUERIES = 2  # pictures of each test person, one from each camera


@dataclass(frozen=True)
class FacePlan:
    """How many of what. Test and train people are different people, some of them as alike as siblings.

    Raises:
        UserError: too few of something for a set that can be trained and tested on.
    """

    train_people: int = 200
    test_people: int = 100
    images_each: int = 12

    def __post_init__(self) -> None:
        """Check that every test person has a gallery picture from both cameras."""
        if self.train_people < 0 or self.test_people < 0 or self.train_people + self.test_people == 0:
            raise UserError(f"{self.train_people} + {self.test_people} people make no set of faces: ask for some")
        if self.images_each < _QUERIES + _CAMERAS:
            least = _QUERIES + _CAMERAS
            raise UserError(f"{self.images_each} pictures of each face are too few: take {least} or more")

    @property
    def people(self) -> int:
        """How many people there are."""
        return self.train_people + self.test_people

    @property
    def images(self) -> int:
        """How many pictures will be written."""
        return self.people * self.images_each


def write_faces(folder: Path, plan: FacePlan, seed: int, done: Callable[[], object] = lambda: None) -> int:
    """Write a generated set of aligned faces, 112 × 112.

    Args:
        folder: where the table and the folders go; made if missing.
        plan: how many of what.
        seed: of the faces, the cameras and everything else; same seed, same bytes.
        done: called after each written picture, for a progress bar.

    Returns:
        How many pictures were written.

    Raises:
        UserError: the folder holds files, or cannot be written.
    """
    table = io.StringIO()
    rows = csv.writer(table, lineterminator="\n")
    rows.writerow(("img_path", "person_id", "camera_id", "split"))
    written = 0
    with staged_folder(folder) as draft:
        for row, image in _render_images(plan, seed):
            write_file(draft, row[0], encode_jpeg(image))
            rows.writerow(row)
            written += 1
            done()
        write_file(draft, LABELS, table.getvalue().encode())
    return written


def _render_images(plan: FacePlan, seed: int) -> Iterator[tuple[tuple[str, str, str, str], np.ndarray]]:
    """Every row of the table with its picture."""
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
