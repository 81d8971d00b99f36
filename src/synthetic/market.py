"""Generated people as labelled crops on disk, in the layout and with the file names of Market-1501.

    bounding_box_train/  people to learn from
    query/               one crop of each test person from each camera: the questions
    bounding_box_test/   the gallery: the other crops of the test people, strangers (0000) and bad boxes (-1)

A name such as `0002_c1s1_000451_03.jpg` reads: person 2, camera 1, sequence 1, frame 451, box 3 of that frame.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from src.settings.errors import UserError
from src.synthetic.crops import CropCamera, photograph, sample_crop_camera, sample_people
from src.synthetic.people import Person, sample_person
from src.synthetic.street import empty_street
from src.synthetic.surfaces import make_surfaces

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
_JUNK, _DISTRACTOR = -1, 0
_SIZE = (64, 128)  # width, height of every crop in Market-1501


@dataclass(frozen=True)
class MarketPlan:
    """How many of what. Test and train people are different people."""

    train_people: int = 200
    test_people: int = 200
    cameras: int = 3
    crops_per_camera: int = 3
    distractors: int = 60
    junk: int = 30

    @property
    def pictures(self) -> int:
        """How many files will be written."""
        return (
            (self.train_people + self.test_people) * self.cameras * self.crops_per_camera + self.distractors + self.junk
        )


CLASS_PLAN = MarketPlan(train_people=200, test_people=200, crops_per_camera=4)  # enough for a lesson


def write_market(folder: Path, plan: MarketPlan, seed: int, done: Callable[[], object] = lambda: None) -> int:
    """Write a generated data set in the Market-1501 layout.

    Args:
        folder: where the three folders go; made if missing.
        plan: how many of what.
        seed: of the people, the cameras and everything else; same seed, same bytes.
        done: called after each written picture, for a progress bar.

    Returns:
        How many pictures were written.

    Raises:
        UserError: when the folder already holds such a data set, or cannot be written.
    """
    if (folder / QUERY).exists():
        raise UserError(f"{folder} already holds a data set: name another folder, or remove this one first")
    try:
        for name in (TRAIN, QUERY, GALLERY):
            (folder / name).mkdir(parents=True)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): name another folder") from None
    written = 0
    for path, picture in _crops(plan, seed):
        cv2.imwrite(str(folder / path), np.ascontiguousarray(picture[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 92])
        written += 1
        done()
    return written


def _crops(plan: MarketPlan, seed: int) -> Iterator[tuple[str, np.ndarray]]:
    """Every file of the data set: its path below the folder, and its picture."""
    rng = np.random.default_rng([seed, 15])
    surfaces = make_surfaces(seed)
    places = [empty_street(rng, surfaces) for _ in range(plan.cameras)]
    cameras = [sample_crop_camera(rng, [place]) for place in places]
    people = sample_people(rng, plan.train_people + plan.test_people)
    frame = 0
    for index, person in enumerate(people):
        train = index < plan.train_people
        for camera_id, camera in enumerate(cameras, start=1):
            for number in range(plan.crops_per_camera):
                frame += int(rng.integers(3, 40))
                split = TRAIN if train else (QUERY if number == 0 else GALLERY)
                yield f"{split}/{_name(index + 1, camera_id, frame)}", _crop(person, camera, rng, people)
    for number in range(plan.distractors + plan.junk):
        frame += int(rng.integers(3, 40))
        which = int(rng.integers(plan.cameras))
        if number < plan.distractors:
            picture = _crop(sample_person(rng), cameras[which], rng, people)
        else:  # a box that shows too little of one of the test people to count
            picture = _bad_box(
                _crop(people[int(rng.integers(plan.train_people, len(people)))], cameras[which], rng, people), rng
            )
        label = _DISTRACTOR if number < plan.distractors else _JUNK
        yield f"{GALLERY}/{_name(label, which + 1, frame)}", picture


def _crop(person: Person, camera: CropCamera, rng: np.random.Generator, people: list[Person]) -> np.ndarray:
    return cv2.resize(photograph(person, camera, rng, people), _SIZE, interpolation=cv2.INTER_AREA)


def _bad_box(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    height, width = picture.shape[:2]
    cut = picture[: int(height * rng.uniform(0.2, 0.4)), : int(width * rng.uniform(0.5, 1))]
    return cv2.resize(cut, _SIZE, interpolation=cv2.INTER_LINEAR)


def _name(person_id: int, camera_id: int, frame: int) -> str:
    person = "-1" if person_id == _JUNK else f"{person_id:04d}"
    return f"{person}_c{camera_id}s1_{frame:06d}_01.jpg"
