# ruff: noqa
"""Classic wrong answers to set 1. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np

# %% q1: squared, without the root


def distances(queries, gallery):
    return ((queries[:, None] - gallery[None]) ** 2).sum(axis=2)


# %% q1: transposed


def distances(queries, gallery):
    return np.sqrt(((gallery[:, None] - queries[None]) ** 2).sum(axis=2))


# %% q1: the sum of the absolute differences


def distances(queries, gallery):
    return np.abs(queries[:, None] - gallery[None]).sum(axis=2)


# %% q1: the mean instead of the sum


def distances(queries, gallery):
    return np.sqrt(((queries[:, None] - gallery[None]) ** 2).mean(axis=2))


# %% q1: nan where rounding leaves less than 0


def distances(queries, gallery):
    squared = (queries**2).sum(axis=1)[:, None] + (gallery**2).sum(axis=1)[None] - 2 * queries @ gallery.T
    with np.errstate(invalid="ignore"):
        return np.sqrt(squared)


# %% q1: query i with picture i only (raises)


def distances(queries, gallery):
    return np.sqrt(((queries - gallery) ** 2).sum(axis=1))


# %% q2: not normalised


def cosine_distances(queries, gallery):
    return 1 - queries @ gallery.T


# %% q2: the similarity, not the distance


def cosine_distances(queries, gallery):
    unit = [
        vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12) for vectors in (queries, gallery)
    ]
    return unit[0] @ unit[1].T


# %% q2: columns normalised instead of rows


def cosine_distances(queries, gallery):
    unit = [vectors / np.maximum(np.linalg.norm(vectors, axis=0), 1e-12) for vectors in (queries, gallery)]
    return 1 - unit[0] @ unit[1].T


# %% q2: one length for the whole matrix


def cosine_distances(queries, gallery):
    return 1 - (queries / np.linalg.norm(queries)) @ (gallery / np.linalg.norm(gallery)).T


# %% q2: a vector of length 0 gives nan


def cosine_distances(queries, gallery):
    with np.errstate(invalid="ignore"):
        unit = [vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (queries, gallery)]
    return 1 - unit[0] @ unit[1].T


# %% q3: the farthest first


def rank(distances):
    return np.argsort(-distances, axis=1, kind="stable")


# %% q3: columns ranked instead of rows


def rank(distances):
    return np.argsort(distances, axis=0, kind="stable")


# %% q3: the rank of each picture, not the picture of each rank


def rank(distances):
    return np.argsort(np.argsort(distances, axis=1, kind="stable"), axis=1)


# %% q3: ties by luck


def rank(distances):
    return np.argsort(distances, axis=1)


# %% q3: of ties the last one first


def rank(distances):
    return distances.shape[1] - 1 - np.argsort(distances[:, ::-1], axis=1, kind="stable")


# %% q3: the distances, not the columns


def rank(distances):
    return np.sort(distances, axis=1)


# %% q4: the k nearest in no order


def nearest(distances, k):
    k = min(k, distances.shape[1])
    return np.argpartition(distances, k - 1, axis=1)[:, :k]


# %% q4: places among the k, not columns of the gallery


def nearest(distances, k):
    k = min(k, distances.shape[1])
    some = np.argpartition(distances, k - 1, axis=1)[:, :k]
    return np.argsort(np.take_along_axis(distances, some, axis=1), axis=1)


# %% q4: the k farthest


def nearest(distances, k):
    return np.argsort(-distances, axis=1)[:, :k]


# %% q4: one too many


def nearest(distances, k):
    return np.argsort(distances, axis=1, kind="stable")[:, : k + 1]


# %% q4: a gallery of fewer than k pictures (raises)


def nearest(distances, k):
    some = np.argpartition(distances, k - 1, axis=1)[:, :k]
    order = np.argsort(np.take_along_axis(distances, some, axis=1), axis=1)
    return np.take_along_axis(some, order, axis=1)


# %% q5: nothing happens
answer = "a"

# %% q5: Euclidean distances are halved
answer = "c"

# %% q5: other vectors, another order
answer = "d"

# %% q5: none of the choices
answer = "yes"
