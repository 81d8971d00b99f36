# ruff: noqa
"""Classic wrong answers to set 9. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np

# %% q1: neighbours, mutual or not


def reciprocal(distances, k):
    takes = np.zeros(distances.shape, bool)
    np.put_along_axis(takes, np.argsort(distances, axis=1)[:, : k + 1], True, axis=1)
    return takes


# %% q1: either has the other


def reciprocal(distances, k):
    takes = np.zeros(distances.shape, bool)
    np.put_along_axis(takes, np.argsort(distances, axis=1)[:, : k + 1], True, axis=1)
    return takes | takes.T


# %% q1: oneself left out


def reciprocal(distances, k):
    takes = np.zeros(distances.shape, bool)
    np.put_along_axis(takes, np.argsort(distances, axis=1)[:, 1 : k + 1], True, axis=1)
    return takes & takes.T


# %% q1: oneself counted as one of the k


def reciprocal(distances, k):
    takes = np.zeros(distances.shape, bool)
    np.put_along_axis(takes, np.argsort(distances, axis=1)[:, :k], True, axis=1)
    return takes & takes.T


# %% q1: the farthest


def reciprocal(distances, k):
    takes = np.eye(len(distances), dtype=bool)
    np.put_along_axis(takes, np.argsort(-distances, axis=1)[:, :k], True, axis=1)
    return takes & takes.T


# %% q1: neighbours in columns


def reciprocal(distances, k):
    takes = np.zeros(distances.shape, bool)
    np.put_along_axis(takes, np.argsort(distances, axis=0)[: k + 1], True, axis=0)
    return takes & takes.T


# %% q2: without the rule of two thirds


def expand(sets, half):
    return sets | (sets.astype(int) @ half.astype(int) > 0)


# %% q2: two thirds are enough


def expand(sets, half):
    shared = sets.astype(int) @ half.T.astype(int)
    trusted = sets & (3 * shared >= 2 * half.sum(axis=1))
    return sets | (trusted.astype(int) @ half.astype(int) > 0)


# %% q2: two thirds of the wrong set


def expand(sets, half):
    shared = sets.astype(int) @ half.T.astype(int)
    trusted = sets & (3 * shared > 2 * sets.sum(axis=1)[:, None])
    return sets | (trusted.astype(int) @ half.astype(int) > 0)


# %% q2: also those are asked who are no members


def expand(sets, half):
    shared = sets.astype(int) @ half.T.astype(int)
    trusted = 3 * shared > 2 * half.sum(axis=1)
    return sets | (trusted.astype(int) @ half.astype(int) > 0)


# %% q2: the whole set of a member joins


def expand(sets, half):
    shared = sets.astype(int) @ half.T.astype(int)
    trusted = sets & (3 * shared > 2 * half.sum(axis=1))
    return sets | (trusted.astype(int) @ sets.astype(int) > 0)


# %% q2: those who join are asked too


def expand(sets, half):
    grown = sets.copy()
    for row in grown:
        for _ in range(len(row)):
            for member in np.flatnonzero(row):
                if 3 * np.sum(half[member] & row) > 2 * half[member].sum():
                    row |= half[member]
    return grown


# %% q2: the input is written over


def expand(sets, half):
    shared = sets.astype(int) @ half.T.astype(int)
    trusted = sets & (3 * shared > 2 * half.sum(axis=1))
    sets |= trusted.astype(int) @ half.astype(int) > 0
    return sets


# %% q3: min and max exchanged


def jaccard(sets, distances):
    weights = np.where(sets, np.exp(-distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    larger = np.maximum(weights[:, None], weights[None]).sum(axis=2)
    return 1 - larger / np.maximum(smaller, 1e-12)


# %% q3: the likeness, not the distance


def jaccard(sets, distances):
    weights = np.where(sets, np.exp(-distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    return smaller / np.maximum(weights[:, None], weights[None]).sum(axis=2)


# %% q3: rows not divided by their sums


def jaccard(sets, distances):
    weights = np.where(sets, np.exp(-distances), 0)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    return 1 - smaller / np.maximum(weights[:, None], weights[None]).sum(axis=2)


# %% q3: members count alike


def jaccard(sets, distances):
    weights = sets / sets.sum(axis=1, keepdims=True)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    return 1 - smaller / np.maximum(weights[:, None], weights[None]).sum(axis=2)


# %% q3: the distance as weight, far ones count most


def jaccard(sets, distances):
    weights = np.where(sets, np.exp(distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    return 1 - smaller / np.maximum(weights[:, None], weights[None]).sum(axis=2)


# %% q3: everybody is a member


def jaccard(sets, distances):
    weights = np.exp(-distances)
    weights /= weights.sum(axis=1, keepdims=True)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)
    return 1 - smaller / np.maximum(weights[:, None], weights[None]).sum(axis=2)


# %% q3: divided by two, not by what either has


def jaccard(sets, distances):
    weights = np.where(sets, np.exp(-distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    return 1 - np.minimum(weights[:, None], weights[None]).sum(axis=2) / 2


# %% q4: the shares exchanged


def final(original, jaccard, queries, weight):
    return ((1 - weight) * original + weight * jaccard)[:queries, queries:]


# %% q4: the whole table


def final(original, jaccard, queries, weight):
    return weight * original + (1 - weight) * jaccard


# %% q4: gallery against queries


def final(original, jaccard, queries, weight):
    return (weight * original + (1 - weight) * jaccard)[queries:, :queries]


# %% q4: the last so many columns, as if there were as many queries as pictures


def final(original, jaccard, queries, weight):
    return (weight * original + (1 - weight) * jaccard)[:queries, -queries:]


# %% q4: Jaccard added whole


def final(original, jaccard, queries, weight):
    return (weight * original + jaccard)[:queries, queries:]


# %% q5: not of length 1


def average_query_expansion(queries, gallery, k):
    nearest = np.argsort(-queries @ gallery.T, axis=1)[:, :k]
    return (queries + gallery[nearest].sum(axis=1)) / (k + 1)


# %% q5: the query is forgotten


def average_query_expansion(queries, gallery, k):
    nearest = np.argsort(-queries @ gallery.T, axis=1)[:, :k]
    mixed = gallery[nearest].sum(axis=1)
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)


# %% q5: the farthest


def average_query_expansion(queries, gallery, k):
    nearest = np.argsort(queries @ gallery.T, axis=1)[:, :k]
    mixed = queries + gallery[nearest].sum(axis=1)
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-12)


# %% q5: the query counts as much as all the others together


def average_query_expansion(queries, gallery, k):
    nearest = np.argsort(-queries @ gallery.T, axis=1)[:, :k]
    mixed = queries + gallery[nearest].sum(axis=1) / max(k, 1)
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


# %% q5: the nearest left out, as if it were the query itself


def average_query_expansion(queries, gallery, k):
    nearest = np.argsort(-queries @ gallery.T, axis=1)[:, 1 : k + 1]
    mixed = queries + gallery[nearest].sum(axis=1)
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


# %% q6: only the gallery counts
answer = "a"

# %% q6: fewer disturb
answer = "c"

# %% q6: no neighbours at all
answer = "d"

# %% q6: capital and full stop
answer = "B."
