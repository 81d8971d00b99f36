"""How well boxes were found: overlap, one-to-one matching, recall, precision and average precision. NumPy only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

IGNORED_IOU = 0.4  # a detection that overlaps an ignored true box by more than this is not held against the detector


def iou_matrix(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Intersection over union of every box of `a` with every box of `b`.

    Args:
        a: (n, 4) boxes, xyxy in pixels.
        b: (m, 4) boxes, xyxy in pixels.

    Returns:
        (n, m) float64 in 0..1; a box without area overlaps nothing.

    >>> iou_matrix(np.array([[0, 0, 2, 2]]), np.array([[0, 0, 2, 2], [1, 0, 3, 2], [5, 5, 6, 6]])).round(3).tolist()
    [[1.0, 0.333, 0.0]]
    """
    a, b = np.asarray(a, np.float64).reshape(-1, 4), np.asarray(b, np.float64).reshape(-1, 4)
    low = np.maximum(a[:, None, :2], b[None, :, :2])  # (n, m, 2) top-left corner of the shared part
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])  # (n, m, 2) bottom-right corner
    shared = np.prod(np.clip(high - low, 0, None), axis=2)  # (n, m)
    union = _areas(a)[:, None] + _areas(b)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.prod(np.clip(boxes[:, 2:] - boxes[:, :2], 0, None), axis=1)


def match_boxes(boxes: np.ndarray, truth: np.ndarray, min_iou: float = 0.5) -> np.ndarray:
    """Give each box the true box it stands for: one-to-one, the pair with the largest overlap first.

    Equal overlaps are settled by the order of the boxes, then by the order of the truth.

    Args:
        boxes: (n, 4) xyxy in pixels.
        truth: (m, 4) xyxy in pixels.
        min_iou: pairs that overlap less are never matched.

    Returns:
        (n,) int64, the row of `truth`, or -1 where a box stands for nobody.

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


class OperatingPoint(NamedTuple):
    """What a detector does when every box below one score is thrown away; both figures in 0..1."""

    recall: float
    precision: float


@dataclass(frozen=True)
class DetectionMetrics:
    """The outcome for each detection, best score first, and the figures that follow from it.

    Attributes:
        scores: (n,) float64, falling; detections excused by an ignored true box are left out.
        hits: (n,) bool, whether the detection found a person nobody had found before.
        people: how many true boxes there were.
    """

    scores: np.ndarray
    hits: np.ndarray
    people: int

    def at(self, score: float) -> OperatingPoint:
        """Recall and precision of the detections that score at least `score`."""
        kept = int(np.searchsorted(-self.scores, -score, side="right"))
        hits = int(self.hits[:kept].sum())
        return OperatingPoint(hits / max(self.people, 1), hits / max(kept, 1))

    @property
    def recall(self) -> float:
        """Share of the true boxes that were found, over all detections."""
        return self.at(-np.inf).recall

    @property
    def precision(self) -> float:
        """Share of the detections that found a person, over all detections."""
        return self.at(-np.inf).precision

    @property
    def ap50(self) -> float:
        """Average precision: the area under precision over recall (at IoU 0.5 unless another `min_iou` was asked).

        All-point interpolation as Pascal VOC uses since 2010: at each recall the best precision that is reached there
        or further right. (COCO samples the same curve at 101 recalls.) Everingham et al., IJCV 2010, section 4.2.
        """
        hits = np.cumsum(self.hits)
        precision = hits / np.arange(1, len(hits) + 1)
        envelope = np.maximum.accumulate(precision[::-1])[::-1]
        return float(envelope[self.hits].sum() / max(self.people, 1))  # each hit moves recall on by 1 / people


def detection_metrics(
    found: Sequence[tuple[np.ndarray, np.ndarray]],
    truth: Sequence[np.ndarray],
    ignored: Sequence[np.ndarray] | None = None,
    min_iou: float = 0.5,
) -> DetectionMetrics:
    """Hold the detections of a whole set of pictures against the truth.

    In each picture the detections choose in the order of their scores (ties in the order given), each the free true box
    it overlaps most, if by at least `min_iou`. What is left over is a false alarm, unless it overlaps an
    ignored box by more than 0.4: then it counts neither way.

    Args:
        found: for each picture (boxes (n, 4) xyxy in pixels, scores (n,)).
        truth: for each picture (m, 4) boxes of the persons to find.
        ignored: for each picture (k, 4) boxes to look away from; None where there are none.
        min_iou: overlap from which a box counts as found.

    Raises:
        ValueError: the sequences are not of one length.
    """
    spare = ignored if ignored is not None else [np.zeros((0, 4))] * len(truth)
    if not len(found) == len(truth) == len(spare):
        raise ValueError(f"found, truth and ignored are of {len(found)}, {len(truth)} and {len(spare)} pictures")
    outcomes = [
        _outcome(boxes, np.asarray(scores, np.float64), real, away, min_iou)
        for (boxes, scores), real, away in zip(found, truth, spare, strict=True)
    ]
    scores = np.concatenate([part[0] for part in outcomes]) if outcomes else np.zeros(0)
    hits = np.concatenate([part[1] for part in outcomes]) if outcomes else np.zeros(0, bool)
    order = np.argsort(-scores, kind="stable")
    return DetectionMetrics(scores[order], hits[order], sum(len(real) for real in truth))


def _outcome(
    boxes: np.ndarray, scores: np.ndarray, truth: np.ndarray, ignored: np.ndarray, min_iou: float
) -> tuple[np.ndarray, np.ndarray]:
    """Scores and hits of one picture, the excused detections left out."""
    iou = iou_matrix(boxes, truth)  # (n, m)
    hits = np.zeros(len(scores), bool)
    for row in np.argsort(-scores, kind="stable"):
        column = int(np.argmax(iou[row])) if iou.shape[1] else 0
        if iou.shape[1] and iou[row, column] >= min_iou:
            hits[row] = True
            iou[:, column] = -1.0  # nobody else may find this person
    excused = (iou_matrix(boxes, ignored).max(axis=1, initial=0.0) > IGNORED_IOU) & ~hits
    return scores[~excused], hits[~excused]
