"""Retrieval metrics by camera pair and by person: a mean over all queries can hide one bad camera."""

from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import Protocol
from learning_reid.metrics.retrieval import RetrievalMetrics, mean, retrieval_metrics
from learning_reid.retrieval.distances import DistanceRows


@dataclass(frozen=True)
class CameraPairMetrics:
    """Metrics of one camera's queries ranked against another camera's images."""

    query_camera: int
    gallery_camera: int
    queries: int
    rank1: float
    map: float


@dataclass(frozen=True)
class PersonMetrics:
    """Metrics of one person's queries."""

    person: int
    queries: int
    rank1: float
    map: float


def metrics_by_camera_pair(
    distance_rows: DistanceRows, query: Labels, gallery: Labels, protocol: Protocol
) -> list[CameraPairMetrics]:
    """Compute rank-1 and mAP for each pair of cameras, as if the gallery had only that camera's images.

    Pairs without a true match under the protocol are left out.
    """
    query_rows = [np.flatnonzero(query.camera == camera) for camera in np.unique(query.camera)]
    all_columns = np.arange(len(gallery))
    pairs = []
    for gallery_camera in np.unique(gallery.camera):
        columns = np.flatnonzero(gallery.camera == gallery_camera)
        groups = [
            (rows, [np.intersect1d(columns, all_columns if drawn is None else drawn) for drawn in draws])
            for rows, draws in protocol.query_groups(query, gallery)
        ]
        matches = find_matches(distance_rows, query, gallery, protocol, groups)
        per_query = retrieval_metrics(matches, query, gallery, protocol).per_query
        for rows in query_rows:
            rank1, average = per_query["rank1"][rows], per_query["map"][rows]
            if queries := int((~np.isnan(average)).sum()):
                camera = int(query.camera[rows[0]])
                pairs.append(CameraPairMetrics(camera, int(gallery_camera), queries, mean(rank1), mean(average)))
    return sorted(pairs, key=lambda pair: (pair.query_camera, pair.gallery_camera))


def metrics_by_person(metrics: RetrievalMetrics, query: Labels) -> list[PersonMetrics]:
    """Compute rank-1 and mAP of each query person, the hardest first."""
    counted = metrics.counted
    rows = [np.flatnonzero((query.person == person) & counted) for person in np.unique(query.person[counted])]
    rank1, average = metrics.per_query["rank1"], metrics.per_query["map"]
    persons = [PersonMetrics(int(query.person[r[0]]), len(r), mean(rank1[r]), mean(average[r])) for r in rows]
    return sorted(persons, key=lambda person: (person.map, person.rank1, person.person))
