"""Tracklets: which detections of one camera, frame after frame, are one person walking through the picture?

Each tracklet predicts where its person is now (the last box, moved on at its own speed) and remembers what they look
like (a running mean of their vectors). The detections of a frame are given to the tracklets so that the sum of all
costs is least (the Hungarian method, as in SORT, arXiv 1602.00763), where a cost mixes overlap and likeness (as
DeepSORT, arXiv 1703.07402, does). Left out of those two: the Kalman filter, of which the running speed is the simple
part; DeepSORT's cascade, which serves first whoever was seen last; and tentative tracklets: what is too short is left
out later, when tracklets become persons (src/reid_store/persons.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from learning_reid.metrics.detection import iou_matrix
from learning_reid.retrieval.distances import euclidean

_STRANGERS_SHARE = 5  # percent of the pairs of two people that may be as near as a tracklet and its next detection
_APART_IOU = 0.3  # boxes of one frame that overlap more may be one person, found twice
_FEWEST_PAIRS = 20
_NEVER = 1e6  # the cost of a pair that is not allowed; far above any sum of real ones


@dataclass(frozen=True)
class TrackletRules:
    """When a detection may continue a tracklet, and what is preferred.

    The numbers were chosen on generated streets (seeds 3001 to 3006), never on those that the benchmark measures.

    Attributes:
        max_distance: how unlike (Euclidean, unit vectors) a detection may be to the tracklet's prototype; it depends on
            the network, see `strangers_distance`. None = do not look at the person at all, only at the overlap.
        min_iou: overlap with the expected box that is always near enough, and needed where looks are not asked.
        reach: where looks are asked: how far the feet may be from where they are expected, in heights of the box: so
            much at once, and as much again for each second since the tracklet was last seen.
        max_gap_s: a tracklet that was not seen for longer has ended.
        likeness: share of the looks in the cost, 0..1; the rest is overlap.
        memory: how much of the prototype stays at each new detection, 0..1.
    """

    max_distance: float | None
    min_iou: float = 0.1
    reach: float = 0.2
    max_gap_s: float = 2.0
    likeness: float = 0.75
    memory: float = 0.8


@dataclass(eq=False)
class _Tracklet:
    """One person, as far as they have been followed."""

    number: int
    box: np.ndarray  # (4,) xyxy pixels, where last seen
    time_s: float  # when
    prototype: np.ndarray  # (d,) unit length
    velocity: np.ndarray | None = None  # (2,) pixels a second

    def expected(self, time_s: float) -> np.ndarray:
        """(4,) where the box should be at a time."""
        if self.velocity is None:
            return self.box
        return self.box + np.tile(self.velocity * (time_s - self.time_s), 2)

    def follow(self, box: np.ndarray, vector: np.ndarray, time_s: float, memory: float) -> None:
        """Take in one more detection."""
        seen = (_feet(box[None])[0] - _feet(self.box[None])[0]) / (time_s - self.time_s)
        self.velocity = seen if self.velocity is None else 0.5 * self.velocity + 0.5 * seen
        mixed = memory * self.prototype + (1 - memory) * vector
        self.prototype = mixed / max(float(np.linalg.norm(mixed)), 1e-12)
        self.box, self.time_s = box, time_s


def link_tracklets(
    time_s: np.ndarray, boxes_xyxy: np.ndarray, embeddings: np.ndarray, rules: TrackletRules
) -> np.ndarray:
    """Give each detection of one camera the number of its tracklet.

    Args:
        time_s: (n,) seconds, equal for all detections of a frame; in any order.
        boxes_xyxy: (n, 4) pixels.
        embeddings: (n, d) of unit length; not read where `rules.max_distance` is None.
        rules: when detections belong together.

    Returns:
        (n,) int64, tracklets counted from 0 in order of their first detection; the order of the detections within a
        frame changes nothing.

    >>> boxes = np.array([[0, 0, 10, 30], [50, 0, 60, 30], [2, 0, 12, 30]])
    >>> link_tracklets(np.array([0.0, 0.0, 0.2]), boxes, np.eye(2)[[0, 1, 0]], TrackletRules(0.7)).tolist()
    [0, 1, 0]
    """
    times, boxes = np.asarray(time_s, np.float64), np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
    vectors = np.asarray(embeddings, np.float64)
    belongs = np.full(len(times), -1, np.int64)
    order = np.lexsort((*boxes.T[::-1], times))  # by time, then from left to right
    living: list[_Tracklet] = []
    started = 0
    frames, first = np.unique(times[order], return_index=True)
    for now, rows in zip(frames.tolist(), np.split(order, first)[1:], strict=True):
        living = [tracklet for tracklet in living if now - tracklet.time_s <= rules.max_gap_s]
        cost = _costs(living, now, boxes[rows], vectors[rows], rules)  # (tracklets, detections)
        for which, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[which, column] < _NEVER:
                row = rows[column]
                living[which].follow(boxes[row], vectors[row], now, rules.memory)
                belongs[row] = living[which].number
        for row in rows[belongs[rows] < 0]:
            living.append(_Tracklet(started, boxes[row], now, vectors[row]))
            belongs[row] = started
            started += 1
    return belongs


def strangers_distance(frame: np.ndarray, boxes_xyxy: np.ndarray, embeddings: np.ndarray) -> float | None:
    """How near two different people seldom are to each other, by this network on these very pictures.

    Nobody needs to be named for it: the people of one frame are different people. Of their pairs, 5 % are nearer.

    Args:
        frame: (n,) int, equal for the detections of one frame of one camera.
        boxes_xyxy: (n, 4) pixels.
        embeddings: (n, d) of unit length.

    Returns:
        A Euclidean distance; None where fewer than 20 such pairs were seen.
    """
    found = [np.zeros(0)]
    order = np.argsort(frame, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(frame[order])) + 1):
        apart = np.triu(iou_matrix(boxes_xyxy[rows], boxes_xyxy[rows]) < _APART_IOU, 1)
        found.append(euclidean(embeddings[rows], embeddings[rows])[apart])
    pairs = np.concatenate(found)
    return float(np.percentile(pairs, _STRANGERS_SHARE)) if len(pairs) >= _FEWEST_PAIRS else None


def _costs(
    tracklets: list[_Tracklet], now: float, boxes: np.ndarray, vectors: np.ndarray, rules: TrackletRules
) -> np.ndarray:
    """(t, m) cost of giving each of the m detections to each of the t tracklets; `_NEVER` where it is not allowed."""
    if not tracklets:
        return np.zeros((0, len(boxes)))
    expected = np.stack([tracklet.expected(now) for tracklet in tracklets])  # (t, 4)
    overlap = iou_matrix(expected, boxes)  # (t, m)
    if rules.max_distance is None:
        return np.where(overlap >= rules.min_iou, 1 - overlap, _NEVER)
    prototypes = np.stack([tracklet.prototype for tracklet in tracklets])
    unlike = np.clip(1 - prototypes @ vectors.T, 0, 2)  # (t, m) cosine distance = half the squared Euclidean one
    limit = rules.max_distance**2 / 2
    away = np.linalg.norm(_feet(expected)[:, None] - _feet(boxes)[None], axis=2)  # (t, m) pixels
    unseen_s = now - np.array([tracklet.time_s for tracklet in tracklets])
    heights = expected[:, 3] - expected[:, 1]
    near = away <= (heights * rules.reach * (1 + unseen_s))[:, None]
    cost = (1 - rules.likeness) * (1 - overlap) + rules.likeness * unlike / max(limit, 1e-12)
    return np.where((near | (overlap >= rules.min_iou)) & (unlike <= limit), cost, _NEVER)


def _feet(boxes: np.ndarray) -> np.ndarray:
    """(n, 2) the middle of the lower edge."""
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
