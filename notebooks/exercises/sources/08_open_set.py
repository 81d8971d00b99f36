# %% [markdown]
# # 8. A threshold, and people who are not there
#
# > How near is near enough, and what if the person asked for never came?
#
# **You will learn** to weigh the two mistakes of a threshold against each other, to find the one that lets in no more
# strangers than allowed, and what a search adds to it: somebody must be found who may not be there.
#
# **Needs** lesson 9.
#
# **Takes** 45 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid import metrics
from learning_reid.datasets import embed_samples, read_crop
from learning_reid.retrieval import euclidean_distance
from reid_course import checks, lesson_embedder, show, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## A thousand pairs
#
# Sixteen people of your own, two crops of each by either camera, described by the embedded network. Each crop of the
# first camera is compared with each of the second: 32 × 32 pairs. A pair of one person is **genuine**, a pair of two an
# **impostor**.

# %%
contest = student_split(SEED)
vectors, labels = embed_samples(contest.samples, lesson_embedder("embedded")), contest.all_labels
asks = np.flatnonzero(labels.camera == labels.camera.min())
answers = np.flatnonzero(labels.camera != labels.camera.min())
query_person, gallery_person = labels.person[asks], labels.person[answers]
distances = euclidean_distance(vectors[asks], vectors[answers])  # (32, 32), smaller = more alike
same = query_person[:, None] == gallery_person
genuine, impostor = distances[same], distances[~same]
print(f"{len(genuine)} genuine pairs, {len(impostor)} impostors")

hard = [np.argwhere(same)[genuine.argsort()[-5:]], np.argwhere(~same)[impostor.argsort()[:5]]]
pairs = np.concatenate(hard)
rows = [
    [read_crop(contest.samples[asks[query]]) for query, _ in pairs],
    [read_crop(contest.samples[answers[answer]]) for _, answer in pairs],
]
titles = [[f"{distances[query, answer]:.2f}" for query, answer in pairs], [""] * 10]
words = "Above the first camera, below the second. Green: the farthest genuine pairs; orange: the nearest impostors."
show_crops(rows, words, titles, [[True] * 5 + [False] * 5] * 2)

# %% [markdown]
# ## Question 1: two mistakes (2 points)
#
# A threshold accepts every pair at that distance *or nearer*: `distance <= threshold`. **TAR** (true accept rate) is
# the share of the genuine pairs that it accepts, **FAR** (false accept rate) the share of the impostors. Write both.


# %% tags=["solution"]
def accept_rates(genuine: np.ndarray, impostor: np.ndarray, threshold: float) -> tuple[float, float]:
    """What a threshold accepts.

    Args:
        genuine: (n,) distances of pairs of one person.
        impostor: (m,) distances of pairs of two people.
        threshold: pairs at this distance or nearer are accepted.

    Returns:
        TAR and FAR, from 0 to 1.
    """
    # BEGIN SOLUTION
    return float(np.mean(genuine <= threshold)), float(np.mean(impostor <= threshold))
    # END SOLUTION


# %% tags=["test"]
def test_rates_by_hand(accept_rates):
    found = accept_rates(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0.3, 0.6, 0.7, 0.8, 0.9]), 0.5)
    checks.shape(found, (2,), "two numbers, TAR and FAR")
    checks.close(found, [3 / 4, 1 / 5], "3 of 4 genuine pairs and 1 of 5 impostors are at 0.5 or nearer")


# %% tags=["hidden"]
def test_rates_at_the_threshold(accept_rates):
    found = accept_rates(np.array([0.25, 0.5, 0.75]), np.array([0.5, 0.75, 1.0]), 0.5)
    checks.close(found, [2 / 3, 1 / 3], "a pair exactly at the threshold is accepted")


# %% tags=["hidden"]
def test_rates_of_many(accept_rates, SEED):
    rng = np.random.default_rng(SEED)
    some, others = rng.integers(0, 20, 64) / 16, rng.integers(5, 30, 960) / 16
    pairs = metrics.PairDistances.of(some, others)
    for threshold in (0.0, 0.5, 0.8125, 2.0):
        expected = [pairs.tar(threshold), pairs.far(threshold)]
        checks.close(accept_rates(some, others, threshold), expected, f"TAR and FAR at {threshold}")


# %% [markdown]
# Your two rates, as the threshold moves over your people:

# %%
places = np.linspace(0, 1.3, 131)
figure, axes = plt.subplots()
curves = 100 * np.array([accept_rates(genuine, impostor, place) for place in places])  # (131, 2)
axes.plot(places, curves, label=["TAR", "FAR"])
axes.set(xlabel="threshold", ylabel="accepted, %")
axes.legend()
show(figure, "The share of genuine pairs (TAR) and of impostors (FAR) that each threshold accepts.")

# %% [markdown]
# ## Question 2: as many of the one as of the other (2 points)
#
# At the **equal error rate** a threshold turns away as large a share of the genuine pairs (1 - TAR) as it lets in of
# the impostors (FAR). The rates move in steps, so they seldom meet exactly. Let us agree: of all distances that were
# *observed*, genuine or not, take the smallest one at which FAR has reached 1 - TAR or more. That is the threshold,
# and the rate is the mean of FAR and 1 - TAR there.


# %% tags=["solution"]
def equal_error_rate(genuine: np.ndarray, impostor: np.ndarray) -> tuple[float, float]:
    """Where both mistakes are equally frequent.

    Args:
        genuine: (n,) distances of pairs of one person, in any order.
        impostor: (m,) distances of pairs of two people, in any order.

    Returns:
        The rate, from 0 to 1, and the threshold, which is one of the distances.
    """
    # BEGIN SOLUTION
    for threshold in np.unique(np.concatenate([genuine, impostor])):  # ascending
        far, turned_away = np.mean(impostor <= threshold), np.mean(genuine > threshold)
        if far >= turned_away:
            break
    return float(far + turned_away) / 2, float(threshold)
    # END SOLUTION


# %% tags=["test"]
def test_equal_error_by_hand(equal_error_rate):
    found = equal_error_rate(np.array([0.7, 0.1, 0.3, 0.2]), np.array([0.4, 0.9, 0.6, 0.8]))
    checks.shape(found, (2,), "two numbers, the rate and the threshold")
    checks.close(found, [0.25, 0.4], "at 0.4 one impostor of 4 comes in, and one genuine pair of 4 stays out")


# %% tags=["hidden"]
def test_equal_error_of_many(equal_error_rate, SEED):
    rng = np.random.default_rng(SEED)
    for _ in range(5):
        some, others = rng.normal(0.5, 0.15, 37), rng.normal(0.8, 0.15, 101)
        threshold = metrics.eer(some, others)[1]
        rate = (np.mean(others <= threshold) + np.mean(some > threshold)) / 2
        found = equal_error_rate(some, others)
        checks.close(found[1], threshold, "the smallest observed distance at which FAR has reached 1 - TAR")
        checks.close(found[0], rate, "the mean of FAR and 1 - TAR there")


# %% tags=["hidden"]
def test_equal_error_of_heaps_apart(equal_error_rate):
    found = equal_error_rate(np.array([0.1, 0.3]), np.array([0.6, 0.5, 0.9]))
    checks.close(found, [0, 0.3], "no impostor is nearer than a genuine pair: at 0.3 there is no mistake at all")


# %% [markdown]
# The two heaps of your people, and your threshold between them. Where they overlap, every threshold is wrong.

# %%
rate, place = equal_error_rate(genuine, impostor)
figure, axes = plt.subplots()
bins = np.linspace(distances.min(), distances.max(), 40)
axes.hist(genuine, bins, density=True, alpha=0.7, label="genuine: one person")
axes.hist(impostor, bins, density=True, alpha=0.7, label="impostors: two people")
axes.axvline(place, color="black", linestyle="--", label=f"EER {rate:.1%}, at {place:.2f}")
axes.axvline(0.5, color="grey", linestyle=":", label="0.5, as on the web")
axes.set(xlabel="distance", ylabel="share of the pairs", yticks=[])
axes.legend(fontsize=8)
show(figure, "Distances of genuine pairs and of impostors: what lies left of a line is accepted.")

# %% [markdown]
# ## Question 3: no more strangers than that (2 points)
#
# A door that lets in so many impostors pleases nobody. Mostly somebody says how many are allowed, and wants the
# threshold that accepts as much as possible within it. Write `threshold_at_far`: of all observed distances, genuine
# or not, the **largest** whose FAR is *at most* `far`. If every one lets in too many, answer `-np.inf`: nobody comes
# in.
#
# Several pairs may have the very same distance; then they come in together or not at all.


# %% tags=["solution"]
def threshold_at_far(genuine: np.ndarray, impostor: np.ndarray, far: float) -> float:
    """The loosest threshold that keeps to a FAR.

    Args:
        genuine: (n,) distances of pairs of one person, in any order.
        impostor: (m,) distances of pairs of two people, in any order.
        far: the largest FAR that is allowed, from 0 to 1.

    Returns:
        One of the distances, or -inf.
    """
    # BEGIN SOLUTION
    observed = np.unique(np.concatenate([genuine, impostor]))
    reached = np.searchsorted(np.sort(impostor), observed, side="right") / len(impostor)  # FAR at each of them
    return float(observed[reached <= far].max(initial=-np.inf))
    # END SOLUTION


# %% tags=["test"]
def test_threshold_by_hand(threshold_at_far):
    some, others = np.array([0.2, 0.1, 0.6]), np.array([0.8, 0.5, 0.9, 1.0])
    checks.close(threshold_at_far(some, others, 0.25), 0.6, "one impostor of 4 may come in, the next one is at 0.8")


# %% tags=["hidden"]
def test_threshold_of_many(threshold_at_far, SEED):
    rng = np.random.default_rng(SEED)
    some, others = rng.normal(0.5, 0.15, 64), rng.normal(0.8, 0.15, 960)
    pairs = metrics.PairDistances.of(some, others)
    for far in (0.001, 0.01, 0.1, 0.33):
        expected = metrics.threshold_at_far(pairs.genuine, pairs.impostor, far)
        checks.close(threshold_at_far(some, others, far), expected, f"the largest with a FAR of {far} at most", 1e-9)


# %% tags=["hidden"]
def test_threshold_with_ties(threshold_at_far, SEED):
    some, others = np.array([0.2, 0.4]), np.array([0.5, 0.5, 0.5, 0.9])
    checks.close(threshold_at_far(some, others, 0.5), 0.4, "three impostors at 0.5 come in together: that is 75 %")
    rng = np.random.default_rng(SEED)
    some, others = rng.integers(0, 12, 50) / 16, rng.integers(4, 16, 200) / 16
    for far in (0.05, 0.2, 0.5):
        expected = metrics.threshold_at_far(some, others, far)
        checks.close(threshold_at_far(some, others, far), expected, f"many equal distances, FAR {far}")


# %% tags=["hidden"]
def test_threshold_at_both_ends(threshold_at_far):
    some, others = np.array([0.3, 0.7]), np.array([0.2, 0.6])
    checks.close(threshold_at_far(some, others, 0.0), -np.inf, "the nearest pair of all is an impostor")
    checks.close(threshold_at_far(some, others, 1.0), 0.7, "everybody may come in")


# %% [markdown]
# Who chooses, and who is asked? Half of your people choose the threshold for a FAR of 5 %; it is then measured on them,
# and on the other half. The halves are drawn again forty times.

# %%
rng, chosen, others = np.random.default_rng(SEED), [], []
for _ in range(40):
    half = rng.permutation(np.unique(query_person))[:8]
    one, two = (np.ix_(np.isin(query_person, half) == side, np.isin(gallery_person, half) == side) for side in (1, 0))
    place = threshold_at_far(distances[one][same[one]], distances[one][~same[one]], 0.05)
    chosen.append(np.mean(distances[one][~same[one]] <= place))
    others.append(np.mean(distances[two][~same[two]] <= place))
figure, axes = plt.subplots(figsize=(6, 2.6))
axes.hist(100 * np.array(others), bins=20)
axes.axvline(5, color="black", linestyle="--", label="allowed")
axes.set(xlabel="FAR among the others, %", ylabel="divisions")
axes.legend()
show(figure, "The FAR that a threshold has among people who did not choose it.")
print(f"among those who chose it is {np.max(chosen):.1%} at most, among the others {np.max(others):.0%}")

# %% [markdown]
# ## Question 4: found, or not there (2 points)
#
# A search is no pair. Each query looks for its **nearest** picture in the whole gallery, and answers with that person
# if the picture is at the threshold or nearer, else "nobody". Some queries are **known**: their person is in the
# gallery. The others are **strangers**. Two figures tell how good such a search is:
#
# - **DIR** (detection and identification rate): of the known, the share that is answered, *and with the right person*.
# - **FAR**: of the strangers, the share that is answered at all.


# %% tags=["solution"]
def open_set_rates(
    distances: np.ndarray, query_person: np.ndarray, gallery_person: np.ndarray, threshold: float
) -> tuple[float, float]:
    """How a search does among people of whom some are not there.

    Args:
        distances: (n, m), smaller = more alike.
        query_person: (n,) who asks; there is a known one and a stranger among them.
        gallery_person: (m,) who is on each picture of the gallery.
        threshold: the nearest picture answers if it is at this distance or nearer.

    Returns:
        DIR and FAR, from 0 to 1.
    """
    # BEGIN SOLUTION
    nearest = distances.argmin(axis=1)
    answered = distances.min(axis=1) <= threshold
    known = np.isin(query_person, gallery_person)
    right = answered & (gallery_person[nearest] == query_person)
    return float(right[known].mean()), float(answered[~known].mean())
    # END SOLUTION


# %% tags=["test"]
def test_open_set_by_hand(open_set_rates):
    away = np.array([[0.2, 0.6, 0.9], [0.3, 0.4, 0.9], [0.7, 0.9, 0.8], [0.9, 0.4, 0.8]])
    found = open_set_rates(away, np.array([1, 2, 1, 5]), np.array([1, 2, 3]), 0.5)
    checks.shape(found, (2,), "two numbers, DIR and FAR")
    checks.close(found, [1 / 3, 1], "right; nearest is 1, not 2; right, but too far; and 5 is not in the gallery")


# %% tags=["hidden"]
def test_open_set_like_a_loop(open_set_rates, SEED):
    rng = np.random.default_rng(SEED)
    away, asking, there = rng.integers(1, 2000, (60, 40)) / 1024, rng.permutation(60) % 12, rng.permutation(40) % 8
    for threshold in np.sort(away.min(axis=1))[[10, 30, 55]]:  # these are reached exactly
        found, alarms = [], []
        for row, person in zip(away, asking, strict=True):
            place = min(range(40), key=lambda column, row=row: row[column])
            near = row[place] <= threshold
            (found if person in there else alarms).append(near and (person not in there or there[place] == person))
        expected = [np.mean(found), np.mean(alarms)]
        checks.close(open_set_rates(away, asking, there, threshold), expected, "a loop over the queries says so")


# %% tags=["hidden"]
def test_open_set_asks_the_nearest(open_set_rates):
    away = np.array([[0.1, 0.2], [0.3, 0.2], [0.4, 0.6]])
    found = open_set_rates(away, np.array([8, 8, 9]), np.array([7, 8]), 0.5)
    checks.close(found, [0.5, 1], "7 is nearest to the first query: a wrong answer, though 8 is near enough too")


# %% tags=["hidden"]
def test_open_set_like_the_project(open_set_rates, SEED):
    from learning_reid.metrics import PROTOCOLS, Labels, dir_at_far, find_matches

    rng = np.random.default_rng(SEED)
    asking, there = np.arange(40) % 10, np.arange(50) % 10
    own = asking[:, None] == there
    away = rng.random((40, 50)) + 0.5 - 0.5 * own
    found, alarms = np.where(own, away, 9).min(axis=1), np.where(own, 9, away).min(axis=1)
    threshold = metrics.threshold_at_far(found, alarms, 0.2)
    labels = Labels.of(asking, np.zeros(40, int)), Labels.of(there, np.ones(50, int))
    expected = dir_at_far(find_matches(lambda rows: away[rows], *labels, PROTOCOLS["market1501"]), 0.2)
    twice, who = np.concatenate([away, np.where(own, 9, away)]), np.concatenate([asking, asking + 100])
    checks.close(open_set_rates(twice, who, there, threshold), [expected, 0.2], "everybody asks once as a stranger")


# %% [markdown]
# Now let six of your people never have come to the second camera. The threshold lets in one impostor *pair* in twenty.
# How many *strangers* does a search let in with it?

# %%
gone = np.random.default_rng(SEED).permutation(np.unique(query_person))[:6]
there = np.flatnonzero(~np.isin(gallery_person, gone))
place = metrics.threshold_at_far(genuine, impostor, 0.05)
found, alarms = open_set_rates(distances[:, there], query_person, gallery_person[there], place)
print(f"threshold {place:.2f}: FAR of pairs 5 %; of searches DIR {found:.0%}, FAR {alarms:.0%}")
strangers = np.flatnonzero(np.isin(query_person, gone))
nearest = there[distances[np.ix_(strangers, there)].argmin(axis=1)]
rows = [[read_crop(contest.samples[row]) for row in part] for part in (asks[strangers], answers[nearest])]
away = distances[strangers, nearest]
marks = [[None] * len(away), [bool(distance > place) for distance in away]]
titles = [[""] * len(away), [f"{distance:.2f}" for distance in away]]
show_crops(
    rows, "Above strangers, below the nearest in the gallery: green is refused, orange is answered.", titles, marks
)

# %% [markdown]
# ## Question 5: ten times as many (2 points)
#
# No code now. A gallery has 100 pictures of 100 people. At your threshold 2 % of the strangers are answered, wrongly.
# The town joins in, and the gallery now has 1,000 pictures of 1,000 people who dress like the first hundred. Network
# and threshold stay. What can be expected?
#
# - **a** Still about 2 % of the strangers are answered: two people are no more alike than before.
# - **b** About 0.2 %: as many are answered as before, among ten times as many pictures.
# - **c** Nearly 20 % are answered, while the share of impostor *pairs* that is accepted stays as it was.
# - **d** Nearly 20 % are answered, since ten times as large a share of the impostor *pairs* is accepted now.

# %% tags=["solution"]
answer = "c"  # SOLUTION

# %% [markdown] tags=["why"]
# **c.** One pair is as alike as before, so the share of accepted *pairs* stays. But a stranger is now compared with
# 1,000 pictures, and one that is near enough suffices. With 100 pictures 98 % of the strangers meet none; with ten such
# galleries 0.98¹⁰ = 82 % do, so 18 % are answered. (Not quite 20 %: some meet two.) Hence a threshold belongs not only
# to weights and metric, but also to the size of the gallery, and `calibrate` writes that size beside it.


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "c", "how many pictures does one stranger meet, and how many does one pair?")
