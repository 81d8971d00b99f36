"""The one contract of all embedders: crops of people in, one unit vector each out."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import numpy as np

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.preprocessing import Preprocessing


class Embedder(Protocol):
    """Describes people by vectors: the nearer two vectors, the more alike the people."""

    preprocessing: Preprocessing
    dimension: int

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Embed crops, in batches, whichever frames they come from.

        Args:
            crops: n RGB pictures (h, w, 3) uint8.

        Returns:
            (n, dimension) float32, each row of length 1 unless made with `normalise=False`; no crops: (0, dimension).

        Raises:
            ValueError: a crop is not RGB uint8 or has no area.
        """


def in_batches(crops: Sequence[np.ndarray], size: int) -> Iterator[Sequence[np.ndarray]]:
    """Cut a sequence into batches of `size`; the last may be smaller.

    >>> [len(batch) for batch in in_batches([np.zeros(1)] * 5, 2)]
    [2, 2, 1]
    """
    for start in range(0, len(crops), size):
        yield crops[start : start + size]


def together(batches: Sequence[np.ndarray], dimension: int, normalise: bool) -> np.ndarray:
    """Put the features of all batches, each (k, dimension), below each other: (n, dimension) float32."""
    features = np.concatenate([np.empty((0, dimension), np.float32), *batches]).astype(np.float32, copy=False)
    return l2_normalize(features, np.float32) if normalise else features
