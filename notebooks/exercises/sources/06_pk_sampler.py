# %% [markdown]
# # 6. Batches of people
#
# > Who should be in a batch, so that there is something to compare?
#
# **You will learn** to draw batches of P persons with K pictures each, fairly and so that they can be drawn again; what
# an epoch is when people have unlike numbers of pictures; and how many comparisons a batch holds.
#
# **Needs** lesson 5.
#
# **Takes** 45 minutes.

# %%
from collections.abc import Iterator

import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import read_crop
from reid_course import COLORS, checks, show, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## Sixteen people, forty pictures
#
# Sixteen people who never existed. As in every real set some were seen more often than others: a quarter of them have
# one picture, a quarter two, three, four. They come in no order, and the person ids have gaps, as in Market-1501.

# %%
contest = student_split(SEED)
rng = np.random.default_rng(SEED)
person = contest.all_labels.person
ids = rng.choice(np.arange(1, 1502), len(contest.persons), replace=False)
some = [rng.permutation(np.flatnonzero(person == who))[: 1 + who % 4] for who in range(len(ids))]
chosen = rng.permutation(np.concatenate(some))
crops = [read_crop(contest.samples[row]) for row in chosen]
people = ids[person[chosen]]  # (40,) who is on each picture

lines = [range(8), range(8, 16)]
show_crops(
    [[crops[row] for row in line] for line in lines],
    "The first sixteen pictures, each with its person id.",
    [[str(people[row]) for row in line] for line in lines],
)

# %% [markdown]
# A loss that compares needs two pictures of one person *in the same batch*. Of 751 people in 12,936 pictures 32 picked
# at random are hardly ever two of one person. **PK sampling** (Hermans et al. 2017, arXiv 1703.07737, section 2) picks
# P persons, then K pictures of each. You write it in four steps.
#
# *Chance* comes from a generator that is handed in (`rng.permutation`, `rng.choice`, …), never from `np.random.…`:
# only so can a batch be drawn again.

# %% [markdown]
# ## Question 1: whose pictures are where (1 point)
#
# Everything begins with a table: person id → the rows of that person's pictures.


# %% tags=["solution"]
def rows_of(people: np.ndarray) -> dict:
    """Where each person's pictures are.

    Args:
        people: (n,) who is on each picture: any numbers, or names, in any order.

    Returns:
        For each person id an array with the rows of that person's pictures, the lowest first.
    """
    # BEGIN SOLUTION
    names, counts = np.unique(people, return_counts=True)
    by_person = np.argsort(people, kind="stable")  # one sort instead of a search for each person
    return dict(zip(names.tolist(), np.split(by_person, np.cumsum(counts)[:-1]), strict=True))
    # END SOLUTION


# %% tags=["test"]
def test_rows_by_hand(rows_of):
    found = rows_of(np.array([70, 3, 70, 12, 3, 70]))
    checks.holds(isinstance(found, dict), f"a {type(found).__name__}, expected a dict: person id to rows")
    checks.equal(sorted(found), [3, 12, 70], "the keys are the person ids")
    checks.shape(found[70], (3,), "person 70 is on three pictures, in rows 0, 2 and 5")
    checks.equal(found[70], [0, 2, 5], "the rows of person 70, the lowest first")


# %% tags=["hidden"]
def test_rows_like_a_loop(rows_of, SEED):
    people = np.random.default_rng(SEED).choice([5, 900, 17, 42, 1500], 60)
    found = rows_of(people)
    checks.equal(sorted(found), np.unique(people), "each person of the set, and nobody else")
    for who in np.unique(people):
        slow = [row for row, name in enumerate(people) if name == who]
        checks.shape(found[who], (len(slow),), f"person {who} is on so many pictures")
        checks.equal(found[who], slow, f"a loop over all rows finds person {who} there")


# %% tags=["hidden"]
def test_rows_of_names(rows_of):
    found = rows_of(np.array(["ann", "bob", "ann"]))
    checks.holds(isinstance(found, dict) and "ann" in found, "ids may be names, and are the keys")
    checks.shape(found["ann"], (2,), "ann is on two pictures")
    checks.equal(found["ann"], [0, 2], "ids may be names")


# %% [markdown]
# ## Question 2: K of one person (2 points)
#
# Draw K of one person's pictures. From K or more of them: K *different* ones, and each has the same chance. From fewer:
# some have to come again, but fairly: none comes a second time before each has come once, none a third time before each
# has come twice, and so on. Which of them come again is up to chance, too.


# %% tags=["solution"]
def draw(rows: np.ndarray, k: int, rng: np.random.Generator) -> np.ndarray:
    """K pictures of one person.

    Args:
        rows: (m,) of the person's pictures, one or more; they stay as they are.
        k: how many to draw, from 1.
        rng: where chance comes from.

    Returns:
        (k,) of these rows, all different where m is k or more.
    """
    # BEGIN SOLUTION
    return np.resize(rng.permutation(rows), k)  # too few: round and round
    # END SOLUTION


# %% tags=["test"]
def test_draw_by_hand(draw):
    rng = np.random.default_rng(0)
    checks.equal(sorted(draw(np.array([5, 9, 2]), 3, rng)), [2, 5, 9], "three of three: all of them")
    checks.equal(draw(np.array([4]), 3, rng), [4, 4, 4], "three of one: the same again")


# %% tags=["hidden"]
def test_draw_of_many(draw, SEED):
    rng, rows = np.random.default_rng(SEED), np.array([3, 8, 11, 20, 40, 41])
    draws = np.array([draw(rows, 4, rng) for _ in range(200)])
    checks.shape(draws, (200, 4), "k rows")
    checks.holds(np.isin(draws, rows).all(), "a row that is none of the person's")
    checks.holds(all(len(set(line)) == 4 for line in draws.tolist()), "a picture twice, though there are enough")
    counts = [int((draws == row).sum()) for row in rows]  # 133 each on average
    checks.holds(min(counts) > 80 and max(counts) < 190, f"of 200 draws the pictures came {counts} times: not alike")


# %% tags=["hidden"]
def test_draw_of_few(draw, SEED):
    rng, rows = np.random.default_rng(SEED), np.array([6, 1, 30])
    draws = np.array([draw(rows, 7, rng) for _ in range(100)])
    checks.shape(draws, (100, 7), "k rows, also where there are fewer pictures")
    counts = np.array([[(line == row).sum() for row in rows] for line in draws])
    why = "a picture comes again before each has come as often"
    checks.equal(np.sort(counts, axis=1), [[2, 2, 3]] * 100, why)
    checks.holds((counts == 3).any(axis=0).all(), "which one comes once more is up to chance, too")


# %% tags=["hidden"]
def test_draw_again(draw, SEED):
    rows = np.arange(30)
    one, two = (np.array([draw(rows, 9, rng) for rng in [np.random.default_rng(SEED)] * 20]) for _ in range(2))
    checks.equal(one, two, "a generator with the same seed draws the same: chance must come from rng")
    checks.equal(rows, np.arange(30), "the rows that were handed in must stay as they are")


# %% [markdown]
# ## Question 3: who meets whom (2 points)
#
# Now the persons. Shuffle all of them and deal them out, P at a time: nobody is twice in a batch, and nobody comes
# twice in an epoch. What is left over at the end makes no full batch and is dropped (in the worst case a single person,
# with nobody to be compared with). *Who* is dropped has to be up to chance, or some would never be learned from.


# %% tags=["solution"]
def deal(persons: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """The persons of each batch of an epoch.

    Args:
        persons: (n,) ids, each once; they stay as they are.
        size: P.
        rng: where chance comes from.

    Returns:
        (b, P) ids: one batch in each row, as many as can be filled.
    """
    # BEGIN SOLUTION
    full = len(persons) // size * size
    return rng.permutation(persons)[:full].reshape(-1, size)
    # END SOLUTION


# %% tags=["test"]
def test_deal_by_hand(deal):
    found = deal(np.array([7, 2, 9, 4, 1]), 2, np.random.default_rng(0))
    checks.shape(found, (2, 2), "5 persons make two batches of 2; the fifth is dropped")
    checks.holds(np.isin(found, [7, 2, 9, 4, 1]).all(), "a person who is not there")


# %% tags=["hidden"]
def test_deal_everybody_once(deal, SEED):
    rng = np.random.default_rng(SEED)
    for count, size in ((12, 4), (13, 4), (15, 4), (5, 5), (30, 1)):
        persons = rng.choice(1500, count, replace=False)
        found = deal(persons.copy(), size, rng)
        checks.shape(found, (count // size, size), f"{count} persons, {size} in a batch; the rest is dropped")
        checks.equal(len(np.unique(found)), found.size, "somebody comes twice in an epoch")
        checks.holds(np.isin(found, persons).all(), "a person who is not there")


# %% tags=["hidden"]
def test_deal_too_few(deal):
    found = deal(np.array([3, 5]), 4, np.random.default_rng(0))
    checks.shape(found, (0, 4), "two persons make no batch of 4")


# %% tags=["hidden"]
def test_deal_by_chance(deal, SEED):
    rng, persons = np.random.default_rng(SEED), np.array([10, 11, 12, 13, 14, 15, 16])
    epochs = np.array([deal(persons, 3, rng) for _ in range(300)])
    checks.equal(persons, np.arange(10, 17), "the persons that were handed in must stay as they are")
    dropped = {int(who): int((~(epochs == who).any(axis=(1, 2))).sum()) for who in persons}
    why = f"how often each of 7 was dropped in 300 epochs: {dropped}; chance would drop each about 43 times"
    checks.holds(min(dropped.values()) > 10 and max(dropped.values()) < 100, why)
    met = {int(who): int((epochs[(epochs == 10).any(axis=2)] == who).any(axis=1).sum()) for who in persons[1:]}
    why = f"how often person 10 met the others in 300 epochs: {met}; chance would say about 86 each"
    checks.holds(min(met.values()) > 45 and max(met.values()) < 130, why)


# %% tags=["hidden"]
def test_deal_again(deal, SEED):
    one, two = (deal(np.arange(50), 6, np.random.default_rng(SEED)) for _ in range(2))
    checks.equal(one, two, "a generator with the same seed deals the same: chance must come from rng")


# %% [markdown]
# ## Question 4: the sampler (3 points)
#
# Put it together. Training that broke off in epoch 37 has to go on with the *very* batches it would have had. So they
# may depend on nothing but the seed and the number of the epoch: not on what was drawn before, nor on how often.
# `np.random.default_rng([seed, epoch])` makes a generator from both. (Why not from `seed + epoch`? Then seed 8 would
# begin with what seed 7 has in its second epoch.)
#
# Use your `rows_of`, `draw` and `deal`. Whoever left one out writes in its place `np.flatnonzero(people == who)`,
# `rng.choice(rows, k, len(rows) < k)`, or shuffles the persons here.


# %% tags=["solution"]
class PKSampler:
    """Batches of `persons` people (P) with `each` pictures (K). `people` (n,) says who is on each picture."""

    def __init__(self, people: np.ndarray, persons: int, each: int, seed: int) -> None:
        self.people, self.persons, self.each, self.seed, self.epoch = people, persons, each, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next, counted from 0."""
        self.epoch = epoch

    def __len__(self) -> int:
        """How many batches an epoch has."""
        # BEGIN SOLUTION
        return len(np.unique(self.people)) // self.persons
        # END SOLUTION

    def __iter__(self) -> Iterator[list[int]]:
        """The batches of this epoch: each a list of P·K rows, K of one person, then K of the next, …"""
        # BEGIN SOLUTION
        rng, pictures = np.random.default_rng([self.seed, self.epoch]), rows_of(self.people)
        for batch in deal(np.array([*pictures]), self.persons, rng):
            yield np.concatenate([draw(pictures[who], self.each, rng) for who in batch.tolist()]).tolist()
        # END SOLUTION


# %% [markdown] tags=["why"]
# The generator is made in `__iter__`: made in `__init__` it would remember what was drawn before, and a resumed run
# would draw something else. `__iter__` with `yield` starts anew each time it is asked; a list of batches that is made
# once would be the same in all epochs.
#
# The project's own [sampler.py](../../../src/learning_reid/training/sampler.py) differs in three things: it fills up
# the last batch with people from the beginning instead of dropping it, lets everybody come as often as an average
# person has K pictures, and prefers pictures of different cameras.


# %% tags=["test"]
def test_sampler_by_hand(PKSampler):
    people = np.array([4, 4, 7, 7, 9, 9])
    sampler = PKSampler(people, persons=2, each=2, seed=0)
    checks.equal(len(sampler), 1, "three persons make one batch of two")
    batches = list(sampler)
    checks.shape(batches, (1, 4), "one batch of 2 · 2 rows")
    first, second = people[batches[0]].reshape(2, 2)
    checks.holds(first[0] == first[1] and second[0] == second[1], "the two pictures of a person come side by side")


# %% tags=["hidden"]
def test_sampler_makes_pk_batches(PKSampler, SEED):
    rng = np.random.default_rng(SEED)
    people = rng.permutation(np.repeat(rng.choice(1500, 14, replace=False), rng.integers(3, 8, 14)))
    sampler = PKSampler(people, persons=4, each=3, seed=SEED)
    checks.equal(len(sampler), 3, "14 persons make three batches of 4")
    batches = np.array(list(sampler))
    checks.shape(batches, (3, 12), "batches of 4 · 3 rows")
    who = people[batches].reshape(3, 4, 3)
    checks.holds((who == who[:, :, :1]).all(), "three rows of one person, then three of the next")
    checks.equal(len(np.unique(who)), 12, "nobody comes twice in an epoch")
    checks.equal(len(np.unique(batches)), 36, "whoever has enough pictures gives different ones")


# %% tags=["hidden"]
def test_sampler_shows_all_as_the_projects_does(PKSampler, SEED):
    from learning_reid.training import IdentityBatchSampler

    people = np.random.default_rng(SEED).permutation(np.repeat([2, 30, 7, 500, 81, 9], 4))
    found, theirs = PKSampler(people, 3, 4, SEED), IdentityBatchSampler(people, 12, 4, seed=SEED)
    checks.equal(len(found), len(theirs), "six persons make two batches of 3")
    why = "six persons with K pictures each: an epoch shows each picture once"
    checks.equal(np.sort(np.ravel(list(found))), np.sort(np.ravel(list(theirs))), why)


# %% tags=["hidden"]
def test_sampler_goes_on_after_a_break(PKSampler, SEED):
    people = np.repeat(np.arange(20), 5)
    through, resumed = PKSampler(people, 4, 2, SEED), PKSampler(people, 4, 2, SEED)
    epochs = []
    for epoch in range(4):
        through.set_epoch(epoch)
        epochs.append(list(through))
    again = np.array_equal(list(through), epochs[3])
    checks.holds(again, "asked twice in one epoch it has to give the same batches")
    resumed.set_epoch(3)
    again = np.array_equal(list(resumed), epochs[3])
    checks.holds(again, "a run that starts in epoch 3 has to get the batches of epoch 3")


# %% tags=["hidden"]
def test_sampler_epochs_differ(PKSampler, SEED):
    people = np.repeat(np.arange(12), 10)
    sampler, drawn = PKSampler(people, 12, 2, SEED), []
    for epoch in range(30):
        sampler.set_epoch(epoch)
        drawn.append(list(sampler))
    checks.holds(not np.array_equal(drawn[0], drawn[1]), "two epochs have the same batches")
    seen = len(np.unique(drawn))
    checks.holds(seen > 110, f"30 epochs show {seen} of 120 pictures: are pictures drawn anew in each epoch?")
    other = list(PKSampler(people, 12, 2, SEED + 1))
    checks.holds(not np.array_equal(other, drawn[0]), "another seed has the same batches")
    shifted = np.array_equal(other, drawn[1])
    checks.holds(not shifted, "the next seed begins with what this seed has in its next epoch: seed + epoch?")


# %% [markdown]
# One of your batches, and what the next epoch makes of it. Each row is a person; an orange frame is a picture that
# comes again, because there were not enough.

# %%
P, K = 5, 3
sampler = PKSampler(people, P, K, SEED)
blocks = []
for epoch in (0, 1):
    sampler.set_epoch(epoch)
    blocks.append(np.reshape(next(iter(sampler)), (P, K)))
lines = np.concatenate(blocks, axis=1)  # (P, 2 K): epoch 0 on the left, 1 on the right
fresh = [[line[column] not in line[column // K * K : column] for column in range(2 * K)] for line in lines.tolist()]
show_crops(
    [[crops[row] for row in line] for line in lines],
    "Left the first batch of epoch 0, right that of epoch 1: five persons with three pictures each.",
    [[f"{people[row]}" for row in line] for line in lines],
    fresh,
)

# %% [markdown]
# What a loss finds in it: each row of these squares is an anchor. (The batch on the left is 15 pictures at random.)

# %%
at_random = np.sort(people[np.random.default_rng(SEED).choice(len(people), P * K, replace=False)])
figure, cells = plt.subplots(1, 2, figsize=(6.4, 3.3))
for cell, who, title in zip(cells, (at_random, people[blocks[0].ravel()]), ("at random", "PK"), strict=True):
    kind = (who[:, None] == who).astype(int) + np.eye(len(who), dtype=int)  # 0 negative, 1 positive, 2 itself
    cell.imshow(kind, cmap=plt.matplotlib.colors.ListedColormap(["#e8eaed", COLORS[2], "#3c4043"]))
    alone = int(((kind == 1).sum(axis=1) == 0).sum())
    cell.set(title=f"{title}: {alone} of {len(who)} without a positive", xticks=[], yticks=[])
    cell.title.set_fontsize(9)
    cell.grid(False)
show(
    figure,
    "Anchors (rows) against all pictures of the batch: green positives, light negatives, dark the anchor itself.",
)

# %%
came = np.zeros((len(np.unique(people)), 40))
for epoch in range(came.shape[1]):
    sampler.set_epoch(epoch)
    came[np.searchsorted(np.unique(people), people[np.ravel(list(sampler))]), epoch] = 1
figure, cell = plt.subplots(figsize=(7, 2.6))
cell.imshow(came, aspect="auto", cmap="Greens", vmin=0, vmax=1.3)
cell.set(xlabel="epoch", ylabel="person", yticks=[])
cell.grid(False)
share = came.mean(axis=1)
show(figure, "Who came in which epoch: one of sixteen is dropped each time, now this one, now that one.")
print(f"each person came in {share.min():.0%} to {share.max():.0%} of the epochs")

# %% [markdown]
# ## Question 5: how many comparisons? (2 points)
#
# No code now. A batch has 64 pictures.
#
# - P = 16, K = 4: how many `positives` and how many `negatives` has an anchor?
# - P = 64, K = 1: how many `triplets` of anchor, positive and negative are there in the whole batch?
#
# And a choice. In a set one picture in fifty has a wrong id, by chance. You go from K = 4 to K = 16 (and from P = 16 to
# P = 4), since "more positives are better". Take an anchor whose id is right. How likely is there a picture with a
# wrong id among its positives, which batch-hard would then probably take for the hardest?
#
# - **a** As before, 2 %: there are no more wrong ids in the set than there were.
# - **b** Less than before: 6 % with K = 4, about 2 % with K = 16, for the right ones are in the majority.
# - **c** More: about 6 % with K = 4, about 26 % with K = 16.
# - **d** It does not matter: a mean over 64 anchors lets such mistakes cancel out.

# %% tags=["solution"]
positives = 3  # SOLUTION
negatives = 60  # SOLUTION
triplets = 0  # SOLUTION
answer = "c"  # SOLUTION

# %% [markdown] tags=["why"]
# 4 - 1 = 3 positives (nobody is their own), 15 · 4 = 60 negatives. With K = 1 there is no positive, hence no triplet:
# batch-hard has nothing to do. (The project's `triplet_loss` then gives 0. One that takes the anchor for its own
# positive, at distance 0, only pushes everybody apart.)
#
# **c.** One wrong one among the positives suffices: 1 - 0.98³ = 5.9 %, and 1 - 0.98¹⁵ = 26 %. Batch-hard takes the
# maximum, not a vote: the stranger among one's own is mostly the farthest and sets the direction for all the others.
# They all make the *same* mistake, so nothing cancels out. Large K also shows fewer different persons in a batch, hence
# easier negatives; K = 4 is usual.


# %% tags=["test"]
def test_counts_are_numbers(positives, negatives, triplets):
    for found in (positives, negatives, triplets):
        checks.dtype(found, "int", "a whole number")


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_counts(positives, negatives, triplets):
    checks.equal(positives, 3, "K - 1: nobody is their own positive")
    checks.equal(negatives, 60, "the K pictures of each of the P - 1 others")
    checks.equal(triplets, 0, "with one picture of each person nobody has a positive")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "c", "how likely are all K - 1 positives right, if each is right with 0.98?")
