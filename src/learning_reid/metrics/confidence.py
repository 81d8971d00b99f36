"""How sure is a figure, and is one model really better than another? Both asked of identities, not of pictures.

The pictures of a person are no independent witnesses: whoever wears a red coat is easy in all of them. So persons are
drawn, each with all their queries. Intervals over pictures come out too narrow.
"""

from dataclasses import dataclass

import numpy as np

_DRAWS_AT_ONCE = 250


@dataclass(frozen=True)
class PairedTest:
    """One model against another on the same queries.

    Attributes:
        difference: mean of the first minus mean of the second.
        low, high: 95 % bootstrap interval of the difference, by identity.
        p_value: how often a difference as large comes up when each person's answers are swapped at random.
        persons: how many identities were drawn from.
    """

    difference: float
    low: float
    high: float
    p_value: float
    persons: int


def bootstrap_interval(
    values: np.ndarray, persons: np.ndarray, confidence: float = 0.95, draws: int = 2000, seed: int = 0
) -> tuple[float, float]:
    """Percentile interval of the mean over queries when persons are drawn with replacement (Efron 1979).

    Args:
        values: (q,) one number for each query; NaN = left out.
        persons: (q,) who asks.
        confidence: share of the draws inside.
        draws: how many times the persons are drawn.
        seed: of the draws.

    Returns:
        Lower and upper end; NaN where no query counts.

    >>> bootstrap_interval(np.array([1.0, 1.0, 1.0]), np.array([1, 2, 3]))
    (1.0, 1.0)
    """
    sums, counts = _by_person(values, persons)
    if not len(sums):
        return float("nan"), float("nan")
    tail = (1 - confidence) / 2
    low, high = np.quantile(_drawn_means(sums, counts, draws, seed), [tail, 1 - tail])
    return float(low), float(high)


def paired_test(
    first: np.ndarray, second: np.ndarray, persons: np.ndarray, draws: int = 10_000, seed: int = 0
) -> PairedTest:
    """Sign-flip permutation test of the mean difference, whole persons at a time (Fisher 1935).

    Args:
        first, second: (q,) one number for each query from each model; NaN = left out.
        persons: (q,) who asks.
        draws: of signs, and of persons for the interval.
        seed: of both.

    Raises:
        ValueError: the two do not answer the same queries, or none counts.
    """
    if first.shape != second.shape or not np.array_equal(np.isnan(first), np.isnan(second)):
        raise ValueError("the two models do not answer the same queries")
    sums, counts = _by_person(first - second, persons)
    if not len(sums):
        raise ValueError("no query counts")
    rng = np.random.default_rng(seed)
    reached = 0
    for size in _portions(draws):
        signs = rng.integers(0, 2, (size, len(sums)), dtype=np.int8) * 2 - 1
        reached += int(np.sum(np.abs(signs @ sums) >= abs(sums.sum()) - 1e-12))
    low, high = np.quantile(_drawn_means(sums, counts, draws, seed), [0.025, 0.975])
    p_value = (reached + 1) / (draws + 1)  # the order that was observed is one of the possible ones
    return PairedTest(float(sums.sum() / counts.sum()), float(low), float(high), p_value, len(sums))


def _by_person(values: np.ndarray, persons: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p,) sum and number of the queries of each person that counts."""
    known = ~np.isnan(values)
    _, who = np.unique(persons[known], return_inverse=True)
    return np.bincount(who, values[known]), np.bincount(who)


def _drawn_means(sums: np.ndarray, counts: np.ndarray, draws: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    means = []
    for size in _portions(draws):
        times = rng.multinomial(len(sums), np.full(len(sums), 1 / len(sums)), size)  # (size, p) how often each is drawn
        means.append((times @ sums) / (times @ counts))
    return np.concatenate(means)


def _portions(draws: int) -> list[int]:
    return [min(_DRAWS_AT_ONCE, draws - start) for start in range(0, draws, _DRAWS_AT_ONCE)]
