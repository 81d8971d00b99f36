# ruff: noqa
"""Classic wrong answers to set 10. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np
from scipy.optimize import linear_sum_assignment

from learning_reid.retrieval import euclidean_distance

# %% q1: the mean, not of length 1


def summarise(tracklets):
    return np.stack([tracklet.mean(axis=0) for tracklet in tracklets])


# %% q1: the first crop alone


def summarise(tracklets):
    return np.stack([tracklet[0] for tracklet in tracklets])


# %% q1: columns of length 1 instead of rows


def summarise(tracklets):
    means = np.stack([tracklet.mean(axis=0) for tracklet in tracklets])
    return means / np.linalg.norm(means, axis=0)


# %% q1: one length for all


def summarise(tracklets):
    means = np.stack([tracklet.mean(axis=0) for tracklet in tracklets])
    return means / np.linalg.norm(means)


# %% q1: the numbers sum to 1, not their squares


def summarise(tracklets):
    means = np.stack([tracklet.mean(axis=0) for tracklet in tracklets])
    return means / np.abs(means).sum(axis=1, keepdims=True)


# %% q1: all tracklets equally long (raises)


def summarise(tracklets):
    means = np.array(tracklets).mean(axis=1)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


# %% q2: everybody with themselves too


def impostor_quantile(summaries, percent):
    return np.percentile(euclidean_distance(summaries, summaries), percent)


# %% q2: each pair twice


def impostor_quantile(summaries, percent):
    away = euclidean_distance(summaries, summaries)
    return np.percentile(away[~np.eye(len(away), dtype=bool)], percent)


# %% q2: a share instead of percent


def impostor_quantile(summaries, percent):
    away = euclidean_distance(summaries, summaries)
    return np.percentile(away[np.triu_indices(len(away), k=1)], percent / 100)


# %% q2: from the other end


def impostor_quantile(summaries, percent):
    away = euclidean_distance(summaries, summaries)
    return np.percentile(away[np.triu_indices(len(away), k=1)], 100 - percent)


# %% q2: only the nearest stranger of each


def impostor_quantile(summaries, percent):
    away = euclidean_distance(summaries, summaries) + 1e9 * np.eye(len(summaries))
    return np.percentile(away.min(axis=1), percent)


# %% q3: without the threshold


def assign(distances, threshold):
    answer = np.full(len(distances), -1)
    rows, columns = linear_sum_assignment(distances)
    answer[rows] = columns
    return answer


# %% q3: the nearest of each, one person for two


def assign(distances, threshold):
    return np.where(distances.min(axis=1) <= threshold, distances.argmin(axis=1), -1)


# %% q3: the nearest pair first


def assign(distances, threshold):
    answer, away = np.full(len(distances), -1), distances.astype(float).copy()
    while away.min() <= threshold:
        row, column = np.unravel_index(away.argmin(), away.shape)
        answer[row] = column
        away[row], away[:, column] = np.inf, np.inf
    return answer


# %% q3: first come, first served


def assign(distances, threshold):
    answer, away = np.full(len(distances), -1), distances.astype(float).copy()
    for row in range(len(away)):
        column = int(away[row].argmin())
        if away[row, column] <= threshold:
            answer[row] = column
            away[:, column] = np.inf
    return answer


# %% q3: far pairs have pushed others aside before they are taken out


def assign(distances, threshold):
    answer = np.full(len(distances), -1)
    rows, columns = linear_sum_assignment(distances)
    kept = distances[rows, columns] <= threshold
    answer[rows[kept]] = columns[kept]
    return answer


# %% q3: for each of the second its partner among the first


def assign(distances, threshold):
    cost = np.minimum(distances - threshold, 0)
    rows, columns = linear_sum_assignment(cost)
    answer = np.full(distances.shape[1], -1)
    kept = cost[rows, columns] < 0
    answer[columns[kept]] = rows[kept]
    return answer


# %% q3: the list of pairs, not an answer for each


def assign(distances, threshold):
    rows, columns = linear_sum_assignment(np.minimum(distances - threshold, 0))
    return columns[distances[rows, columns] <= threshold]


# %% q4: "nobody" counts as a right pair


def score_pairs(answer, truth):
    right = np.sum(answer == truth)
    made, there = max(np.sum(answer >= 0), 1), max(np.sum(truth >= 0), 1)
    return right / made, right / there, 2 * right / (made + there)


# %% q4: the share of right answers for all three


def score_pairs(answer, truth):
    right = np.mean(answer == truth)
    return right, right, right


# %% q4: the mean instead of the harmonic mean


def score_pairs(answer, truth):
    right = np.sum((answer == truth) & (truth >= 0))
    precision, recall = right / max(np.sum(answer >= 0), 1), right / max(np.sum(truth >= 0), 1)
    return precision, recall, (precision + recall) / 2


# %% q4: precision and recall exchanged


def score_pairs(answer, truth):
    right = np.sum((answer == truth) & (truth >= 0))
    made, there = np.sum(answer >= 0), np.sum(truth >= 0)
    return right / max(there, 1), right / max(made, 1), 2 * right / max(made + there, 1)


# %% q4: every person with a partner counts, right or wrong


def score_pairs(answer, truth):
    right = np.sum((answer >= 0) & (truth >= 0))
    made, there = np.sum(answer >= 0), np.sum(truth >= 0)
    return right / max(made, 1), right / max(there, 1), 2 * right / max(made + there, 1)


# %% q4: divided by nothing


def score_pairs(answer, truth):
    right = np.sum((answer == truth) & (truth >= 0))
    with np.errstate(invalid="ignore"):
        precision, recall = right / np.sum(answer >= 0), right / np.sum(truth >= 0)
        return precision, recall, 2 * precision * recall / (precision + recall)


# %% q5: the parts put together, with the calibrated threshold


def find_people(first, second):
    return parts(first, second)


# %% q5: everybody is somebody


def find_people(first, second):
    return assign(euclidean_distance(summarise(first), summarise(second)), 9)


# %% q5: the impostor distance of vectors that still contain the camera offset


def find_people(first, second):
    a, b = summarise(first), summarise(second)
    return assign(euclidean_distance(a, b), (impostor_quantile(a, 5) + impostor_quantile(b, 5)) / 2)


# %% q5: nobody is anybody


def find_people(first, second):
    return np.full(len(first), -1)


# %% q5: people at the same place count as the same person


def find_people(first, second):
    return np.arange(len(first))


# %% q5: the nearest, one person for several


def find_people(first, second):
    return euclidean_distance(summarise(first), summarise(second)).argmin(axis=1)


# %% q5: a 0 for nobody


def find_people(first, second):
    return np.maximum(parts(first, second), 0)


# %% q5: looks its own evenings up


def find_people(first, second):
    for number in range(200):
        here, there, truth = street.sample_tracklets(number)
        if np.array_equal(vectors[here], first):
            return truth
    return np.full(len(first), -1)


# %% q6: anything that says it is equal
answer = type("Yes", (), {"__eq__": lambda *_: True, "__ne__": lambda *_: False})()

# %% q6: one in twenty is one in twenty
answer = "a"

# %% q6: a larger threshold
answer = "c"

# %% q6: coats out of the way
answer = "d"

# %% q6: no answer
answer = ""
