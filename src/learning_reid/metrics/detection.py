"""Detection metrics: IoU, one-to-one matching, recall, precision and average precision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

IGNORED_IOU = 0.4  # a detection that overlaps an ignored true box by more than this is no false positive


def iou_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Compute the intersection over union of every box of `a` with every box of `b`.

    Args:
        a: (n, 4) boxes, xyxy in pixels.
        b: (m, 4) boxes, xyxy in pixels.

    Returns:
        (n, m) float64 in 0..1; 0 for a box without area.

    >>> iou_matrix(np.array([[0, 0, 2, 2]]), np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])).round(3).tolist()
    [[1.0, 0.333, 0.0]]
    """
    # not supervision.box_iou_batch: it rounds to float32, and metrics import NumPy only (supervision takes a second)
    a, b = np.asarray(a, np.float64).reshape(-1, 4), np.asarray(b, np.float64).reshape(-1, 4)
    width = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])  # (n, m)
    height = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    intersection = np.clip(width, 0, None) * np.clip(height, 0, None)
    union = _areas(a)[:, None] + _areas(b)[None, :] - intersection
    return np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def match_boxes(boxes: np.ndarray, truth: np.ndarray, min_iou: float = 0.5) -> np.ndarray:
    """Match boxes one-to-one with true boxes, the pair with the largest IoU first.

    Equal IoUs are resolved by the order of the boxes, then by the order of the truth.

    Args:
        boxes: (n, 4) xyxy in pixels.
        truth: (m, 4) xyxy in pixels.
        min_iou: Minimum IoU of a match.

    Returns:
        (n,) int64, the matched row of `truth`, or -1.

    >>> match_boxes(np.array([[0, 0, 2, 3], [0, 0, 2, 2]]), np.array([[0, 0, 2, 2]])).tolist()
    [-1, 0]
    """
    iou = iou_matrix(boxes, truth)  # (n, m)
    matched = np.full(len(iou), -1, np.int64)
    taken = np.zeros(iou.shape[1], bool)
    for pair in np.argsort(-iou, axis=None, kind="stable"):
        row, column = divmod(int(pair), iou.shape[1])
        if iou[row, column] < min_iou:
            break
        if matched[row] < 0 and not taken[column]:
            matched[row], taken[column] = column, True
    return matched


class RecallPrecision(NamedTuple):
    """Recall and precision of a detector at one score threshold, both in 0..1."""

    recall: float
    precision: float


@dataclass(frozen=True)
class DetectionMetrics:
    """Whether each detection is a true positive, highest score first, and the metrics that follow."""

    scores: np.ndarray  #: (n,) float64, descending; detections on ignored true boxes are left out
    hits: np.ndarray  #: (n,) bool, True for a true positive
    people: int  #: Number of true boxes

    def at(self, score: float) -> RecallPrecision:
        """Compute recall and precision of the detections with at least this score."""
        kept = int(np.searchsorted(-self.scores, -score, side="right"))
        hits = int(self.hits[:kept].sum())
        return RecallPrecision(hits / max(self.people, 1), hits / max(kept, 1))

    @property
    def recall(self) -> float:
        """Share of the true boxes that were detected, over all detections."""
        return self.at(-np.inf).recall

    @property
    def precision(self) -> float:
        """Share of the detections that are true positives, over all detections."""
        return self.at(-np.inf).precision

    @property
    def ap50(self) -> float:
        """Average precision, the area under the precision-recall curve (at the `min_iou` of the matching, 0.5).

        All-point interpolation as in Pascal VOC since 2010: at each recall the best precision reached there or at a
        higher recall. (COCO samples the same curve at 101 recalls.) Everingham et al., IJCV 2010, section 4.2.
        """
        hits = np.cumsum(self.hits)
        precision = hits / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(envelope[self.hits].sum() / max(self.people, 1))  # each hit raises the recall by 1 / people


def detection_metrics(
    found: Sequence[tuple[np.ndarray, np.ndarray]],
    truth: Sequence[np.ndarray],
    ignored: Sequence[np.ndarray] | None = None,
    min_iou: float = 0.5,
) -> DetectionMetrics:
    """Compare the detections of several images with the ground truth.

    In each image, in the order of their scores (ties in the given order), each detection takes the free true box that
    it overlaps most, if the IoU is at least `min_iou`. Other detections are false positives, unless they overlap an
    ignored box by more than 0.4: then they are not counted.

    Args:
        found: For each image boxes (n, 4) xyxy in pixels and scores (n,).
        truth: For each image (m, 4) true boxes.
        ignored: For each image (k, 4) boxes to ignore; None = no such boxes.
        min_iou: Minimum IoU of a true positive.

    Raises:
        ValueError: The sequences differ in length.

    >>> boxes = np.array([[0, 0, 2, 2], [5, 5, 6, 6]])
    >>> detection_metrics([(boxes, np.array([0.9, 0.8]))], [boxes[:1]]).at(0.5)
    RecallPrecision(recall=1.0, precision=0.5)
    """
    to_ignore = ignored if ignored is not None else [np.zeros((0, 4))] * len(truth)
    if not len(found) == len(truth) == len(to_ignore):
        raise ValueError(f"found, truth and ignored have {len(found)}, {len(truth)} and {len(to_ignore)} images")
    per_image = [
        _hits_of_image(boxes, np.asarray(scores, np.float64), true_boxes, ignored_boxes, min_iou)
        for (boxes, scores), true_boxes, ignored_boxes in zip(found, truth, to_ignore, strict=True)
    ]
    scores = np.concatenate([part[0] for part in per_image]) if per_image else np.zeros(0)
    hits = np.concatenate([part[1] for part in per_image]) if per_image else np.zeros(0, bool)
    order = np.argsort(-scores, kind="stable")
    return DetectionMetrics(scores[order], hits[order], sum(len(true_boxes) for true_boxes in truth))


def _hits_of_image(
    boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, ignored: np.ndarray, min_iou: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return scores and hits of one image, without detections on ignored boxes."""
    iou = iou_matrix(boxes, truth)  # (n, m)
    hits = np.zeros(len(scores), bool)
    for row in np.argsort(-scores, kind="stable"):
        column = int(np.argmax(iou[row])) if iou.shape[1] else 0
        if iou.shape[1] and iou[row, column] >= min_iou:
            hits[row] = True
            iou[:, column] = -1.0  # each true box is found once
    not_counted = (iou_matrix(boxes, ignored).max(axis=1, initial=0.0) > IGNORED_IOU) & ~hits
    return scores[~not_counted], hits[~not_counted]
