"""Who the sightings really are, where the truth is known, and how good the answers were."""

from collections.abc import Sequence

import numpy as np

from learning_reid.frames.mot import MotTable
from learning_reid.metrics.reidentification import ReidentificationMetrics, assign_identities, reidentification_metrics
from learning_reid.retrieval.ranking import Ranking
from learning_reid.retrieval.person_detections import PersonDetections


def true_identities(sightings: PersonDetections, truth: MotTable) -> np.ndarray:
    """(n,) int64, the true person of each sighting; negative = nobody, or somebody the truth says to ignore."""
    identity = np.empty(len(sightings), np.int64)
    for frame_index in np.unique(sightings.frame):
        rows, real = sightings.rows_of(int(frame_index)), truth.at(int(frame_index))
        identity[rows] = assign_identities(sightings.boxes_xyxy[rows], real.boxes_xyxy, real.person_id, real.score)
    return identity


def evaluate_rankings(sightings: PersonDetections, rankings: Sequence[Ranking], truth: MotTable) -> ReidentificationMetrics:
    """The truth figures of the walk-through: means over the queries. `reject_above` plays no part in them."""
    identity = true_identities(sightings, truth)
    people = [int(identity[ranking.query]) for ranking in rankings]
    return reidentification_metrics(
        people,
        [ranking.distances for ranking in rankings],
        [sightings.frame[ranking.rows] for ranking in rankings],
        [identity[ranking.rows] for ranking in rankings],
        [_frames_with(sightings, ranking.query, who, truth) for ranking, who in zip(rankings, people, strict=True)],
    )


def _frames_with(sightings: PersonDetections, query: int, person: int, truth: MotTable) -> np.ndarray:
    """The frames read after the query's in which that person is present and not to be ignored."""
    frames = np.unique(truth.frame[(truth.person_id == person) & (truth.score != 0)])
    return frames[(frames > sightings.frame[query]) & np.isin(frames, sightings.frames_read)]
