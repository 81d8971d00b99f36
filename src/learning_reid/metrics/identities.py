"""Is everybody one person, and one person only? Numbers given to detections, held against the true persons.

NumPy and SciPy only. Nearly all starts from two numbers for each detection: the true person it stands for
(`refind.assign_identities`; negative = nobody), and the person it was given (negative = none: not claimed to be anybody).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class IdentityMetrics:
    """How well detections were put together to persons; shares in 0..1.

    Attributes:
        idf1: share of the boxes, true and given, that are right when each given person may stand for one true person
            only: 2 IDTP / (true boxes + given boxes).
        idp: of the boxes that were given a person, the share that is right.
        idr: of the true boxes, the share that is found under the right person.
        persons: how many persons were given.
        true_persons: how many there are.
    """

    idf1: float
    idp: float
    idr: float
    persons: int
    true_persons: int


def identity_metrics(
    given: np.ndarray, rows: np.ndarray, persons: np.ndarray, true_boxes: Mapping[int, int]
) -> IdentityMetrics:
    """IDF1, IDP and IDR: Ristani et al. 2016, Performance Measures and a Data Set for Multi-Target, Multi-Camera
    Tracking, arXiv 1609.01775, equations 7 to 11.

    True and given persons are paired once for all frames and cameras, so that most boxes agree. Whoever is split in two
    loses the smaller half, and of two people given as one only one counts. A detection on two true boxes, of people
    who cover each other, may stand for either: as the paper has it, the pairing of the persons decides.

    Args:
        given: (n,) int, the person each detection was given, negative = none; such a detection is not counted.
        rows: (p,) int, detections that overlap a true box (at IoU 0.5 or more), each as often as it overlaps one.
        persons: (p,) int, the true persons of these boxes.
        true_boxes: of each true person, in how many frames they are to be found (missed ones too).

    >>> given, true = np.array([7, 7, 8, 8]), np.array([1, 1, 1, 2])
    >>> round(identity_metrics(given, np.arange(4), true, {1: 3, 2: 1}).idf1, 3)
    0.75
    """
    given = np.asarray(given)
    agree = contingency(np.asarray(persons), given[rows])[2]
    best = linear_sum_assignment(agree, maximize=True)
    right, claimed, there = int(agree[best].sum()), int((given >= 0).sum()), sum(true_boxes.values())
    return IdentityMetrics(
        2 * right / max(claimed + there, 1),
        right / max(claimed, 1),
        right / max(there, 1),
        len(np.unique(given[given >= 0])),
        len(true_boxes),
    )


def contingency(true: np.ndarray, given: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """How many detections each pair of a true and a given person shares; negative ones are left out.

    Returns:
        (t,) true persons, (g,) given persons, (t, g) int64 counts.
    """
    both = (true >= 0) & (given >= 0)
    true_names, row = np.unique(true[both], return_inverse=True)
    given_names, column = np.unique(given[both], return_inverse=True)
    counts = np.zeros((len(true_names), len(given_names)), np.int64)
    np.add.at(counts, (row, column), 1)
    return true_names, given_names, counts


@dataclass(frozen=True)
class PairwiseMetrics:
    """Of all pairs of detections; shares in 0..1.

    Attributes:
        precision: of the pairs given one person, the share that is one person.
        recall: of the pairs that are one person, the share that was given one.
        f1: harmonic mean of the two.
    """

    precision: float
    recall: float
    f1: float


def pairwise_metrics(true: np.ndarray, given: np.ndarray) -> PairwiseMetrics:
    """Pairwise precision, recall and F1. What was not found cannot be in a pair: missed people do not count here.

    Args:
        true: (n,) int, true person of each detection; a negative one is like nobody else.
        given: (n,) int, the person it was given; a negative one was put together with nobody.

    >>> pairwise_metrics(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8]))
    PairwiseMetrics(precision=0.5, recall=0.3333333333333333, f1=0.4)
    """
    true, given = np.asarray(true), np.asarray(given)
    right = _pairs(contingency(true, given)[2].ravel())
    claimed = _pairs(np.unique(given[given >= 0], return_counts=True)[1])
    there = _pairs(np.unique(true[true >= 0], return_counts=True)[1])
    precision, recall = right / max(claimed, 1), right / max(there, 1)
    return PairwiseMetrics(precision, recall, 2 * right / max(claimed + there, 1))


def _pairs(counts: np.ndarray) -> int:
    counts = counts.astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def purity(true: np.ndarray, given: np.ndarray) -> float:
    """Share of the detections, of those that stand for somebody, that are the commonest person of their group.

    One group for each detection has purity 1: look at the number of groups beside it. NaN where nothing was grouped.

    >>> purity(np.array([1, 1, 2, 2, -1]), np.array([5, 5, 5, 6, 6]))
    0.75
    """
    counts = contingency(np.asarray(true), np.asarray(given))[2]
    return float(counts.max(axis=0, initial=0).sum() / counts.sum()) if counts.size else float("nan")


def switches(true: np.ndarray, given: np.ndarray, camera: np.ndarray, time_s: np.ndarray) -> int:
    """How often somebody's number changes from one sighting by a camera to the next one by the same camera.

    Args:
        true, given: (n,) int, negative ones are left out.
        camera: (n,) which camera.
        time_s: (n,) when.

    >>> switches(np.array([1, 1, 1]), np.array([5, 6, 6]), np.zeros(3), np.arange(3))
    1
    """
    both = (true >= 0) & (given >= 0)
    order = np.lexsort((time_s[both], camera[both], true[both]))
    person, place, number = true[both][order], camera[both][order], given[both][order]
    same = (person[1:] == person[:-1]) & (place[1:] == place[:-1])
    return int((same & (number[1:] != number[:-1])).sum())
