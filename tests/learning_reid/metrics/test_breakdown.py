"""Tables by camera and by person: each cell is what an evaluation of its part alone says."""

from collections import defaultdict
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from learning_reid.metrics.breakdown import metrics_by_camera_pair, metrics_by_person
from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import PROTOCOLS
from tests.learning_reid.metrics.slow_twin import Task, answers, evaluate, mean_of_precisions, random_task

MARKET = PROTOCOLS["market1501"]


@pytest.mark.parametrize("name", ["market1501", "all-shots", "self-only"])
@pytest.mark.parametrize("seed", range(2))
def test_a_pair_of_cameras_is_an_evaluation_of_its_own(name: str, seed: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", 2000)
    task = random_task(seed, queries=40, gallery=90, cameras=4)
    expected = []
    for asking in range(4):
        for answering in range(4):
            part = task.asked(np.flatnonzero(task.query.camera == asking))
            alone = evaluate(part.answered(np.flatnonzero(task.gallery.camera == answering)), PROTOCOLS[name])
            if alone.queries:
                figures = alone.means
                expected.append((asking, answering, alone.queries, figures["rank1"], figures["map"]))
    ours = metrics_by_camera_pair(task.rows, task.query, task.gallery, PROTOCOLS[name])
    assert [(pair.query_camera, pair.gallery_camera) for pair in ours] == [row[:2] for row in expected]
    np.testing.assert_allclose([tuple(vars(pair).values()) for pair in ours], expected)
    own = [pair for pair in ours if pair.query_camera == pair.gallery_camera]
    assert len(own) == (4 if name == "self-only" else 0)


@pytest.mark.parametrize("name", PROTOCOLS)
def test_persons_sum_up_to_the_whole_and_the_hardest_come_first(name: str) -> None:
    task = random_task(3, queries=60, gallery=90, people=14)
    task.query.person[:4] = [-1, 500, 501, 502]  # with nobody to find
    whole = evaluate(task, PROTOCOLS[name])
    persons = metrics_by_person(whole, task.query)
    queries = np.array([person.queries for person in persons])
    assert queries.sum() == whole.queries
    for figure in ("rank1", "map"):
        summed = sum(getattr(person, figure) * person.queries for person in persons)
        assert summed / whole.queries == pytest.approx(whole.means[figure])
    assert [person.map for person in persons] == sorted(person.map for person in persons)
    counted = task.query.person[whole.counted]
    assert sorted(person.person for person in persons) == np.unique(counted).tolist()
    for person in persons:
        alone = evaluate(task.asked(np.flatnonzero(task.query.person == person.person)), PROTOCOLS[name])
        assert (person.queries, person.rank1) == (alone.queries, pytest.approx(alone.means["rank1"]))


def test_nobody_to_find_gives_empty_tables() -> None:
    task = Task(np.zeros((2, 1)), Labels.of([1, 2], [1, 2]), Labels.of([3], [1]))
    assert metrics_by_camera_pair(task.rows, task.query, task.gallery, MARKET) == []
    assert metrics_by_person(evaluate(task, MARKET), task.query) == []


def test_in_a_table_only_the_cameras_that_the_protocol_lets_compete() -> None:
    task = random_task(5, queries=40, gallery=90)
    ours = metrics_by_camera_pair(task.rows, task.query, task.gallery, PROTOCOLS["single-camera"])
    assert [(pair.query_camera, pair.gallery_camera) for pair in ours] == [(0, 0), (1, 1), (2, 2)]
    whole = evaluate(task, PROTOCOLS["single-camera"])
    assert sum(pair.map * pair.queries for pair in ours) / whole.queries == pytest.approx(whole.means["map"])


def test_in_a_table_stand_the_pictures_that_the_protocol_drew() -> None:
    task = random_task(6, queries=30, gallery=80, people=10)
    protocol = replace(PROTOCOLS["cuhk03-single-shot"], repeats=3)
    expected: dict[tuple[int, int], dict[int, list[float]]] = defaultdict(lambda: defaultdict(list))
    for rows, shots in protocol.query_groups(task.query, task.gallery):
        for q, shot, answering in product(rows, shots, range(3)):
            here = [g for g in shot if task.gallery.camera[g] == answering]
            hits = answers(task, q, protocol.name, here)
            if any(hits):
                expected[task.query.camera[q], answering][q].append(mean_of_precisions(hits))
    ours = metrics_by_camera_pair(task.rows, task.query, task.gallery, protocol)
    assert [(pair.query_camera, pair.gallery_camera) for pair in ours] == sorted(expected)
    for pair in ours:
        of_query = expected[pair.query_camera, pair.gallery_camera]
        assert pair.queries == len(of_query)
        assert pair.map == pytest.approx(np.mean([np.mean(trials) for trials in of_query.values()]))
