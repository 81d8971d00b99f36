"""Retrieval metrics against torchreid, scikit-learn and loops, and what must not change them."""

import warnings
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.protocol import PROTOCOLS, Protocol
from learning_reid.metrics.retrieval import RANKS, average_precision, cmc_curve, mean
from tests.learning_reid.metrics.slow_reference import (
    CURVE,
    Task,
    evaluate,
    is_left_out,
    is_true_match,
    random_task,
    ranked_hits,
    slow_metrics,
)

MARKET = PROTOCOLS["market1501"]
ALL = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
# the draws of cuhk03-single-shot depend on the order of the gallery
WHOLE_GALLERY = [protocol for protocol in PROTOCOLS.values() if not protocol.repeats]


def one_image_per_person(seed: int) -> Task:
    task = random_task(seed, people=12, distractors=0)
    task.gallery.person[:] = np.random.default_rng(seed).permutation(len(task.gallery)) + 1
    task.query.image[:] = -1
    return task


def one_pair_of_cameras(seed: int) -> Task:
    task = random_task(seed)
    task.query.camera[:], task.gallery.camera[:] = 0, 1
    return task


def few_with_true_match(seed: int) -> Task:
    task = random_task(seed, queries=30)
    task.query.person[3:] += 1000
    return task


TASKS = {
    "plain": random_task,
    "ties": lambda seed: random_task(seed, decimals=1),
    "coarse ties": lambda seed: random_task(seed, decimals=0),
    "one image per person": one_image_per_person,
    "one pair of cameras": one_pair_of_cameras,
    "mostly distractors": lambda seed: random_task(seed, gallery=150, distractors=0.9),
    "queries without a match": few_with_true_match,
    "many matches": lambda seed: random_task(seed, gallery=150, people=2, decimals=2),
    "only matches": lambda seed: random_task(seed, people=1, distractors=0),
    "a gallery of one image": lambda seed: random_task(seed, gallery=1, people=2, distractors=0),
    "a long gallery": lambda seed: random_task(seed, queries=60, gallery=400, people=30, cameras=6),
}


def break_ties(task: Task) -> np.ndarray:
    """Move negatives nearer by less than any step: torchreid leaves ties to the sort, ours count negatives as nearer."""
    steps = np.diff(np.unique(task.distances))
    epsilon = 0.4 * steps.min() if len(steps) else 1.0
    return task.distances - epsilon * (task.query.person[:, None] != task.gallery.person[None])


def evaluate_with_torchreid(task: Task) -> tuple[np.ndarray, float]:
    """CMC up to the length of the shortest ranking (a limit of torchreid), and mAP."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its package lacks its Cython extension
        from torchreid.reid.metrics.rank import eval_market1501

    lengths = []
    for q in range(len(task.query)):
        kept = [g for g in range(len(task.gallery)) if not is_left_out(task, q, g, "market1501")]
        lengths += [len(kept)] * any(is_true_match(task, q, g) for g in kept)
    distractors_are_0 = np.where(task.gallery.person < 0, 0, task.gallery.person)
    return eval_market1501(
        break_ties(task),
        task.query.person,
        distractors_are_0,
        task.query.camera,
        task.gallery.camera,
        min(CURVE, *lengths, len(task.gallery)),
    )


@pytest.mark.parametrize("kind", TASKS)
@pytest.mark.parametrize("seed", range(3))
def test_equals_torchreid(kind: str, seed: int) -> None:
    task = TASKS[kind](seed)
    cmc, mean_ap = evaluate_with_torchreid(task)
    ours = evaluate(task, MARKET)
    assert len(cmc) >= 1
    np.testing.assert_allclose(ours.cmc[: len(cmc)], cmc, atol=1e-6, rtol=0)
    assert ours.means["map"] == pytest.approx(mean_ap, abs=1e-6)


@ALL
@pytest.mark.parametrize("ap", ["precisions", "interpolated"])
@pytest.mark.parametrize("kind", TASKS)
def test_equals_a_slow_loop(kind: str, protocol: Protocol, ap: str) -> None:
    protocol = replace(protocol, repeats=min(protocol.repeats, 3))
    small = TASKS[kind](7)
    task = small.with_queries(np.arange(min(20, len(small.query))))
    expected, curve = slow_metrics(task, protocol, ap)
    ours = evaluate(task, protocol, ap)
    assert list(ours.per_query) == list(expected)
    for name, values in expected.items():
        np.testing.assert_allclose(ours.per_query[name], values, atol=1e-12, err_msg=name)
    np.testing.assert_allclose(ours.cmc, curve, atol=1e-12)
    assert ours.queries_skipped == np.isnan(expected["map"]).sum()
    assert ours.queries + ours.queries_skipped == len(task.query)
    assert (ours.gallery, ours.protocol) == (len(task.gallery), protocol)


def test_metrics_counted_by_hand() -> None:
    # Query: person 1, camera 1. By distance: same camera (junk) .1, distractor .2, match .3, negative .4, match .5.
    task = Task(
        np.array([[0.1, 0.2, 0.3, 0.4, 0.5]]), Labels.of([1], [1]), Labels.of([1, -1, 1, 2, 1], [1, 1, 2, 1, 3])
    )
    assert evaluate(task, MARKET).means == pytest.approx(
        {"rank1": 0, "rank5": 1, "rank10": 1, "rank20": 1, "map": (1 / 2 + 2 / 4) / 2, "minp": 2 / 4}
    )  # true matches at ranks 2 and 4
    trapezoids = ((0 / 1 + 1 / 2) / 2 + (1 / 3 + 2 / 4) / 2) / 2
    assert evaluate(task, MARKET, "interpolated").means["map"] == pytest.approx(trapezoids)
    every = evaluate(task, PROTOCOLS["all-shots"])  # one negative before the first, two before the second
    assert every.cmc[:4].tolist() == [0, 0.5, 1, 1]
    assert evaluate(task, PROTOCOLS["self-only"]).means["rank1"] == 1  # the same camera counts


def test_single_shot_approaches_the_mean_of_all_possible_draws() -> None:
    person, distances = [1, 1, 2, 2, 2, 3, -1], [0.1, 0.6, 0.2, 0.7, 0.8, 0.65, 0.5]
    task = Task(np.array([distances]), Labels.of([1], [0]), Labels.of(person, [1] * 7))
    rank1, average = [], []
    for draw in product([0, 1], [2, 3, 4], [5], [6]):
        order = sorted(draw, key=lambda g: distances[g])
        place = next(i for i, g in enumerate(order) if person[g] == 1)
        rank1.append(place == 0)
        average.append(1 / (place + 1))
    ours = evaluate(task, replace(PROTOCOLS["cuhk03-single-shot"], repeats=4000)).means
    assert 0 < np.mean(rank1) < 1
    for name, exact in (("rank1", rank1), ("map", average), ("minp", average)):
        assert ours[name] == pytest.approx(np.mean(exact), abs=4 * np.std(exact) / 4000**0.5), name


@pytest.mark.parametrize("seed", range(3))
def test_cmc_curve_of_hits_equals_the_metrics(seed: int) -> None:
    task = random_task(seed, queries=40)
    removed = [[is_left_out(task, q, g, "market1501") for g in range(len(task.gallery))] for q in range(40)]
    hits = [ranked_hits(task, q, "market1501", np.flatnonzero(~np.array(removed[q]))) for q in range(40)]
    np.testing.assert_allclose(cmc_curve([np.array(row) for row in hits]), evaluate(task, MARKET).cmc)
    assert np.isnan(cmc_curve(np.zeros((2, 3), bool), 4)).all() and len(cmc_curve([], 4)) == 4


def test_average_precision_equals_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    for _ in range(10):
        hits = rng.random(30) < 0.3
        hits[rng.integers(30)] = True
        assert average_precision(hits) == pytest.approx(average_precision_score(hits, -np.arange(30)))
    assert average_precision(np.zeros(3, bool)) == 0


@st.composite
def tasks(draw: st.DrawFn) -> Task:
    """Small, with many ties, few persons and cameras: where rules collide."""
    size = st.integers(1, 12)
    return random_task(
        draw(st.integers(0, 10**6)),
        queries=draw(size),
        gallery=draw(size),
        people=draw(st.integers(1, 4)),
        cameras=draw(st.integers(1, 3)),
        decimals=draw(st.sampled_from([None, 1])),
    )


def assert_equal_metrics(first, second) -> None:
    np.testing.assert_array_equal(first.cmc, second.cmc)
    for name, values in first.per_query.items():
        np.testing.assert_array_equal(second.per_query[name], values, err_msg=name)


@given(tasks(), st.sampled_from(list(PROTOCOLS)))
def test_any_small_task_equals_a_slow_loop(task: Task, name: str) -> None:
    protocol = replace(PROTOCOLS[name], repeats=min(PROTOCOLS[name].repeats, 2))
    expected, curve = slow_metrics(task, protocol)
    ours = evaluate(task, protocol)
    for figure, values in expected.items():
        np.testing.assert_allclose(ours.per_query[figure], values, atol=1e-12, err_msg=figure)
    np.testing.assert_allclose(ours.cmc, curve, atol=1e-12)


@given(tasks(), st.sampled_from(WHOLE_GALLERY), st.randoms(use_true_random=False))
def test_gallery_order_does_not_change_the_metrics(task: Task, protocol: Protocol, random) -> None:
    order = list(range(len(task.gallery)))
    random.shuffle(order)
    assert_equal_metrics(evaluate(task, protocol), evaluate(task.with_gallery(np.array(order)), protocol))


@given(tasks(), st.sampled_from(list(PROTOCOLS.values())), st.randoms(use_true_random=False))
def test_query_order_permutes_the_metrics(task: Task, protocol: Protocol, random) -> None:
    order = np.array(random.sample(range(len(task.query)), len(task.query)))
    before, after = evaluate(task, protocol), evaluate(task.with_queries(order), protocol)
    for name, values in before.per_query.items():
        np.testing.assert_array_equal(after.per_query[name], values[order])
    np.testing.assert_allclose(after.cmc, before.cmc, atol=1e-12)


@given(tasks(), st.sampled_from(list(PROTOCOLS.values())))
def test_only_the_order_of_the_distances_matters(task: Task, protocol: Protocol) -> None:
    _, place = np.unique(task.distances, return_inverse=True)
    stretched = Task(np.exp(0.1 * place.reshape(task.distances.shape)), task.query, task.gallery)
    assert_equal_metrics(evaluate(task, protocol), evaluate(stretched, protocol))


@ALL
def test_single_precision_gives_the_same_metrics(protocol: Protocol) -> None:
    task = random_task(3, decimals=1)
    assert_equal_metrics(
        evaluate(task, protocol), evaluate(replace(task, distances=np.float32(task.distances)), protocol)
    )


@ALL
@pytest.mark.parametrize("block_bytes", [1, 500, 3000])
def test_block_size_does_not_change_the_metrics(protocol: Protocol, block_bytes: int, monkeypatch) -> None:
    task = random_task(5, decimals=1)
    whole = evaluate(task, protocol)
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    assert_equal_metrics(whole, evaluate(task, protocol))


@ALL
def test_equal_distances_give_rank1_zero(protocol: Protocol) -> None:
    task = random_task(6, gallery=90)
    same = replace(task, distances=np.full_like(task.distances, 0.25))
    ours = evaluate(same, protocol)
    assert ours.queries > 10 and ours.means["rank1"] == 0
    reverse = same.with_gallery(np.arange(90)[::-1]) if not protocol.repeats else same
    assert_equal_metrics(ours, evaluate(reverse, protocol))


@pytest.mark.parametrize("protocol", WHOLE_GALLERY, ids=lambda protocol: protocol.name)
def test_far_negatives_change_nothing_and_near_ones_cost(protocol: Protocol) -> None:
    task = random_task(8, gallery=80, people=10)
    offsets = {"far": task.distances.max() + 1, "near": task.distances.min() - 1, "between": np.median(task.distances)}
    figures = {}
    for where, distance in offsets.items():
        column = np.full((len(task.query), 9), distance)
        person = [-1, -1, -1, 900, 900, 900, 901, 902, 903]  # distractors and persons without a query
        gallery = Labels.of(
            [*task.gallery.person, *person],
            [*task.gallery.camera, *[0, 1, 2] * 3],
            np.arange(len(task.gallery) + len(person)),
        )
        more = Task(np.hstack([task.distances, column]), task.query, gallery)
        figures[where] = evaluate(more, protocol)
        expected, curve = slow_metrics(more, protocol)
        np.testing.assert_allclose(figures[where].per_query["map"], expected["map"])
        np.testing.assert_allclose(figures[where].cmc, curve)
    before = evaluate(task, protocol)
    assert_equal_metrics(before, figures["far"])
    assert figures["near"].means["rank1"] == 0
    assert figures["near"].means["map"] < figures["between"].means["map"] < before.means["map"]


@pytest.mark.parametrize("seed", range(3))
def test_relations_between_protocols(seed: int) -> None:
    task = random_task(seed, queries=40, gallery=200, people=15)
    market, every = evaluate(task, MARKET), evaluate(task, PROTOCOLS["all-shots"])
    for name in ("map", "minp"):  # they differ in CMC alone
        np.testing.assert_array_equal(market.per_query[name], every.per_query[name])
    assert (every.per_query["rank1"] <= market.per_query["rank1"])[market.counted].all()
    assert every.means["rank1"] < market.means["rank1"]
    known = market.counted
    flattering = evaluate(task, PROTOCOLS["self-only"]).per_query["rank1"]
    assert (flattering >= market.per_query["rank1"])[known].all()  # more true matches, no more negatives
    interpolated = evaluate(task, MARKET, "interpolated").per_query["map"]
    assert (interpolated <= market.per_query["map"] + 1e-12)[known].all()


@pytest.mark.parametrize("seed", range(3))
def test_with_one_match_each_all_shots_is_market1501(seed: int) -> None:
    task = one_image_per_person(seed)
    assert_equal_metrics(evaluate(task, MARKET), evaluate(task, PROTOCOLS["all-shots"]))


def test_the_cmc_never_falls_and_agrees_with_the_ranks() -> None:
    ours = evaluate(TASKS["a long gallery"](1), MARKET)
    assert ours.cmc.shape == (CURVE,) and (np.diff(ours.cmc) >= 0).all() and 0 < ours.cmc[0] < ours.cmc[-1] <= 1
    assert [ours.means[f"rank{k}"] for k in RANKS] == [ours.cmc[k - 1] for k in RANKS]


def test_queries_without_a_true_match_are_skipped_and_counted() -> None:
    # person 1: only the query's own camera; person 2: rank 2; the third query is a distractor
    distances = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.1, 0.2, 0.3]])
    task = Task(distances, Labels.of([1, 2, -1], [1, 1, 1]), Labels.of([1, -1, 2], [1, 2, 2]))
    ours = evaluate(task, MARKET)
    assert (ours.queries, ours.queries_skipped, ours.counted.tolist()) == (1, 2, [False, True, False])
    assert (ours.means["rank1"], ours.means["rank5"], ours.means["map"]) == (0.0, 1.0, 0.5)
    assert all(np.isnan(values[[0, 2]]).all() for values in ours.per_query.values())


@ALL
@pytest.mark.parametrize(("num_queries", "num_gallery"), [(2, 0), (0, 3), (0, 0)])
def test_empty_query_or_gallery(protocol: Protocol, num_queries: int, num_gallery: int) -> None:
    query, gallery = Labels.of([1] * num_queries, [1] * num_queries), Labels.of([1] * num_gallery, [2] * num_gallery)
    ours = evaluate(Task(np.zeros((num_queries, num_gallery)), query, gallery), protocol)
    assert np.isnan(list(ours.means.values())).all() and np.isnan(ours.cmc).all()
    assert (ours.queries, ours.queries_skipped, ours.gallery) == (0, num_queries, num_gallery)


def test_the_mean_of_nothing_is_nan() -> None:
    assert np.isnan(mean(np.empty(0))) and mean(np.array([np.nan, 3.0])) == 3
