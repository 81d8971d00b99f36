"""Metrics of identities assigned to detections: IDF1, pairwise F1, purity and identity switches.

Most of them take two numbers per detection: its true person (`reidentification.assign_identities`; negative = none) and
the person assigned to it (negative = none).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment


@dataclass(frozen=True)
class IdentityMetrics:
    """Quality of assigned identities; shares in 0..1."""

    #: Share of the boxes, true and assigned, that are correct if each assigned person may match only one true person: 2
    #: IDTP / (true boxes + assigned boxes)
    idf1: float
    idp: float  #: Share of the assigned boxes that are correct
    idr: float  #: Share of the true boxes that have the correct person
    persons: int  #: Number of assigned persons
    true_persons: int  #: Number of true persons


def identity_metrics(
    assigned: np.ndarray, rows: np.ndarray, persons: np.ndarray, true_boxes: Mapping[int, int]
) -> IdentityMetrics:
    """Compute IDF1, IDP and IDR (Ristani et al. 2016, arXiv 1609.01775, equations 7 to 11).

    True and assigned persons are matched once for all frames and cameras, so that most boxes agree. If a person is
    split in two, the smaller part is lost; if two persons are merged, only one counts. A detection on two true boxes,
    of people who occlude each other, may count for either: the matching of the persons decides, as in the paper.

    Args:
        assigned: (n,) int, person assigned to each detection; negative = none, not counted.
        rows: (p,) int, detections that overlap a true box (IoU 0.5 or more), one entry per overlap.
        persons: (p,) int, true persons of these boxes.
        true_boxes: Number of boxes of each true person, including missed ones.

    >>> assigned, true = np.array([7, 7, 8, 8]), np.array([1, 1, 1, 2])
    >>> round(identity_metrics(assigned, np.arange(4), true, {1: 3, 2: 1}).idf1, 3)
    0.75
    """
    assigned = np.asarray(assigned)
    counts = contingency(np.asarray(persons), assigned[rows])[2]
    best = linear_sum_assignment(counts, maximize=True)
    correct, num_assigned, num_true = int(counts[best].sum()), int((assigned >= 0).sum()), sum(true_boxes.values())
    return IdentityMetrics(
        2 * correct / max(num_assigned + num_true, 1),
        correct / max(num_assigned, 1),
        correct / max(num_true, 1),
        len(np.unique(assigned[assigned >= 0])),
        len(true_boxes),
    )


def contingency(true: np.ndarray, assigned: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count the detections of each pair of a true and an assigned person; negative numbers are left out.

    Returns:
        (t,) true persons, (a,) assigned persons, (t, a) int64 counts.
    """
    both = (true >= 0) & (assigned >= 0)
    true_persons, row = np.unique(true[both], return_inverse=True)
    assigned_persons, column = np.unique(assigned[both], return_inverse=True)
    counts = np.zeros((len(true_persons), len(assigned_persons)), np.int64)
    np.add.at(counts, (row, column), 1)
    return true_persons, assigned_persons, counts


@dataclass(frozen=True)
class PairwiseMetrics:
    """Metrics over all pairs of detections; shares in 0..1."""

    precision: float  #: Share of the pairs assigned to one person that are one person
    recall: float  #: Share of the pairs of one person that are assigned to one person
    f1: float  #: Harmonic mean of the two


def pairwise_metrics(true: np.ndarray, assigned: np.ndarray) -> PairwiseMetrics:
    """Compute pairwise precision, recall and F1; missed people are in no pair and do not count.

    Args:
        true: (n,) int, true person of each detection; a negative one is in no true pair.
        assigned: (n,) int, person assigned to it; a negative one is in no assigned pair.

    >>> pairwise_metrics(np.array([1, 1, 1, 2]), np.array([7, 7, 8, 8]))
    PairwiseMetrics(precision=0.5, recall=0.3333333333333333, f1=0.4)
    """
    true, assigned = np.asarray(true), np.asarray(assigned)
    correct = _num_pairs(contingency(true, assigned)[2].ravel())
    num_assigned = _num_pairs(np.unique(assigned[assigned >= 0], return_counts=True)[1])
    num_true = _num_pairs(np.unique(true[true >= 0], return_counts=True)[1])
    precision, recall = correct / max(num_assigned, 1), correct / max(num_true, 1)
    return PairwiseMetrics(precision, recall, 2 * correct / max(num_assigned + num_true, 1))


def _num_pairs(counts: np.ndarray) -> int:
    counts = counts.astype(np.int64)
    return int((counts * (counts - 1) // 2).sum())


def purity(true: np.ndarray, assigned: np.ndarray) -> float:
    """Compute the share of the detections that show the most common true person of their group.

    Groups of one detection each have purity 1, so read it together with the number of groups. NaN without detections.

    Args:
        true: (n,) int, true person of each detection; negative ones are left out.
        assigned: (n,) int, group of each detection; negative ones are left out.

    >>> purity(np.array([1, 1, 2, 2, -1]), np.array([5, 5, 5, 6, 6]))
    0.75
    """
    counts = contingency(np.asarray(true), np.asarray(assigned))[2]
    return float(counts.max(axis=0, initial=0).sum() / counts.sum()) if counts.size else float("nan")


def identity_switches(true: np.ndarray, assigned: np.ndarray, camera: np.ndarray, time_s: np.ndarray) -> int:
    """Count how often the ID assigned to a person changes between consecutive detections by one camera.

    Args:
        true, assigned: (n,) int, negative ones are left out.
        camera: (n,) camera of each detection.
        time_s: (n,) time of each detection.

    >>> identity_switches(np.array([1, 1, 1]), np.array([5, 6, 6]), np.zeros(3), np.arange(3))
    1
    """
    both = (true >= 0) & (assigned >= 0)
    order = np.lexsort((time_s[both], camera[both], true[both]))
    person, view, number = true[both][order], camera[both][order], assigned[both][order]
    same = (person[1:] == person[:-1]) & (view[1:] == view[:-1])
    return int((same & (number[1:] != number[:-1])).sum())
