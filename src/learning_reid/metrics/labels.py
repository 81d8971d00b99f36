"""Who is on each picture, and which camera took it: all that a protocol needs to know, as arrays of numbers."""

from dataclasses import dataclass

import numpy as np

DISTRACTOR = -1  # a distractor: somebody nobody asks for, each a person of their own


@dataclass(frozen=True, eq=False)
class Labels:
    """One entry for each picture.

    Attributes:
        person: (n,) int64; negative: a stranger.
        camera: (n,) int64.
        picture: (n,) int64; a picture that asks and also stands in the gallery has the same number in both; negative:
            it has no counterpart.
    """

    person: np.ndarray
    camera: np.ndarray
    picture: np.ndarray

    @classmethod
    def of(cls, person: object, camera: object, picture: object = None) -> "Labels":
        """Make labels of anything NumPy can read as numbers; without `picture` no picture is in both lists.

        Raises:
            ValueError: the lists differ in length, or hold anything but whole numbers.
        """
        persons, cameras = _whole(person), _whole(camera)
        pictures = np.full(len(persons), -1) if picture is None else _whole(picture)
        if not len(persons) == len(cameras) == len(pictures):
            raise ValueError(f"{len(persons)} persons, {len(cameras)} cameras, {len(pictures)} pictures: one of each")
        return cls(persons, cameras, pictures)

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: np.ndarray) -> "Labels":
        """The labels of some pictures."""
        return Labels(self.person[rows], self.camera[rows], self.picture[rows])


def _whole(values: object) -> np.ndarray:
    numbers = np.asarray(values)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ValueError(f"labels must be whole numbers, not {numbers.dtype}")
    return numbers.astype(np.int64)
