"""Same or different? Two crops at a time, as a door lock asks, instead of a ranked gallery.

A pair is *genuine* (one person) or an *impostor* (two). Accepting every pair nearer than a threshold accepts a share of
the genuine ones (TAR, true accept rate) and, wrongly, a share of the impostors (FAR, false accept rate). Every figure
here is a point of the curve that the two draw as the threshold moves (ROC).
"""

import math
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.retrieval.distances import DistanceRows, row_blocks

FARS = (1e-1, 1e-2, 1e-3, 1e-4)
MOST_IMPOSTORS = 50_000_000  # of more pairs than so many, a seeded part of the gallery supplies the impostors


@dataclass(frozen=True, eq=False)
class PairDistances:
    """Distances of pairs, sorted.

    Attributes:
        genuine: (n,) float, of one person.
        impostor: (m,) float, of two persons.
        sampled: the share of the gallery whose impostors were looked at; 1 = all.
    """

    genuine: np.ndarray
    impostor: np.ndarray
    sampled: float = 1.0

    @classmethod
    def of(cls, genuine: np.ndarray, impostor: np.ndarray, sampled: float = 1.0) -> "PairDistances":
        """Sort the distances.

        Raises:
            ValueError: there is no genuine or no impostor pair, so nothing can be told apart; or a distance is NaN.
        """
        if np.isnan(genuine).any() or np.isnan(impostor).any():
            raise ValueError("some distances are not numbers (NaN)")
        if not len(genuine) or not len(impostor):
            raise ValueError(f"{len(genuine)} genuine and {len(impostor)} impostor pairs: both kinds are needed")
        return cls(np.sort(genuine), np.sort(impostor), sampled)

    def tar(self, threshold: float | np.ndarray) -> np.ndarray:
        """Share of the genuine pairs at or below the threshold."""
        return np.searchsorted(self.genuine, threshold, side="right") / len(self.genuine)

    def far(self, threshold: float | np.ndarray) -> np.ndarray:
        """Share of the impostors at or below the threshold."""
        return np.searchsorted(self.impostor, threshold, side="right") / len(self.impostor)


def collect_pairs(
    distance_rows: DistanceRows,
    query: Labels,
    gallery: Labels,
    same_camera: bool = False,
    most_impostors: int = MOST_IMPOSTORS,
    seed: int = 0,
) -> PairDistances:
    """Pair every query with every gallery picture of another camera: across cameras is what ReID is for.

    Args:
        distance_rows: gives the distances of some queries to the whole gallery.
        query: labels of those who ask.
        gallery: labels of those who answer.
        same_camera: pair within cameras instead (a picture never with itself): for data of one camera.
        most_impostors: of more pairs than so many, impostors come from a seeded random part of the gallery alone;
            genuine pairs all count.
        seed: of that choice.

    Raises:
        ValueError: no genuine or no impostor pair.
    """
    columns = min(len(gallery), max(1, most_impostors // max(1, len(query))))
    chosen = np.zeros(len(gallery), bool)
    chosen[np.random.default_rng(seed).permutation(len(gallery))[:columns]] = True
    genuine, impostor = [], []
    for rows in row_blocks(np.arange(len(query)), len(gallery)):
        block = distance_rows(rows)  # (k, g)
        one = query.take(rows)
        alike = one.camera[:, None] == gallery.camera[None]
        if same_camera:
            itself = (one.image[:, None] == gallery.image[None]) & (one.image[:, None] >= 0)
            paired = alike & ~itself
        else:
            paired = ~alike
        same = (one.person[:, None] == gallery.person[None]) & (one.person[:, None] >= 0)
        genuine.append(block[paired & same])
        impostor.append(block[paired & ~same & chosen])
    return PairDistances.of(np.concatenate(genuine), np.concatenate(impostor), columns / max(1, len(gallery)))


def equal_error_rate(pairs: PairDistances) -> tuple[float, float]:
    """The point of the ROC curve where as many impostors are let in as genuine pairs are turned away.

    The curve consists of straight lines between its points, as scikit-learn's `roc_curve` draws it.

    Returns:
        The rate, and the smallest observed distance at which FAR has reached 1 - TAR.

    >>> rate, distance = equal_error_rate(PairDistances.of(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9])))
    >>> round(rate, 3), distance
    (0.333, 0.5)
    """
    crossing = min(_first_crossing(values, pairs) for values in (pairs.genuine, pairs.impostor))
    before = max((_below(values, crossing) for values in (pairs.genuine, pairs.impostor)), default=-math.inf)
    far0, tar0 = float(pairs.far(before)), float(pairs.tar(before))
    far1, tar1 = float(pairs.far(crossing)), float(pairs.tar(crossing))
    gap0, gap1 = 1 - tar0 - far0, far1 - (1 - tar1)  # how far before and after the diagonal, both ≥ 0
    part = gap0 / (gap0 + gap1) if gap0 + gap1 > 0 else 0.0
    return far0 + part * (far1 - far0), float(crossing)


def threshold_at_far(pairs: PairDistances, far: float) -> float:
    """The largest observed distance that lets in at most this share of the impostors; -inf where none does.

    >>> threshold_at_far(PairDistances.of(np.array([0.1, 0.2, 0.6]), np.array([0.5, 0.8, 0.9])), 0.4)
    0.6
    """
    allowed = math.floor(far * len(pairs.impostor) + 1e-9)
    if allowed >= len(pairs.impostor):
        return float(max(pairs.genuine[-1], pairs.impostor[-1]))
    too_far = float(pairs.impostor[allowed])  # the first impostor that may not come in
    return max(_below(pairs.genuine, too_far), _below(pairs.impostor, too_far))


def tar_at_far(pairs: PairDistances, far: float) -> float:
    """Share of the genuine pairs accepted where at most `far` of the impostors are.

    NaN where there are fewer than 1 / `far` impostors: so small a rate cannot be told from none.
    """
    if far * len(pairs.impostor) < 1 - 1e-9:
        return float("nan")
    return float(pairs.tar(threshold_at_far(pairs, far)))


def far_at_tar(pairs: PairDistances, tar: float = 0.95) -> float:
    """Share of the impostors let in by the smallest threshold that accepts `tar` of the genuine pairs (FPR@95)."""
    needed = math.ceil(tar * len(pairs.genuine) - 1e-9)
    return float(pairs.far(pairs.genuine[max(0, needed - 1)]))


def roc_curve(pairs: PairDistances, points: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """FAR and TAR, (points,) each, at rates of false acceptance spread evenly on a logarithmic axis."""
    wanted = np.geomspace(1 / len(pairs.impostor), 1, points)
    thresholds = np.array([threshold_at_far(pairs, far) for far in wanted])
    return wanted, pairs.tar(thresholds)


def _first_crossing(values: np.ndarray, pairs: PairDistances) -> float:
    """The smallest of the sorted values at which FAR ≥ 1 - TAR: the difference only grows, so halve the interval."""
    low, high = 0, len(values)
    while low < high:
        middle = (low + high) // 2
        if pairs.far(values[middle]) + pairs.tar(values[middle]) >= 1:
            high = middle
        else:
            low = middle + 1
    return float(values[low]) if low < len(values) else math.inf


def _below(values: np.ndarray, threshold: float) -> float:
    """The largest of the sorted values under the threshold; -inf where none is."""
    place = int(np.searchsorted(values, threshold, side="left"))
    return float(values[place - 1]) if place else -math.inf
