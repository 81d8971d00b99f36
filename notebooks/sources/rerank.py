# %% [markdown]
# # Re-ranking with k-reciprocal neighbors
#
# > Can the gallery itself correct a ranking, and what does that cost?
#
# **You will learn** what k-reciprocal neighbors are and how re-ranking uses them, step by step on eight points; query
# expansion, its simpler relative; what both gain and cost; and when they do harm.
#
# **Needs** lessons 1 and 3.
#
# **Takes** 1 minute on 2 CPU cores, and half an hour to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
PERSONS = 100  # of Market-1501
SIZES = (1000, 2000, 4000)  # numbers of crops, to measure the cost

# %% tags=["smoke"]
SIZES = (250, 500)

# %% [markdown]
# ## The idea
#
# The nearest gallery crop shows the wrong person. Can one notice that without labels? Look at it from the other side.
# The wrong crop is near the query, but is the query near to *it*? The wrong crop has other crops of its own person, and
# those are nearer. Being a neighbor is not mutual.

# %% tags=["hidden"]
# @title Diagram: k-reciprocal neighbors
from reid_course import show_diagram

show_diagram("k_reciprocal")

# %% [markdown]
# Two crops that are each among the other's k nearest are
# [k-reciprocal neighbors](../docs/glossary.md#k-reciprocal-neighbors). Re-ranking (Zhong, Zheng, Cao and Li 2017) uses
# them to correct the distances. We go through it on eight points in a plane. Q is the query; A, B and C show the same
# person; W, X, Y and Z another one.

# %%
import numpy as np

from learning_reid.retrieval import euclidean_distance

NAMES = np.array(list("QABCWXYZ"))
points = np.array(
    [(0, 0), (1.0, 0.25), (0.65, 0.95), (1.5, 0.9), (-0.8, 0.05), (-1.2, 0.35), (-1.35, -0.2), (-0.95, -0.45)]
)
distances = euclidean_distance(points, points)
print("Q, nearest first:", *NAMES[np.argsort(distances[0])[1:]])

# %% [markdown]
# By distance, W comes first, which is wrong.
#
# ## Step 1: k-reciprocal neighbors
#
# We mark the k nearest neighbors of each point (the point itself included) in a matrix. Its transpose says who has *me*
# among the nearest. Both together give the reciprocal neighbors. Of the three nearest neighbors of Q, how many have Q
# among their three?

# %%
MY_GUESS = None  # 0, 1, 2 or 3

# %%
from reid_course import compare_guess

K = 3
order = np.argsort(distances, axis=1)


def reciprocal(k: int) -> np.ndarray:
    """Return for each pair of points whether each is among the k nearest of the other; a point is its own neighbor."""
    is_near = np.zeros(distances.shape, bool)
    np.put_along_axis(is_near, order[:, : k + 1], True, axis=1)
    return is_near & is_near.T


mutual = reciprocal(K)
compare_guess(MY_GUESS, mutual[0].sum() - 1, "reciprocal neighbors of Q", "of 3")
for row in (0, 1, 4):
    print(
        f"{NAMES[row]}: nearest {NAMES[order[row, 1 : K + 1]]}, reciprocal {NAMES[mutual[row] & (np.arange(8) != row)]}"
    )

# %% tags=["check"]
assert NAMES[order[0, 1]] == "W" and not mutual[0, 4]

# %% tags=["hidden"]
# @title Draw the neighbors
import matplotlib.pyplot as plt
from matplotlib.patches import FancyArrowPatch

from reid_course import show

figure, axes = plt.subplots(figsize=(7, 3.8))
for start in range(8):
    for end in order[start, 1 : K + 1]:
        style = {"color": "C2", "lw": 2} if mutual[start, end] else {"color": "C3", "lw": 1}
        style |= {"arrowstyle": "-|>", "mutation_scale": 11, "shrinkA": 9, "shrinkB": 9}
        axes.add_patch(FancyArrowPatch(points[start], points[end], connectionstyle="arc3,rad=0.06", **style))
for name, point in zip(NAMES, points, strict=True):
    circle = {"boxstyle": "circle", "color": "black" if name == "Q" else "C0" if name in "ABC" else "C1"}
    axes.text(*point, name, ha="center", va="center", color="white", weight="bold", bbox=circle)
axes.set(xlim=(-1.7, 1.9), ylim=(-0.8, 1.3), xticks=[], yticks=[], aspect="equal")
axes.spines[:].set_visible(False)
show(figure, "Arrows point to the three nearest neighbors. Green: reciprocal. Orange: not. W is nearest to Q, but Q is "
     "not among the three nearest of W.")  # fmt: skip

# %% [markdown]
# ## Step 2: expand the sets
#
# A set of reciprocal neighbors may miss hard crops of the same person. So it is expanded: if a member shares more than
# two thirds of *its own* (smaller) set with it, the whole small set is added.


# %%
def expand(sets: np.ndarray, small: np.ndarray) -> np.ndarray:
    """Add the small set of each member that shares two thirds of it: (n, n) boolean."""
    expanded = sets.copy()
    for row in range(len(sets)):
        for member in np.flatnonzero(sets[row]):
            shared = (small[member] & sets[row]).sum()
            if shared > 2 / 3 * small[member].sum():
                expanded[row] |= small[member]
    return expanded


sets = expand(mutual, reciprocal(round(K / 2)))
for row in range(8):
    print(f"{NAMES[row]}: {''.join(NAMES[mutual[row]]):5s} →  {''.join(NAMES[sets[row]])}")

# %% [markdown]
# ## Step 3: weight the members, and compare the sets
#
# Near members count more: a member at distance $d$ gets the weight $e^{-d^2}$, with distances divided by the largest
# one of the row, and each row is scaled to sum 1. Two crops are alike if their sets overlap. The **Jaccard distance**
# is one minus the overlap divided by the union; for weights, sums of minima and maxima:
#
# $$d_J(p, g) = 1 - \frac{\sum_m \min(V_{pm}, V_{gm})}{\sum_m \max(V_{pm}, V_{gm})}$$

# %%
scaled = distances**2 / (distances**2).max(axis=1, keepdims=True)
weights = np.where(sets, np.exp(-scaled), 0)
weights /= weights.sum(axis=1, keepdims=True)


def jaccard(first: np.ndarray, second: np.ndarray) -> float:
    """Return the Jaccard distance of two rows of weights."""
    return 1 - np.minimum(first, second).sum() / np.maximum(first, second).sum()


to_query = np.array([jaccard(weights[0], row) for row in weights])
print(
    "Jaccard distance to Q:", {str(NAMES[i]): round(float(to_query[i]), 2) for i in np.argsort(to_query, kind="stable")}
)

# %% [markdown]
# W has fallen behind, without a label.
#
# ## Step 4: average over neighbors, and mix
#
# Two refinements remain. Each row of weights is averaged with those of its `k2` nearest neighbors. And a share λ of the
# original distance is mixed in: $d = (1 - \lambda)\, d_J + \lambda\, d^2$. The complete method in a few lines. (With
# eight points we set `k2` to 1, no averaging: the point nearest to Q is W, and its set would be mixed in.)


# %%
def rerank_by_hand(k1: int, k2: int, lambda_value: float) -> np.ndarray:
    """Return the re-ranked distances of point 0 to the other points."""
    sets = expand(reciprocal(k1), reciprocal(int(np.around(k1 / 2))))
    weights = np.where(sets, np.exp(-scaled), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    weights = np.array([weights[order[row, :k2]].mean(axis=0) for row in range(len(weights))])
    final = [jaccard(weights[0], row) for row in weights[1:]]
    return (1 - lambda_value) * np.array(final) + lambda_value * scaled[0, 1:]


# %%
from learning_reid.retrieval import k_reciprocal_rerank

by_hand = rerank_by_hand(k1=3, k2=1, lambda_value=0.3)
library = k_reciprocal_rerank(points[:1], points[1:], k1=3, k2=1, lambda_value=0.3)[0]
for name, first, second in zip(NAMES[1:], by_hand, library, strict=True):
    print(f"{name}: by hand {first:.4f}   library {second:.4f}")

# %% tags=["check"]
assert np.allclose(by_hand, library, atol=1e-4)

# %% [markdown]
# The library computes the same with sparse matrices: a set contains a few dozen of thousands of crops.
#
# ## On a gallery
#
# Now on real embeddings. Neighbors of one person help each other, and mAP asks for *all* crops of a person. By how many
# points will mAP rise?

# %%
MY_GUESS = None  # points

# %%
from learning_reid import evaluate_retrieval
from learning_reid.datasets import embed_samples
from learning_reid.metrics import RetrievalMetrics
from learning_reid.retrieval import alpha_query_expansion, average_query_expansion, cosine_distance
from reid_course import lesson_embedder, lesson_split

split = lesson_split(DATA, SEED, PERSONS)
query, gallery = split.query_labels, split.gallery_labels
features = embed_samples(split.samples, lesson_embedder(DATA))
query_features, gallery_features = features[: len(query)], features[len(query) :]


def evaluate(matrix: np.ndarray) -> RetrievalMetrics:
    """Evaluate a distance matrix under the Market-1501 protocol."""
    return evaluate_retrieval(matrix, query.person, gallery.person, query.camera, gallery.camera)


# %% [markdown]
# [Query expansion](../docs/glossary.md#query-expansion) is the simpler relative. AQE searches again with the mean of
# the query and its nearest gallery crops; α-QE weights each of these by its similarity to the power of α, so that
# doubtful ones count little.

# %%
import time

methods = {
    "plain": lambda: cosine_distance(query_features, gallery_features),
    "AQE": lambda: cosine_distance(average_query_expansion(query_features, gallery_features), gallery_features),
    "alpha-QE": lambda: cosine_distance(alpha_query_expansion(query_features, gallery_features), gallery_features),
    "k-reciprocal": lambda: k_reciprocal_rerank(query_features, gallery_features, metric="cosine"),
}
matrices, results = {}, {}
print("              rank-1   mAP  mINP  seconds")
for name, method in methods.items():
    start = time.perf_counter()
    matrices[name] = method()
    seconds = time.perf_counter() - start
    results[name] = evaluate(matrices[name])
    values = [100 * results[name].means[key] for key in ("rank1", "map", "minp")]
    print(f"{name:13s} {values[0]:6.1f}{values[1]:6.1f}{values[2]:6.1f}{seconds:9.2f}")
compare_guess(MY_GUESS, 100 * (results["k-reciprocal"].map - results["plain"].map), "gain in mAP", "points")

# %% tags=["check"]
assert results["k-reciprocal"].map > results["plain"].map + 0.05

# %% [markdown]
# mAP and mINP rise a lot, rank-1 hardly. That is typical: re-ranking brings up the *hard* crops of a person through the
# easy ones. Where the first matches are wrong, it may bring up more of the wrong person. Who wins, and who loses?

# %%
change = results["k-reciprocal"].per_query["map"] - results["plain"].per_query["map"]
print(f"AP rises for {(change > 0).mean():.0%} of the queries and falls for {(change < 0).mean():.0%}")
first_correct = {name: result.per_query["rank1"] == 1 for name, result in results.items()}
for name in ("AQE", "alpha-QE", "k-reciprocal"):
    won = (first_correct[name] & ~first_correct["plain"]).sum()
    lost = (~first_correct[name] & first_correct["plain"]).sum()
    print(f"{name:13s} rank 1 becomes correct for {won} queries and wrong for {lost}")

# %% tags=["hidden"]
# @title Show the query that gains most and the one that loses most
from learning_reid.datasets import read_crop
from reid_course import show_crops

own_camera = (query.person[:, None] == gallery.person) & (query.camera[:, None] == gallery.camera)
rows, colors, titles = [], [], []
for index, title in ((np.nanargmax(change), "gains"), (np.nanargmin(change), "loses")):
    for name in ("plain", "k-reciprocal"):
        best = np.argsort(np.where(own_camera[index], np.inf, matrices[name][index]), kind="stable")[:7]
        rows.append([read_crop(split.query[index]), *(read_crop(split.gallery[column]) for column in best)])
        colors.append([None, *(gallery.person[best] == query.person[index]).tolist()])
        titles.append([title if name == "plain" else "re-ranked", *[""] * 7])
show_crops(rows, "The queries that gain and lose most, each before and after re-ranking. Green: the right person.",
           titles, colors)  # fmt: skip

# %% [markdown]
# ## Three parameters
#
# `k1` is the number of neighbors that may be reciprocal, `k2` the number of sets in an average, and λ the share of the
# original distance. The paper uses 20, 6 and 0.3. Do these values fit here?

# %%
PARAMETERS = {"k1": (3, 6, 10, 20, 30, 50), "k2": (1, 3, 6, 10, 20), "lambda_value": (0, 0.1, 0.3, 0.5, 0.7, 1)}
curves = {}
for name, values in PARAMETERS.items():
    curves[name] = [
        evaluate(k_reciprocal_rerank(query_features, gallery_features, metric="cosine", **{name: value}))
        for value in values
    ]
    best = int(np.argmax([result.map for result in curves[name]]))
    print(f"{name:13s} best mAP {100 * curves[name][best].map:.1f} at {values[best]}")
print("gallery crops per person, on average:", round(len(gallery) / len(split.persons), 1))

# %% tags=["hidden"]
# @title Plot the three parameters
figure, cells = plt.subplots(1, 3, figsize=(7.4, 3), sharey=True)
for axes, (name, values), usual in zip(cells, PARAMETERS.items(), (20, 6, 0.3), strict=True):
    axes.plot(values, [100 * result.map for result in curves[name]], "o-", label="mAP")
    axes.plot(values, [100 * result.rank1 for result in curves[name]], "o-", label="rank-1")
    axes.axvline(usual, color="black", linestyle=":", lw=1)
    axes.set(xlabel=name)
cells[0].set_ylabel("%")
cells[0].legend()
show(figure, "mAP and rank-1 when one parameter changes. Dotted lines: the values of the paper.")

# %% [markdown]
# A set can hold only as many right members as there are. With `k1` far above the number of crops per person, it fills
# up with others. In a benchmark this number is known, in a street it is not. And choose parameters on other people than
# those you report, as lesson 9 does with thresholds.
#
# ## Where it does harm
#
# **One crop per person.** Keep a single gallery crop of everybody. Now at least four of the five nearest crops are
# wrong, and query expansion mixes them in. Re-ranking also changes if it sees one query at a time:

# %%
rng = np.random.default_rng(SEED)
single = [rng.choice(np.flatnonzero(gallery.person == person)) for person in range(len(split.persons))]
single = np.sort([*single, *np.flatnonzero(gallery.person < 0)])  # and the distractors
few = gallery_features[single]
one_by_one = [k_reciprocal_rerank(query_features[[row]], few, metric="cosine")[0] for row in range(len(query))]
variants = {
    "plain": cosine_distance(query_features, few),
    "AQE": cosine_distance(average_query_expansion(query_features, few), few),
    "k-reciprocal": k_reciprocal_rerank(query_features, few, metric="cosine"),
    "k-reciprocal, one query at a time": np.array(one_by_one),
}
rank1 = {}
for name, matrix in variants.items():
    rank1[name] = evaluate_retrieval(
        matrix, query.person, gallery.person[single], query.camera, gallery.camera[single]
    ).rank1
    print(f"{name:34s} rank-1 {100 * rank1[name]:5.1f}")

# %% tags=["check"]
assert rank1["AQE"] < rank1["plain"] > rank1["k-reciprocal, one query at a time"]

# %% [markdown]
# In a benchmark, all queries are re-ranked *together*, and the queries of other cameras show the same person. They are
# the neighbors that help. A user with one query has no such help. When you read a published number with re-ranking, ask
# whether your application has all queries at once.
#
# **No threshold.** A re-ranked distance is not a property of two crops. It depends on everybody else in the gallery.
# Here are the same genuine pairs in the full gallery, and in one with half of the *other* people removed:

# %%
half = rng.permutation(len(split.persons))[: len(split.persons) // 2]
rows, columns = np.flatnonzero(np.isin(query.person, half)), np.flatnonzero(np.isin(gallery.person, half))
pairs = (query.person[rows][:, None] == gallery.person[columns]) & (
    query.camera[rows][:, None] != gallery.camera[columns]
)
moved = {}
for name, method in (("plain", cosine_distance), ("re-ranked", k_reciprocal_rerank)):
    full = method(query_features, gallery_features)[np.ix_(rows, columns)][pairs]
    smaller = method(query_features[rows], gallery_features[columns])[pairs]
    moved[name] = (full, smaller)
    print(f"{name:10s} largest change of a distance: {np.abs(full - smaller).max():.3f}")

# %% tags=["hidden"]
# @title Plot the same pairs in two galleries
figure, cells = plt.subplots(1, 2, figsize=(7, 3.3))
for axes, (name, (full, smaller)) in zip(cells, moved.items(), strict=True):
    axes.plot(full, smaller, ".", ms=3, alpha=0.5)
    axes.axline((0.3, 0.3), slope=1, color="black", lw=0.8)
    axes.set(title=name, xlabel="distance in the full gallery", ylabel="in half of it")
show(figure, "Distances of the same pairs in two galleries. Plain distances stay the same, re-ranked ones change.")

# %% [markdown]
# A threshold for re-ranked distances holds for one gallery only. For verification and open sets, use plain distances.
#
# **Cost.** Every crop must find its neighbors among *all* crops: twice as many crops need four times as many distances,
# and every new crop changes the result. Random vectors with 512 numbers, one tenth of them queries:

# %%
print("  crops  plain (s)  re-ranked (s)  one dense N × N matrix (MB)")
for size in SIZES:
    some = np.random.default_rng(SEED).normal(size=(size, 512)).astype(np.float32)
    seconds = []
    for method in (euclidean_distance, k_reciprocal_rerank):
        start = time.perf_counter()
        method(some[: size // 10], some[size // 10 :])
        seconds.append(time.perf_counter() - start)
    print(f"{size:7,d}{seconds[0]:11.3f}{seconds[1]:15.2f}{4 * size**2 / 1e6:29.0f}")

# %% [markdown]
# The usual implementation keeps several dense N × N matrices. For Market-1501 (19,281 crops), each takes 1,490 MB. The
# sparse sets of our library take about a hundredth of that; the time remains.
#
# ## Summary
#
# > - **k-reciprocal neighbors** are each among the other's k nearest. A wrong neighbor rarely is.
# > - [Re-ranking](../docs/glossary.md#re-ranking) compares **sets of neighbors**. It raises mAP far more than rank-1.
# > - **Query expansion** costs one more search; re-ranking compares all crops with all.
# > - Both need several crops per person. Re-ranked distances depend on the whole gallery and have no threshold.
#
# ## Check yourself
#
# 1. A is among the 5 nearest of B, and B is the 6th nearest of A. Are they 5-reciprocal neighbors?
#
#    <details><summary>Answer</summary>
#
#    No. Both must be among the other's five nearest.
#
#    </details>
#
# 2. Two crops have equal sets of weights. What is their Jaccard distance?
#
#    <details><summary>Answer</summary>
#
#    0: minima and maxima are equal. With no common member it is 1.
#
#    </details>
#
# 3. With λ = 1, what is left of re-ranking?
#
#    <details><summary>Answer</summary>
#
#    Nothing: the final distance is the original one (squared), so the ranking is the original ranking.
#
#    </details>
#
# 4. A paper reports mAP 94 with re-ranking; yours has 88 without. Which network is better?
#
#    <details><summary>Answer</summary>
#
#    Unknown. Compare both with or both without re-ranking.
#
#    </details>
#
# ## Try this
#
# - Set `K = 4`. Does W come back? Move W nearer to Q: how near must it be to fool the sets?
# - `average_query_expansion(query_features, gallery_features, k)` with k from 1 to 20: which k is best?
# - Re-rank one query at a time with the *full* gallery. Does it still gain?
# - `alpha_query_expansion(…, alpha=0)` is AQE with ten neighbors. Which α is best here?
#
# [Worked answers](../docs/teaching-answers.md#10-re-ranking). Then solve
# [exercise set 9: re-ranking](exercises/student/09_reranking.ipynb).
#
# ## Further reading
#
# - Zhong and others 2017, [Re-ranking Person Re-identification with k-reciprocal Encoding](https://arxiv.org/abs/1701.08398).
# - Radenović, Tolias and Chum 2018, [Fine-tuning CNN Image Retrieval](https://arxiv.org/abs/1711.02512): α-QE.
# - The code: [reranking.py](../src/learning_reid/retrieval/reranking.py),
#   [query_expansion.py](../src/learning_reid/retrieval/query_expansion.py).
