"""Persons: which tracklets, of all cameras and times, are one human being?

Each tracklet is summed up by a prototype, the mean of its unit vectors, in which a sure detection of a large box counts
more. Then the two nearest groups of tracklets are put together again and again, until the nearest two are farther apart
than a threshold: agglomerative clustering by average linkage. Two groups never come together if somebody would have to
be in two places at once:

- in one camera at one time there are as many persons as tracklets;
- where transit times are given, nobody gets from one camera into another faster than that.

So the number of persons is an outcome, not an input; a stranger stays alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.retrieval.distances import euclidean

LEAST_DETECTIONS = 3  # who is seen in fewer is more often a false alarm than a person


@dataclass(frozen=True, eq=False)
class Tracklets:
    """Tracklets, a row for each.

    Attributes:
        prototypes: (t, d) float64, unit length.
        camera: (t,) int64.
        first_s, last_s: (t,) float64 seconds, the first and the last detection.
        detections: (t,) int64, how many.
    """

    prototypes: np.ndarray
    camera: np.ndarray
    first_s: np.ndarray
    last_s: np.ndarray
    detections: np.ndarray

    def __len__(self) -> int:
        return len(self.camera)


def sum_up(
    tracklet: np.ndarray, camera: np.ndarray, time_s: np.ndarray, boxes_xyxy: np.ndarray, score: np.ndarray,
    embeddings: np.ndarray,
) -> Tracklets:  # fmt: skip
    """Sum detections up to tracklets.

    Args:
        tracklet: (n,) int64, the tracklet of each detection: every number from 0 to the largest is there.
        camera: (n,) int64, one for each tracklet.
        time_s: (n,) seconds.
        boxes_xyxy: (n, 4) pixels.
        score: (n,) the detector's.
        embeddings: (n, d) unit length.
    """
    count = int(tracklet.max(initial=-1)) + 1
    boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
    weight = np.clip(np.asarray(score, np.float64) * (boxes[:, 3] - boxes[:, 1]), 1e-6, None)
    sums = np.zeros((count, embeddings.shape[1]))
    np.add.at(sums, tracklet, weight[:, None] * embeddings)
    first, last, where = np.full(count, np.inf), np.full(count, -np.inf), np.zeros(count, np.int64)
    np.minimum.at(first, tracklet, time_s)
    np.maximum.at(last, tracklet, time_s)
    where[tracklet] = camera
    return Tracklets(l2_normalize(sums), where, first, last, np.bincount(tracklet, minlength=count))


def cannot_be_one(tracklets: Tracklets, transit_s: Mapping[tuple[int, int], float] | None = None) -> np.ndarray:
    """(t, t) bool, which tracklets cannot be one person.

    Args:
        tracklets: the tracklets.
        transit_s: the least seconds from one camera to another, in either direction; 0 says that they share no view.
            Of a pair that is not named nothing is assumed: they may even see one person at one time.
    """
    first, last, camera = tracklets.first_s, tracklets.last_s, tracklets.camera
    pause = np.maximum(first[:, None] - last[None], first[None] - last[:, None])  # (t, t) negative: they overlap
    never = (camera[:, None] == camera[None]) & (pause <= 0)
    for (a, b), least_s in (transit_s or {}).items():
        between = (camera[:, None] == a) & (camera[None] == b)
        never |= (between | between.T) & ((pause < least_s) | (pause <= 0))
    np.fill_diagonal(never, False)
    return never


def group_tracklets(
    tracklets: Tracklets, threshold: float, transit_s: Mapping[tuple[int, int], float] | None = None
) -> np.ndarray:
    """Put tracklets together to persons.

    Args:
        tracklets: the tracklets.
        threshold: up to this mean Euclidean distance between the prototypes of two groups they are one person.
        transit_s: as `cannot_be_one`.

    Returns:
        (t,) int64, persons counted from 0 in the order of their first tracklet.
    """
    away = euclidean(tracklets.prototypes, tracklets.prototypes).astype(np.float64)  # (t, t)
    away[cannot_be_one(tracklets, transit_s)] = np.inf
    return average_linkage(away, threshold, tracklets.detections)


def average_linkage(away: np.ndarray, threshold: float, weight: np.ndarray) -> np.ndarray:
    """Agglomerative clustering of a few thousand things by average linkage; infinity keeps two apart for ever.

    The distance of two groups is the mean over all pairs of their members (Lance and Williams 1967). A mean with an
    infinity in it is infinite, so whoever cannot be with one member cannot be with the group.

    Args:
        away: (t, t) symmetric distances.
        threshold: groups farther apart are not put together.
        weight: (t,) how much each thing counts in a mean.

    Returns:
        (t,) int64 groups, counted from 0 in the order of their first member.

    >>> away = np.array([[0, 1, np.inf], [1, 0, 1.5], [np.inf, 1.5, 0]])
    >>> average_linkage(away, 2.0, np.ones(3)).tolist()
    [0, 0, 1]
    """
    away, weight = np.array(away, np.float64), np.array(weight, np.float64)
    group = np.arange(len(away))
    np.fill_diagonal(away, np.inf)
    nearest = away.min(axis=1, initial=np.inf)  # (t,) of each group, kept up to date
    while len(away) and (least := nearest.min()) <= threshold and np.isfinite(least):
        a = int(nearest.argmin())
        b = int(away[a].argmin())
        a, b = min(a, b), max(a, b)
        merged = (weight[a] * away[a] + weight[b] * away[b]) / (weight[a] + weight[b])
        merged[[a, b]] = np.inf
        away[a], away[:, a], away[b], away[:, b] = merged, merged, np.inf, np.inf
        weight[a] += weight[b]
        group[group == b] = a
        nearest = away.min(axis=1)
    return np.unique(group, return_inverse=True)[1]  # the group's number is its first member's
