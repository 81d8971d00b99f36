"""Where does it fail? The figures by pair of cameras and by person: one mean hides a blind corner."""

from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import Protocol
from learning_reid.metrics.retrieval import RetrievalMetrics, mean, retrieval_metrics
from learning_reid.retrieval.distances import DistanceRows


@dataclass(frozen=True)
class CameraPairMetrics:
    """Queries of one camera answered by the pictures of another."""

    query_camera: int
    gallery_camera: int
    queries: int
    rank1: float
    map: float


@dataclass(frozen=True)
class PersonMetrics:
    """All queries of one person."""

    person: int
    queries: int
    rank1: float
    map: float


def by_camera_pair(distance_rows: DistanceRows, query: Labels, gallery: Labels, protocol: Protocol) -> list[CameraPairMetrics]:
    """Rank-1 and mAP for each pair of cameras, as if the gallery were that camera's pictures alone.

    Pairs in which the protocol lets nobody be found are left out.
    """
    asking = [np.flatnonzero(query.camera == camera) for camera in np.unique(query.camera)]
    everything = np.arange(len(gallery))
    pairs = []
    for answering in np.unique(gallery.camera):
        columns = np.flatnonzero(gallery.camera == answering)
        rounds = [
            (rows, [np.intersect1d(columns, everything if shot is None else shot) for shot in shots])
            for rows, shots in protocol.rounds(query, gallery)
        ]
        matches = find_matches(distance_rows, query, gallery, protocol, rounds)
        per_query = retrieval_metrics(matches, query, gallery, protocol).per_query
        for rows in asking:
            rank1, average = per_query["rank1"][rows], per_query["map"][rows]
            if queries := int((~np.isnan(average)).sum()):
                camera = int(query.camera[rows[0]])
                pairs.append(CameraPairMetrics(camera, int(answering), queries, mean(rank1), mean(average)))
    return sorted(pairs, key=lambda pair: (pair.query_camera, pair.gallery_camera))


def by_person(retrieval: RetrievalMetrics, query: Labels) -> list[PersonMetrics]:
    """Rank-1 and mAP of each person who asks, the hardest first."""
    counted = retrieval.counted
    rows = [np.flatnonzero((query.person == person) & counted) for person in np.unique(query.person[counted])]
    rank1, average = retrieval.per_query["rank1"], retrieval.per_query["map"]
    persons = [PersonMetrics(int(query.person[r[0]]), len(r), mean(rank1[r]), mean(average[r])) for r in rows]
    return sorted(persons, key=lambda figures: (figures.map, figures.rank1, figures.person))
