# ruff: noqa
"""Classic wrong answers to set 8. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np

# %% q1: similarity taken for distance


def accept_rates(genuine, impostor, threshold):
    return np.mean(genuine >= threshold), np.mean(impostor >= threshold)


# %% q1: nearer than the threshold, itself not included


def accept_rates(genuine, impostor, threshold):
    return np.mean(genuine < threshold), np.mean(impostor < threshold)


# %% q1: FAR of all pairs instead of impostors


def accept_rates(genuine, impostor, threshold):
    return np.mean(genuine <= threshold), np.sum(impostor <= threshold) / (len(genuine) + len(impostor))


# %% q1: FAR and TAR exchanged


def accept_rates(genuine, impostor, threshold):
    return np.mean(impostor <= threshold), np.mean(genuine <= threshold)


# %% q1: of those accepted, the share that is genuine (precision)


def accept_rates(genuine, impostor, threshold):
    right, wrong = np.sum(genuine <= threshold), np.sum(impostor <= threshold)
    return right / max(right + wrong, 1), wrong / max(right + wrong, 1)


# %% q1: counts, not shares


def accept_rates(genuine, impostor, threshold):
    return np.sum(genuine <= threshold), np.sum(impostor <= threshold)


# %% q2: half-way between the means of the heaps


def equal_error_rate(genuine, impostor):
    threshold = (genuine.mean() + impostor.mean()) / 2
    return (np.mean(impostor <= threshold) + np.mean(genuine > threshold)) / 2, threshold


# %% q2: where TAR and FAR are most alike, which is at an end


def equal_error_rate(genuine, impostor):
    observed = np.sort(np.concatenate([genuine, impostor]))
    gaps = [abs(np.mean(genuine <= place) - np.mean(impostor <= place)) for place in observed]
    threshold = observed[int(np.argmin(gaps))]
    return (np.mean(impostor <= threshold) + np.mean(genuine > threshold)) / 2, threshold


# %% q2: only genuine distances are tried


def equal_error_rate(genuine, impostor):
    for threshold in np.sort(genuine):
        far, turned_away = np.mean(impostor <= threshold), np.mean(genuine > threshold)
        if far >= turned_away:
            break
    return (far + turned_away) / 2, threshold


# %% q2: the last before the crossing


def equal_error_rate(genuine, impostor):
    before = None
    for threshold in np.sort(np.concatenate([genuine, impostor])):
        far, turned_away = np.mean(impostor <= threshold), np.mean(genuine > threshold)
        if far >= turned_away:
            break
        before = (far + turned_away) / 2, threshold
    return before


# %% q2: the number of mistakes instead of their shares


def equal_error_rate(genuine, impostor):
    for threshold in np.sort(np.concatenate([genuine, impostor])):
        if np.sum(impostor <= threshold) >= np.sum(genuine > threshold):
            break
    return (np.mean(impostor <= threshold) + np.mean(genuine > threshold)) / 2, threshold


# %% q2: the sum of both mistakes


def equal_error_rate(genuine, impostor):
    for threshold in np.sort(np.concatenate([genuine, impostor])):
        far, turned_away = np.mean(impostor <= threshold), np.mean(genuine > threshold)
        if far >= turned_away:
            break
    return far + turned_away, threshold


# %% q3: a quantile, which lies between two distances


def threshold_at_far(genuine, impostor, far):
    return np.quantile(impostor, far)


# %% q3: the mean of two quantiles


def threshold_at_far(genuine, impostor, far):
    return (np.quantile(impostor, far) + np.quantile(genuine, 1 - far)) / 2


# %% q3: the first impostor too many comes in as well


def threshold_at_far(genuine, impostor, far):
    return np.sort(impostor)[min(int(far * len(impostor)), len(impostor) - 1)]


# %% q3: only distances of impostors are tried


def threshold_at_far(genuine, impostor, far):
    kept = [place for place in impostor if np.mean(impostor <= place) <= far]
    return max(kept, default=-np.inf)


# %% q3: FAR of all pairs


def threshold_at_far(genuine, impostor, far):
    observed = np.unique(np.concatenate([genuine, impostor]))
    kept = [place for place in observed if np.sum(impostor <= place) / (len(impostor) + len(genuine)) <= far]
    return max(kept, default=-np.inf)


# %% q3: impostors at the threshold are not counted


def threshold_at_far(genuine, impostor, far):
    observed = np.unique(np.concatenate([genuine, impostor]))
    kept = [place for place in observed if np.mean(impostor < place) <= far]
    return max(kept, default=-np.inf)


# %% q3: the smallest one


def threshold_at_far(genuine, impostor, far):
    observed = np.unique(np.concatenate([genuine, impostor]))
    kept = [place for place in observed if np.mean(impostor <= place) <= far]
    return min(kept, default=-np.inf)


# %% q3: nothing to choose from (raises)


def threshold_at_far(genuine, impostor, far):
    observed = np.unique(np.concatenate([genuine, impostor]))
    return max(place for place in observed if np.mean(impostor <= place) <= far)


# %% q4: DIR counts wrong persons


def open_set_rates(distances, query_person, gallery_person, threshold):
    answered = distances.min(axis=1) <= threshold
    known = np.isin(query_person, gallery_person)
    return answered[known].mean(), answered[~known].mean()


# %% q4: DIR counts a right person anywhere below the threshold


def open_set_rates(distances, query_person, gallery_person, threshold):
    near = distances <= threshold
    known = np.isin(query_person, gallery_person)
    own = query_person[:, None] == gallery_person
    return (near & own).any(axis=1)[known].mean(), near.any(axis=1)[~known].mean()


# %% q4: DIR does without the threshold (rank-1)


def open_set_rates(distances, query_person, gallery_person, threshold):
    known = np.isin(query_person, gallery_person)
    right = gallery_person[distances.argmin(axis=1)] == query_person
    return right[known].mean(), (distances.min(axis=1) <= threshold)[~known].mean()


# %% q4: FAR of each picture of the gallery instead of each stranger


def open_set_rates(distances, query_person, gallery_person, threshold):
    known = np.isin(query_person, gallery_person)
    answered = distances.min(axis=1) <= threshold
    right = answered & (gallery_person[distances.argmin(axis=1)] == query_person)
    return right[known].mean(), (distances[~known] <= threshold).mean()


# %% q4: both are shares of all queries


def open_set_rates(distances, query_person, gallery_person, threshold):
    known = np.isin(query_person, gallery_person)
    answered = distances.min(axis=1) <= threshold
    right = answered & (gallery_person[distances.argmin(axis=1)] == query_person)
    return right.mean(), (answered & ~known).mean()


# %% q4: known ones with a wrong answer are false alarms too


def open_set_rates(distances, query_person, gallery_person, threshold):
    known = np.isin(query_person, gallery_person)
    answered = distances.min(axis=1) <= threshold
    right = answered & (gallery_person[distances.argmin(axis=1)] == query_person)
    return right[known].mean(), (answered & ~right).mean()


# %% q4: the threshold itself is refused


def open_set_rates(distances, query_person, gallery_person, threshold):
    known = np.isin(query_person, gallery_person)
    answered = distances.min(axis=1) < threshold
    right = answered & (gallery_person[distances.argmin(axis=1)] == query_person)
    return right[known].mean(), answered[~known].mean()


# %% q5: a pair is a pair
answer = "a"

# %% q5: divided by the gallery
answer = "b"

# %% q5: pairs too
answer = "d"

# %% q5: a number in place of a letter
answer = 20
