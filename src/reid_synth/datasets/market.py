"""Synthetic people as labeled crops on disk, in the layout and with the file names of Market-1501.

    bounding_box_train/  crops of the training people
    query/               one crop of each test person from each camera
    bounding_box_test/   gallery: the other crops of the test people, distractors (0000) and junk boxes (-1)
    labels.csv           the same labels as a table: img_path,person_id,camera_id,split
    attributes.csv       a row for each person with attributes in words

`0002_c1s1_000451_01.jpg` is person 2, camera 1, sequence 1, frame 451, box 1 of that frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from reid_synth.datasets.atomic_folder import encode_jpeg, staged_folder, write_file
from reid_synth.datasets.crops import CropCamera, render_crop, sample_crop_camera, sample_people
from reid_synth.datasets.market_tables import attributes_table, labels_table
from reid_synth.errors import UserError
from reid_synth.people.person import Person, change_clothes, sample_person, sees_changed_clothes
from reid_synth.places.street import empty_street
from reid_synth.places.surfaces import make_surfaces
from reid_synth.worker_pool import WorkerPool

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
_DISTRACTOR, _JUNK = "0000", "-1"
_SIZE = (64, 128)  # width, height of every crop in Market-1501
_MAX_PEOPLE = 9_999
_FRAMES_APART = (3, 40)  # range of frames between two crops of one camera
_TASK_SIZE = 8  # people or distractors rendered in one task
File = tuple[str, bytes]  # path below the dataset folder, content


@dataclass(frozen=True)
class MarketPlan:
    """Size and difficulty of a crop dataset. Training and test people are disjoint.

    Attributes:
        change_clothes: Share of the people who wear other clothes in the second half of the cameras.
        near_copies: Share of the people who look nearly like the person before them.
        spread: Variation of colors and tones between cameras: 1 as in the field, 0 all alike.
        streets: Number of backgrounds, assigned to the cameras in turn. With one, the background does not reveal the
            camera.

    Raises:
        UserError: The numbers do not make a dataset.
    """

    train_people: int = 200
    test_people: int = 200
    cameras: int = 3
    crops_per_camera: int = 3
    distractors: int = 60
    junk: int = 30
    change_clothes: float = 0.0
    near_copies: float = 0.05
    spread: float = 0.3
    streets: int = 1

    def __post_init__(self) -> None:
        """Check that every query can have a true match."""
        if self.people < 2:
            raise UserError(f"{max(self.people, 0)} people: a crop dataset needs 2 or more")
        if self.people > _MAX_PEOPLE:
            raise UserError(
                f"{self.people:,} people are too many for file names with four digits: use {_MAX_PEOPLE:,} or fewer"
            )
        if self.train_people < 0 or self.test_people < 1:
            raise UserError(f"{self.train_people} training and {self.test_people} test people: use at least 0 and 1")
        if self.cameras < 1:
            raise UserError(f"{self.cameras} cameras: use 1 or more")
        if self.crops_per_camera < 2:
            raise UserError(f"{self.crops_per_camera} crops per camera are too few: one is the query, so use 2 or more")
        if min(self.distractors, self.junk) < 0:
            raise UserError(f"{self.distractors} distractors and {self.junk} junk boxes: use 0 or more")
        if not 0 <= self.change_clothes <= 1:
            raise UserError(f"{self.change_clothes} is not a share: use change_clothes between 0 and 1")
        if not 0 <= self.near_copies <= 1 or self.spread < 0 or self.streets < 1:
            raise UserError("use near_copies between 0 and 1, a spread of 0 or more, and 1 street or more")

    @property
    def people(self) -> int:
        """Number of labeled people."""
        return self.train_people + self.test_people

    @property
    def images(self) -> int:
        """Number of images."""
        return self.people * self.cameras * self.crops_per_camera + self.distractors + self.junk


CLASS_PLAN = MarketPlan(train_people=200, test_people=200, crops_per_camera=4)  # enough for a lesson on training


def write_market(
    folder: Path, plan: MarketPlan, seed: int, done: Callable[[], object] = lambda: None, pool: WorkerPool | None = None
) -> int:
    """Write a synthetic dataset in the Market-1501 layout.

    Args:
        folder: Folder of the dataset; created if missing.
        plan: Size and difficulty of the dataset.
        seed: Seed of everything that is random; the same seed gives the same bytes.
        done: Progress callback, called after each image.
        pool: Renders the crops; the number of its workers does not change the result.

    Returns:
        Number of images written.

    Raises:
        UserError: The folder contains files or cannot be written.
    """
    tasks = [
        (work, plan, seed, first, min(first + _TASK_SIZE, count))
        for work, count in ((_crops_of_people, plan.people), (_crops_of_others, plan.distractors + plan.junk))
        for first in range(0, count, _TASK_SIZE)
    ]
    names = []
    with staged_folder(folder) as staging:
        for name in (TRAIN, QUERY, GALLERY):
            (staging / name).mkdir()
        for files in (pool or WorkerPool()).map(_render_chunk, tasks):
            for name, content in files:
                write_file(staging, name, content)
                names.append(name)
                done()
        write_file(staging, "labels.csv", labels_table(names))
        write_file(
            staging,
            "attributes.csv",
            attributes_table(sample_market_people(plan, seed), people_with_changed_clothes(plan, seed)),
        )
    return len(names)


@lru_cache(maxsize=2)
def sample_market_people(plan: MarketPlan, seed: int) -> tuple[Person, ...]:
    """Sample the labeled people in the order of their numbers from 1: training people, then test people."""
    return tuple(sample_people(np.random.default_rng([seed, 15, 0]), plan.people, plan.near_copies))


@lru_cache(maxsize=2)
def people_with_changed_clothes(plan: MarketPlan, seed: int) -> dict[int, Person]:
    """Map indices in `sample_market_people` to the people in the clothes they wear in later cameras."""
    rng = np.random.default_rng([seed, 15, 1])
    people = sample_market_people(plan, seed)
    chosen = np.sort(rng.permutation(len(people))[: round(plan.change_clothes * len(people))])
    return {int(index): change_clothes(people[index], rng) for index in chosen}


@lru_cache(maxsize=2)
def _sample_cameras(plan: MarketPlan, seed: int) -> tuple[CropCamera, ...]:
    rng = np.random.default_rng([seed, 15, 2])
    surfaces = make_surfaces(seed)
    streets = [empty_street(rng, surfaces) for _ in range(plan.streets)]
    return tuple(
        sample_crop_camera(rng, [streets[number % plan.streets]], plan.spread) for number in range(plan.cameras)
    )


def _render_chunk(
    work: Callable[[MarketPlan, int, int], Iterator[File]], plan: MarketPlan, seed: int, first: int, end: int
) -> list[File]:
    return [file for index in range(first, end) for file in work(plan, seed, index)]


def _crops_of_people(plan: MarketPlan, seed: int, index: int) -> Iterator[File]:
    """Yield all crops of one person."""
    rng = np.random.default_rng([seed, 16, index])
    is_train = index < plan.train_people
    person, changed_person = sample_market_people(plan, seed)[index], people_with_changed_clothes(plan, seed).get(index)
    waits = rng.integers(*_FRAMES_APART, size=(plan.cameras, plan.crops_per_camera))
    for number, camera in enumerate(_sample_cameras(plan, seed)):
        appearance = changed_person if changed_person and sees_changed_clothes(number, plan.cameras) else person
        for shot in range(plan.crops_per_camera):
            folder = TRAIN if is_train else QUERY if shot == 0 else GALLERY
            name = _name(f"{index + 1:04d}", number, index * plan.crops_per_camera + shot, int(waits[number, shot]))
            yield f"{folder}/{name}", _crop(appearance, camera, rng, _others(plan, seed, is_train))


def _crops_of_others(plan: MarketPlan, seed: int, index: int) -> Iterator[File]:
    """Yield the crop of one distractor, or one junk box that shows too little of a test person."""
    rng = np.random.default_rng([seed, 17, index])
    number = int(rng.integers(plan.cameras))
    is_distractor = index < plan.distractors
    people = _others(plan, seed, is_train=False)
    person = sample_person(rng) if is_distractor else people[int(rng.integers(len(people)))]
    label, shot = _DISTRACTOR if is_distractor else _JUNK, plan.people * plan.crops_per_camera + index
    name = _name(label, number, shot, int(rng.integers(*_FRAMES_APART)))
    crop = _crop(person, _sample_cameras(plan, seed)[number], rng, people, junk=not is_distractor)
    yield f"{GALLERY}/{name}", crop


def _others(plan: MarketPlan, seed: int, is_train: bool) -> tuple[Person, ...]:
    """Return the possible bystanders: people of the same split, so that training and test people never mix."""
    people = sample_market_people(plan, seed)
    return people[: plan.train_people] if is_train else people[plan.train_people :]


def _crop(
    person: Person, camera: CropCamera, rng: np.random.Generator, others: tuple[Person, ...], junk: bool = False
) -> bytes:
    image = cv2.resize(render_crop(person, camera, rng, others), _SIZE, interpolation=cv2.INTER_AREA)
    if junk:
        height, width = image.shape[:2]
        cut = image[: int(height * rng.uniform(0.2, 0.4)), : int(width * rng.uniform(0.5, 1))]
        image = cv2.resize(cut, _SIZE, interpolation=cv2.INTER_LINEAR)
    return encode_jpeg(image)


def _name(person: str, camera: int, shot: int, wait: int) -> str:
    """Format a file name.

    Args:
        person: Person number of four digits, or the label of distractors or junk.
        camera: Camera index, from 0.
        shot: Index of the crop within its camera.
        wait: Frames since the previous crop, so that every crop has a frame of its own.
    """
    return f"{person}_c{camera + 1}s1_{shot * _FRAMES_APART[1] + wait:06d}_01.jpg"
