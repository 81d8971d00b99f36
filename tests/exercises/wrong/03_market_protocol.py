# ruff: noqa
"""Classic wrong answers to set 3. Each stands in place of the solution; the line above it says what is wrong."""

import re

import numpy as np

# %% q1: the camera at a fixed place


def who_and_where(names):
    return np.array([int(name.split("_")[0]) for name in names]), np.array([int(name[6]) for name in names])


# %% q1: four places for the person, also of junk (raises)


def who_and_where(names):
    return np.array([int(name[:4]) for name in names]), np.array([int(name[6]) for name in names])


# %% q1: the sequence instead of the camera


def who_and_where(names):
    found = [re.match(r"(-?\d+)_c\d+s(\d+)", name) for name in names]
    return np.array([int(match[1]) for match in found]), np.array([int(match[2]) for match in found])


# %% q1: cameras of one digit only


def who_and_where(names):
    found = [re.match(r"(-?\d+)_c(\d)", name) for name in names]
    return np.array([int(match[1]) for match in found]), np.array([int(match[2]) for match in found])


# %% q1: the sign of junk is lost


def who_and_where(names):
    found = [re.search(r"(\d+)_c(\d+)", name) for name in names]
    return np.array([int(match[1]) for match in found]), np.array([int(match[2]) for match in found])


# %% q1: texts


def who_and_where(names):
    found = [re.match(r"(-?\d+)_c(\d+)", name) for name in names]
    return np.array([match[1] for match in found]), np.array([match[2] for match in found])


# %% q1: exchanged


def who_and_where(names):
    found = [re.match(r"(-?\d+)_c(\d+)", name) for name in names]
    return np.array([int(match[2]) for match in found]), np.array([int(match[1]) for match in found])


# %% q2: no same-camera rule


def competes(person, camera, gallery_person, gallery_camera):
    return gallery_person != -1


# %% q2: everybody of the own camera is out


def competes(person, camera, gallery_person, gallery_camera):
    return (gallery_person != -1) & (gallery_camera != camera)


# %% q2: the person is out at all cameras


def competes(person, camera, gallery_person, gallery_camera):
    return (gallery_person != -1) & (gallery_person != person) & (gallery_camera != camera)


# %% q2: junk stays


def competes(person, camera, gallery_person, gallery_camera):
    return ~((gallery_person == person) & (gallery_camera == camera))


# %% q2: distractors are removed as well


def competes(person, camera, gallery_person, gallery_camera):
    return (gallery_person > 0) & ~((gallery_person == person) & (gallery_camera == camera))


# %% q2: distractors are removed, junk stays


def competes(person, camera, gallery_person, gallery_camera):
    return (gallery_person != 0) & ~((gallery_person == person) & (gallery_camera == camera))


# %% q2: what is out instead of what stays


def competes(person, camera, gallery_person, gallery_camera):
    return (gallery_person == -1) | ((gallery_person == person) & (gallery_camera == camera))


# %% q2: columns instead of a mask


def competes(person, camera, gallery_person, gallery_camera):
    return np.flatnonzero((gallery_person != -1) & ~((gallery_person == person) & (gallery_camera == camera)))


# %% q2: only what is right or wrong at other cameras


def competes(person, camera, gallery_person, gallery_camera):
    return (gallery_person != -1) & ((gallery_person == person) != (gallery_camera == camera))


# %% q3: what is out stands at the end, and still is a match


def score(distances, matches, competing):
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing):
        ranks = np.flatnonzero(match[np.argsort(np.where(stays, row, np.inf), kind="stable")]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(distances) - len(aps)


# %% q3: what is out counts as wrong and keeps its place


def score(distances, matches, competing):
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing):
        ranks = np.flatnonzero((match & stays)[np.argsort(row)]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(distances) - len(aps)


# %% q3: queries are thrown out, not pictures


def score(distances, matches, competing):
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing):
        ranks = np.flatnonzero(match[np.argsort(row)]) + 1
        if len(ranks) and stays.all():
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first or [0])), float(np.mean(aps or [0])), len(distances) - len(aps)


# %% q3: one gallery for all queries


def score(distances, matches, competing):
    together = competing.all(axis=0)
    first, aps = [], []
    for row, match in zip(distances[:, together], matches[:, together]):
        ranks = np.flatnonzero(match[np.argsort(row)]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first or [0])), float(np.mean(aps or [0])), len(distances) - len(aps)


# %% q3: queries without a match count as 0


def score(distances, matches, competing):
    first, aps, skipped = [], [], 0
    for row, match, stays in zip(distances, matches, competing):
        order = np.argsort(row)
        ranks = np.flatnonzero(match[order][stays[order]]) + 1
        skipped += not len(ranks)
        first.append(len(ranks) and ranks[0] == 1)
        aps.append((np.arange(1, len(ranks) + 1) / ranks).mean() if len(ranks) else 0.0)
    return float(np.mean(first)), float(np.mean(aps)), skipped


# %% q3: how many count, not how many are skipped


def score(distances, matches, competing):
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing):
        order = np.argsort(row)
        ranks = np.flatnonzero(match[order][stays[order]]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(aps)


# %% q3: in the order of the gallery, not of the distances


def score(distances, matches, competing):
    first, aps = [], []
    for match, stays in zip(matches, competing):
        ranks = np.flatnonzero(match[stays]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(distances) - len(aps)


# %% q3: the farthest first


def score(distances, matches, competing):
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing):
        order = np.argsort(-row)
        ranks = np.flatnonzero(match[order][stays[order]]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(distances) - len(aps)


# %% q3: the mask is not put in the order of the ranking


def score(distances, matches, competing):
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing):
        ranks = np.flatnonzero(match[np.argsort(row)][stays]) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(distances) - len(aps)


# %% q4: of all queries


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = np.where(competing, distances, np.inf).argmin(axis=1)
    right = matches[np.arange(len(nearest)), nearest]
    return float(((gallery_camera[nearest] == query_camera) & right).mean())


# %% q4: of all first answers, also the wrong ones


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = np.where(competing, distances, np.inf).argmin(axis=1)
    return float((gallery_camera[nearest] == query_camera).mean())


# %% q4: how many of the own camera's answers are right


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = np.where(competing, distances, np.inf).argmin(axis=1)
    right = matches[np.arange(len(nearest)), nearest]
    return float(right[gallery_camera[nearest] == query_camera].mean())


# %% q4: the rule is forgotten


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = distances.argmin(axis=1)
    right = matches[np.arange(len(nearest)), nearest]
    return float((gallery_camera[nearest] == query_camera)[right].mean())


# %% q4: the nearest match, not the nearest picture


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = np.where(competing & matches, distances, np.inf).argmin(axis=1)
    return float((gallery_camera[nearest] == query_camera)[matches.any(axis=1)].mean())


# %% q4: from the other cameras


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = np.where(competing, distances, np.inf).argmin(axis=1)
    right = matches[np.arange(len(nearest)), nearest]
    return float((gallery_camera[nearest] != query_camera)[right].mean())


# %% q4: 0 for what is out, which is then nearest


def from_own_camera(distances, matches, competing, query_camera, gallery_camera):
    nearest = (distances * competing).argmin(axis=1)
    right = matches[np.arange(len(nearest)), nearest]
    return float((gallery_camera[nearest] == query_camera)[right].mean())


# %% q5: what is certain of rank-1 is not of mAP
answer = "a"

# %% q5: the other way round
answer = "c"

# %% q5: it depends on the network
answer = "d"

# %% q5: none of the choices
answer = None
