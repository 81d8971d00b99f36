# %% [markdown]
# # 2. CMC and average precision by hand
#
# > A ranking is a row of right and wrong answers: how good is it, in one number?
#
# **You will learn** to count rank-1, CMC, average precision, mAP and mINP from nothing but right and wrong, to leave
# out who cannot be found, and which mistakes of a ranking each figure forgives.
#
# **Needs** lesson 3.
#
# **Takes** 45 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import read_crop
from learning_reid.metrics import PROTOCOLS, Labels, find_matches, retrieval_metrics
from learning_reid.retrieval import euclidean_distance
from reid_course import checks, show, show_crops, student_seed, student_split
from reid_synth import MarketPlan

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## Who was seen again?
#
# Sixteen people who never existed pass a first camera; they ask. What two further cameras saw answers: of each person
# four pictures, and some of strangers. But two of the sixteen went home before they came to these cameras. Nothing in
# the gallery shows them: **nobody could find them**, and no ranking is to blame for it.
#
# Crops are described by their colours again, in two ways: the mean colour from head to foot (3 numbers; the sides,
# where the street is, are cut off), and that of eight stripes (24 numbers). Which one ranks better? That is what
# your figures shall tell.

# %%
PLAN = MarketPlan(train_people=0, test_people=16, cameras=3, crops_per_camera=3, distractors=16, junk=16)
contest = student_split(SEED, PLAN)
asks, answers = contest.query_labels, contest.gallery_labels
gone = np.random.default_rng(SEED).choice(len(contest.persons), 2, replace=False)
first = np.flatnonzero(asks.camera == 0)
others = np.flatnonzero((answers.camera != 0) & ~np.isin(answers.person, gone))
query_crops = [read_crop(contest.query[index]) for index in first]
gallery_crops = [read_crop(contest.gallery[index]) for index in others]
same_person = asks.person[first][:, None] == answers.person[others]  # (16, gallery)


def colours(crop: np.ndarray, stripes: int) -> np.ndarray:
    """The mean colour of some stripes: (h, w, 3) uint8 -> (3 * stripes,) from 0 to 1."""
    width = crop.shape[1]
    middle = crop[:, width // 4 : -width // 4] / 255
    return np.concatenate([stripe.mean(axis=(0, 1)) for stripe in np.array_split(middle, stripes)])


# %%
orders, hits = {}, {}
for title, stripes in (("whole crop", 1), ("eight stripes", 8)):
    vectors = [np.array([colours(crop, stripes) for crop in crops]) for crops in (query_crops, gallery_crops)]
    orders[title] = np.argsort(euclidean_distance(*vectors), axis=1, kind="stable")  # (16, gallery), nearest first
    hits[title] = np.take_along_axis(same_person, orders[title], axis=1)
print("hits:", hits["eight stripes"].shape)
for row in hits["eight stripes"][:4]:
    print("".join("X" if hit else "." for hit in row))

# %% [markdown]
# All that counts from here on is `hits`: a row for each query, in it the gallery from the nearest to the farthest;
# `True` (printed as `X`) where the picture shows the person asked for.

# %% [markdown]
# ## Question 1: the first match (2 points)
#
# At which rank stands the first right answer of each query? Ranks are counted from 1, as people count. Who has no match
# at all has no such rank: give `nan`, "not a number". (A rank such as 0 or 999 would look like one, and be averaged.)


# %% tags=["solution"]
def first_match(hits: np.ndarray) -> np.ndarray:
    """The rank of the first match of each query.

    Args:
        hits: (n, m) bool, each row nearest first; True where the picture shows the person asked for.

    Returns:
        (n,) float, from 1; nan where a query has no match.
    """
    # BEGIN SOLUTION
    found = hits.any(axis=1)  # argmax of a row without True is 0 as well
    return np.where(found, hits.argmax(axis=1) + 1, np.nan)
    # END SOLUTION


# %% tags=["test"]
def test_first_match_shape(first_match):
    checks.shape(first_match(np.ones((5, 3), bool)), (5,), "one rank for each query")


# %% tags=["test"]
def test_first_match_by_hand(first_match):
    found = first_match(np.array([[False, True, True, False], [True, False, False, False]]))
    checks.close(found, [2, 1], "the first place has rank 1")


# %% tags=["hidden"]
def test_first_match_like_a_loop(first_match, SEED):
    some = np.random.default_rng(SEED).random((40, 30)) < 0.15
    some[:, -1] = True
    slow = [row.tolist().index(True) + 1 for row in some]
    checks.close(first_match(some), slow, "the first True of each row, counted from 1")


# %% tags=["hidden"]
def test_first_match_of_nobody(first_match):
    found = first_match(np.array([[False, False, True], [False, False, False]]))
    checks.shape(found, (2,), "one rank for each query, also for one without a match")
    checks.close(found, [3, np.nan], "who cannot be found has no rank, nan")


# %% [markdown]
# Your answer at work: some rankings by eight stripes. Green frames are the person asked for.

# %%
order, ranks = orders["eight stripes"], first_match(hits["eight stripes"])
asked = np.argsort(ranks)[[0, 5, 9, 13, 15]]  # the easiest, three in between, one of those who went home
rows = [[query_crops[query], *(gallery_crops[column] for column in order[query, :8])] for query in asked]
right = [[None, *hits["eight stripes"][query, :8]] for query in asked]
titles = [[f"first: {ranks[query]:.0f}", *map(str, range(1, 9))] for query in asked]
show_crops(rows, "Queries with the rank of their first match, and the first eight of each ranking.", titles, right)

# %% [markdown]
# ## Question 2: CMC (2 points)
#
# **CMC(k)** is the share of the queries whose first match stands at rank k *or before*: k = 1 gives rank-1. Write the
# curve for k = 1, 2, … `most`. Queries without any match are **left out**: neither found nor missed. The curve may be
# longer than the gallery is large; it then stays where it is.


# %% tags=["solution"]
def cmc(hits: np.ndarray, most: int) -> np.ndarray:
    """The cumulative matching characteristic.

    Args:
        hits: (n, m) bool, each row nearest first.
        most: the last k.

    Returns:
        (most,) shares from 0 to 1; place k - 1 has CMC(k).
    """
    # BEGIN SOLUTION
    counted = hits[hits.any(axis=1)]
    ranks = counted.argmax(axis=1) + 1
    return np.array([(ranks <= k).mean() for k in range(1, most + 1)])
    # END SOLUTION


# %% tags=["test"]
def test_cmc_by_hand(cmc):
    found = cmc(np.array([[True, False, True], [False, False, True], [False, True, True], [True, True, False]]), 3)
    checks.close(found, [0.5, 0.75, 1], "two of four at rank 1, a third one at rank 2, the last at rank 3")


# %% tags=["hidden"]
def test_cmc_like_a_loop(cmc, SEED):
    some = np.random.default_rng(SEED).random((60, 25)) < 0.12
    some[:2], some[2:, -1] = False, True
    slow = [sum(any(row[:k]) for row in some) / 58 for k in range(1, 11)]
    checks.close(cmc(some, 10), slow, "58 of these 60 queries have a match and are counted")


# %% tags=["hidden"]
def test_cmc_leaves_out(cmc):
    found = cmc(np.array([[False, True], [False, False], [False, False], [True, False]]), 2)
    checks.close(found, [0.5, 1], "two of these four queries have no match; half of the others have theirs at rank 1")


# %% tags=["hidden"]
def test_cmc_beyond_the_gallery(cmc):
    found = cmc(np.array([[False, True], [True, False]]), 4)
    checks.shape(found, (4,), "one share for each k, also where k is more than the gallery has")
    checks.close(found, [0.5, 1, 1, 1], "behind the end of the gallery nobody else is found")


# %% [markdown]
# Both descriptions in one picture. Why can such a curve never fall?

# %%
figure, axes = plt.subplots(figsize=(6, 3.2))
for title, signs in hits.items():
    curve = cmc(signs, 20)
    axes.plot(range(1, 21), 100 * curve, marker=".", label=f"{title}, rank-1 {curve[0]:.0%}")
axes.set(xlabel="k", ylabel="CMC(k), % of the queries", ylim=(0, 102), xticks=[1, 5, 10, 15, 20])
axes.legend(loc="lower right")
show(figure, "CMC: how many queries have found their person after k pictures.")

# %% [markdown]
# ## Question 3: average precision (2 points)
#
# CMC is content with one match. **Average precision (AP)** asks for all of them. Walk down the ranking of *one* query;
# at each match stop, and note which share of the pictures passed so far is right: the precision. AP is the plain mean
# of these notes: one for each *match*. (Some programs take the area below a curve through them instead; that is another
# AP, a little lower.) No match, no AP: `nan`.


# %% tags=["solution"]
def average_precision(hits: np.ndarray) -> float:
    """The mean of the precisions at the matches.

    Args:
        hits: (m,) bool, of one query, nearest first.

    Returns:
        From 0 to 1; nan without a match.
    """
    # BEGIN SOLUTION
    ranks = np.flatnonzero(hits) + 1
    if not len(ranks):
        return float("nan")
    return float((np.arange(1, len(ranks) + 1) / ranks).mean())
    # END SOLUTION


# %% tags=["test"]
def test_average_precision_by_hand(average_precision):
    found = average_precision(np.array([True, False, True, False]))
    checks.close(found, (1 / 1 + 2 / 3) / 2, "1 of 1 is right at the first match, 2 of 3 at the second")


# %% tags=["hidden"]
def test_average_precision_like_a_loop(average_precision, SEED):
    for some in np.random.default_rng(SEED).random((20, 30)) < 0.3:
        notes = [sum(some[: place + 1]) / (place + 1) for place in range(30) if some[place]]
        checks.close(average_precision(some), sum(notes) / len(notes), "the mean of the precisions at the matches")


# %% tags=["hidden"]
def test_average_precision_at_the_ends(average_precision):
    checks.close(average_precision(np.array([True, True, False])), 1, "all matches come first")
    checks.close(average_precision(np.array([False, False, False, True])), 0.25, "1 of 4 is right at the only match")


# %% tags=["hidden"]
def test_average_precision_of_nobody(average_precision):
    checks.close(average_precision(np.zeros(5, bool)), np.nan, "who cannot be found has no AP, nan")


# %% [markdown]
# The best and the worst of your rankings, and what lies between precision and AP:

# %%
signs = hits["eight stripes"][hits["eight stripes"].any(axis=1)]
values = [average_precision(row) for row in signs]
figure, axes = plt.subplots(figsize=(7, 3))
best, worst = int(np.argmax(values)), int(np.argmin(values))
for title, place, colour in (("best", best, "#009e73"), ("worst", worst, "#d55e00")):
    precision, ranks = np.cumsum(signs[place]) / np.arange(1, signs.shape[1] + 1), np.flatnonzero(signs[place]) + 1
    axes.plot(np.arange(1, len(precision) + 1), precision, color=colour, alpha=0.4)
    axes.plot(ranks, precision[ranks - 1], "o", color=colour, label=f"matches of the {title}, AP {values[place]:.2f}")
axes.set(xlabel="rank", ylabel="precision", ylim=(0, 1.05))
axes.legend()
show(figure, "Precision along the best and the worst ranking. AP is the mean height of the dots; lines do not count.")

# %% [markdown]
# ## Question 4: all queries in two numbers (2 points)
#
# **mAP** is the mean of AP over the *queries*. **mINP** is that of the **inverse negative penalty** (INP): how many
# matches a
# query has, over the rank of its *last* one (the share of right ones among all that must be read to see them all).
# Queries without a match are left out of both.
#
# No `average_precision` yet? Then take the project's: `from learning_reid.metrics import average_precision as ap_of`.


# %% tags=["solution"]
def map_and_minp(hits: np.ndarray) -> tuple[float, float]:
    """Mean average precision, and mean inverse negative penalty.

    Args:
        hits: (n, m) bool, each row nearest first.

    Returns:
        mAP and mINP, from 0 to 1.
    """
    # BEGIN SOLUTION
    counted = hits[hits.any(axis=1)]
    last = [np.flatnonzero(row)[-1] + 1 for row in counted]
    mean_ap = np.mean([average_precision(row) for row in counted])
    return float(mean_ap), float((counted.sum(axis=1) / last).mean())
    # END SOLUTION


# %% tags=["test"]
def test_map_and_minp_by_hand(map_and_minp):
    found = map_and_minp(np.array([[True, False, False, True], [False, True, False, False]]))
    checks.shape(found, (2,), "mAP and mINP")
    checks.close(found[0], (0.75 + 0.5) / 2, "mAP: the mean of 0.75 and 0.5")
    checks.close(found[1], (2 / 4 + 1 / 2) / 2, "mINP: the mean of 2 matches / rank 4 and 1 match / rank 2")


# %% tags=["hidden"]
def test_map_and_minp_leave_out(map_and_minp):
    found = map_and_minp(np.array([[False, True, True], [False, False, False]]))
    checks.close(found, [(1 / 2 + 2 / 3) / 2, 2 / 3], "mAP and mINP of these two queries; the second has no match")


# %% tags=["hidden"]
def test_map_and_minp_like_the_project(map_and_minp, SEED):
    rng = np.random.default_rng(SEED)
    query = Labels.of(np.arange(12), np.zeros(12, int))  # people 8 to 11 are not in the gallery
    gallery = Labels.of(rng.permutation([*range(8), *rng.integers(-2, 8, 40)]), np.ones(48, int))
    table = rng.random((12, 48))
    rule = PROTOCOLS["market1501"]
    figures = retrieval_metrics(
        find_matches(lambda rows: table[rows], query, gallery, rule), query, gallery, rule
    ).means
    hits = np.take_along_axis(query.person[:, None] == gallery.person, np.argsort(table, axis=1), axis=1)
    checks.close(
        map_and_minp(hits), [figures["map"], figures["minp"]], "mAP and mINP as src/learning_reid/metrics counts them"
    )


# %% [markdown]
# Everything in one table:

# %%
print(f"{'':14s} rank-1     mAP    mINP")
for title, signs in hits.items():
    print(f"{title:14s}", *(f"{100 * figure:6.1f} " for figure in (cmc(signs, 1)[0], *map_and_minp(signs))))

# %% [markdown]
# ## Question 5: which one would you buy? (2 points)
#
# No code now, though you may try. Two networks answer the same query, whose person is in the gallery four times. With A
# the matches stand at ranks 1, 30, 60 and 90, with B at 2, 3, 4 and 5. Then 10,000 pictures of strangers come into the
# gallery, all of them *farther* from the query than anything there before. Which sentence is true?
# (The six figures are rank-1, AP and INP of each.)
#
# - **a** A has the better rank-1 and the better AP, B the better INP. The strangers change none of the six figures.
# - **b** A has the better rank-1, B the better AP and INP. The strangers change none of the six figures.
# - **c** A has the better rank-1, B the better AP and INP. The strangers lower AP and INP of both, and rank-1 of none.
# - **d** B is better in all three, for rank 2 is as good as found. The strangers lower the AP of A alone.

# %% tags=["solution"]
answer = "b"  # SOLUTION

# %% [markdown] tags=["why"]
# **b.** A: rank-1 is 1, AP (1/1 + 2/30 + 3/60 + 4/90) / 4 = 0.29, INP 4/90 = 0.04. B: rank-1 is 0, AP (1/2 + 2/3 + 3/4
# + 4/5) / 4 = 0.68, INP 4/5 = 0.8. One glance at the first place decides rank-1; mAP punishes every wrong picture that
# stands *before* a match, once for each match that it precedes, and most of all at the top: falling from rank 1 to 2
# halves a precision, falling from 50 to 51 takes 2 % of it. Behind the last match nobody looks: strangers there cost
# nothing, in any of the figures. (In practice a larger gallery does cost, since some of its strangers are near.)


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "b", "give both rankings to your functions, then append wrong pictures")
