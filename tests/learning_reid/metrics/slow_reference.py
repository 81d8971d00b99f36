"""Reference evaluation: loops over one query and one gallery image at a time."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import find_matches
from learning_reid.metrics.protocol import Protocol
from learning_reid.metrics.retrieval import RetrievalMetrics, retrieval_metrics

CURVE = 50


@dataclass
class Task:
    """Labels of query and gallery, and their (q, g) distances."""

    distances: np.ndarray
    query: Labels
    gallery: Labels

    def distance_rows(self, rows: np.ndarray) -> np.ndarray:
        return self.distances[rows]

    def with_queries(self, order: np.ndarray) -> "Task":
        return Task(self.distances[order], self.query.take(order), self.gallery)

    def with_gallery(self, order: np.ndarray) -> "Task":
        return Task(self.distances[:, order], self.query, self.gallery.take(order))


def random_task(
    seed: int,
    queries: int = 25,
    gallery: int = 60,
    people: int = 8,
    cameras: int = 3,
    distractors: float = 0.15,
    decimals: int | None = None,
) -> Task:
    """Persons 1, 2, …; half of the queries are also in the gallery; with few decimals there are many ties."""
    rng = np.random.default_rng(seed)
    person = rng.integers(1, people + 1, gallery)
    person[rng.random(gallery) < distractors] = -1
    gallery_labels = Labels.of(person, rng.integers(0, cameras, gallery), np.arange(gallery))
    query_labels = Labels.of(
        rng.integers(1, people + 1, queries), rng.integers(0, cameras, queries), np.full(queries, -1)
    )
    known = np.flatnonzero(person > 0)
    for q in range(0, queries if len(known) else 0, 2):
        itself = rng.choice(known)
        query_labels.person[q], query_labels.camera[q] = person[itself], gallery_labels.camera[itself]
        query_labels.image[q] = itself
    distances = rng.random((queries, gallery)) + 0.3 * (query_labels.person[:, None] != person[None]) + 0.1
    distances[query_labels.image[:, None] == np.arange(gallery)[None]] = 0.0
    return Task(distances if decimals is None else np.round(distances, decimals), query_labels, gallery_labels)


def evaluate(task: Task, protocol: Protocol, ap: str = "precisions") -> RetrievalMetrics:
    """Evaluate with the library."""
    matches = find_matches(task.distance_rows, task.query, task.gallery, protocol)
    return retrieval_metrics(matches, task.query, task.gallery, protocol, ap)


def is_left_out(task: Task, q: int, g: int, protocol_name: str) -> bool:
    """Apply the one-line definition of the protocol."""
    same_camera = task.query.camera[q] == task.gallery.camera[g]
    itself = task.query.image[q] >= 0 and task.query.image[q] == task.gallery.image[g]
    return {
        "market1501": is_true_match(task, q, g) and same_camera,
        "cuhk03-single-shot": same_camera,
        "all-shots": is_true_match(task, q, g) and same_camera,
        "self-only": itself,
        "single-camera": itself or not same_camera,
    }[protocol_name]


def is_true_match(task: Task, q: int, g: int) -> bool:
    return bool(task.query.person[q] >= 0 and task.query.person[q] == task.gallery.person[g])


def ranked_hits(task: Task, q: int, protocol_name: str, gallery_rows: Sequence[int]) -> list[bool]:
    """True matches (True) and negatives (False), nearest first; among equals the negatives first."""
    competing = [
        (task.distances[q, g], is_true_match(task, q, g))
        for g in gallery_rows
        if not is_left_out(task, q, g, protocol_name)
    ]
    return [hit for _, hit in sorted(competing)]


def mean_of_precisions(hits: list[bool]) -> float:
    precisions = [sum(hits[: place + 1]) / (place + 1) for place, hit in enumerate(hits) if hit]
    return sum(precisions) / len(precisions)


def oxford_average_precision(hits: list[bool]) -> float:
    """compute_ap.cpp of the Oxford buildings, which Market-1501's compute_AP.m repeats: trapezoids under the curve."""
    area, old_recall, old_precision, found = 0.0, 0.0, 1.0, 0
    for place, hit in enumerate(hits):
        found += hit
        recall, precision = found / sum(hits), found / (place + 1)
        area += (recall - old_recall) * (old_precision + precision) / 2
        old_recall, old_precision = recall, precision
    return area


AVERAGE_PRECISION: dict[str, Callable[[list[bool]], float]] = {
    "precisions": mean_of_precisions,
    "interpolated": oxford_average_precision,
}


def curve_of(hits: list[bool], every_match: bool) -> list[float]:
    """CMC of one query. `every_match` is open-reid's loop with first_match_break=False."""
    places = [place for place, hit in enumerate(hits) if hit]
    steps = [0.0] * CURVE
    for number, place in enumerate(places if every_match else places[:1]):
        if place - number < CURVE:
            steps[place - number] += 1 / len(places) if every_match else 1
    return np.cumsum(steps).tolist()


def slow_metrics(task: Task, protocol: Protocol, ap: str = "precisions") -> tuple[dict[str, list[float]], list[float]]:
    """Metrics of each query (NaN without a true match), and the mean CMC curve."""
    draws_of = {q: [range(len(task.gallery))] for q in range(len(task.query))}
    if protocol.repeats:
        for rows, draws in protocol.query_groups(task.query, task.gallery):
            draws_of.update({int(q): draws for q in rows})
    per_query: dict[str, list[float]] = {name: [] for name in ("rank1", "rank5", "rank10", "rank20", "map", "minp")}
    curves = []
    for q in range(len(task.query)):
        trials = []
        for gallery_rows in draws_of[q]:
            hits = ranked_hits(task, q, protocol.name, gallery_rows)
            if any(hits):
                last = max(place for place, hit in enumerate(hits) if hit)
                penalty = sum(hits) / (last + 1)
                trials.append([*curve_of(hits, protocol.name == "all-shots"), AVERAGE_PRECISION[ap](hits), penalty])
        means = np.mean(trials, axis=0) if trials else [math.nan] * (CURVE + 2)
        for name, place in {"rank1": 0, "rank5": 4, "rank10": 9, "rank20": 19, "map": CURVE, "minp": CURVE + 1}.items():
            per_query[name].append(float(means[place]))
        if trials:
            curves.append(means[:CURVE])
    return per_query, np.mean(curves, axis=0).tolist() if curves else [math.nan] * CURVE
