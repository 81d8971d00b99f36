"""Person, camera and image numbers: what a protocol needs to know about the query and the gallery."""

from dataclasses import dataclass

import numpy as np

DISTRACTOR = -1  # an image of a person who is not among the queries; each distractor is another person


@dataclass(frozen=True, eq=False)
class Labels:
    """One entry per image."""

    person: np.ndarray  #: (n,) int64; negative = distractor
    camera: np.ndarray  #: (n,) int64
    #: (n,) int64; an image that is in both the query and the gallery has the same number in both; negative = it is only
    #: in one of them
    image: np.ndarray

    @classmethod
    def of(cls, person: object, camera: object, image: object = None) -> "Labels":
        """Create labels from anything that NumPy reads as integers; without `image` no image is in both lists.

        Raises:
            ValueError: The lists differ in length, or have values that are not integers.

        >>> len(Labels.of([7, 7, 8], [1, 2, 1]))
        3
        """
        persons, cameras = _as_integers(person), _as_integers(camera)
        images = np.full(len(persons), -1) if image is None else _as_integers(image)
        if not len(persons) == len(cameras) == len(images):
            raise ValueError(f"{len(persons)} persons, {len(cameras)} cameras, {len(images)} images: lengths differ")
        return cls(persons, cameras, images)

    def __len__(self) -> int:
        return len(self.person)

    def take(self, rows: np.ndarray) -> "Labels":
        """Return the labels of some images."""
        return Labels(self.person[rows], self.camera[rows], self.image[rows])


def _as_integers(values: object) -> np.ndarray:
    numbers = np.asarray(values)
    if numbers.size and numbers.dtype.kind not in "iu":
        raise ValueError(f"labels must be integers, not {numbers.dtype}")
    return numbers.astype(np.int64)
