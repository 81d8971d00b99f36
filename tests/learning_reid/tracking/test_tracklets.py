"""Tracklets: people who cross, hide, leave and swap places, drawn as boxes."""

import numpy as np
import pytest

from learning_reid.tracking.tracklets import TrackletRules, impostor_quantile, link_tracklets

APPEARANCE = TrackletRules(0.7)
IOU = TrackletRules(None)


def walk(x: np.ndarray, width: float = 20, height: float = 50, y: float = 100) -> np.ndarray:
    """(n, 4) boxes whose left edges are x."""
    return np.stack([x, np.full_like(x, y), x + width, np.full_like(x, y + height)], axis=1)


def crossing() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Two who meet, stand together for a second in front of each other, and turn back, 5 frames a second."""
    there = np.concatenate([np.linspace(0, 60, 13), np.full(5, 60.0), np.linspace(60, 0, 13)])
    time = np.arange(len(there)) / 5
    boxes = np.concatenate([walk(there), walk(122 - there)])
    who = np.repeat([0, 1], len(there))
    return np.tile(time, 2), boxes, np.eye(3)[who], who


def same_groups(a: np.ndarray, b: np.ndarray) -> bool:
    return bool(((a[:, None] == a) == (b[:, None] == b)).all())


def test_appearance_separates_people_who_turn_back() -> None:
    time, boxes, vectors, who = crossing()
    assert same_groups(link_tracklets(time, boxes, vectors, APPEARANCE), who)
    assert not same_groups(link_tracklets(time, boxes, vectors, IOU), who), "boxes alone say that they pass each other"


@pytest.mark.parametrize("rules", [APPEARANCE, IOU])
def test_order_of_detections_does_not_matter(rules: TrackletRules) -> None:
    time, boxes, vectors, _ = crossing()
    before = link_tracklets(time, boxes, vectors, rules)
    for seed in range(3):
        order = np.random.default_rng(seed).permutation(len(time))
        assert link_tracklets(time[order], boxes[order], vectors[order], rules).tolist() == before[order].tolist()


def test_short_gap_is_bridged_and_long_one_ends_the_tracklet() -> None:
    time = np.array([0.0, 0.2, 0.4, 0.6, 2.0, 2.2])  # 1.4 s behind a van
    boxes = walk(60 * time)
    looks = np.tile(np.eye(2)[0], (6, 1))
    for rules in (APPEARANCE, IOU):
        assert link_tracklets(time, boxes, looks, rules).tolist() == [0] * 6
    assert link_tracklets(time, boxes, looks, TrackletRules(0.7, max_gap_s=1.0)).tolist() == [0, 0, 0, 0, 1, 1]


def test_different_appearance_or_position_starts_a_tracklet() -> None:
    time = np.array([0.0, 0.2])
    assert link_tracklets(time, walk(np.zeros(2)), np.eye(2), APPEARANCE).tolist() == [0, 1]
    assert link_tracklets(time, walk(np.zeros(2)), np.eye(2), IOU).tolist() == [0, 0]
    assert link_tracklets(time, walk(np.array([0.0, 300.0])), np.eye(2)[[0, 0]], APPEARANCE).tolist() == [0, 1]


def test_tracklet_has_one_detection_per_frame() -> None:
    rng = np.random.default_rng(5)
    time = np.repeat(np.arange(20) / 4, 6)
    boxes = walk(rng.uniform(0, 80, len(time)))
    vectors = np.eye(4)[rng.integers(0, 2, len(time))]
    found = link_tracklets(time, boxes, vectors, APPEARANCE)
    for now in np.unique(time):
        assert len(np.unique(found[time == now])) == 6
    assert np.unique(found).tolist() == list(range(found.max() + 1))


def test_empty_input() -> None:
    assert len(link_tracklets(np.zeros(0), np.zeros((0, 4)), np.zeros((0, 3)), APPEARANCE)) == 0


def test_impostor_quantile() -> None:
    angles = np.radians([0, 30, 0, 30, 0, 90])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    frame, boxes = np.repeat([0, 1, 2], 2), walk(np.tile([0.0, 100.0], 3))
    assert impostor_quantile(frame, boxes, vectors) is None, "three pairs are too few to say"
    many = [np.concatenate([part] * 10) for part in (boxes, vectors)]
    quantile = impostor_quantile(np.repeat(np.arange(30), 2), *many)
    assert quantile == pytest.approx(2 * np.sin(np.radians(15)), abs=1e-6)
    many[0][:, 2] += 1000  # boxes that cover each other may be one person found twice
    assert impostor_quantile(np.repeat(np.arange(30), 2), *many) is None
