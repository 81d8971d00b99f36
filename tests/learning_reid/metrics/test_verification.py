"""Verification metrics against scikit-learn's ROC curve, and pairs against two loops."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_curve as peer_curve

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.verification import (
    FARS,
    PairDistances,
    collect_pairs,
    eer,
    far_at_tar,
    roc_curve,
    tar_at_far,
    threshold_at_far,
)
from tests.learning_reid.metrics.slow_reference import Task, random_task


def random_pairs(seed: int, decimals: int | None = None, overlap: float = 1.5, many: int = 2_000) -> PairDistances:
    rng = np.random.default_rng(seed)
    genuine, impostor = rng.normal(0, 1, 700), rng.normal(overlap, 1, many)
    if decimals is not None:
        genuine, impostor = np.round(genuine, decimals), np.round(impostor, decimals)
    return PairDistances.of(genuine, impostor)


CASES = {
    "continuous": random_pairs(0, many=11_000),
    "tied": random_pairs(1, decimals=1, many=20_000),
    "heavily tied": random_pairs(2, decimals=0),
    "one distance for all": PairDistances.of(np.ones(5), np.ones(2000)),
    "apart": random_pairs(3, overlap=40),
    "reversed": random_pairs(4, overlap=-3),
    "single": PairDistances.of(np.array([0.4]), np.array([0.3])),
    "few": random_pairs(5, many=7),
    "single precision": PairDistances.of(*(np.float32(x) for x in (random_pairs(6).genuine, random_pairs(6).impostor))),
}
pairs_cases = pytest.mark.parametrize("pairs", CASES.values(), ids=CASES)
drops = pytest.mark.parametrize("drop", [False, True])


def peer(pairs: PairDistances, drop: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    truth = np.repeat([1, 0], [len(pairs.genuine), len(pairs.impostor)])
    scores = -np.concatenate([pairs.genuine, pairs.impostor])
    far, tar, score = peer_curve(truth, scores, drop_intermediate=drop)
    return far, tar, -score


def eer_on_the_curve(far: np.ndarray, tar: np.ndarray) -> float:
    """Intersection of the curve with the line from (0, 1) to (1, 0), segment by segment."""
    for i in range(1, len(far)):
        gap0, gap1 = tar[i - 1] + far[i - 1] - 1, tar[i] + far[i] - 1
        if gap1 >= 0:
            return float(far[i - 1] + (far[i] - far[i - 1]) * gap0 / (gap0 - gap1))
    raise AssertionError("the curve ends at (1, 1)")


@pairs_cases
@drops
def test_eer_is_where_scikit_learns_curve_meets_the_diagonal(pairs: PairDistances, drop: bool) -> None:
    far, tar, _ = peer(pairs, drop)
    assert eer(pairs.genuine, pairs.impostor)[0] == pytest.approx(eer_on_the_curve(far, tar), abs=1e-9)


@pairs_cases
def test_the_eer_threshold_is_the_first_beyond_the_diagonal(pairs: PairDistances) -> None:
    far, tar, distance = peer(pairs, drop=False)
    rate, threshold = eer(pairs.genuine, pairs.impostor)
    first = np.flatnonzero(far + tar >= 1 - 1e-12)[0]
    assert threshold == distance[first]
    assert min(far[first - 1], 1 - tar[first]) <= rate <= max(far[first], 1 - tar[first - 1])


@pairs_cases
@drops
@pytest.mark.parametrize("far", [*FARS, 0.37, 1.0])
def test_tar_at_far_is_the_best_of_scikit_learns_curve(pairs: PairDistances, drop: bool, far: float) -> None:
    curve_far, curve_tar, _ = peer(pairs, drop)
    ours = tar_at_far(pairs.genuine, pairs.impostor, far)
    if far * len(pairs.impostor) < 1:
        assert np.isnan(ours)
    elif not drop or far in curve_far:  # without intermediate points the curve may lack this one
        assert ours == curve_tar[curve_far <= far + 1e-12].max()
    else:
        assert ours >= curve_tar[curve_far <= far].max()


@pairs_cases
@pytest.mark.parametrize("far", [*FARS, 0.37, 0.999, 1.0])
def test_threshold_at_far_is_the_largest_observed_distance_with_that_far(pairs: PairDistances, far: float) -> None:
    observed = np.unique(np.concatenate([pairs.genuine, pairs.impostor]))
    allowed = [d for d in observed if np.mean(pairs.impostor <= d) <= far + 1e-12]
    assert threshold_at_far(pairs.genuine, pairs.impostor, far) == (allowed[-1] if allowed else -np.inf)


@pairs_cases
@drops
@pytest.mark.parametrize("tar", [0.95, 0.5, 1 / 3, 0.951, 1.0, 0.001])
def test_far_at_tar_is_the_first_of_scikit_learns_curve(pairs: PairDistances, drop: bool, tar: float) -> None:
    far, curve_tar, _ = peer(pairs, drop)
    expected = far[curve_tar >= tar - 1e-12].min()
    ours = far_at_tar(pairs.genuine, pairs.impostor, tar)
    assert ours <= expected if drop else ours == expected


@pairs_cases
def test_roc_curve_lies_on_scikit_learns(pairs: PairDistances) -> None:
    wanted, ours = roc_curve(pairs.genuine, pairs.impostor, points=60)
    far, tar, _ = peer(pairs, drop=False)
    assert wanted.shape == ours.shape == (60,)
    assert wanted[0] == pytest.approx(1 / len(pairs.impostor)) and wanted[-1] == 1 and ours[-1] == 1
    for x, y in zip(wanted, ours, strict=True):
        assert y == tar[far <= x + 1e-12].max()


@given(
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
    st.lists(st.integers(0, 9), min_size=1, max_size=12),
)
def test_any_few_pairs_agree_with_scikit_learn(genuine: list[int], impostor: list[int]) -> None:
    pairs = PairDistances.of(np.array(genuine, float), np.array(impostor, float))
    far, tar, _ = peer(pairs, drop=False)
    assert eer(pairs.genuine, pairs.impostor)[0] == pytest.approx(eer_on_the_curve(far, tar), abs=1e-12)
    for wanted in np.arange(1, len(impostor) + 1) / len(impostor):
        assert tar_at_far(pairs.genuine, pairs.impostor, wanted) == tar[far <= wanted + 1e-12].max()
    for wanted in np.arange(1, len(genuine) + 1) / len(genuine):
        assert far_at_tar(pairs.genuine, pairs.impostor, wanted) == far[tar >= wanted - 1e-12].min()


def test_a_rate_too_small_to_measure_is_nan() -> None:
    genuine, impostor = np.array([0.0]), np.arange(1.0, 101.0)
    assert tar_at_far(genuine, impostor, 0.01) == 1
    assert np.isnan([tar_at_far(genuine, impostor, far) for far in (0.0099, 0.001)]).all()


def test_order_does_not_matter_and_the_threshold_itself_is_accepted() -> None:
    pairs = PairDistances.of(np.array([0.5, 0.1, 0.3]), np.array([0.9, 0.3, 0.8, 0.7]))
    assert (pairs.genuine.tolist(), pairs.impostor.tolist()) == ([0.1, 0.3, 0.5], [0.3, 0.7, 0.8, 0.9])
    assert (pairs.tar(0.3), pairs.far(0.3)) == (2 / 3, 1 / 4)
    assert pairs.far(np.array([0.0, 0.7, 1.0])).tolist() == [0, 0.5, 1]


@pytest.mark.parametrize(("genuine", "impostor"), [([], [1.0]), ([1.0], []), ([], [])])
def test_one_kind_of_pairs_is_refused(genuine: list[float], impostor: list[float]) -> None:
    with pytest.raises(ValueError, match=r"\d genuine and \d impostor pairs: both kinds are needed"):
        PairDistances.of(np.array(genuine), np.array(impostor))


@pytest.mark.parametrize("function", [eer, far_at_tar, roc_curve, lambda *pairs: tar_at_far(*pairs, 0.5)])
def test_unsorted_distances_give_the_same_result_and_nan_is_refused(function) -> None:
    rng = np.random.default_rng(0)
    genuine, impostor = rng.random(50), rng.random(60) + 0.3
    np.testing.assert_array_equal(function(genuine, impostor), function(np.sort(genuine), np.sort(impostor)))
    with pytest.raises(ValueError, match="NaN"):
        function(np.append(genuine, np.nan), impostor)


def slow_pairs(task: Task, same_camera: bool) -> tuple[list[float], list[float]]:
    genuine, impostor = [], []
    for q in range(len(task.query)):
        for g in range(len(task.gallery)):
            same_view = task.query.camera[q] == task.gallery.camera[g]
            if same_view != same_camera or task.query.image[q] == task.gallery.image[g]:
                continue
            known = task.query.person[q] >= 0
            same = known and task.query.person[q] == task.gallery.person[g]
            (genuine if same else impostor).append(task.distances[q, g])
    return sorted(genuine), sorted(impostor)


@pytest.mark.parametrize("same_camera", [False, True])
@pytest.mark.parametrize("block_bytes", [2**20, 700])
@pytest.mark.parametrize("seed", range(3))
def test_pairs_equal_two_loops(seed: int, same_camera: bool, block_bytes: int, monkeypatch) -> None:
    monkeypatch.setattr("learning_reid.retrieval.distances._BLOCK_BYTES", block_bytes)
    task = random_task(seed)
    task.query.person[1] = -1  # a distractor matches no person, not even another distractor
    ours = collect_pairs(task.distance_rows, task.query, task.gallery, same_camera)
    genuine, impostor = slow_pairs(task, same_camera)
    assert (ours.genuine.tolist(), ours.impostor.tolist(), ours.sampled) == (genuine, impostor, 1.0)


def test_an_image_is_never_paired_with_itself() -> None:
    labels = Labels.of([1, 1, 2], [1, 1, 1], [0, 1, 2])
    task = Task(np.array([[0.0, 0.1, 0.5], [0.1, 0.0, 0.6], [0.5, 0.6, 0.0]]), labels, labels)
    ours = collect_pairs(task.distance_rows, labels, labels, same_camera=True)
    assert (ours.genuine.tolist(), ours.impostor.tolist()) == ([0.1, 0.1], [0.5, 0.5, 0.6, 0.6])
    with pytest.raises(ValueError, match="0 genuine and 0 impostor"):
        collect_pairs(task.distance_rows, labels, labels)  # one camera only


def test_impostors_are_sampled_and_genuine_pairs_are_not() -> None:
    task = random_task(9, queries=40, gallery=3000, people=30)
    whole = collect_pairs(task.distance_rows, task.query, task.gallery)
    most = 30_000

    def some(seed: int) -> PairDistances:
        return collect_pairs(task.distance_rows, task.query, task.gallery, max_impostors=most, seed=seed)

    assert some(0).genuine.tolist() == whole.genuine.tolist()
    assert np.isin(some(0).impostor, whole.impostor).all()
    assert len(np.unique(some(0).impostor)) == len(some(0).impostor)
    assert some(0).sampled == most / (40 * 3000)
    sizes = [len(some(seed).impostor) for seed in range(20)]
    assert np.mean(sizes) == pytest.approx(some(0).sampled * len(whole.impostor), rel=0.03)
    assert some(0).impostor.tolist() == some(0).impostor.tolist() != some(1).impostor.tolist()
    rates = [eer(pairs.genuine, pairs.impostor)[0] for pairs in map(some, range(20))]
    assert np.mean(rates) == pytest.approx(eer(whole.genuine, whole.impostor)[0], abs=0.01)
