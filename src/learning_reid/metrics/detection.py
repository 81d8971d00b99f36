"""Detection metrics: IoU, one-to-one matching, recall, precision and average precision."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

COCO_IOUS = tuple(np.arange(50, 100, 5) / 100)  # 0.5, 0.55, …, 0.95
IGNORED_SHARE = 0.5  # a detection that lies inside an ignored box by at least this share is no false positive
Found = Sequence[tuple[np.ndarray, np.ndarray]]  # boxes (n, 4) and scores (n,) of each image


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
    intersection = _intersections(a, b)
    union = _areas(a)[:, None] + _areas(b)[None, :] - intersection
    return np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)


def _intersections(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, 4) and (m, 4) float64 boxes → (n, m) areas."""
    width = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])  # (n, m)
    height = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    return np.clip(width, 0, None) * np.clip(height, 0, None)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def is_inside(boxes: np.ndarray, regions: np.ndarray, min_share: float = IGNORED_SHARE) -> np.ndarray:
    """Return whether at least a share of each box lies inside one of the regions.

    Args:
        boxes: (n, 4) xyxy in pixels.
        regions: (k, 4) xyxy in pixels.
        min_share: Minimum share of the box's area.

    Returns:
        (n,) bool; False for a box without area.

    >>> is_inside(np.array([[0, 0, 2, 2], [0, 0, 6, 2]]), np.array([[0, 0, 2, 9]])).tolist()
    [True, False]
    """
    boxes, regions = np.asarray(boxes, np.float64).reshape(-1, 4), np.asarray(regions, np.float64).reshape(-1, 4)
    covered, areas = _intersections(boxes, regions).max(axis=1, initial=0.0), _areas(boxes)
    return (areas > 0) & (covered >= min_share * areas)


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

    scores: np.ndarray  #: (n,) float64, descending; detections inside ignored boxes are left out
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
    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """Recall and interpolated precision at each true positive, both (h,) float64, highest score first.

        Interpolated as in Pascal VOC since 2010: at each recall the best precision reached there or at a higher recall.
        (COCO samples this curve at 101 recalls.) Everingham et al., IJCV 2010, section 4.2.
        """
        hits = np.cumsum(self.hits)
        precision = hits / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return hits[self.hits] / max(self.people, 1), envelope[self.hits]

    @property
    def ap50(self) -> float:
        """Average precision, the area under `curve` (at the `min_iou` of the matching, 0.5)."""
        return float(self.curve[1].sum() / max(self.people, 1))  # each true positive raises the recall by 1 / people


def detection_metrics(
    found: Found,
    truth: Sequence[np.ndarray],
    ignored: Sequence[np.ndarray] | None = None,
    min_iou: float = 0.5,
) -> DetectionMetrics:
    """Compare the detections of several images with the ground truth.

    In each image, in the order of their scores (ties in the given order), each detection takes the free true box that
    it overlaps most, if the IoU is at least `min_iou`. Other detections are false positives, unless at least half of
    their area lies inside an ignored box: then they are not counted. So an ignored box may be a region, such as a
    distant crowd.

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
    return next(_metrics_at(found, truth, ignored, [min_iou]))


def coco_average_precision(
    found: Found, truth: Sequence[np.ndarray], ignored: Sequence[np.ndarray] | None = None
) -> float:
    """Compute the average precision that COCO calls AP: the mean over IoU thresholds of 0.5, 0.55, …, 0.95.

    It rewards boxes that fit closely, where AP50 accepts any overlap of one half. Lin et al., ECCV 2014,
    arXiv:1405.0312. Arguments and errors are those of `detection_metrics`.

    >>> box = np.array([[0.0, 0.0, 10.0, 10.0]])
    >>> coco_average_precision([(box * 0.8, np.ones(1))], [box])  # IoU 0.64: a true positive at 0.5, 0.55 and 0.6
    0.3
    """
    return float(np.mean([metrics.ap50 for metrics in _metrics_at(found, truth, ignored, COCO_IOUS)]))


def _metrics_at(
    found: Found, truth: Sequence[np.ndarray], ignored: Sequence[np.ndarray] | None, min_ious: Sequence[float]
) -> Iterator[DetectionMetrics]:
    """Yield the metrics at each IoU threshold."""
    to_ignore = ignored if ignored is not None else [np.zeros((0, 4))] * len(truth)
    if not len(found) == len(truth) == len(to_ignore):
        raise ValueError(f"found, truth and ignored have {len(found)}, {len(truth)} and {len(to_ignore)} images")
    scores = [np.asarray(image_scores, np.float64) for _, image_scores in found]
    ious = [iou_matrix(boxes, true_boxes) for (boxes, _), true_boxes in zip(found, truth, strict=True)]
    inside = [is_inside(boxes, regions) for (boxes, _), regions in zip(found, to_ignore, strict=True)]
    all_scores = np.concatenate([np.zeros(0), *scores])
    for min_iou in min_ious:
        per_image = [_hits_of_image(iou, own, min_iou) for iou, own in zip(ious, scores, strict=True)]
        hits = np.concatenate([np.zeros(0, bool), *per_image])
        counted = np.flatnonzero(hits | ~np.concatenate([np.zeros(0, bool), *inside]))
        order = counted[np.argsort(-all_scores[counted], kind="stable")]
        yield DetectionMetrics(all_scores[order], hits[order], sum(len(true_boxes) for true_boxes in truth))


def _hits_of_image(iou: np.ndarray, scores: np.ndarray, min_iou: float) -> np.ndarray:
    """(n, m) IoU with true boxes and (n,) scores → (n,) bool, True for a true positive."""
    iou, hits = iou.copy(), np.zeros(len(scores), bool)
    for row in np.argsort(-scores, kind="stable") if iou.shape[1] else ():
        column = int(np.argmax(iou[row]))
        if iou[row, column] >= min_iou:
            hits[row] = True
            iou[:, column] = -1.0  # each true box is found once
    return hits
