"""Agglomerative clustering of tracklets into persons, with cannot-link constraints.

Each tracklet is summarized by a prototype, the mean of its unit embeddings weighted by detection score and box height.
The two nearest clusters are merged until the nearest two are farther apart than a threshold (average linkage). Two
clusters are never merged if a person would have to be in two places at once: tracklets of one camera that overlap in
time, and, if transit times are given, tracklets of two cameras with less time between them. The number of persons is a
result, not an input.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.retrieval.distances import euclidean_distance


@dataclass(frozen=True, eq=False)
class Tracklets:
    """A table of t tracklets.

    Attributes:
        prototypes: (t, d) float64, unit length.
        camera: (t,) int64.
        first_s, last_s: (t,) float64 seconds of the first and the last detection.
        detections: (t,) int64, the number of detections.
    """

    prototypes: np.ndarray
    camera: np.ndarray
    first_s: np.ndarray
    last_s: np.ndarray
    detections: np.ndarray

    def __len__(self) -> int:
        return len(self.camera)


def summarize_tracklets(
    tracklet: np.ndarray, camera: np.ndarray, time_s: np.ndarray, boxes_xyxy: np.ndarray, score: np.ndarray,
    embeddings: np.ndarray,
) -> Tracklets:  # fmt: skip
    """Compute prototype, camera and time span of every tracklet.

    Args:
        tracklet: (n,) int64, the tracklet of each detection; every number from 0 to the largest occurs.
        camera: (n,) int64, the same for all detections of a tracklet.
        time_s: (n,) seconds.
        boxes_xyxy: (n, 4) pixels.
        score: (n,) the detector's confidence.
        embeddings: (n, d) unit length.
    """
    count = int(tracklet.max(initial=-1)) + 1
    boxes = np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
    weight = np.clip(np.asarray(score, np.float64) * (boxes[:, 3] - boxes[:, 1]), 1e-6, None)
    sums = np.zeros((count, embeddings.shape[1]))
    np.add.at(sums, tracklet, weight[:, None] * embeddings)
    first, last, cameras = np.full(count, np.inf), np.full(count, -np.inf), np.zeros(count, np.int64)
    np.minimum.at(first, tracklet, time_s)
    np.maximum.at(last, tracklet, time_s)
    cameras[tracklet] = camera
    return Tracklets(l2_normalize(sums), cameras, first, last, np.bincount(tracklet, minlength=count))


def cannot_link_mask(tracklets: Tracklets, transit_s: Mapping[tuple[int, int], float] | None = None) -> np.ndarray:
    """Return the (t, t) bool mask of tracklet pairs that cannot be one person.

    Args:
        tracklets: The tracklets.
        transit_s: Minimum seconds between two cameras, in either direction; 0 means that their views do not overlap.
            Camera pairs that are not listed are unconstrained and may even see one person at the same time.
    """
    first, last, camera = tracklets.first_s, tracklets.last_s, tracklets.camera
    pause = np.maximum(first[:, None] - last[None], first[None] - last[:, None])  # (t, t) negative: they overlap
    mask = (camera[:, None] == camera[None]) & (pause <= 0)
    for (a, b), min_s in (transit_s or {}).items():
        between = (camera[:, None] == a) & (camera[None] == b)
        mask |= (between | between.T) & ((pause < min_s) | (pause <= 0))
    np.fill_diagonal(mask, False)
    return mask


def cluster_tracklets(
    tracklets: Tracklets,
    threshold: float,
    transit_s: Mapping[tuple[int, int], float] | None = None,
    fixed: np.ndarray | None = None,
) -> np.ndarray:
    """Cluster tracklets into persons.

    Args:
        tracklets: The tracklets.
        threshold: Largest mean Euclidean distance between the prototypes of two clusters of one person.
        transit_s: As in `cannot_link_mask`.
        fixed: (t,) int64 known persons: equal numbers are one person, different ones are not; -1 = unknown.

    Returns:
        (t,) int64, persons numbered from 0 in the order of their first tracklet.
    """
    distances = euclidean_distance(tracklets.prototypes, tracklets.prototypes).astype(np.float64)  # (t, t)
    distances[cannot_link_mask(tracklets, transit_s)] = np.inf
    if fixed is not None:
        known, same = (fixed[:, None] >= 0) & (fixed[None] >= 0), fixed[:, None] == fixed[None]
        distances[known & ~same] = np.inf
        distances[known & same] = -1.0  # merged before all others, which have distances of 0 or more
    return average_linkage(distances, threshold, tracklets.detections)


def average_linkage(distances: np.ndarray, threshold: float, weight: np.ndarray) -> np.ndarray:
    """Cluster a few thousand items by average linkage; an infinite distance is a cannot-link constraint.

    The distance of two clusters is the mean over all pairs of their members (Lance and Williams 1967). A mean with an
    infinite term is infinite, so a constraint between two members keeps their clusters apart.

    Args:
        distances: (t, t) symmetric.
        threshold: Clusters farther apart are not merged.
        weight: (t,) weight of each item in a mean.

    Returns:
        (t,) int64, clusters numbered from 0 in the order of their first member.

    >>> distances = np.array([[0, 1, np.inf], [1, 0, 1.5], [np.inf, 1.5, 0]])
    >>> average_linkage(distances, 2.0, np.ones(3)).tolist()
    [0, 0, 1]
    """
    distances, weight = np.array(distances, np.float64), np.array(weight, np.float64)  # copies that are changed below
    cluster = np.arange(len(distances))
    np.fill_diagonal(distances, np.inf)
    nearest = distances.min(axis=1, initial=np.inf)  # (t,) of each cluster
    while len(distances) and (smallest := nearest.min()) <= threshold and np.isfinite(smallest):
        a = int(nearest.argmin())
        b = int(distances[a].argmin())
        a, b = min(a, b), max(a, b)
        merged = (weight[a] * distances[a] + weight[b] * distances[b]) / (weight[a] + weight[b])
        merged[[a, b]] = np.inf
        distances[a], distances[:, a], distances[b], distances[:, b] = merged, merged, np.inf, np.inf
        weight[a] += weight[b]
        cluster[cluster == b] = a
        nearest = distances.min(axis=1)
    return np.unique(cluster, return_inverse=True)[1]  # a cluster is numbered by its first member
