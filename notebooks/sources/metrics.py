# %% [markdown]
# # Rank-1, CMC and mAP by hand
#
# > A network has ranked the gallery: how good is the ranking, in one number?
#
# **You will learn** what CMC, average precision and mINP count, by counting them yourself on ten crops; which pictures
# are left out of the count, and why; and how one and the same network gets very different figures from different rules.
#
# **Needs** lesson 1.
#
# **Takes** 1 minute on 2 CPU cores, and twenty to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
PERSONS = 100  # of the 750 test persons of Market-1501; of the embedded people all take part
SEED = 7

# %% [markdown]
# ## A ranking of everything
#
# First the whole of lesson 1 in one cell: crops → vectors → distances. Each query gets a row of distances to all
# gallery pictures, and everything below is counting in that table.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import embed_samples, read_crop
from learning_reid.embedding import create_embedder
from learning_reid.retrieval import euclidean_distance
from reid_course import compare_guess, lesson_split, show, show_crops

rng = np.random.default_rng(SEED)
contest = lesson_split(DATA, SEED, PERSONS)
query, gallery = contest.query_labels, contest.gallery_labels
features = embed_samples(contest.samples, create_embedder("osnet_x0_25", "embedded"))
table = euclidean_distance(features[: len(query)], features[len(query) :])
print(f"{len(contest.persons)} persons ask with {len(query)} pictures; {len(gallery)} pictures answer")

# %% [markdown]
# ## Ten of them
#
# To count by hand we take one query and only ten gallery pictures. They are picked so that everything that can happen
# does happen. One letter for each picture, nearest first:
#
# | letter | the picture shows |
# |---|---|
# | `X` | the person asked for, from another camera: what we hope to find |
# | `o` | the person asked for, from the query's own camera |
# | `.` | somebody else |


# %%
def ten_for(asked: int) -> tuple[np.ndarray, str]:
    """Ten gallery rows for one query, nearest first, and their letters."""
    same_person, same_camera = gallery.person == query.person[asked], gallery.camera == query.camera[asked]
    own, found = np.flatnonzero(same_person & same_camera)[:2], np.flatnonzero(same_person & ~same_camera)
    found = found[:: max(1, len(found) // 3)][:3]  # from several cameras
    others = np.flatnonzero(~same_person & (gallery.person >= 0))
    nearest = others[np.argsort(table[asked, others])][: 10 - len(own) - len(found)]
    rows = np.concatenate([own, found, nearest])
    rows = rows[np.argsort(table[asked, rows])]
    return rows, "".join("." if not same_person[row] else "o" if same_camera[row] else "X" for row in rows)


candidates = rng.permutation(len(query))
asked = next((index for index in candidates if ten_for(index)[1].startswith("o.X")), candidates[0])
ten, letters = ten_for(asked)
print("one letter for each:", letters)

# %%
pictures = [read_crop(contest.query[asked]), *(read_crop(contest.gallery[row]) for row in ten)]
titles = [
    f"{place + 1}. {letters[place]}\ncamera {contest.cameras[gallery.camera[row]]}" for place, row in enumerate(ten)
]
show_crops(
    [pictures],
    "The query, and ten gallery pictures, nearest first. Green: the same person; red: somebody else.",
    [[f"query\ncamera {contest.cameras[query.camera[asked]]}", *titles]],
    [[None, *(letter != "." for letter in letters)]],
)

# %% [markdown]
# ## The same-camera rule
#
# Look at the pictures with `o`. They were taken by the *query's own camera*, moments before or after it: same wall,
# same light, often the same pose. Finding those proves nothing, and no user asks for them: whoever stands at camera 1
# wants to know where the person is at the *other* cameras.
#
# So these are **removed before anything is counted**: neither right nor wrong, as if they were not there. (Only those
# of the query's person. Other people seen by the query's camera stay: they are wrong answers like all others.) This
# rule came with Market-1501 (Zheng et al., ICCV 2015), and nearly everybody follows it.

# %%
counted = letters.replace("o", "")
hits = np.array([letter == "X" for letter in counted])
ranks = np.flatnonzero(hits) + 1  # counted from 1
print(f"{letters}  →  {counted}: the true matches stand at ranks {ranks.tolist()} of {len(counted)}")

# %% [markdown]
# ## CMC: is the person among the first k?
#
# **CMC(k)**, the *cumulative matching characteristic*, is 1 for a query if a true match stands among its first k, else
# 0. For one query that is a single step. Its value at k = 1 is called **rank-1**.

# %%
first = ranks[0]
cmc = [int(first <= k) for k in range(1, len(counted) + 1)]
print("k      ", *range(1, len(counted) + 1))
print("CMC(k) ", *cmc)

# %% [markdown]
# Only the *first* true match plays a part. The others may stand second or last: CMC cannot see it.
#
# ## Average precision: are they *all* near the top?
#
# Walk down the ranking. At each true match, stop and ask: of the pictures passed so far, which share is right? That
# share is the **precision** at this rank. The **average precision (AP)** is the mean of it over the true matches.
#
# Take pencil and paper. The ranks of the true matches are printed above; what is AP, in percent?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
for number, rank in enumerate(ranks, start=1):
    print(f"at rank {rank} the {number}. true match: {number} of {rank} are right, precision {number / rank:.3f}")
precisions = np.arange(1, len(ranks) + 1) / ranks
average_precision = precisions.mean()
compare_guess(MY_GUESS, 100 * average_precision, "average precision")

# %%
places = np.arange(1, len(hits) + 1)
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.plot(places, np.cumsum(hits) / places, color="#9aa0a6", label="precision after so many pictures")
axes.plot(ranks, precisions, "o", color="#009e73", markersize=9, label="at a true match")
axes.axhline(average_precision, color="#0072b2", linestyle="--", label=f"their mean: AP = {average_precision:.3f}")
axes.set(xlabel="rank", ylabel="precision", xticks=places, ylim=(0, 1.05))
axes.legend()
show(figure, "Precision along the ranking: it drops with each wrong picture; AP is the mean of the green points.")

# %% [markdown]
# ## mINP: where is the hardest one?
#
# A detective wants *all* pictures of a person and must read on until the last one has come. With n true matches of
# which the last stands at rank r, the **inverse negative penalty** is n / r: the share of right ones in all that was
# read. Its mean over the queries is **mINP** (Ye et al., 2021, arXiv 2001.04193).

# %%
penalty = len(ranks) / ranks[-1]
print(f"INP = {len(ranks)} / {ranks[-1]} = {penalty:.3f}")

# %% [markdown]
# ## The same by the project's code
#
# [`find_matches`](../src/learning_reid/metrics/matches.py) finds the rank of each true match under a rule, called
# **protocol**; [`retrieval_metrics`](../src/learning_reid/metrics/retrieval.py) turns ranks into figures. They must
# agree with pencil and paper.

# %%
from learning_reid.metrics import PROTOCOLS, RetrievalMetrics, find_matches, retrieval_metrics

one, few = query.take(np.array([asked])), gallery.take(ten)  # the labels of one query and of ten pictures
rule = PROTOCOLS["market1501"]
matches = find_matches(lambda rows: table[[asked]][:, ten], one, few, rule)
figures = retrieval_metrics(matches, one, few, rule).means

print("ranks", matches.rank.tolist())
for name, mine in (("rank1", cmc[0]), ("map", average_precision), ("minp", penalty)):
    print(f"{name:6s} by hand {mine:.4f}   by code {figures[name]:.4f}")
    assert np.isclose(mine, figures[name])
assert matches.rank.tolist() == ranks.tolist()

# %% [markdown]
# ## All queries
#
# The figures of a network are means over all queries, each before the whole gallery. By hand that is the loop below;
# the code does it without sorting the gallery, because the rank of a true match is one more than the number of pictures
# that are nearer.


# %%
def by_hand(asked: int) -> tuple[float, float, float]:
    """Rank-1, AP and INP of one query."""
    order = np.argsort(table[asked], kind="stable")
    person, camera = gallery.person[order], gallery.camera[order]
    own = (person == query.person[asked]) & (camera == query.camera[asked])
    ranks = np.flatnonzero(person[~own] == query.person[asked]) + 1
    number = np.arange(1, len(ranks) + 1)
    return float(ranks[0] == 1), float((number / ranks).mean()), len(ranks) / ranks[-1]


mine = np.array([by_hand(index) for index in range(len(query))])
scored = retrieval_metrics(find_matches(lambda rows: table[rows], query, gallery, rule), query, gallery, rule)
for name, column, title in (("rank1", 0, "rank-1"), ("map", 1, "mAP"), ("minp", 2, "mINP")):
    assert np.isclose(mine[:, column].mean(), scored.means[name], atol=1e-3)
    print(f"{title:7s} {100 * scored.means[name]:5.1f} %")

# %%
figure, (left, right) = plt.subplots(1, 2)
left.plot(range(1, 21), 100 * scored.cmc[:20], marker=".")
left.set(xlabel="k", ylabel="CMC(k), % of the queries", ylim=(0, 102), xticks=[1, 5, 10, 15, 20])
right.hist(100 * scored.per_query["map"], bins=20, range=(0, 100))
right.axvline(100 * scored.means["map"], color="#d55e00", label="their mean: mAP")
right.set(xlabel="AP of a query, %", ylabel="queries")
right.legend()
show(figure, "Left, CMC: it can only rise with k. Right: the AP of each query. One mean hides how much they differ.")

# %% [markdown]
# ## The same rank-1, another mAP
#
# Two networks rank ten pictures, four of them right: network A `X.X..XX...`, network B `X......XXX`. Both have rank-1 =
# 100 %. How many points is the AP of A higher?

# %%
MY_GUESS = None  # points

# %%
from learning_reid.metrics import average_precision as ap_of

ap_a, ap_b = (100 * ap_of(np.array([letter == "X" for letter in signs])) for signs in ("X.X..XX...", "X......XXX"))
compare_guess(MY_GUESS, ap_a - ap_b, f"A {ap_a:.1f}, B {ap_b:.1f}, difference", "points")
assert ap_a > ap_b

# %% [markdown]
# So look at rank-1 if *one* sighting is enough, at mAP if all of them matter, and at mINP if missing a single one is
# costly.
#
# ## Now without the same-camera rule
#
# What if the pictures with `o` count as right answers? The protocol `self-only` does so: it removes the query picture
# itself and nothing else. By how many points will rank-1 change?

# %%
MY_GUESS = None  # points, with a minus if it falls


# %%
def score(name: str) -> RetrievalMetrics:
    """The same distances under another protocol."""
    protocol = PROTOCOLS[name]
    return retrieval_metrics(find_matches(lambda rows: table[rows], query, gallery, protocol), query, gallery, protocol)


flattered = score("self-only")
for name, title in (("rank1", "rank-1"), ("map", "mAP"), ("minp", "mINP")):
    print(f"{title:7s} with the rule {100 * scored.means[name]:5.1f}   without {100 * flattered.means[name]:5.1f}")
compare_guess(MY_GUESS, 100 * (flattered.means["rank1"] - scored.means["rank1"]), "rank-1 changes by", "points")
assert flattered.means["rank1"] >= scored.means["rank1"]

# %% [markdown]
# The network is the same, and so is every distance. Can rank-1 fall without the rule? No: right answers were added and
# wrong ones were not, so the first right one can only move forward. mINP may fall, since there is more to find.
#
# ## Four protocols on the same features
#
# There are more rules than these two, and papers have used all of them:

# %%
NAMES = ["self-only", "market1501", "cuhk03-single-shot", "all-shots"]
for name in NAMES:
    print(f"{name}\n    {PROTOCOLS[name].definition}\n")

# %% [markdown]
# Which of our ten pictures take part? Under each protocol, once more:


# %%
def in_play(name: str) -> np.ndarray:
    """Which of the ten may answer, or stand in the way."""
    protocol = PROTOCOLS[name]
    _, shots = next(iter(protocol.query_groups(one, few)))
    competes = np.isin(np.arange(len(ten)), np.arange(len(ten)) if shots[0] is None else shots[0])
    own = np.flatnonzero(few.person == one.person[0])
    competes[own[~protocol.keeps(one, 0, few, own)]] = False
    return competes


rows = []
for name in NAMES:
    rows.append(
        [None if not takes_part else letter != "." for takes_part, letter in zip(in_play(name), letters, strict=True)]
    )
assert in_play("self-only").all() and not in_play("market1501")[[letter == "o" for letter in letters]].any()

blank = np.full_like(pictures[0], 235)
faded = [[blank if sign is None else crop for crop, sign in zip(pictures[1:], row, strict=True)] for row in rows]
show_crops(
    [[pictures[0], *line] for line in faded],
    "The query (left) and the ten under self-only, market1501, cuhk03-single-shot and all-shots, from top to bottom. "
    "Empty: takes no part. Green: right; red: wrong.",
    correct=[[None, *row] for row in rows],
)

# %% [markdown]
# - `self-only` lets everything take part.
# - `market1501` leaves out the person's pictures by the query's own camera.
# - `cuhk03-single-shot` leaves out the whole own camera, and of everybody else keeps *one* picture drawn at random (the
#   row shows the first of ten draws). With one true match, AP is simply 1 / rank.
# - `all-shots` has the same pictures as `market1501` but counts otherwise: each true match asks for itself how many
#   *wrong* pictures are nearer, so that a person with one easy and two hard pictures no longer counts as found.
#
# Which protocol gives the lowest rank-1, and how low is it? (Market-1501's rule gave the figure further up.)

# %%
MY_GUESS = None  # the lowest of the four, from 0 to 100

# %%
from learning_reid.evaluation import evaluate_protocols
from reid_synth import FeaturePlan

worlds = {"these people": {name: score(name) for name in NAMES}, "drawn points": evaluate_protocols(FeaturePlan())}
for world, results in worlds.items():
    print(f"{world:20s} rank-1   mAP  mINP")
    for name in NAMES:
        print(f"  {name:18s}", *(f"{100 * results[name].means[figure]:5.1f}" for figure in ("rank1", "map", "minp")))
rank1 = {name: 100 * worlds["these people"][name].means["rank1"] for name in NAMES}
lowest = min(rank1, key=rank1.get)
compare_guess(MY_GUESS, rank1[lowest], f"rank-1 under {lowest}")

for results in worlds.values():
    assert np.isclose(results["market1501"].means["map"], results["all-shots"].means["map"])
    assert results["all-shots"].means["rank1"] < results["market1501"].means["rank1"]

# %% [markdown]
# *Drawn points* are vectors without pictures: each person is a point, each camera pushes all its pictures the same way,
# each picture adds noise ([features.py](../src/reid_synth/datasets/features.py)). The pattern is the same, so it does
# not come from our people or our network.

# %%
figure, panels = plt.subplots(1, 2, sharey=True, figsize=(7.6, 3.2))
for axes, (world, results) in zip(panels, worlds.items(), strict=True):
    place = np.arange(len(NAMES))
    for shift, figure_name, label in ((-0.2, "rank1", "rank-1"), (0.2, "map", "mAP")):
        bars = axes.bar(place + shift, [100 * results[name].means[figure_name] for name in NAMES], 0.4, label=label)
        axes.bar_label(bars, fmt="%.0f", fontsize=8)
    axes.set(title=world, ylim=(0, 108))
    axes.set_xticks(place, ["self-\nonly", "market\n1501", "cuhk03-\nsingle-shot", "all-\nshots"], fontsize=8)
panels[0].set_ylabel("%")
panels[0].legend(loc="upper right", fontsize=8)
show(
    figure,
    "One set of distances, four rules: rank-1 falls by about half, and mAP tells another story.",
)

# %% [markdown]
# Two things to notice:
#
# - `market1501` and `all-shots` have the *same* mAP to the last digit: mAP is counted over all true matches under both.
#   Only CMC differs.
# - `cuhk03-single-shot` has a *lower* rank-1 than `market1501` but a *higher* mAP. Fewer right pictures make the first
#   rank harder to hit; but fewer wrong ones are in the way of the one that is left.
#
# It is no peculiarity of generated people: for one ResNet-50 on Market-1501 the documentation of open-reid tells rank-1
# 42.9, 70.5 or 85.1, under `all-shots`, `cuhk03-single-shot` and `market1501`.
#
# ## What may be compared with what
#
# So this project gives no figure without a **fingerprint**: eight characters that change when the rule, the way of
# counting, or one picture changes. Same fingerprint: compare. Another one: don't.

# %%
from learning_reid.datasets import fingerprint

data = fingerprint(contest.query, contest.gallery)
for name in NAMES:
    print(f"{name:20s} rank-1 {rank1[name]:5.1f}   fingerprint {worlds['these people'][name].fingerprint(data)}")
assert len({worlds["these people"][name].fingerprint(data) for name in NAMES}) == len(NAMES)

# %% [markdown]
# ## Try this
#
# - Change `SEED`. Other people, another table, another query: does `all-shots` stay the lowest?
# - A fifth protocol is called `single-camera`: only pictures of the query's own camera compete. Add it to `NAMES`. (The
#   picture of the ten will show nearly empty rows for it: why?)
# - There is a second average precision, the area under a curve drawn with straight lines. Give `retrieval_metrics(…,
#   ap="interpolated")` and see how much mAP changes.
# - Let 5,000 strangers into the gallery, with −1 for their persons in the labels: first random unit vectors, then crops
#   of other seeds (`lesson_split(DATA, 101, None)` and so on). Which figures suffer? Why is random not strange?
#
# ## Recap
#
# - **CMC(k)**: is a true match among the first k? rank-1 sees nothing but the first place.
# - **AP**: mean of the precisions at the true matches; **mAP**: its mean over the queries. **mINP**: the price of the
#   hardest match.
# - The **same-camera rule** removes what is easy to find and of no use.
# - A figure without its **protocol** means nothing: only figures of one fingerprint may be compared.
#
# **Sources**: [matches.py](../src/learning_reid/metrics/matches.py),
# [retrieval.py](../src/learning_reid/metrics/retrieval.py), [protocol.py](../src/learning_reid/metrics/protocol.py),
# and [How good is a network?](../docs/evaluation.md), which tells the rest.
