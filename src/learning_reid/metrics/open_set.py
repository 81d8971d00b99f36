"""Open-set identification: DIR at a fixed FAR.

Every query with a true match is ranked twice: as it is, and with its person removed from the gallery. The first counts
as found (DIR, detection and identification rate) if the nearest image is a true match within the threshold; the second
as a false alarm (FAR) if any image is within the threshold (Grother & Ngan, NIST IR 8009).
"""

import numpy as np

from learning_reid.metrics.matches import Matches
from learning_reid.metrics.verification import threshold_at_far

OPEN_SET_FARS = (0.1, 0.01)


def dir_at_far(matches: Matches, far: float) -> float:
    """Compute the share of the queries found at the threshold with at most this false alarm rate.

    Args:
        matches: From `find_matches`, with one trial per query.
        far: Maximum false alarm rate, 0..1.

    Returns:
        The share; NaN if no query has a true match, or if there are too few queries to measure so small a rate.

    >>> from learning_reid.metrics.labels import Labels
    >>> from learning_reid.metrics.matches import find_matches
    >>> from learning_reid.metrics.protocol import PROTOCOLS
    >>> distances = np.array([[0.1, 0.4], [0.5, 0.2]])  # true matches at .1 and .2, negatives at .4 and .5
    >>> query, gallery = Labels.of([7, 8], [1, 1]), Labels.of([7, 8], [2, 2])
    >>> dir_at_far(find_matches(lambda rows: distances[rows], query, gallery, PROTOCOLS["market1501"]), 0.5)
    1.0
    """
    nearest = matches.match_index == 0
    matched = matches.distance[nearest]
    negative = matches.nearest_negative[matches.trial[nearest]]  # the nearest image once the person is removed
    if not len(matched) or far * len(matched) < 1 - 1e-9:
        return float("nan")
    threshold = threshold_at_far(matched, negative, far)
    return float(np.mean((matched < negative) & (matched <= threshold)))
