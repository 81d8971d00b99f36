# ruff: noqa
"""Classic wrong answers to set 2. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np

# %% q1: ranks counted from 0


def first_match(hits):
    return np.where(hits.any(axis=1), hits.argmax(axis=1), np.nan)


# %% q1: nobody to find stands at rank 1


def first_match(hits):
    return hits.argmax(axis=1) + 1


# %% q1: nobody to find stands behind the gallery


def first_match(hits):
    return np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, hits.shape[1] + 1)


# %% q1: the last match


def first_match(hits):
    return np.where(hits.any(axis=1), hits.shape[1] - hits[:, ::-1].argmax(axis=1), np.nan)


# %% q1: the farthest first


def first_match(hits):
    return np.where(hits.any(axis=1), hits[:, ::-1].argmax(axis=1) + 1, np.nan)


# %% q1: columns instead of rows


def first_match(hits):
    return np.where(hits.any(axis=0), hits.argmax(axis=0) + 1, np.nan)


# %% q1: only those who are found


def first_match(hits):
    return hits[hits.any(axis=1)].argmax(axis=1) + 1


# %% q2: not cumulative


def cmc(hits, most):
    ranks = hits[hits.any(axis=1)].argmax(axis=1) + 1
    return np.array([(ranks == k).mean() for k in range(1, most + 1)])


# %% q2: queries without a match count as missed


def cmc(hits, most):
    ranks = np.where(hits.any(axis=1), hits.argmax(axis=1) + 1, np.nan)
    return np.array([(ranks <= k).mean() for k in range(1, most + 1)])


# %% q2: queries without a match count as found


def cmc(hits, most):
    ranks = hits.argmax(axis=1) + 1
    return np.array([(ranks <= k).mean() for k in range(1, most + 1)])


# %% q2: before rank k, not at it


def cmc(hits, most):
    ranks = hits[hits.any(axis=1)].argmax(axis=1) + 1
    return np.array([(ranks < k).mean() for k in range(1, most + 1)])


# %% q2: one place too many


def cmc(hits, most):
    ranks = hits[hits.any(axis=1)].argmax(axis=1) + 1
    return np.array([(ranks <= k).mean() for k in range(most + 1)])


# %% q2: all matches are counted, not the first


def cmc(hits, most):
    counted = hits[hits.any(axis=1)]
    return np.array([counted[:, :k].sum() / counted.sum() for k in range(1, most + 1)])


# %% q2: is there a match at rank k


def cmc(hits, most):
    return np.cumsum(hits[hits.any(axis=1)].mean(axis=0))[:most]


# %% q2: ends with the gallery


def cmc(hits, most):
    counted = hits[hits.any(axis=1)]
    return np.maximum.accumulate(counted, axis=1).mean(axis=0)[:most]


# %% q3: the mean over all places


def average_precision(hits):
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1)).mean())


# %% q3: over the length of the gallery


def average_precision(hits):
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).sum() / len(hits)) if len(ranks) else float("nan")


# %% q3: the area with straight lines


def average_precision(hits):
    ranks = np.flatnonzero(hits) + 1
    number = np.arange(1, len(ranks) + 1)
    before = np.divide(number - 1, ranks - 1, out=np.ones(len(ranks)), where=ranks > 1)
    return float(((number / ranks + before) / 2).mean()) if len(ranks) else float("nan")


# %% q3: the best precision from here on, as for boxes


def average_precision(hits):
    ranks = np.flatnonzero(hits) + 1
    precision = np.arange(1, len(ranks) + 1) / ranks
    return float(np.maximum.accumulate(precision[::-1]).mean()) if len(ranks) else float("nan")


# %% q3: 0 without a match


def average_precision(hits):
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean()) if len(ranks) else 0.0


# %% q3: matches counted from 0


def average_precision(hits):
    ranks = np.flatnonzero(hits) + 1
    return float((np.arange(len(ranks)) / ranks).mean()) if len(ranks) else float("nan")


# %% q3: each match as if it were the only one


def average_precision(hits):
    ranks = np.flatnonzero(hits) + 1
    return float((1 / ranks).mean()) if len(ranks) else float("nan")


# %% q3: the farthest first


def average_precision(hits):
    ranks = np.flatnonzero(hits[::-1]) + 1
    return float((np.arange(1, len(ranks) + 1) / ranks).mean()) if len(ranks) else float("nan")


# %% q4: queries without a match count as 0


def map_and_minp(hits):
    aps, inps = np.zeros(len(hits)), np.zeros(len(hits))
    for index, row in enumerate(hits):
        ranks = np.flatnonzero(row) + 1
        if len(ranks):
            aps[index], inps[index] = average_precision(row), len(ranks) / ranks[-1]
    return aps.mean(), inps.mean()


# %% q4: the mean over all matches, not over the queries


def map_and_minp(hits):
    counted = hits[hits.any(axis=1)]
    number = counted.sum(axis=1)
    last = np.array([np.flatnonzero(row)[-1] + 1 for row in counted])
    aps = np.array([average_precision(row) for row in counted])
    return (aps * number).sum() / number.sum(), (number / last).mean()


# %% q4: all rankings as a single one


def map_and_minp(hits):
    ranks = np.flatnonzero(hits) + 1
    return average_precision(hits.ravel()), len(ranks) / ranks[-1]


# %% q4: exchanged


def map_and_minp(hits):
    counted = hits[hits.any(axis=1)]
    last = np.array([np.flatnonzero(row)[-1] + 1 for row in counted])
    return (counted.sum(axis=1) / last).mean(), np.mean([average_precision(row) for row in counted])


# %% q4: INP from the first match


def map_and_minp(hits):
    counted = hits[hits.any(axis=1)]
    return np.mean([average_precision(row) for row in counted]), (1 / (counted.argmax(axis=1) + 1)).mean()


# %% q4: INP upside down


def map_and_minp(hits):
    counted = hits[hits.any(axis=1)]
    last = np.array([np.flatnonzero(row)[-1] + 1 for row in counted])
    return np.mean([average_precision(row) for row in counted]), (last / counted.sum(axis=1)).mean()


# %% q4: the last rank counted from 0


def map_and_minp(hits):
    counted = hits[hits.any(axis=1)]
    last = np.array([max(1, np.flatnonzero(row)[-1]) for row in counted])
    return np.mean([average_precision(row) for row in counted]), (counted.sum(axis=1) / last).mean()


# %% q4: nan where one query has no match


def map_and_minp(hits):
    last = [np.flatnonzero(row)[-1] + 1 if row.any() else np.nan for row in hits]
    return np.mean([average_precision(row) for row in hits]), (hits.sum(axis=1) / last).mean()


# %% q5: rank-1 decides AP as well
answer = "a"

# %% q5: distractors behind the last match lower the score
answer = "c"

# %% q5: B is better in all
answer = "d"

# %% q5: none of the choices
answer = "B is better"
