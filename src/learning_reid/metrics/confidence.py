"""Confidence intervals and paired tests that resample persons, not images.

The images of one person are not independent: a person in a red coat is easy in all of them. So whole persons are drawn,
each with all their queries; intervals over single images would be too narrow.
"""

from dataclasses import dataclass

import numpy as np

_DRAWS_AT_ONCE = 250


@dataclass(frozen=True)
class PairedTest:
    """Comparison of two models on the same queries.

    Attributes:
        difference: Mean of the first minus mean of the second.
        low, high: 95 % bootstrap interval of the difference, over persons.
        p_value: Probability of a difference at least as large if each person's results were swapped at random.
        persons: Number of persons.
    """

    difference: float
    low: float
    high: float
    p_value: float
    persons: int


def bootstrap_interval(
    values: np.ndarray, persons: np.ndarray, confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Compute the percentile interval of the mean over queries, drawing persons with replacement (Efron 1979).

    Args:
        values: (q,) one value per query; NaN = not counted.
        persons: (q,) person of each query.
        confidence: Share of the draws inside the interval.
        draws: Number of bootstrap draws.
        seed: Seed of the draws.

    Returns:
        Lower and upper end; NaN if no query is counted.

    >>> bootstrap_interval(np.array([1.0, 1.0, 1.0]), np.array([1, 2, 3]))
    (1.0, 1.0)
    """
    sums, counts = _sum_by_person(values, persons)
    if not len(sums):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(_bootstrap_means(sums, counts, draws, seed), [tail, 1 - tail])
    return float(low), float(high)


def paired_test(
    first: np.ndarray, second: np.ndarray, persons: np.ndarray, draws: int = 10_000, seed: int = 0
) -> PairedTest:
    """Test the mean difference by sign-flip permutation of whole persons (Fisher 1935).

    Args:
        first, second: (q,) one value per query from each model; NaN = not counted.
        persons: (q,) person of each query.
        draws: Number of permutations, and of bootstrap draws for the interval.
        seed: Seed of both.

    Raises:
        ValueError: The two models have different queries, or no query is counted.

    >>> paired_test(np.array([0.9, 0.8]), np.array([0.9, 0.8]), np.array([1, 2])).p_value
    1.0
    """
    if first.shape != second.shape or not np.array_equal(np.isnan(first), np.isnan(second)):
        raise ValueError("the two models have different queries")
    sums, counts = _sum_by_person(first - second, persons)
    if not len(sums):
        raise ValueError("no query is counted")
    rng = np.random.default_rng(seed)
    as_large = 0
    for size in _batch_sizes(draws):
        signs = rng.integers(0, 2, (size, len(sums)), dtype=np.int8) * 2 - 1
        as_large += int(np.sum(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-12))
    low, high = np.quantile(_bootstrap_means(sums, counts, draws, seed), [0.025, 0.975])
    p_value = (as_large + 1) / (draws + 1)  # the observed signs are one of the possible permutations
    return PairedTest(float(sums.sum() / counts.sum()), float(low), float(high), p_value, len(sums))


def _sum_by_person(values: np.ndarray, persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the (p,) sum and number of the counted queries of each person."""
    known = ~np.isnan(values)
    _, index = np.unique(persons[known], return_inverse=True)
    return np.bincount(index, values[known]), np.bincount(index)


def _bootstrap_means(sums: np.ndarray, counts: np.ndarray, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = []
    for size in _batch_sizes(draws):
        times = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size)  # (size, p) times each was drawn
        means.append((times @ sums) / (times @ counts))
    return np.concatenate(means)


def _batch_sizes(draws: int) -> list[int]:
    return [min(_DRAWS_AT_ONCE, draws - start) for start in range(0, draws, _DRAWS_AT_ONCE)]
