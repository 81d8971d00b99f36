"""How well is a gallery ranked? CMC, mean average precision and mean inverse negative penalty.

All of them follow from the places of the true matches (`learning_reid.metrics.matches`), and all are means over the queries of
one number per query, which is kept: intervals, tests and tables need it.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from learning_reid.metrics.labels import Labels
from learning_reid.metrics.matches import Matches
from learning_reid.metrics.protocol import Protocol

AveragePrecision = Literal["precisions", "interpolated"]
RANKS = (1, 5, 10, 20)
CMC_LENGTH = 50


@dataclass(frozen=True, eq=False)
class RetrievalMetrics:
    """Figures of one evaluation, each a share in 0..1.

    Attributes:
        protocol: the rule.
        per_query: (q,) float64 for each of `rank1`, `rank5`, `rank10`, `rank20`, `map` and `minp`; NaN for a query
            that has nobody to find.
        cmc: (50,) float64, `cmc[k - 1]` is the share of the queries answered within rank k.
        gallery: how many pictures answered.
        ap: which average precision.
    """

    protocol: Protocol
    per_query: dict[str, np.ndarray]
    cmc: np.ndarray
    gallery: int
    ap: AveragePrecision = "precisions"

    def fingerprint(self, data: str) -> str:
        """Eight hex digits: equal ones mean the same rule, the same way of counting, and the same pictures."""
        return self.protocol.fingerprint(f"{data} {self.ap}")

    @property
    def counted(self) -> np.ndarray:
        """(q,) bool, the queries that have somebody to find."""
        return ~np.isnan(self.per_query["map"])

    @property
    def figures(self) -> dict[str, float]:
        """Means over the queries that count; NaN where none does."""
        return {name: mean(values) for name, values in self.per_query.items()}

    @property
    def queries(self) -> int:
        """How many queries count."""
        return int(self.counted.sum())

    @property
    def queries_skipped(self) -> int:
        """How many queries have nobody to find and were left out."""
        return int((~self.counted).sum())


def average_precision(hits: np.ndarray) -> float:
    """Mean of the precisions at the ranks where a right answer stands; 0 where there is none.

    Args:
        hits: (m,) bool, nearest first.

    >>> average_precision(np.array([True, False, True]))  # (1/1 + 2/3) / 2
    0.8333333333333333
    """
    places = np.flatnonzero(hits)  # counted from 0
    if not len(places):
        return 0.0
    return float(np.mean(np.arange(1, len(places) + 1) / (places + 1)))


def retrieval_metrics(
    matches: Matches, query: Labels, gallery: Labels, protocol: Protocol, ap: AveragePrecision = "precisions"
) -> RetrievalMetrics:
    """Turn the places of the true matches into figures.

    Let the true matches of a query, nearest first, stand at the ranks r₁ < … < rₙ.
    CMC(k): 1 if r₁ ≤ k; with `every_match` the share of the n that have fewer than k wrong pictures before them.
    AP "precisions": the mean of i / rᵢ, as torchreid counts. AP "interpolated": the area under the precision-recall
    curve with straight lines between its points, the mean of (i / rᵢ + (i - 1) / (rᵢ - 1)) / 2 where the second
    fraction is 1 for rᵢ = 1, as Market-1501's own first code counted (Philbin et al., CVPR 2007); a little lower.
    INP: n / rₙ, the price of finding the hardest match (mINP of Ye et al., TPAMI 2021, arXiv 2001.04193).

    Args:
        matches: of `find_matches`.
        query: labels of the q queries.
        gallery: labels of the gallery.
        protocol: the rule that the matches were found under.
        ap: which average precision.
    """
    trials = len(matches.query)
    found = np.bincount(matches.trial, minlength=trials)  # (t,) true matches of each trial
    last = np.cumsum(found)[found > 0] - 1  # its farthest match
    rank, number = matches.rank, matches.number
    precision = (number + 1) / rank
    if ap == "interpolated":
        before = np.divide(number, rank - 1, out=np.ones(len(rank)), where=rank > 1)
        precision = (precision + before) / 2
    inverse_penalty = np.full(trials, np.nan)
    inverse_penalty[found > 0] = found[found > 0] / rank[last]

    def over_trial(values: np.ndarray) -> np.ndarray:
        """Mean over the true matches of each trial."""
        total = np.bincount(matches.trial, values, trials)
        return np.divide(total, found, out=np.full(trials, np.nan), where=found > 0)

    def within(k: int) -> np.ndarray:
        if protocol.every_match:
            return over_trial((matches.num_negatives_before < k).astype(np.float64))
        nearest = number == 0
        hit = np.full(trials, np.nan)
        hit[matches.trial[nearest]] = rank[nearest] <= k
        return hit

    def over_query(values: np.ndarray) -> np.ndarray:
        """Mean over the trials of each query; NaN where it has none with a match."""
        known = ~np.isnan(values)
        count = np.bincount(matches.query[known], minlength=len(query))
        total = np.bincount(matches.query[known], values[known], len(query))
        return np.divide(total, count, out=np.full(len(query), np.nan), where=count > 0)

    per_query = {f"rank{k}": over_query(within(k)) for k in RANKS}
    per_query |= {"map": over_query(over_trial(precision)), "minp": over_query(inverse_penalty)}
    curve = np.array([mean(over_query(within(k))) for k in range(1, CMC_LENGTH + 1)])
    return RetrievalMetrics(protocol, per_query, curve, len(gallery), ap)


def mean(values: np.ndarray) -> float:
    """Mean of the numbers that are numbers; NaN where none is.

    >>> mean(np.array([0.25, np.nan, 0.75])), mean(np.array([np.nan]))
    (0.5, nan)
    """
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else float("nan")
