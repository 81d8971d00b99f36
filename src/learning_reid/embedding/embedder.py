"""The interface of all embedders: person crops in, one unit vector for each out."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.preprocessing import Preprocessing

Precision = Literal["default", "float32"]


@dataclass(frozen=True)
class EmbedderOptions:
    """The arguments of `create_embedder` that every backend takes."""

    name: str
    weights: str
    batch_size: int
    device: str
    threads: int | None
    normalize: bool
    precision: Precision


class Embedder(Protocol):
    """A function from person crops to embeddings; similar people have similar embeddings."""

    preprocessing: Preprocessing  #: How crops are resized and normalized
    dimension: int  #: Length of an embedding

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Embed crops in batches.

        Args:
            crops: n RGB images (h, w, 3) uint8 of any sizes.

        Returns:
            (n, dimension) float32, each row of length 1 unless created with `normalize=False`; (0, dimension) for no
            crops.

        Raises:
            ValueError: A crop is not RGB uint8 or has no area.
        """


def split_batches(crops: Sequence[np.ndarray], size: int) -> Iterator[Sequence[np.ndarray]]:
    """Split crops into batches of `size`; the last may be smaller.

    >>> [len(batch) for batch in split_batches([np.zeros(1)] * 5, 2)]
    [2, 2, 1]
    """
    for start in range(0, len(crops), size):
        yield crops[start : start + size]


def concat_features(batches: Sequence[np.ndarray], dimension: int, normalize: bool) -> np.ndarray:
    """Concatenate the features of batches, each (k, dimension), to (n, dimension) float32."""
    features = np.concatenate([np.empty((0, dimension), np.float32), *batches]).astype(np.float32, copy=False)
    return l2_normalize(features, np.float32) if normalize else features
