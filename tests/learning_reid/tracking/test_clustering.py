"""Clustering of tracklets: average linkage equals a slow reference, and cannot-link constraints hold."""

import numpy as np
import pytest

from learning_reid.retrieval.distances import euclidean_distance
from learning_reid.tracking.clustering import (
    Tracklets,
    average_linkage,
    cannot_link_mask,
    cluster_tracklets,
    summarize_tracklets,
)


def tracklets(vectors: np.ndarray, camera: list[int], first: list[float], last: list[float]) -> Tracklets:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return Tracklets(unit, np.array(camera), np.array(first, float), np.array(last, float), np.full(len(unit), 5))


def slow_linkage(away: np.ndarray, threshold: float, weight: np.ndarray) -> list[set[int]]:
    """Average linkage by its definition: all pairs of members, again for each step."""
    groups = [{row} for row in range(len(away))]
    while True:
        best, pair = np.inf, None
        for i in range(len(groups)):
            for j in range(i):
                pairs = [(away[a, b], weight[a] * weight[b]) for a in groups[i] for b in groups[j]]
                mean = sum(d * w for d, w in pairs) / sum(w for _, w in pairs)
                if mean <= threshold and mean < best:
                    best, pair = mean, (i, j)
        if pair is None:
            return groups
        groups[pair[1]] |= groups.pop(pair[0])


@pytest.mark.parametrize("seed", range(8))
def test_average_linkage_matches_its_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(14, 3))
    away = euclidean_distance(points, points).astype(float)
    apart = np.triu(rng.random(away.shape) < 0.15, 1)
    away[apart | apart.T] = np.inf
    weight = rng.integers(1, 9, len(points)).astype(float)
    found = average_linkage(away, 1.6, weight)
    groups = {frozenset(np.flatnonzero(found == group).tolist()) for group in np.unique(found)}
    assert groups == {frozenset(group) for group in slow_linkage(away, 1.6, weight)}


def test_average_linkage_matches_scipy_without_constraints() -> None:
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    points = np.random.default_rng(3).normal(size=(40, 4))
    away = euclidean_distance(points, points).astype(float)
    away = (away + away.T) / 2
    np.fill_diagonal(away, 0)
    ours = average_linkage(away, 1.8, np.ones(40))
    peer = fcluster(linkage(squareform(away), "average"), 1.8, "distance")
    assert ((ours[:, None] == ours) == (peer[:, None] == peer)).all()


def test_simultaneous_tracklets_of_one_camera_are_two_persons() -> None:
    alike = np.ones((3, 2))
    both = tracklets(alike, [0, 0, 0], [0, 5, 11], [10, 12, 20])
    found = cluster_tracklets(both, 0.5)
    assert found[0] != found[1] and found[1] != found[2] and found[0] == found[2], "who left may come back"


def test_overlapping_views_are_allowed_unless_excluded() -> None:
    two = tracklets(np.ones((2, 2)), [0, 1], [0, 5], [10, 12])
    assert cluster_tracklets(two, 0.5).tolist() == [0, 0]
    assert cluster_tracklets(two, 0.5, {(0, 1): 0}).tolist() == [0, 1], "no shared view"


def test_transit_time_is_a_constraint() -> None:
    three = tracklets(np.ones((3, 2)), [0, 1, 1], [0, 14, 40], [10, 16, 50])
    assert cannot_link_mask(three, {(1, 0): 20}).tolist() == [[False, True, False], [True, False, False], [False] * 3]
    assert cluster_tracklets(three, 0.5, {(0, 1): 20}).tolist() in ([0, 1, 0], [0, 1, 1])
    assert cluster_tracklets(three, 0.5, {(0, 1): 4}).tolist() == [0, 0, 0]


def test_threshold() -> None:
    people = tracklets(np.array([[1, 0], [1, 0.2], [0, 1.0]]), [0, 1, 2], [0, 0, 0], [1, 1, 1])
    assert cluster_tracklets(people, 0.5).tolist() == [0, 0, 1]
    assert cluster_tracklets(people, 0.1).tolist() == [0, 1, 2]
    assert cluster_tracklets(people, 2.0).tolist() == [0, 0, 0]


def test_prototype_weights_confident_and_large_detections() -> None:
    boxes = np.array([[0, 0, 10, 90], [0, 0, 10, 10], [5, 5, 20, 40]])
    vectors = np.array([[1.0, 0], [0, 1], [0, 1]])
    summed = summarize_tracklets(
        np.array([0, 0, 1]), np.array([3, 3, 4]), np.array([5.0, 2, 9]), boxes, np.full(3, 0.9), vectors
    )
    assert summed.prototypes[0] == pytest.approx(np.array([9, 1]) / np.sqrt(82))
    assert summed.prototypes[1].tolist() == [0, 1]
    assert summed.camera.tolist() == [3, 4] and summed.detections.tolist() == [2, 1]
    assert summed.first_s.tolist() == [2, 9] and summed.last_s.tolist() == [5, 9]


def test_empty_input() -> None:
    none = summarize_tracklets(*[np.zeros(0, np.int64)] * 3, np.zeros((0, 4)), np.zeros(0), np.zeros((0, 3)))
    assert len(none) == 0 and len(cluster_tracklets(none, 0.5)) == 0
