"""And if the person is not there? Open-set identification: find whoever is in the gallery, refuse whoever is not.

Every query that has somebody to find asks twice: once as it is, and once with its person taken out of the gallery. The
first trial counts as found (DIR, detection and identification rate) where the nearest picture is the person and near
enough; the second as a false alarm (FAR) where anybody at all is near enough (Grother & Ngan, NIST IR 8009).
"""

import numpy as np

from learning_reid.metrics.matches import Matches
from learning_reid.metrics.verification import PairDistances, threshold_at_far

OPEN_SET_FARS = (0.1, 0.01)


def dir_at_far(matches: Matches, far: float) -> float:
    """Share of the queries found, at the threshold that raises a false alarm for at most `far` of them.

    Args:
        matches: of `find_matches`, one trial a query.
        far: wanted rate of false alarms.

    Returns:
        NaN where nobody has anybody to find, or where there are too few queries to see so small a rate.

    >>> from learning_reid.metrics.labels import Labels
    >>> from learning_reid.metrics.matches import find_matches
    >>> from learning_reid.metrics.protocol import PROTOCOLS
    >>> distances = np.array([[0.1, 0.4], [0.5, 0.2]])  # each finds its own, at .1 and .2; the others stand at .4, .5
    >>> query, gallery = Labels.of([7, 8], [1, 1]), Labels.of([7, 8], [2, 2])
    >>> dir_at_far(find_matches(lambda rows: distances[rows].copy(), query, gallery, PROTOCOLS["market1501"]), 0.5)
    1.0
    """
    nearest = matches.match_index == 0
    known = matches.trial[nearest]  # trials with somebody to find
    alarms = matches.nearest_negative[known]
    if not len(known) or far * len(known) < 1 - 1e-9:
        return float("nan")
    found_at = matches.distance[nearest]
    threshold = threshold_at_far(found_at, alarms, far)
    return float(np.mean((found_at < alarms) & (found_at <= threshold)))
