# %% [markdown]
# # Rank-1, CMC and mAP by hand
#
# > A network has ranked the gallery. How good is the ranking, in one number?
#
# **You will learn** to compute CMC, average precision and mINP with pencil and paper, and then with code; why crops of
# the query's own camera are ignored; how much a number depends on the evaluation protocol; and how certain it is.
#
# **Needs** lesson 1.
#
# **Takes** 1 minute on 2 CPU cores, and half an hour to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
PERSONS = 100  # of the 750 test people of Market-1501; of the synthetic people, all
SEED = 7

# %% [markdown]
# ## One ranked list
#
# Every ReID metric looks at ranked lists. For each query, the gallery is sorted by distance, and each gallery crop is
# either a match (it shows the query's person) or not. Two questions can be asked about the list:
#
# - How far must I look until the *first* match? [CMC](../docs/glossary.md#cmc-cumulative-matching-characteristic) and
#   rank-1 answer this.
# - Are *all* matches near the top? [AP](../docs/glossary.md#ap-average-precision) and mAP answer this.

# %% tags=["hidden"]
# @title Diagram: CMC and average precision of one ranked list
from reid_course import show_diagram

show_diagram("ranked_list")

# %% [markdown]
# In this lesson you compute both by hand, for one real list. First, lesson 1 in one cell: crops, embeddings, distances.

# %%
import numpy as np

from learning_reid.datasets import embed_samples
from learning_reid.embedding import create_embedder
from learning_reid.retrieval import euclidean_distance
from reid_course import lesson_split

split = lesson_split(DATA, SEED, PERSONS)
query, gallery = split.query_labels, split.gallery_labels
features = embed_samples(split.samples, create_embedder("osnet_x0_25", "embedded"))
distances = euclidean_distance(features[: len(query)], features[len(query) :])
print(f"{len(split.persons)} people, {len(query)} queries, {len(gallery)} gallery crops")
print("distance matrix:", distances.shape)

# %% [markdown]
# ## Ten gallery crops
#
# To compute by hand, we take one query and only ten gallery crops, chosen so that every case occurs. Each crop gets a
# letter:
#
# | letter | the crop shows |
# |---|---|
# | `X` | the query's person, seen by another camera |
# | `o` | the query's person, seen by the query's own camera |
# | `.` | another person |


# %%
def choose_ten(query_index: int) -> tuple[np.ndarray, str]:
    """Return ten gallery crops for a query, nearest first, and their letters."""
    same_person = gallery.person == query.person[query_index]
    same_camera = gallery.camera == query.camera[query_index]
    own = np.flatnonzero(same_person & same_camera)[:2]
    matches = np.flatnonzero(same_person & ~same_camera)
    matches = matches[:: max(1, len(matches) // 3)][:3]  # from several cameras
    others = np.flatnonzero(~same_person & (gallery.person >= 0))
    others = others[np.argsort(distances[query_index, others])]
    chosen = np.concatenate([own, matches, others[: 10 - len(own) - len(matches)]])
    chosen = chosen[np.argsort(distances[query_index, chosen])]
    letters = np.where(same_person, np.where(same_camera, "o", "X"), ".")
    return chosen, "".join(letters[chosen])


rng = np.random.default_rng(SEED)
queries = rng.permutation(len(query))
query_index = next((index for index in queries if choose_ten(index)[1].startswith("o.X")), queries[0])
ten, letters = choose_ten(query_index)
print(letters)

# %% tags=["hidden"]
# @title Show the query and the ten crops
from learning_reid.datasets import read_crop
from reid_course import show_crops

crops = [read_crop(split.query[query_index]), *(read_crop(split.gallery[index]) for index in ten)]
cameras = [split.cameras[number] for number in (query.camera[query_index], *gallery.camera[ten])]
names = ["query", *(f"{rank}. {letter}" for rank, letter in enumerate(letters, 1))]
titles = [f"{name}\ncamera {camera}" for name, camera in zip(names, cameras, strict=True)]
correct = [None, *(letter != "." for letter in letters)]
caption = "A query (gray) and ten gallery crops, nearest first. Green: the same person. Orange: another person."
rows = [slice(0, 6), slice(6, 11)]
show_crops([crops[row] for row in rows], caption, [titles[row] for row in rows], [correct[row] for row in rows])

# %% [markdown]
# ## The same-camera rule
#
# Look at the crops marked `o`. The query's own camera took them, moments before or after the query: same wall, same
# light, often the same pose. Finding them is easy and proves nothing. A user at camera 1 wants to know where the person
# appears at the *other* cameras.
#
# These crops are therefore **removed before anything is computed**. They count neither as matches nor as errors. Other
# people seen by the query's camera stay in the list; they are errors like all others. The rule came with
# [Market-1501](../docs/glossary.md#market-1501) (Zheng and others, ICCV 2015), and nearly every paper follows it.

# %%
counted = letters.replace("o", "")
is_match = np.array([letter == "X" for letter in counted])
ranks = np.flatnonzero(is_match) + 1  # ranks start at 1
print(f"{letters}  →  {counted}")
print(f"matches at ranks {ranks.tolist()} of {len(counted)}")

# %% [markdown]
# ## CMC: is there a match among the first k?
#
# CMC(k) of one query is 1 if there is a match among the first k ranks, and 0 otherwise. It is a single step from 0 to 1
# at the first match. Its value at k = 1 is rank-1.

# %%
cmc = (np.cumsum(is_match) > 0).astype(int)
print("k      ", *range(1, len(counted) + 1))
print("CMC(k) ", *cmc)

# %% [markdown]
# Only the *first* match matters. Whether the others follow immediately or come last, CMC is the same.
#
# ## Average precision: are all matches near the top?
#
# Walk down the list. At each match, stop and compute the **precision**: the share of matches among the crops so far.
# The average precision is the mean of these precisions:
#
# $$\mathrm{AP} = \frac{1}{n}\sum_{i=1}^{n}\frac{i}{r_i}$$
#
# where $r_i$ is the rank of the $i$-th of $n$ matches. Take pencil and paper. The ranks are printed above. What is AP,
# in percent?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from reid_course import compare_guess

for count, rank in enumerate(ranks, start=1):
    print(f"match {count} at rank {rank}: precision {count}/{rank} = {count / rank:.3f}")
average_precision = np.mean(np.arange(1, len(ranks) + 1) / ranks)
compare_guess(MY_GUESS, 100 * average_precision, "average precision")

# %% [markdown]
# ## mINP: where is the hardest match?
#
# An investigator who needs *every* crop of a person must read the list down to the last match. With n matches, the last
# one at rank r, the **inverse negative penalty** is n / r: the share of matches in everything that was read. Its mean
# over all queries is [mINP](../docs/glossary.md#minp) (Ye and others, 2021).

# %%
inverse_negative_penalty = len(ranks) / ranks[-1]
print(f"INP = {len(ranks)} / {ranks[-1]} = {inverse_negative_penalty:.3f}")

# %% [markdown]
# ## The same with the library
#
# `evaluate_retrieval` takes a distance matrix and the labels. Here the matrix has one row and ten columns. The results
# must agree with pencil and paper.

# %%
from learning_reid import evaluate_retrieval

one = evaluate_retrieval(
    distances[[query_index]][:, ten],
    query.person[[query_index]],
    gallery.person[ten],
    query.camera[[query_index]],
    gallery.camera[ten],
)
by_hand = {"rank1": cmc[0], "map": average_precision, "minp": inverse_negative_penalty}
for name, value in by_hand.items():
    print(f"{name:6s} by hand {value:.4f}   library {one.means[name]:.4f}")

# %% tags=["check"]
assert all(np.isclose(value, one.means[name]) for name, value in by_hand.items())

# %% [markdown]
# ## All queries
#
# The numbers in papers are means over all queries, each ranked against the full gallery. By hand, this is a loop over
# the function below. It contains everything you just did, in seven lines.


# %%
def evaluate_query(query_index: int) -> tuple[float, float, float]:
    """Return rank-1, AP and INP of one query."""
    order = np.argsort(distances[query_index], kind="stable")
    same_person = gallery.person[order] == query.person[query_index]
    same_camera = gallery.camera[order] == query.camera[query_index]
    is_match = same_person[~(same_person & same_camera)]  # the same-camera rule
    ranks = np.flatnonzero(is_match) + 1
    precisions = np.arange(1, len(ranks) + 1) / ranks
    return float(ranks[0] == 1), precisions.mean(), len(ranks) / ranks[-1]


by_hand = np.array([evaluate_query(index) for index in range(len(query))]).mean(axis=0)
labels = (query.person, gallery.person, query.camera, gallery.camera)
metrics = evaluate_retrieval(distances, *labels)
for value, name in zip(by_hand, ("rank1", "map", "minp"), strict=True):
    print(f"{name:6s} by hand {100 * value:5.1f} %   library {100 * metrics.means[name]:5.1f} %")

# %% tags=["check"]
assert np.allclose(by_hand, [metrics.rank1, metrics.map, metrics.minp], atol=1e-3)

# %% [markdown]
# The library does not sort the gallery. It counts, for each match, how many crops are nearer; the rank is that number
# plus one. This gives the same result faster.

# %% tags=["hidden"]
# @title Plot CMC and the average precision of every query
import matplotlib.pyplot as plt

from reid_course import show

figure, (left, right) = plt.subplots(1, 2)
left.plot(range(1, 21), 100 * metrics.cmc[:20], marker=".")
left.set(xlabel="k", ylabel="CMC(k) (% of queries)", ylim=(0, 100), xticks=[1, 5, 10, 15, 20])
right.hist(100 * metrics.per_query["map"], bins=20, range=(0, 100))
right.axvline(100 * metrics.map, color="#d55e00", label="mean: mAP")
right.set(xlabel="AP of a query (%)", ylabel="number of queries")
right.legend()
show(figure, "Left: CMC rises with k. Right: AP of every query. The mean hides how much queries differ.")

# %% [markdown]
# ## Equal rank-1, different mAP
#
# Two networks rank ten crops, four of them matches. Network A: `X.X..XX...`. Network B: `X......XXX`. Both have rank-1
# of 100 %. By how many points is the AP of A higher?

# %%
MY_GUESS = None  # points

# %%
from learning_reid.metrics import average_precision

ap_a = 100 * average_precision(np.array([letter == "X" for letter in "X.X..XX..."]))
ap_b = 100 * average_precision(np.array([letter == "X" for letter in "X......XXX"]))
compare_guess(MY_GUESS, ap_a - ap_b, f"A {ap_a:.1f}, B {ap_b:.1f}, difference", "points")

# %% [markdown]
# Use rank-1 when one sighting is enough, mAP when all of them matter, and mINP when missing a single one is costly.
#
# ## Without the same-camera rule
#
# What happens if the crops marked `o` count as matches? The [protocol](../docs/glossary.md#protocol) `self-only` does
# that: it removes only the query image itself. By how many points does rank-1 change?

# %%
MY_GUESS = None  # points, negative if rank-1 falls

# %%
without_rule = evaluate_retrieval(distances, *labels, protocol="self-only")
for name in ("rank1", "map", "minp"):
    print(f"{name:6s} with the rule {100 * metrics.means[name]:5.1f}   without {100 * without_rule.means[name]:5.1f}")
compare_guess(MY_GUESS, 100 * (without_rule.rank1 - metrics.rank1), "rank-1 changes by", "points")

# %% tags=["check"]
assert without_rule.rank1 >= metrics.rank1

# %% [markdown]
# The network and every distance are unchanged. Rank-1 cannot fall without the rule: matches were added, errors were
# not, so the first match can only move up. mINP can fall, because there is more to find.
#
# ## Four protocols, one distance matrix
#
# Papers have used more rules than these two. `learning_reid.metrics.PROTOCOLS` holds them with their definitions:

# %%
from learning_reid.metrics import PROTOCOLS

NAMES = ["self-only", "market1501", "cuhk03-single-shot", "all-shots"]
for name in NAMES:
    print(f"{name}\n    {PROTOCOLS[name].definition}\n")

# %% [markdown]
# Which of the four gives the lowest rank-1 on our distances, and how low is it?

# %%
MY_GUESS = None  # the lowest of the four, from 0 to 100

# %%
results = {name: evaluate_retrieval(distances, *labels, protocol=name) for name in NAMES}
print("                     rank-1   mAP  mINP")
for name, result in results.items():
    print(f"{name:20s}  {100 * result.rank1:5.1f} {100 * result.map:5.1f} {100 * result.minp:5.1f}")
lowest = min(NAMES, key=lambda name: results[name].rank1)
compare_guess(MY_GUESS, 100 * results[lowest].rank1, f"rank-1 under {lowest}")

# %% tags=["check"]
assert np.isclose(results["market1501"].map, results["all-shots"].map)
assert results["all-shots"].rank1 < results["market1501"].rank1

# %% tags=["hidden"]
# @title Plot the four protocols
positions = np.arange(len(NAMES))
figure, axes = plt.subplots(figsize=(7, 3))
for shift, key, label in ((-0.2, "rank1", "rank-1"), (0.2, "map", "mAP")):
    bars = axes.bar(positions + shift, [100 * results[name].means[key] for name in NAMES], 0.4, label=label)
    axes.bar_label(bars, fmt="%.0f", fontsize=8)
axes.set(ylim=(0, 105), ylabel="%")
axes.set_xticks(positions, NAMES)
axes.legend()
show(figure, "One distance matrix under four protocols: rank-1 falls by half, while mAP hardly changes or rises.")

# %% [markdown]
# - `market1501` and `all-shots` have the *same* mAP, because both average over all matches. Only CMC differs:
#   `all-shots` counts every match, so a person with one easy and two hard crops no longer counts as found.
# - `cuhk03-single-shot` keeps one random crop of each person. Rank-1 falls, because there are fewer chances for a match
#   at rank 1. mAP rises, because fewer other crops stand in front of the only match.
#
# This is not peculiar to synthetic people. For one ResNet-50 on Market-1501, the documentation of
# [open-reid](https://cysu.github.io/open-reid/examples/benchmarks.html) reports rank-1 42.9, 70.5 or 85.1, depending on
# the protocol. A number without its protocol means nothing, and numbers are comparable only under one protocol on the
# same crops.
#
# ## How certain is the number?
#
# Other test people would have given another number. The **bootstrap** estimates how different it might be: draw as many
# people as there are, with replacement, compute the mean again, and repeat this 2,000 times. The range that holds 95 %
# of the results is the [confidence interval](../docs/glossary.md#bootstrap-interval). Draw *people* and not crops: a
# person in a red coat is easy in all crops, so four crops of that person are not four independent observations.

# %%
from learning_reid.metrics import bootstrap_interval

by_crop = np.arange(len(query))  # as if every query were a person of its own
for name in ("rank1", "map"):
    values = metrics.per_query[name]
    for unit, groups in (("people", query.person), ("crops", by_crop)):
        low, high = bootstrap_interval(100 * values, groups)
        print(f"{name:6s} {100 * values.mean():.1f}, 95 % interval drawing {unit:6s} {low:.1f} to {high:.1f}")

# %% [markdown]
# Drawing crops makes the number look more certain than it is. With fifty people, the interval is about ten points wide;
# with the 750 people of Market-1501, it is two or three.
#
# Two methods on the *same* queries can be compared more precisely, query by query, because a person who is easy for one
# method is usually easy for the other. `paired_test` swaps the results of the two methods for randomly chosen people
# and counts how often the difference becomes as large as the one observed. Example: does it help to add the mirror
# image of each crop?

# %%
from learning_reid.embedding import l2_normalize
from learning_reid.metrics import paired_test

embedder = create_embedder("osnet_x0_25", "embedded")
mirrored = embedder([read_crop(sample)[:, ::-1] for sample in split.samples])
averaged = l2_normalize(features + mirrored, np.float32)
with_mirror = evaluate_retrieval(euclidean_distance(averaged[: len(query)], averaged[len(query) :]), *labels)

test = paired_test(with_mirror.per_query["map"], metrics.per_query["map"], query.person)
print(f"mAP {100 * metrics.map:.1f} → {100 * with_mirror.map:.1f}, difference {100 * test.difference:+.1f} points")
print(f"95 % interval {100 * test.low:+.1f} to {100 * test.high:+.1f}, p = {test.p_value:.4f}")

# %% [markdown]
# A small p (below 0.05 by convention) says that chance alone would hardly produce such a difference. It does not say
# that the difference is large, or that it holds on other data. Note how much narrower this interval is than the one of
# mAP itself.
#
# ## Summary
#
# > - **CMC(k)** is the share of queries with a match among the first k ranks; **rank-1** is CMC(1).
# > - **AP** is the mean of the precisions at the matches; **mAP** is its mean over all queries. **mINP** measures the
# >   hardest match.
# > - The **same-camera rule** removes crops of the query's person by the query's camera.
# > - Compare numbers only under the same **protocol** and on the same crops, and report an **interval** over people.
#
# ## Check yourself
#
# 1. A list of ten crops has matches at ranks 1, 2 and 10. What are rank-1, AP and INP?
#
#    <details><summary>Answer</summary>
#
#    Rank-1 is 1. AP = (1/1 + 2/2 + 3/10) / 3 = 0.77. INP = 3/10 = 0.3.
#
#    </details>
#
# 2. A network doubles all its distances. Which metrics change?
#
#    <details><summary>Answer</summary>
#
#    None. The order stays the same, and all metrics of this lesson depend on the order only. A threshold would change.
#
#    </details>
#
# 3. You add 5,000 distractors (people who are nobody's match) to the gallery. Which metric suffers most?
#
#    <details><summary>Answer</summary>
#
#    mINP, because it depends on the rank of the last match, and some distractor will be nearer than that one. Rank-1
#    suffers least.
#
#    </details>
#
# 4. A paper reports a gain of 0.4 points of mAP on 100 test people, from one run. Do you believe it?
#
#    <details><summary>Answer</summary>
#
#    Not without an interval or a paired test, and more than one seed of training: with 100 people, the interval of mAP
#    is several points wide.
#
#    </details>
#
# ## Try this
#
# - Change `SEED`. Does `all-shots` always give the lowest rank-1?
# - A fifth protocol is called `single-camera`. Add it to `NAMES` and read its definition. Why does mINP rise?
# - Some papers integrate the precision-recall curve with straight lines. Pass `ap="interpolated"` to
#   `evaluate_retrieval`. How much does mAP change?
# - Add distractors to the gallery, with person −1: first random unit vectors, then crops of other seeds
#   (`lesson_split(DATA, 101)`). Which metrics suffer, and why do random vectors not?
#
# [Worked answers](../docs/teaching-answers.md#3-rank-1-cmc-and-map). Then solve
# [exercise set 2: CMC and average precision](exercises/student/02_cmc_ap.ipynb) and
# [set 3: the protocol of Market-1501](exercises/student/03_market_protocol.ipynb).
#
# ## Further reading
#
# - Zheng and others 2015,
#   [Scalable Person Re-identification: A
#   Benchmark](https://openaccess.thecvf.com/content_iccv_2015/html/Zheng_Scalable_Person_Re-Identification_ICCV_2015_paper.html):
#   Market-1501 and its protocol.
# - Ye and others 2021, [Deep Learning for Person Re-identification](https://arxiv.org/abs/2001.04193): a survey, and
#   mINP.
# - [docs/evaluation.md](../docs/evaluation.md): all metrics and protocols of this project. The code:
#   [matches.py](../src/learning_reid/metrics/matches.py), [retrieval.py](../src/learning_reid/metrics/retrieval.py),
#   [confidence.py](../src/learning_reid/metrics/confidence.py).
