"""Who the sightings really are, where the truth is known, and how good the answers were."""

from collections.abc import Sequence

import numpy as np

from learning_reid.frames.frame import Truth
from learning_reid.metrics.reidentification import RefindScores, identify, refind_scores
from learning_reid.retrieval.ranking import Ranking
from learning_reid.retrieval.sightings import Sightings


def true_identities(sightings: Sightings, truth: Truth) -> np.ndarray:
    """(n,) int64, the true person of each sighting; negative = nobody, or somebody the truth says to ignore."""
    identity = np.empty(len(sightings), np.int64)
    for frame_index in np.unique(sightings.frame):
        rows, real = sightings.rows_of(int(frame_index)), truth.at(int(frame_index))
        identity[rows] = identify(sightings.boxes_xyxy[rows], real.boxes_xyxy, real.person_id, real.score)
    return identity


def score_rankings(sightings: Sightings, rankings: Sequence[Ranking], truth: Truth) -> RefindScores:
    """The truth figures of the walk-through: means over the queries. `reject_above` plays no part in them."""
    identity = true_identities(sightings, truth)
    people = [int(identity[ranking.query]) for ranking in rankings]
    return refind_scores(
        people,
        [ranking.distances for ranking in rankings],
        [sightings.frame[ranking.rows] for ranking in rankings],
        [identity[ranking.rows] for ranking in rankings],
        [_frames_with(sightings, ranking.query, who, truth) for ranking, who in zip(rankings, people, strict=True)],
    )


def _frames_with(sightings: Sightings, query: int, person: int, truth: Truth) -> np.ndarray:
    """The frames read after the query's in which that person is present and not to be ignored."""
    frames = np.unique(truth.frame[(truth.person_id == person) & (truth.score != 0)])
    return frames[(frames > sightings.frame[query]) & np.isin(frames, sightings.frames_read)]
