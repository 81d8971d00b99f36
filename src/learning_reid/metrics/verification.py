"""Verification: do two crops show the same person?

A pair is *genuine* (one person) or an *impostor* (two). A threshold accepts a share of the genuine pairs (TAR, true
accept rate) and, wrongly, a share of the impostors (FAR, false accept rate). Every metric here is a point of the curve
that the two form as the threshold changes (ROC).

Functions take the distances of genuine and of impostor pairs in any order; sorted arrays are not sorted again. They
raise ValueError if one of the arrays is empty or has NaN.
"""

import math
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.retrieval.distances import DistanceRows, row_blocks

FARS = (1e-1, 1e-2, 1e-3, 1e-4)
MAX_IMPOSTORS = 50_000_000  # with more pairs, impostors come from a seeded part of the gallery


@dataclass(frozen=True, eq=False)
class PairDistances:
    """Sorted distances of genuine and impostor pairs."""

    genuine: np.ndarray  #: (n,) float, ascending, of pairs of one person
    impostor: np.ndarray  #: (m,) float, ascending, of pairs of two persons
    sampled: float = 1.0  #: Share of the gallery that the impostors come from; 1 = all

    @classmethod
    def of(cls, genuine: np.ndarray, impostor: np.ndarray, sampled: float = 1.0) -> "PairDistances":
        """Sort the distances.

        Raises:
            ValueError: There are no genuine or no impostor pairs, or a distance is NaN.
        """
        return cls(*_sort(genuine, impostor), sampled)

    def tar(self, threshold: float | np.ndarray) -> np.ndarray:
        """Compute the share of the genuine pairs at or below the threshold."""
        return _share_accepted(self.genuine, threshold)

    def far(self, threshold: float | np.ndarray) -> np.ndarray:
        """Compute the share of the impostors at or below the threshold."""
        return _share_accepted(self.impostor, threshold)


def collect_pairs(
    distance_rows: DistanceRows,
    query: Labels,
    gallery: Labels,
    same_camera: bool = False,
    max_impostors: int = MAX_IMPOSTORS,
    seed: int = 0,
) -> PairDistances:
    """Pair every query with every gallery image of another camera.

    Args:
        distance_rows: Maps query rows to their distances to the whole gallery.
        query: Labels of the queries.
        gallery: Labels of the gallery.
        same_camera: Pair within cameras instead (never an image with itself), for data of one camera.
        max_impostors: With more pairs, impostors come from a random part of the gallery; genuine pairs all count.
        seed: Seed of that choice.

    Raises:
        ValueError: There are no genuine or no impostor pairs.
    """
    columns = min(len(gallery), max(1, max_impostors // max(1, len(query))))
    chosen = np.zeros(len(gallery), bool)
    chosen[np.random.default_rng(seed).permutation(len(gallery))[:columns]] = True
    genuine, impostor = [], []
    for rows in row_blocks(np.arange(len(query)), len(gallery)):
        block = distance_rows(rows)  # (k, g)
        labels = query.take(rows)
        paired = labels.camera[:, None] != gallery.camera[None]
        if same_camera:
            itself = (labels.image[:, None] == gallery.image[None]) & (labels.image[:, None] >= 0)
            paired = ~paired & ~itself
        same_person = (labels.person[:, None] == gallery.person[None]) & (labels.person[:, None] >= 0)
        genuine.append(block[paired & same_person])
        impostor.append(block[paired & ~same_person & chosen])
    return PairDistances.of(np.concatenate(genuine), np.concatenate(impostor), columns / max(1, len(gallery)))


def eer(genuine: np.ndarray, impostor: np.ndarray) -> tuple[float, float]:
    """Compute the equal error rate: the point of the ROC curve where FAR = 1 - TAR.

    The curve has straight lines between its points, as in scikit-learn's `roc_curve`.

    Args:
        genuine: (n,) distances of pairs of one person.
        impostor: (m,) distances of pairs of two persons.

    Returns:
        The rate, and the smallest observed distance at which FAR ≥ 1 - TAR.

    >>> rate, distance = eer(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9]))
    >>> round(rate, 3), distance
    (0.333, 0.5)
    """
    pairs = PairDistances.of(genuine, impostor)
    crossing = min(_first_crossing(values, pairs) for values in (pairs.genuine, pairs.impostor))
    before = max(_largest_below(values, crossing) for values in (pairs.genuine, pairs.impostor))
    far0, tar0 = float(pairs.far(before)), float(pairs.tar(before))
    far1, tar1 = float(pairs.far(crossing)), float(pairs.tar(crossing))
    gap0, gap1 = 1 - tar0 - far0, far1 - (1 - tar1)  # distance to the diagonal before and after it, both ≥ 0
    part = gap0 / (gap0 + gap1) if gap0 + gap1 > 0 else 0.0
    return far0 + part * (far1 - far0), float(crossing)


def threshold_at_far(genuine: np.ndarray, impostor: np.ndarray, far: float) -> float:
    """Find the largest observed distance that accepts at most this share of the impostors; -inf if none does.

    >>> threshold_at_far(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9]), far=0.4)
    0.6
    """
    return _threshold(*_sort(genuine, impostor), far)


def tar_at_far(genuine: np.ndarray, impostor: np.ndarray, far: float) -> float:
    """Compute the share of the genuine pairs accepted where at most `far` of the impostors are.

    Returns:
        The share; NaN with fewer than 1 / `far` impostors, which cannot measure so small a rate.

    >>> tar_at_far(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9]), far=0.4)
    1.0
    """
    genuine, impostor = _sort(genuine, impostor)
    if far * len(impostor) < 1 - 1e-9:
        return float("nan")
    return float(_share_accepted(genuine, _threshold(genuine, impostor, far)))


def far_at_tar(genuine: np.ndarray, impostor: np.ndarray, tar: float = 0.95) -> float:
    """Compute the share of the impostors accepted by the smallest threshold that accepts `tar` of the genuine pairs.

    With the default it is known as FPR@95.

    >>> far_at_tar(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9, 1.0]))
    0.25
    """
    genuine, impostor = _sort(genuine, impostor)
    needed = math.ceil(tar * len(genuine) - 1e-9)
    return float(_share_accepted(impostor, genuine[max(0, needed - 1)]))


def roc_curve(genuine: np.ndarray, impostor: np.ndarray, points: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Compute (points,) FAR and TAR, at false accept rates spaced evenly on a logarithmic axis.

    >>> roc_curve(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9]), points=2)[1].tolist()
    [1.0, 1.0]
    """
    genuine, impostor = _sort(genuine, impostor)
    fars = np.geomspace(1 / len(impostor), 1, points)
    thresholds = np.array([_threshold(genuine, impostor, far) for far in fars])
    return fars, _share_accepted(genuine, thresholds)


def _sort(genuine: np.ndarray, impostor: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if not len(genuine) or not len(impostor):
        raise ValueError(f"{len(genuine)} genuine and {len(impostor)} impostor pairs: both kinds are needed")
    pairs = [np.asarray(values) for values in (genuine, impostor)]
    pairs = [values if np.all(values[:-1] <= values[1:]) else np.sort(values) for values in pairs]
    if any(np.isnan(values[-1]) for values in pairs):  # NaN is sorted last
        raise ValueError("some distances are not numbers (NaN)")
    return pairs[0], pairs[1]


def _share_accepted(values: np.ndarray, threshold: float | np.ndarray) -> np.ndarray:
    return np.searchsorted(values, threshold, side="right") / len(values)


def _threshold(genuine: np.ndarray, impostor: np.ndarray, far: float) -> float:
    allowed = math.floor(far * len(impostor) + 1e-9)
    if allowed >= len(impostor):
        return float(max(genuine[-1], impostor[-1]))
    rejected = float(impostor[allowed])  # the nearest impostor that must be rejected
    return max(_largest_below(genuine, rejected), _largest_below(impostor, rejected))


def _first_crossing(values: np.ndarray, pairs: PairDistances) -> float:
    """Find the smallest of the sorted values at which FAR ≥ 1 - TAR; binary search, since both rates only grow."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if pairs.far(values[middle]) + pairs.tar(values[middle]) >= 1:
            high = middle
        else:
            low = middle + 1
    return float(values[low]) if low < len(values) else math.inf


def _largest_below(values: np.ndarray, threshold: float) -> float:
    """Find the largest of the sorted values below the threshold; -inf if there is none."""
    index = int(np.searchsorted(values, threshold, side="left"))
    return float(values[index - 1]) if index else -math.inf
