"""Compare clustered persons with ground truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np

from learning_reid.frames.mot import MotTable
from learning_reid.metrics.detection import iou_matrix
from learning_reid.metrics.identities import (
    IdentityMetrics,
    PairwiseMetrics,
    identity_metrics,
    identity_switches,
    pairwise_metrics,
    purity,
)
from learning_reid.metrics.reidentification import IGNORED, assign_identities
from learning_reid.tracking.identities import Clustering, DetectionTable

MIN_IOU = 0.5  # overlap from which a detection matches a true box


@dataclass(frozen=True, eq=False)
class CameraTruth:
    """The annotations of one camera."""

    table: MotTable  #: Annotated boxes; the same identity in two cameras is the same person
    frames: frozenset[int]  #: Frame numbers that were processed; other frames do not count


@dataclass(frozen=True)
class ClusteringScores:
    """Quality of clustered persons; shares are in 0..1."""

    identities: IdentityMetrics  #: IDF1 and related scores over all cameras together, as in its paper and in motmetrics
    #: IDF1 where each detection matches only the true box it overlaps most; stricter where people occlude each other
    idf1_one_to_one: float
    pairs: PairwiseMetrics  #: Pairwise precision, recall and F1
    tracklets: int  #: Number of tracklets of assigned persons
    tracklet_purity: float  #: Share of their detections that show the most common person of their tracklet
    switches: int  #: Identity switches within a camera
    found: float  #: Share of the true boxes that were detected, an upper bound for the recall
    false_alarms: float  #: Share of the detections that match no person

    def as_json(self) -> dict[str, float]:
        """Return all scores as one flat dictionary."""
        values = asdict(self)
        pairs = {f"pairwise_{key}": value for key, value in values.pop("pairs").items()}
        return values.pop("identities") | pairs | values


def match_ground_truth(detections: DetectionTable, truth: Mapping[str, CameraTruth]) -> tuple[np.ndarray, Counter[int]]:
    """Match detections with annotated persons.

    Args:
        detections: The detections.
        truth: Annotations by camera name.

    Returns:
        (n,) int64 true persons (-1 = false positive, -2 = not counted, for example in a camera without annotations),
        and the number of true boxes of each person.
    """
    true, boxes = np.full(len(detections), IGNORED, np.int64), Counter[int]()
    for name, camera in truth.items():
        table = camera.table
        processed = np.isin(table.frame, sorted(camera.frames))
        boxes.update(table.person_id[processed & (table.score != 0)].tolist())
        own = np.flatnonzero(detections.camera == detections.cameras.index(name))
        for index in np.unique(detections.index[own]).tolist():
            rows, frame = own[detections.index[own] == index], table.at(index)
            true[rows] = assign_identities(detections.boxes_xyxy[rows], frame.boxes_xyxy, frame.person_id, frame.score)
    return true, boxes


def score_clustering(
    detections: DetectionTable, clustering: Clustering, truth: Mapping[str, CameraTruth]
) -> ClusteringScores:
    """Score persons and tracklets against annotations; cameras without annotations do not count.

    Args:
        detections: The detections.
        clustering: Their tracklets and persons.
        truth: Annotations by camera name.
    """
    true, boxes = match_ground_truth(detections, truth)
    counted = true != IGNORED
    rows, persons = _overlaps(detections, truth, counted)
    matched = np.flatnonzero(true >= 0)
    person = np.where(counted, clustering.person, -1)
    identities = identity_metrics(person, rows, persons, boxes)
    one_to_one = identity_metrics(person, matched, true[matched], boxes).idf1
    true, person, tracklet = true[counted], clustering.person[counted], clustering.tracklet[counted]
    assigned = np.where(person >= 0, tracklet, -1)
    return ClusteringScores(
        identities,
        one_to_one,
        pairwise_metrics(true, person),
        len(np.unique(assigned[assigned >= 0])),
        purity(true, assigned),
        identity_switches(true, person, detections.camera[counted], detections.time_s[counted]),
        float((true >= 0).sum()) / max(boxes.total(), 1),
        float((true < 0).mean()) if len(true) else 0.0,
    )


def _overlaps(
    detections: DetectionTable, truth: Mapping[str, CameraTruth], counted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return (p,) detections and (p,) true persons, one entry for each overlap of `MIN_IOU` or more."""
    pairs = [(np.zeros(0, np.int64), np.zeros(0, np.int64))]
    for name, camera in truth.items():
        own = np.flatnonzero(counted & (detections.camera == detections.cameras.index(name)))
        for index in np.unique(detections.index[own]).tolist():
            rows, frame = own[detections.index[own] == index], camera.table.at(index)
            valid = frame.score != 0
            close = np.nonzero(iou_matrix(detections.boxes_xyxy[rows], frame.boxes_xyxy[valid]) >= MIN_IOU)
            pairs.append((rows[close[0]], frame.person_id[valid][close[1]]))
    return np.concatenate([rows for rows, _ in pairs]), np.concatenate([persons for _, persons in pairs])
