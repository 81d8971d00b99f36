"""Identities across cameras: detections → tracklets → persons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from learning_reid.tracking.clustering import cluster_tracklets, summarize_tracklets
from learning_reid.tracking.tracklets import TrackletRules, impostor_quantile, link_tracklets

PROTOTYPE_SHARE = 0.7  # threshold between prototypes of one person, as a share of `impostor_quantile`
DEFAULT_DISTANCE = 0.7  # used if hardly any frame shows two people
MIN_DETECTIONS = 3  # shorter ones are more often false positives than people


@dataclass(frozen=True, eq=False)
class DetectionTable:
    """Detections of several cameras with their embeddings."""

    detection: np.ndarray  #: (n,) int64 ids, ascending
    camera: np.ndarray  #: (n,) int64 indices into `cameras`
    frame: np.ndarray  #: (n,) int64 frame ids, unique over all cameras
    index: np.ndarray  #: (n,) int64 frame numbers in their recordings, from 0
    time_s: np.ndarray  #: (n,) float64, seconds since 1970 in UTC
    boxes_xyxy: np.ndarray  #: (n, 4) float32 pixels
    score: np.ndarray  #: (n,) float32
    embeddings: np.ndarray  #: (n, d) float32, unit length
    cameras: tuple[str, ...]  #: Camera names

    def __len__(self) -> int:
        return len(self.detection)


@dataclass(frozen=True, eq=False)
class Clustering:
    """The result of `cluster_detections`."""

    tracklet: np.ndarray  #: (n,) int64, the tracklet of each detection, from 0
    person: np.ndarray  #: (n,) int64, the person of each detection, from 0; -1 = unassigned, too few detections
    threshold: float  #: Largest distance between tracklet clusters of one person

    @property
    def persons(self) -> int:
        """Number of persons."""
        return int(self.person.max(initial=-1)) + 1


def estimate_threshold(detections: DetectionTable) -> float | None:
    """Estimate a threshold for weights without a calibrated one from people in the same frame, who are different.

    Returns:
        0.7 × `impostor_quantile`, or None if too few frames show several people.
    """
    quantile = impostor_quantile(detections.frame, detections.boxes_xyxy, detections.embeddings)
    return None if quantile is None else PROTOTYPE_SHARE * quantile


def cluster_detections(
    detections: DetectionTable,
    threshold: float | None = None,
    transit_s: Mapping[tuple[int, int], float] | None = None,
    appearance: bool = True,
    min_detections: int = MIN_DETECTIONS,
    fixed: np.ndarray | None = None,
) -> Clustering:
    """Find tracklets within each camera and persons across cameras.

    Args:
        detections: The detections.
        threshold: As in `cluster_tracklets`; None = `estimate_threshold`, or 0.49 if that is None.
        transit_s: As in `cannot_link_mask`, by indices into `detections.cameras`.
        appearance: Whether tracklets use embeddings as well as box overlap.
        min_detections: Persons with fewer detections are left unassigned, unless they are known.
        fixed: (n,) int64 known persons, as in `cluster_tracklets`; the rest of a tracklet follows those in it.
    """
    quantile = impostor_quantile(detections.frame, detections.boxes_xyxy, detections.embeddings)
    max_distance = DEFAULT_DISTANCE if quantile is None else quantile
    rules = TrackletRules(max_distance if appearance else None)
    tracklet, count = np.full(len(detections), -1, np.int64), 0
    for camera in np.unique(detections.camera):
        rows = np.flatnonzero(detections.camera == camera)
        own = link_tracklets(detections.time_s[rows], detections.boxes_xyxy[rows], detections.embeddings[rows], rules)
        tracklet[rows] = own + count
        count += int(own.max()) + 1
    if fixed is not None:
        fixed = _spread_in_tracklets(fixed, tracklet, detections.time_s)
        tracklet = np.unique(np.stack([tracklet, fixed]), axis=1, return_inverse=True)[1].reshape(-1)
    threshold = PROTOTYPE_SHARE * max_distance if threshold is None else threshold
    tracklets = summarize_tracklets(
        tracklet,
        detections.camera,
        detections.time_s,
        detections.boxes_xyxy,
        detections.score,
        detections.embeddings,
    )
    first = np.unique(tracklet, return_index=True)[1]
    person = cluster_tracklets(tracklets, threshold, transit_s, None if fixed is None else fixed[first])[tracklet]
    rare = (np.bincount(person)[person] < min_detections) & (True if fixed is None else fixed < 0)
    person[~rare] = np.unique(person[~rare], return_inverse=True)[1]
    person[rare] = -1
    return Clustering(tracklet, person, threshold)


def _spread_in_tracklets(fixed: np.ndarray, tracklet: np.ndarray, time_s: np.ndarray) -> np.ndarray:
    """Give every detection of a tracklet with known persons the one that is nearest in time."""
    spread = np.array(fixed, np.int64)
    for number in np.unique(tracklet[spread >= 0]):
        rows = np.flatnonzero(tracklet == number)
        known = rows[fixed[rows] >= 0]
        spread[rows] = fixed[known[np.abs(time_s[rows, None] - time_s[None, known]).argmin(axis=1)]]
    return spread
