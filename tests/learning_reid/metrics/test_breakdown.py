"""Metrics by camera pair and by person equal separate evaluations of each part."""

from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from learning_reid.metrics.breakdown import metrics_by_camera_pair, metrics_by_person
from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.metrics.slow_reference import Task, evaluate, mean_of_precisions, random_task, ranked_hits

MARKET = PROTOCOLS["market1501"]


@pytest.mark.parametrize("name", ["market1501", "all-shots", "self-only"])
@pytest.mark.parametrize("seed", range(2))
def test_a_camera_pair_equals_an_evaluation_of_its_own(name: str, seed: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 2000)
    task = random_task(seed, queries=40, gallery=90, cameras=4)
    expected = []
    for query_camera in range(4):
        for gallery_camera in range(4):
            part = task.with_queries(np.flatnonzero(task.query.camera == query_camera))
            alone = evaluate(part.with_gallery(np.flatnonzero(task.gallery.camera == gallery_camera)), PROTOCOLS[name])
            if alone.queries:
                expected.append((query_camera, gallery_camera, alone.queries, alone.rank1, alone.map))
    ours = metrics_by_camera_pair(task.distance_rows, task.query, task.gallery, PROTOCOLS[name])
    assert [(pair.query_camera, pair.gallery_camera) for pair in ours] == [row[:2] for row in expected]
    np.testing.assert_allclose([tuple(vars(pair).values()) for pair in ours], expected)
    own = [pair for pair in ours if pair.query_camera == pair.gallery_camera]
    assert len(own) == (4 if name == "self-only" else 0)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_persons_add_up_to_the_whole_and_the_hardest_come_first(name: str) -> None:
    task = random_task(3, queries=60, gallery=90, people=14)
    task.query.person[:4] = [-1, 500, 501, 502]  # without a true match
    whole = evaluate(task, PROTOCOLS[name])
    persons = metrics_by_person(whole, task.query)
    queries = np.array([person.queries for person in persons])
    assert queries.sum() == whole.queries
    for metric in ("rank1", "map"):
        summed = sum(getattr(person, metric) * person.queries for person in persons)
        assert summed / whole.queries == pytest.approx(whole.means[metric])
    assert [person.map for person in persons] == sorted(person.map for person in persons)
    counted = task.query.person[whole.counted]
    assert sorted(person.person for person in persons) == np.unique(counted).tolist()
    for person in persons:
        alone = evaluate(task.with_queries(np.flatnonzero(task.query.person == person.person)), PROTOCOLS[name])
        assert (person.queries, person.rank1) == (alone.queries, pytest.approx(alone.means["rank1"]))


def test_without_true_matches_the_tables_are_empty() -> None:
    task = Task(np.zeros((2, 1)), Labels.of([1, 2], [1, 2]), Labels.of([3], [1]))
    assert metrics_by_camera_pair(task.distance_rows, task.query, task.gallery, MARKET) == []
    assert metrics_by_person(evaluate(task, MARKET), task.query) == []


def test_only_cameras_that_compete_under_the_protocol_are_listed() -> None:
    task = random_task(5, queries=40, gallery=90)
    ours = metrics_by_camera_pair(task.distance_rows, task.query, task.gallery, PROTOCOLS["single-camera"])
    assert [(pair.query_camera, pair.gallery_camera) for pair in ours] == [(0, 0), (1, 1), (2, 2)]
    whole = evaluate(task, PROTOCOLS["single-camera"])
    assert sum(pair.map * pair.queries for pair in ours) / whole.queries == pytest.approx(whole.means["map"])


def test_the_images_that_the_protocol_drew_are_counted() -> None:
    task = random_task(6, queries=30, gallery=80, people=10)
    protocol = replace(PROTOCOLS["cuhk03-single-shot"], repeats=3)
    expected: dict[tuple[int, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for rows, draws in protocol.query_groups(task.query, task.gallery):
        for q, drawn, gallery_camera in product(rows, draws, range(3)):
            here = [g for g in drawn if task.gallery.camera[g] == gallery_camera]
            hits = ranked_hits(task, q, protocol.name, here)
            if any(hits):
                expected[task.query.camera[q], gallery_camera][q].append(mean_of_precisions(hits))
    ours = metrics_by_camera_pair(task.distance_rows, task.query, task.gallery, protocol)
    assert [(pair.query_camera, pair.gallery_camera) for pair in ours] == sorted(expected)
    for pair in ours:
        of_query = expected[pair.query_camera, pair.gallery_camera]
        assert pair.queries == len(of_query)
        assert pair.map == pytest.approx(np.mean([np.mean(trials) for trials in of_query.values()]))
