"""Tracklets: detections of one camera, linked from frame to frame.

Each tracklet predicts its next box from its own velocity and keeps an appearance prototype, a running mean of its
embeddings. The detections of a frame are assigned to tracklets at the lowest total cost (the Hungarian method, as in
SORT, arXiv 1602.00763); a cost combines box overlap and appearance, as in DeepSORT, arXiv 1703.07402. Not used from
those papers: the Kalman filter (the running velocity is its simple part), DeepSORT's matching cascade, and tentative
tracklets (short ones are dropped later, by `identities.cluster_detections`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from learning_reid.metrics.detection import iou_matrix
from learning_reid.retrieval.distances import euclidean_distance

_IMPOSTOR_PERCENTILE = 5
_MAX_DUPLICATE_IOU = 0.3  # boxes of one frame that overlap more may be one person, detected twice
_MIN_PAIRS = 20
_FORBIDDEN = 1e6  # cost of a pair that is not allowed; far above any sum of real costs


@dataclass(frozen=True)
class TrackletRules:
    """When a detection may continue a tracklet, and how costs are weighted.

    The defaults were tuned on synthetic streets (seeds 3001 to 3006) that the benchmark does not use.
    """

    #: Largest Euclidean distance between a detection's unit embedding and the tracklet's prototype. It depends on the
    #: network, see `impostor_quantile`. None ignores appearance and uses the overlap alone.
    max_distance: float | None
    #: Overlap with the predicted box that is always close enough; required when appearance is ignored
    min_iou: float = 0.1
    #: With appearance: largest distance of the feet from their predicted position, in box heights. It applies in full
    #: at once and grows by the same amount for each second since the tracklet was last seen.
    reach: float = 0.2
    max_gap_s: float = 2.0  #: Seconds without a detection after which a tracklet ends
    appearance_weight: float = 0.75  #: Share of appearance in the cost, 0 to 1; the rest is overlap
    momentum: float = 0.8  #: Share of the prototype that is kept at each new detection, 0 to 1


@dataclass(eq=False)
class _Tracklet:
    """The state of one tracklet."""

    number: int
    box: np.ndarray  # (4,) xyxy pixels, the last one
    time_s: float  # of the last box
    prototype: np.ndarray  # (d,) unit length
    velocity: np.ndarray | None = None  # (2,) pixels per second

    def predict(self, time_s: float) -> np.ndarray:
        """Return the expected box (4,) at a time."""
        if self.velocity is None:
            return self.box
        return self.box + np.tile(self.velocity * (time_s - self.time_s), 2)

    def update(self, box: np.ndarray, embedding: np.ndarray, time_s: float, momentum: float) -> None:
        """Add a detection."""
        measured = (_feet(box[None])[0] - _feet(self.box[None])[0]) / (time_s - self.time_s)
        self.velocity = measured if self.velocity is None else 0.5 * self.velocity + 0.5 * measured
        mixed = momentum * self.prototype + (1 - momentum) * embedding
        self.prototype = mixed / max(float(np.linalg.norm(mixed)), 1e-12)
        self.box, self.time_s = box, time_s


def link_tracklets(
    time_s: np.ndarray, boxes_xyxy: np.ndarray, embeddings: np.ndarray, rules: TrackletRules
) -> np.ndarray:
    """Assign each detection of one camera to a tracklet.

    Args:
        time_s: (n,) seconds, equal for all detections of a frame; in any order.
        boxes_xyxy: (n, 4) pixels.
        embeddings: (n, d) unit length; not read if `rules.max_distance` is None.
        rules: When detections belong together.

    Returns:
        (n,) int64, tracklets numbered from 0 in the order of their first detection. The order of the detections within
        a frame does not matter.

    >>> boxes = np.array([[0, 0, 10, 30], [50, 0, 60, 30], [2, 0, 12, 30]])
    >>> link_tracklets(np.array([0.0, 0.0, 0.2]), boxes, np.eye(2)[[0, 1, 0]], TrackletRules(0.7)).tolist()
    [0, 1, 0]
    """
    times, boxes = np.asarray(time_s, np.float64), np.asarray(boxes_xyxy, np.float64).reshape(-1, 4)
    vectors = np.asarray(embeddings, np.float64)
    labels = np.full(len(times), -1, np.int64)
    order = np.lexsort((*boxes.T[::-1], times))  # by time, then from left to right
    active: list[_Tracklet] = []
    count = 0
    frames, first = np.unique(times[order], return_index=True)
    for now, rows in zip(frames.tolist(), np.split(order, first)[1:], strict=True):
        active = [tracklet for tracklet in active if now - tracklet.time_s <= rules.max_gap_s]
        cost = _costs(active, now, boxes[rows], vectors[rows], rules)  # (tracklets, detections)
        for index, column in zip(*linear_sum_assignment(cost), strict=True):
            if cost[index, column] < _FORBIDDEN:
                row = rows[column]
                active[index].update(boxes[row], vectors[row], now, rules.momentum)
                labels[row] = active[index].number
        for row in rows[labels[rows] < 0]:
            active.append(_Tracklet(count, boxes[row], now, vectors[row]))
            labels[row] = count
            count += 1
    return labels


def impostor_quantile(frame: np.ndarray, boxes_xyxy: np.ndarray, embeddings: np.ndarray) -> float | None:
    """Compute the 5th percentile of the distances between different people, without identity labels.

    Detections of one frame show different people, so their pairs are impostor pairs of this network on this footage.

    Args:
        frame: (n,) int, equal for the detections of one frame of one camera.
        boxes_xyxy: (n, 4) pixels.
        embeddings: (n, d) unit length.

    Returns:
        A Euclidean distance, or None if there are fewer than 20 such pairs.
    """
    found = [np.zeros(0)]
    order = np.argsort(frame, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(frame[order])) + 1):
        distinct = np.triu(iou_matrix(boxes_xyxy[rows], boxes_xyxy[rows]) < _MAX_DUPLICATE_IOU, 1)
        found.append(euclidean_distance(embeddings[rows], embeddings[rows])[distinct])
    pairs = np.concatenate(found)
    return float(np.percentile(pairs, _IMPOSTOR_PERCENTILE)) if len(pairs) >= _MIN_PAIRS else None


def _costs(
    tracklets: list[_Tracklet], now: float, boxes: np.ndarray, vectors: np.ndarray, rules: TrackletRules
) -> np.ndarray:
    """Return the (t, m) costs of assigning m detections to t tracklets; `_FORBIDDEN` where it is not allowed."""
    if not tracklets:
        return np.zeros((0, len(boxes)))
    predicted = np.stack([tracklet.predict(now) for tracklet in tracklets])  # (t, 4)
    overlap = iou_matrix(predicted, boxes)  # (t, m)
    if rules.max_distance is None:
        return np.where(overlap >= rules.min_iou, 1 - overlap, _FORBIDDEN)
    prototypes = np.stack([tracklet.prototype for tracklet in tracklets])
    cosine = np.clip(1 - prototypes @ vectors.T, 0, 2)  # (t, m) cosine distance = half the squared Euclidean one
    threshold = rules.max_distance**2 / 2
    moved = np.linalg.norm(_feet(predicted)[:, None] - _feet(boxes)[None], axis=2)  # (t, m) pixels
    gap_s = now - np.array([tracklet.time_s for tracklet in tracklets])
    heights = predicted[:, 3] - predicted[:, 1]
    close = moved <= (heights * rules.reach * (1 + gap_s))[:, None]
    cost = (1 - rules.appearance_weight) * (1 - overlap) + rules.appearance_weight * cosine / max(threshold, 1e-12)
    return np.where((close | (overlap >= rules.min_iou)) & (cosine <= threshold), cost, _FORBIDDEN)


def _feet(boxes: np.ndarray) -> np.ndarray:
    """Return the (n, 2) midpoints of the lower edges."""
    return np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
