"""Retrieval metrics: CMC, mean average precision and mean inverse negative penalty.

All of them follow from the ranks of the true matches (`learning_reid.metrics.matches`), and all are means over queries
of one value per query. The values are kept: confidence intervals, significance tests and tables need them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import Matches
from learning_reid.metrics.protocol import Protocol

AveragePrecision = Literal["precisions", "interpolated"]
RANKS = (1, 5, 10, 20)
METRICS = (*(f"rank{k}" for k in RANKS), "map", "minp")
CMC_LENGTH = 50


@dataclass(frozen=True, eq=False)
class RetrievalMetrics:
    """Metrics of one evaluation, shares in 0..1."""

    protocol: Protocol  #: Protocol of the evaluation
    #: (q,) float64 for each of `rank1`, `rank5`, `rank10`, `rank20`, `map` and `minp`; NaN for a query without a true
    #: match
    per_query: dict[str, np.ndarray]
    cmc: np.ndarray  #: (50,) float64, `cmc[k - 1]` is the share of the queries with a true match within rank k
    gallery: int  #: Number of gallery images
    ap: AveragePrecision = "precisions"  #: Kind of average precision

    def fingerprint(self, data: str) -> str:
        """Hash protocol, kind of AP and data; results are comparable if their fingerprints are equal."""
        return self.protocol.fingerprint(f"{data} {self.ap}")

    @property
    def means(self) -> dict[str, float]:
        """Mean of each metric over the counted queries; NaN if there are none."""
        return {name: mean(values) for name, values in self.per_query.items()}

    @property
    def rank1(self) -> float:
        """Share of the queries whose nearest competing image is a true match."""
        return mean(self.per_query["rank1"])

    @property
    def rank5(self) -> float:
        """Share of the queries with a true match within rank 5."""
        return mean(self.per_query["rank5"])

    @property
    def rank10(self) -> float:
        """Share of the queries with a true match within rank 10."""
        return mean(self.per_query["rank10"])

    @property
    def map(self) -> float:
        """Mean average precision."""
        return mean(self.per_query["map"])

    @property
    def minp(self) -> float:
        """Mean inverse negative penalty."""
        return mean(self.per_query["minp"])

    @property
    def counted(self) -> np.ndarray:
        """(q,) bool, queries with a true match."""
        return ~np.isnan(self.per_query["map"])

    @property
    def queries(self) -> int:
        """Number of queries with a true match."""
        return int(self.counted.sum())

    @property
    def queries_skipped(self) -> int:
        """Number of queries without a true match, which are not counted."""
        return int((~self.counted).sum())


def average_precision(hits: np.ndarray) -> float:
    """Compute the mean of the precisions at the ranks of the true matches; 0 if there is none.

    Args:
        hits: (m,) bool, True for a true match, nearest first.

    >>> average_precision(np.array([True, False, True]))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    positions = np.flatnonzero(hits)  # rank - 1
    if not len(positions):
        return 0.0
    return float(np.mean(np.arange(1, len(positions) + 1) / (positions + 1)))


def cmc_curve(hits: Sequence[np.ndarray] | np.ndarray, max_rank: int = CMC_LENGTH) -> np.ndarray:
    """Compute the cumulative matching characteristic: the share of queries with a true match within each rank.

    Args:
        hits: One (m,) bool array per query, True for a true match, nearest first; a query without one is not counted.
        max_rank: Length of the curve.

    Returns:
        (max_rank,) float64, element k - 1 for rank k; NaN if no query has a true match.

    >>> cmc_curve([np.array([False, True, True]), np.array([True, False])], max_rank=3).tolist()
    [0.5, 1.0, 1.0]
    """
    first = np.array([np.argmax(row) for row in hits if np.any(row)], np.int64)
    if not len(first):
        return np.full(max_rank, np.nan)
    return (first[:, None] < np.arange(1, max_rank + 1)).mean(axis=0)


def retrieval_metrics(
    matches: Matches, query: Labels, gallery: Labels, protocol: Protocol, ap: AveragePrecision = "precisions"
) -> RetrievalMetrics:
    """Compute retrieval metrics from the ranks of the true matches.

    Let r₁ < … < rₙ be the ranks of a query's true matches.
    CMC(k): 1 if r₁ ≤ k; with `every_match` the share of the n that have fewer than k negatives before them.
    AP "precisions": the mean of i / rᵢ, as in torchreid. AP "interpolated": the area under the precision-recall curve
    with straight lines between its points, the mean of (i / rᵢ + (i - 1) / (rᵢ - 1)) / 2 where the second fraction is 1
    for rᵢ = 1, as in Market-1501's original code (Philbin et al., CVPR 2007); slightly lower.
    INP: n / rₙ, the cost of finding the hardest match (mINP of Ye et al., TPAMI 2021, arXiv 2001.04193).

    Args:
        matches: From `find_matches`.
        query: Labels of the q queries.
        gallery: Labels of the gallery.
        protocol: The protocol that the matches were found under.
        ap: Kind of average precision.
    """
    trials = len(matches.query)
    num_matches = np.bincount(matches.trial, minlength=trials)  # (t,)
    found = num_matches > 0
    last = np.cumsum(num_matches)[found] - 1  # the farthest match of each trial
    rank, match_index = matches.rank, matches.match_index
    precision = (match_index + 1) / rank
    if ap == "interpolated":
        before = np.divide(match_index, rank - 1, out=np.ones(len(rank)), where=rank > 1)
        precision = (precision + before) / 2
    inverse_penalty = np.full(trials, np.nan)
    inverse_penalty[found] = num_matches[found] / rank[last]

    def mean_over_trial(values: np.ndarray) -> np.ndarray:
        """Average over the true matches of each trial."""
        total = np.bincount(matches.trial, values, trials)
        return np.divide(total, num_matches, out=np.full(trials, np.nan), where=found)

    def within(k: int) -> np.ndarray:
        if protocol.every_match:
            return mean_over_trial((matches.num_negatives_before < k).astype(np.float64))
        nearest = match_index == 0
        hit = np.full(trials, np.nan)
        hit[matches.trial[nearest]] = rank[nearest] <= k
        return hit

    def mean_over_query(values: np.ndarray) -> np.ndarray:
        """Average over the trials of each query; NaN if none has a match."""
        known = ~np.isnan(values)
        count = np.bincount(matches.query[known], minlength=len(query))
        total = np.bincount(matches.query[known], values[known], len(query))
        return np.divide(total, count, out=np.full(len(query), np.nan), where=count > 0)

    per_query = {f"rank{k}": mean_over_query(within(k)) for k in RANKS}
    per_query |= {"map": mean_over_query(mean_over_trial(precision)), "minp": mean_over_query(inverse_penalty)}
    cmc = np.array([mean(mean_over_query(within(k))) for k in range(1, CMC_LENGTH + 1)])
    return RetrievalMetrics(protocol, per_query, cmc, len(gallery), ap)


def mean(values: np.ndarray) -> float:
    """Average the values that are not NaN; NaN if there are none.

    >>> mean(np.array([0.25, np.nan, 0.75])), mean(np.array([np.nan]))
    (0.5, nan)
    """
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
