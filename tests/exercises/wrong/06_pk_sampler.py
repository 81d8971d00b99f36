# ruff: noqa
"""Classic wrong answers to set 6. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np

# %% q1: as if the pictures of a person lay side by side


def rows_of(people):
    ends = np.flatnonzero(people[1:] != people[:-1]) + 1
    return {people[rows[0]]: rows for rows in np.split(np.arange(len(people)), ends)}


# %% q1: numbered from 0 instead of by id


def rows_of(people):
    return {number: np.flatnonzero(people == who) for number, who in enumerate(np.unique(people))}


# %% q1: yes and no instead of rows


def rows_of(people):
    return {who: people == who for who in np.unique(people)}


# %% q1: how many instead of which


def rows_of(people):
    return dict(zip(*np.unique(people, return_counts=True)))


# %% q1: a list instead of a table


def rows_of(people):
    return [np.flatnonzero(people == who) for who in np.unique(people)]


# %% q1: the last row is lost


def rows_of(people):
    found = {}
    for row in range(len(people) - 1):
        found.setdefault(people[row], []).append(row)
    return found


# %% q2: with repetition, though there are enough


def draw(rows, k, rng):
    return rng.choice(rows, k)


# %% q2: with repetition where there are few, so that some are left out


def draw(rows, k, rng):
    return rng.choice(rows, k, replace=len(rows) < k)


# %% q2: always the first


def draw(rows, k, rng):
    return np.resize(rows, k)


# %% q2: fewer than k where there are few


def draw(rows, k, rng):
    return rng.permutation(rows)[:k]


# %% q2: chance from elsewhere


def draw(rows, k, rng):
    return np.resize(np.random.permutation(rows), k)


# %% q2: shuffles what was handed in


def draw(rows, k, rng):
    rng.shuffle(rows)
    return np.resize(rows, k)


# %% q2: the repeated ones are always the first


def draw(rows, k, rng):
    if len(rows) >= k:
        return rng.choice(rows, k, replace=False)
    return rng.permutation(np.resize(rows, k))


# %% q2: places instead of rows


def draw(rows, k, rng):
    return np.resize(rng.permutation(len(rows)), k)


# %% q3: each batch from all, so that some come twice in an epoch


def deal(persons, size, rng):
    return np.array([rng.choice(persons, size, replace=False) for _ in range(len(persons) // size)]).reshape(-1, size)


# %% q3: somebody twice in a batch


def deal(persons, size, rng):
    return rng.choice(persons, (len(persons) // size, size))


# %% q3: always the same ones are dropped


def deal(persons, size, rng):
    full = len(persons) // size * size
    return rng.permutation(persons[:full]).reshape(-1, size)


# %% q3: the last batch is filled up


def deal(persons, size, rng):
    order = rng.permutation(persons)
    return np.resize(order, (-(-len(order) // size), size))


# %% q3: the last batch is kept


def deal(persons, size, rng):
    order = rng.permutation(persons)
    return [order[first : first + size] for first in range(0, len(order), size)]


# %% q3: not shuffled


def deal(persons, size, rng):
    return persons[: len(persons) // size * size].reshape(-1, size)


# %% q3: batches shuffled instead of persons


def deal(persons, size, rng):
    return rng.permutation(persons[: len(persons) // size * size].reshape(-1, size))


# %% q3: chance from elsewhere


def deal(persons, size, rng):
    return np.random.permutation(persons)[: len(persons) // size * size].reshape(-1, size)


# %% q3: shuffles what was handed in


def deal(persons, size, rng):
    rng.shuffle(persons)
    return persons[: len(persons) // size * size].reshape(-1, size)


# %% q4: the generator remembers what was drawn before


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each = people, persons, each
        self.rng = np.random.default_rng(seed)

    def set_epoch(self, epoch):
        pass

    def __len__(self):
        return len(np.unique(self.people)) // self.persons

    def __iter__(self):
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        order = self.rng.permutation(list(pictures))[: len(self) * self.persons].reshape(-1, self.persons)
        for batch in order:
            yield np.concatenate([self.rng.permutation(pictures[who])[: self.each] for who in batch]).tolist()


# %% q4: all epochs alike


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each, self.seed = people, persons, each, seed

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(np.unique(self.people)) // self.persons

    def __iter__(self):
        rng = np.random.default_rng(self.seed)
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        order = rng.permutation(list(pictures))[: len(self) * self.persons].reshape(-1, self.persons)
        for batch in order:
            yield np.concatenate([rng.permutation(pictures[who])[: self.each] for who in batch]).tolist()


# %% q4: seed + epoch


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each, self.seed, self.epoch = people, persons, each, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(np.unique(self.people)) // self.persons

    def __iter__(self):
        rng = np.random.default_rng(self.seed + self.epoch)
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        order = rng.permutation(list(pictures))[: len(self) * self.persons].reshape(-1, self.persons)
        for batch in order:
            yield np.concatenate([rng.permutation(pictures[who])[: self.each] for who in batch]).tolist()


# %% q4: the same pictures of each person in all epochs


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each, self.seed, self.epoch = people, persons, each, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(np.unique(self.people)) // self.persons

    def __iter__(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        order = rng.permutation(list(pictures))[: len(self) * self.persons].reshape(-1, self.persons)
        for batch in order:
            yield np.concatenate([pictures[who][: self.each] for who in batch]).tolist()


# %% q4: the rows of a batch shuffled


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each, self.seed, self.epoch = people, persons, each, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(np.unique(self.people)) // self.persons

    def __iter__(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        order = rng.permutation(list(pictures))[: len(self) * self.persons].reshape(-1, self.persons)
        for batch in order:
            rows = np.concatenate([rng.permutation(pictures[who])[: self.each] for who in batch])
            yield rng.permutation(rows).tolist()


# %% q4: pictures counted instead of persons


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each, self.seed, self.epoch = people, persons, each, seed, 0

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.people) // (self.persons * self.each)

    def __iter__(self):
        rng = np.random.default_rng([self.seed, self.epoch])
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        full = len(pictures) // self.persons * self.persons
        for batch in rng.permutation(list(pictures))[:full].reshape(-1, self.persons):
            yield np.concatenate([rng.permutation(pictures[who])[: self.each] for who in batch]).tolist()


# %% q4: the batches can be asked for once only


class PKSampler:
    def __init__(self, people, persons, each, seed):
        self.people, self.persons, self.each, self.seed = people, persons, each, seed
        self.set_epoch(0)

    def set_epoch(self, epoch):
        rng = np.random.default_rng([self.seed, epoch])
        pictures = {who: np.flatnonzero(self.people == who) for who in np.unique(self.people)}
        order = rng.permutation(list(pictures))[: len(self) * self.persons].reshape(-1, self.persons)
        self.batches = (
            np.concatenate([rng.permutation(pictures[who])[: self.each] for who in batch]).tolist() for batch in order
        )

    def __len__(self):
        return len(np.unique(self.people)) // self.persons

    def __iter__(self):
        return self.batches


# %% q5: the anchor counted among its positives
positives, negatives, triplets, answer = 4, 60, 0, "c"

# %% q5: all others of the batch are negatives
positives, negatives, triplets, answer = 3, 63, 0, "c"

# %% q5: with K = 1 every anchor is its own positive
positives, negatives, triplets, answer = 3, 60, 64 * 63, "c"

# %% q5: the share of wrong ids stays
positives, negatives, triplets, answer = 3, 60, 0, "a"

# %% q5: the majority wins
positives, negatives, triplets, answer = 3, 60, 0, "b"

# %% q5: mistakes cancel out
positives, negatives, triplets, answer = 3, 60, 0, "d"

# %% q5: half a picture
positives, negatives, triplets, answer = 3.5, 60, 0, "c"
