"""Generated people as labelled crops on disk, in the layout and with the file names of Market-1501.

    bounding_box_train/  people to learn from
    query/               one crop of each test person from each camera: the questions
    bounding_box_test/   the gallery: the other crops of the test people, strangers (0000) and bad boxes (-1)
    labels.csv           the same as a table: img_path,person_id,camera_id,split
    attributes.csv       a row for each person: what they look like, in words

A name such as `0002_c1s1_000451_01.jpg` reads: person 2, camera 1, sequence 1, frame 451, box 1 of that frame.
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
_MOST_PEOPLE = 9_999
_FRAMES_APART = (3, 40)  # between two crops that one camera takes
_AT_ONCE = 8  # people or strangers whose crops are one task
File = tuple[str, bytes]  # path below the data set, content


@dataclass(frozen=True)
class MarketPlan:
    """How many of what. Test and train people are different people.

    Attributes:
        change_clothes: share of the people who wear other clothes in the second half of the cameras.
        near_copies: share of the people who look nearly like the person before them.
        spread: how far the cameras' colours and tones lie apart: 1 as in the field, 0 all alike.
        streets: on how many streets the cameras look, in turn; on one, the background does not give the camera away.

    Raises:
        UserError: numbers that make no data set.
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
        """Check that every query can have an answer."""
        if self.people < 2:
            raise UserError(f"{max(self.people, 0)} people make no set of crops: take 2 or more")
        if self.people > _MOST_PEOPLE:
            raise UserError(
                f"{self.people:,} people are too many for names of four digits: take {_MOST_PEOPLE:,} or fewer"
            )
        if self.train_people < 0 or self.test_people < 1:
            raise UserError(f"{self.train_people} people to train, {self.test_people} to test: take 0 and 1 or more")
        if self.cameras < 1:
            raise UserError(f"{self.cameras} cameras take no pictures: take 1 or more")
        if self.crops_per_camera < 2:
            raise UserError(f"{self.crops_per_camera} crops by each camera are too few: one asks, so take 2 or more")
        if min(self.distractors, self.junk) < 0:
            raise UserError(f"{self.distractors} distractors and {self.junk} junk boxes: take 0 or more")
        if not 0 <= self.change_clothes <= 1:
            raise UserError(f"{self.change_clothes} is no share of the people: change clothes of 0 to 1")
        if not 0 <= self.near_copies <= 1 or self.spread < 0 or self.streets < 1:
            raise UserError("take near copies of 0 to 1, a spread of 0 or more, and 1 place or more")

    @property
    def people(self) -> int:
        """How many people have a number."""
        return self.train_people + self.test_people

    @property
    def images(self) -> int:
        """How many pictures will be written."""
        return self.people * self.cameras * self.crops_per_camera + self.distractors + self.junk


CLASS_PLAN = MarketPlan(train_people=200, test_people=200, crops_per_camera=4)  # enough for a lesson in training


def write_market(
    folder: Path, plan: MarketPlan, seed: int, done: Callable[[], object] = lambda: None, pool: WorkerPool | None = None
) -> int:
    """Write a generated data set in the Market-1501 layout.

    Args:
        folder: where the three folders and the tables go; made if missing.
        plan: how many of what.
        seed: of the people, the cameras and everything else; same seed, same bytes.
        done: called after each written picture, for a progress bar.
        crew: who draws; how many they are changes nothing.

    Returns:
        How many pictures were written.

    Raises:
        UserError: when the folder holds files, or cannot be written.
    """
    tasks = [
        (work, plan, seed, first, min(first + _AT_ONCE, count))
        for work, count in ((_crops_of_people, plan.people), (_crops_of_others, plan.distractors + plan.junk))
        for first in range(0, count, _AT_ONCE)
    ]
    names = []
    with staged_folder(folder) as draft:
        for name in (TRAIN, QUERY, GALLERY):
            (draft / name).mkdir()
        for files in (pool or WorkerPool()).map(_draw, tasks):
            for name, content in files:
                write_file(draft, name, content)
                names.append(name)
                done()
        write_file(draft, "labels.csv", labels_table(names))
        write_file(
            draft,
            "attributes.csv",
            attributes_table(sample_market_people(plan, seed), people_with_changed_clothes(plan, seed)),
        )
    return len(names)


@lru_cache(maxsize=2)
def sample_market_people(plan: MarketPlan, seed: int) -> tuple[Person, ...]:
    """Everybody who has a number, 1 first; the train people, then the test people."""
    return tuple(sample_people(np.random.default_rng([seed, 15, 0]), plan.people, plan.near_copies))


@lru_cache(maxsize=2)
def people_with_changed_clothes(plan: MarketPlan, seed: int) -> dict[int, Person]:
    """By their place in `sample_market_people`: who wears other clothes in the second half of the cameras, and how they look."""
    rng = np.random.default_rng([seed, 15, 1])
    people = sample_market_people(plan, seed)
    chosen = np.sort(rng.permutation(len(people))[: round(plan.change_clothes * len(people))])
    return {int(index): change_clothes(people[index], rng) for index in chosen}


@lru_cache(maxsize=2)
def _set_up_cameras(plan: MarketPlan, seed: int) -> tuple[CropCamera, ...]:
    rng = np.random.default_rng([seed, 15, 2])
    surfaces = make_surfaces(seed)
    streets = [empty_street(rng, surfaces) for _ in range(plan.streets)]
    return tuple(
        sample_crop_camera(rng, [streets[number % plan.streets]], plan.spread) for number in range(plan.cameras)
    )


def _draw(
    work: Callable[[MarketPlan, int, int], Iterator[File]], plan: MarketPlan, seed: int, first: int, end: int
) -> list[File]:
    return [file for index in range(first, end) for file in work(plan, seed, index)]


def _crops_of_people(plan: MarketPlan, seed: int, index: int) -> Iterator[File]:
    """All crops of one person."""
    rng = np.random.default_rng([seed, 16, index])
    is_train = index < plan.train_people
    person, changed_person = sample_market_people(plan, seed)[index], people_with_changed_clothes(plan, seed).get(index)
    waits = rng.integers(*_FRAMES_APART, size=(plan.cameras, plan.crops_per_camera))
    for number, camera in enumerate(_set_up_cameras(plan, seed)):
        worn = changed_person if changed_person and sees_changed_clothes(number, plan.cameras) else person
        for shot in range(plan.crops_per_camera):
            folder = TRAIN if is_train else QUERY if shot == 0 else GALLERY
            name = _name(f"{index + 1:04d}", number, index * plan.crops_per_camera + shot, int(waits[number, shot]))
            yield f"{folder}/{name}", _crop(worn, camera, rng, _others(plan, seed, is_train))


def _crops_of_others(plan: MarketPlan, seed: int, index: int) -> Iterator[File]:
    """One crop of a stranger, or one box that shows too little of one of the test people to count."""
    rng = np.random.default_rng([seed, 17, index])
    number = int(rng.integers(plan.cameras))
    stranger = index < plan.distractors
    people = _others(plan, seed, is_train=False)
    person = sample_person(rng) if stranger else people[int(rng.integers(len(people)))]
    label, shot = _DISTRACTOR if stranger else _JUNK, plan.people * plan.crops_per_camera + index
    name = _name(label, number, shot, int(rng.integers(*_FRAMES_APART)))
    crop = _crop(person, _set_up_cameras(plan, seed)[number], rng, people, spoil=not stranger)
    yield f"{GALLERY}/{name}", crop


def _others(plan: MarketPlan, seed: int, is_train: bool) -> tuple[Person, ...]:
    """Who may come by: nobody of the test people where somebody to learn from is photographed, and the other way."""
    people = sample_market_people(plan, seed)
    return people[: plan.train_people] if is_train else people[plan.train_people :]


def _crop(
    person: Person, camera: CropCamera, rng: np.random.Generator, others: tuple[Person, ...], spoil: bool = False
) -> bytes:
    image = cv2.resize(render_crop(person, camera, rng, others), _SIZE, interpolation=cv2.INTER_AREA)
    if spoil:
        height, width = image.shape[:2]
        cut = image[: int(height * rng.uniform(0.2, 0.4)), : int(width * rng.uniform(0.5, 1))]
        image = cv2.resize(cut, _SIZE, interpolation=cv2.INTER_LINEAR)
    return encode_jpeg(image)


def _name(person: str, camera: int, shot: int, wait: int) -> str:
    """A file name; `shot` counts the crops of one camera and `wait` the frames since, so that no frame has two."""
    return f"{person}_c{camera + 1}s1_{shot * _FRAMES_APART[1] + wait:06d}_01.jpg"
