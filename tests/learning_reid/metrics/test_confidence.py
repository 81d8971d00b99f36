"""Intervals and tests against all possible draws, and in cases with a known result."""

from itertools import product

import numpy as np
import pytest

from learning_reid.metrics.confidence import bootstrap_interval, paired_test

VALUES = np.array([0.0, 0.2, 0.9, 1.0, np.nan, 0.5])
PERSONS = np.array([3, 3, 3, 8, 8, 5])  # three persons with 3, 1 and 1 counted queries


def possible_means(values: np.ndarray, persons: np.ndarray) -> np.ndarray:
    """The mean of every possible draw of persons, each with all their queries; all draws are equally likely."""
    known = ~np.isnan(values)
    of = [values[known & (persons == person)] for person in np.unique(persons[known])]
    return np.array([np.concatenate([of[i] for i in draw]).mean() for draw in product(range(len(of)), repeat=len(of))])


@pytest.mark.parametrize("confidence", [0.95, 0.7, 0.4, 0.15])
@pytest.mark.parametrize(
    ("values", "persons"), [(VALUES, PERSONS), (np.array([0.1, 0.4, 0.9]), np.array([1, 1, 2]))], ids=["3", "2"]
)
def test_equals_all_possible_draws(values: np.ndarray, persons: np.ndarray, confidence: float) -> None:
    means = np.sort(possible_means(values, persons))
    tail = (1 - confidence) / 2
    exact = [
        means[int(np.floor(share * len(means)))] for share in (tail, 1 - tail)
    ]  # quantiles of the discrete distribution
    ours = bootstrap_interval(values, persons, confidence, draws=20_000)
    np.testing.assert_allclose(ours, exact, atol=1e-9)


def test_query_order_does_not_change_the_result() -> None:
    rng = np.random.default_rng(0)
    values, persons = rng.random(100), rng.integers(0, 15, 100)
    order = rng.permutation(100)
    np.testing.assert_allclose(bootstrap_interval(values, persons), bootstrap_interval(values[order], persons[order]))
    other = rng.random(100)
    one = paired_test(values, other, persons, draws=500)
    two = paired_test(values[order], other[order], persons[order], draws=500)
    np.testing.assert_allclose([*vars(one).values()], [*vars(two).values()])


def test_nan_is_not_counted() -> None:
    rng = np.random.default_rng(1)
    values, persons = rng.random(30), rng.integers(0, 9, 30)
    padded, owners = np.append(values, [np.nan] * 5), np.append(persons, [1, 2, 3, 77, 88])
    assert bootstrap_interval(padded, owners) == bootstrap_interval(values, persons)
    assert paired_test(padded, padded * 0.5, owners, 300) == paired_test(values, values * 0.5, persons, 300)


def test_the_interval_covers_the_true_mean_about_as_often_as_it_should() -> None:
    rng = np.random.default_rng(2)
    covered = 0
    for seed in range(150):
        persons = np.repeat(np.arange(40), rng.integers(1, 6, 40))
        ease = rng.beta(2, 2, 40)  # of each person; its mean is 1/2
        low, high = bootstrap_interval(rng.binomial(1, ease[persons]).astype(float), persons, draws=300, seed=seed)
        covered += low <= 0.5 <= high
    assert 0.87 * 150 <= covered < 150


def test_an_interval_over_images_is_too_narrow_when_a_persons_results_agree() -> None:
    rng = np.random.default_rng(3)
    persons = np.repeat(np.arange(30), 10)
    values = np.repeat(rng.random(30) < 0.6, 10).astype(float)
    by_person, by_image = bootstrap_interval(values, persons), bootstrap_interval(values, np.arange(300))
    ratio = (by_person[1] - by_person[0]) / (by_image[1] - by_image[0])
    assert ratio == pytest.approx(10**0.5, rel=0.15)


def test_intervals_are_seeded_contain_the_mean_and_grow_with_confidence() -> None:
    rng = np.random.default_rng(4)
    values, persons = rng.random(60), rng.integers(0, 20, 60)
    assert bootstrap_interval(values, persons, seed=5) == bootstrap_interval(values, persons, seed=5)
    assert bootstrap_interval(values, persons, seed=5) != bootstrap_interval(values, persons, seed=6)
    ends = [bootstrap_interval(values, persons, confidence) for confidence in (0.5, 0.8, 0.95, 0.99)]
    lows, highs = zip(*ends, strict=True)
    assert list(lows) == sorted(lows, reverse=True) and list(highs) == sorted(highs)
    assert lows[0] < values.mean() < highs[0]


@pytest.mark.parametrize("draws", [1, 249, 250, 251, 1000])
def test_any_number_of_draws(draws: int) -> None:
    low, high = bootstrap_interval(np.array([0.0, 1.0]), np.array([1, 2]), draws=draws)
    assert 0 <= low <= high <= 1
    p_value = paired_test(np.array([0.3, 1.0]), np.zeros(2), np.array([1, 2]), draws).p_value
    assert 1 / (draws + 1) <= p_value <= 1


def test_no_counted_query() -> None:
    missing = np.array([np.nan])
    assert np.isnan(bootstrap_interval(missing, np.array([1]))).all()
    assert np.isnan(bootstrap_interval(np.empty(0), np.empty(0, int))).all()
    assert bootstrap_interval(np.array([0.2, 0.4]), np.array([1, 1])) == pytest.approx((0.3, 0.3))  # one person
    with pytest.raises(ValueError, match="no query is counted"):
        paired_test(missing, missing, np.array([1]))


@pytest.mark.parametrize("other", [np.zeros(2), np.array([0.0, np.nan, 0.0])])
def test_models_with_different_queries_are_refused(other: np.ndarray) -> None:
    with pytest.raises(ValueError, match="different queries"):
        paired_test(np.zeros(3), other, np.arange(3))


@pytest.mark.parametrize("persons", [1, 2, 5, 8])
@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_p_equals_all_possible_swaps(persons: int, shift: float) -> None:
    rng = np.random.default_rng(persons)
    owners = np.concatenate([np.arange(persons), rng.integers(0, persons, 12)])
    first, second = rng.random(len(owners)) + shift, rng.random(len(owners))
    as_large = []
    for signs in product([-1, 1], repeat=persons):
        swapped = np.where(np.array(signs)[owners] < 0, second - first, first - second)
        as_large.append(abs(swapped.mean()) >= abs((first - second).mean()) - 1e-12)
    exact, draws = np.mean(as_large), 20_000
    ours = paired_test(first, second, owners, draws)
    assert ours.persons == persons and ours.difference == pytest.approx((first - second).mean())
    assert ours.p_value == pytest.approx(exact, abs=4 * (exact * (1 - exact) / draws) ** 0.5 + 2 / draws)


def test_equal_models_do_not_differ() -> None:
    values = np.random.default_rng(5).random(40)
    same = paired_test(values, values, np.arange(40) // 4)
    assert (same.difference, same.low, same.high, same.p_value, same.persons) == (0, 0, 0, 1, 10)


def test_a_clear_improvement_is_significant_and_noise_is_not() -> None:
    rng = np.random.default_rng(6)
    persons = np.repeat(np.arange(50), 6)
    base = rng.random(300)
    better = paired_test(base + 0.1 + 0.02 * rng.normal(size=300), base, persons)
    assert better.p_value < 1e-3 and 0 < better.low < better.difference < better.high
    level = [paired_test(base + 0.1 * rng.normal(size=300), base, persons, 400).p_value for _ in range(60)]
    assert 0.3 < np.mean(level) < 0.7  # without a difference all p are equally likely
    one_person = paired_test(base + (persons == 0), base, persons)
    assert one_person.p_value == 1  # the difference comes from one person


def test_swapping_the_models_only_flips_the_sign() -> None:
    rng = np.random.default_rng(7)
    first, second, persons = rng.random(60) + 0.1, rng.random(60), rng.integers(0, 12, 60)
    one, two = paired_test(first, second, persons), paired_test(second, first, persons)
    np.testing.assert_allclose([-two.difference, -two.high, -two.low], [one.difference, one.low, one.high])
    assert one.p_value == two.p_value
