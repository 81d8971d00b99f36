# %% [markdown]
# # Examine a trained network
#
# > A model zoo says "OSNet-AIN, MS+D+C → M, rank-1 73.3, mAP 45.8": do you get these figures, and what do they promise?
#
# **You will learn** to read such a line, to examine a network with two independent programs (torchreid's and this
# project's) that must agree, what cosine and Euclidean distance do to vectors of length 1 and of other lengths, and how
# sure a figure is.
#
# **Needs** lesson 1. With `DATA = "market1501"`: the Market-1501 pictures; the published weights are then downloaded,
# once.
#
# **Takes** 2 minutes on 2 CPU cores. (On the whole of Market-1501 about 15, or 2 with a GPU.)

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
PERSONS = None  # Market-1501: how many of its 750 test persons; None, all of them, is what published figures mean
SEED = 7

# %% [markdown]
# ## How to read "MS+D+C → M"
#
# Left of the arrow stand the data sets a network was **trained** on, right of it the one it was **tested** on:
#
# | letters | data set |
# |---|---|
# | MS | MSMT17: 15 cameras on a campus |
# | D | DukeMTMC-reID: 8 cameras on another campus (withdrawn by its authors in 2019) |
# | C | CUHK03: each person seen by two cameras of a third one |
# | M | Market-1501: 6 cameras before a supermarket |
#
# So this network has seen three sets and **not one picture of Market-1501**. "Weights for Market-1501" they are often
# called; they are weights *tested* there. Here is what torchreid's model zoo tells of OSNet (Zhou et al., ICCV 2019,
# arXiv 1905.00953) and OSNet-AIN (Zhou et al., TPAMI 2021, arXiv 1910.06827), rank-1 and mAP on Market-1501:
#
# | trained on | OSNet | OSNet-AIN |
# |---|---|---|
# | MSMT17, all of it | 66.6 / 37.5 | 70.1 / 43.3 |
# | DukeMTMC-reID | | 61.0 / 30.6 |
# | MSMT17 + DukeMTMC-reID + CUHK03 | 72.5 / 44.2 | **73.3 / 45.8** |
# | Market-1501 itself (other persons) | **?** | |
#
# The last row is the same architecture trained on persons filmed by *the same six cameras*. Its rank-1?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from reid_course import compare_guess, compare_with_published

compare_guess(MY_GUESS, 94.2, "OSNet trained and tested on Market-1501, as published: rank-1")

# %% [markdown]
# From 72.5 to 94.2, with one and the same architecture: the gap is called **domain shift**. Other cameras, other light,
# other fashion. Who puts a network before a new camera lives with the lower figure. That is why the arrow matters more
# than the name of the network, and why this project uses the weights in bold for real footage.
#
# ## The network and the people
#
# Without a download we examine the network that lies in this repository. In the language of the zoo: *generated people
# → other generated people*, drawn from another seed and filmed by other cameras. With `DATA = "market1501"` the same
# cells examine the published network on the real set.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import embed_samples, read_crop
from learning_reid.embedding import create_embedder, l2_normalize
from learning_reid.retrieval import cosine_distance, distance_rows, euclidean_distance
from reid_course import LESSON_MODELS, lesson_split, show, show_crops

# %%
name, weights = LESSON_MODELS[DATA]
contest = lesson_split(DATA, SEED, PERSONS)
query, gallery = contest.query_labels, contest.gallery_labels
print(f"{name}, weights: {weights}")
print(f"{len(contest.persons)} persons, {len(contest.cameras)} cameras, {len(query)} queries, {len(gallery)} to answer")
print(f"of these persons, {len(contest.training_persons())} are also in the set's training part")
assert not len(contest.training_persons())

# %%
embedder = create_embedder(name, weights, device="auto", normalize=False)
raw = embed_samples(contest.samples, embedder)  # as long as the network gives them
features = l2_normalize(raw, np.float32)  # each divided by its length
print("crops × numbers:", features.shape)

# %% [markdown]
# ## Examined by torchreid
#
# [torchreid](https://github.com/KaiyangZhou/deep-person-reid) is the library that the published figures were computed
# with. It makes a matrix of distances, sorts every row, leaves out the pictures of the same person by the query's own
# camera, and counts. ([Lesson 3](metrics.ipynb) does the counting by hand.) Two figures come out: **rank-1**, which
# looks at the first place only, and **mAP**, which is 100 when *all* pictures of the person come before anybody else's.

# %%
import torch

from learning_reid.models import quiet, without_tensorflow

with quiet(), without_tensorflow():  # torchreid is loud when it is imported
    from torchreid.reid import metrics, models


def evaluate_with_torchreid(vectors: np.ndarray, metric: str) -> tuple[float, float]:
    """Rank-1 and mAP in percent."""
    asking, answering = (torch.from_numpy(part) for part in (vectors[: len(query)], vectors[len(query) :]))
    distances = metrics.compute_distance_matrix(asking, answering, metric).numpy()
    labels = (query.person, gallery.person, query.camera, gallery.camera)
    cmc, mean_ap = metrics.evaluate_rank(distances, *labels, use_cython=False)
    return 100 * float(cmc[0]), 100 * float(mean_ap)


theirs = evaluate_with_torchreid(features, "cosine")
print(f"torchreid: rank-1 {theirs[0]:.2f}, mAP {theirs[1]:.2f}")

# %% [markdown]
# ## Examined by this project
#
# [`find_matches`](../src/learning_reid/metrics/matches.py) asks for a few rows of distances at a time and never sorts
# the gallery: the rank of a true match is one more than the number of pictures that are nearer.

# %%
from learning_reid.metrics import PROTOCOLS, RetrievalMetrics, find_matches, retrieval_metrics

rule = PROTOCOLS["market1501"]


def evaluate_with_this_project(vectors: np.ndarray, metric: str) -> RetrievalMetrics:
    """All figures under the rule of Market-1501."""
    rows = distance_rows(vectors[: len(query)], vectors[len(query) :], metric)
    return retrieval_metrics(find_matches(rows, query, gallery, rule), query, gallery, rule)


def two_figures(retrieval: RetrievalMetrics) -> tuple[float, float]:
    """Rank-1 and mAP in percent."""
    return 100 * retrieval.means["rank1"], 100 * retrieval.means["map"]


scored = evaluate_with_this_project(features, "cosine")
ours = two_figures(scored)
for who, figures in (("torchreid", theirs), ("ours", ours)):
    print(f"{who:10s} rank-1 {figures[0]:.2f}, mAP {figures[1]:.2f}")
assert np.allclose(theirs, ours, atol=0.05)

# %% [markdown]
# Two programs, written by different people in different ways, give the same figures. That is worth more than either of
# them alone: a mistake would have to be in both.
#
# And beside what was published? (Nothing was for generated people, and a figure on one set says nothing about one on
# another set.)

# %%
whole = DATA == "market1501" and PERSONS is None
published = {"rank-1": (72.8, 73.8), "mAP": (45.3, 46.3)} if whole else {}  # half a point around 73.3 and 45.8
compare_with_published(
    [(title, value, published.get(title)) for title, value in zip(("rank-1", "mAP"), ours, strict=True)]
)

# %% [markdown]
# ## The same network in two programs
#
# Figures can also differ because the *network* was written again. This project's OSNet is a translation; does it
# compute what torchreid's does? Give both the same weights (here random ones, which are enough to tell) and the same
# crops.

# %%
from learning_reid.embedding import Preprocessing
from learning_reid.models import create_model

mine = create_model("osnet_ain_x1_0", seed=SEED).eval()
with quiet():
    original = models.build_model("osnet_ain_x1_0", num_classes=1, pretrained=False).eval()
original.load_state_dict(mine.state_dict(), strict=False)  # the classifier, which ours lacks, stays as it is

four = torch.from_numpy(Preprocessing(256, 128)([read_crop(sample) for sample in contest.query[:4]]))
with torch.inference_mode():
    difference = (mine(four) - original(four)).abs().max().item()
print(f"{sum(weight.numel() for weight in mine.parameters()):,} weights; largest difference {difference:.1e}")
assert difference < 1e-4

# %% [markdown]
# ## Cosine or Euclidean?
#
# The zoo's figure for OSNet-AIN was measured with the **cosine** distance: one minus the cosine of the angle between
# two vectors; their lengths do not matter. The **Euclidean** distance is what a ruler measures. On vectors of length 1,
# as above: how many points of rank-1 will Euclidean lose?

# %%
MY_GUESS = None  # points

# %%
rulers = {metric: two_figures(evaluate_with_this_project(features, metric)) for metric in ("cosine", "euclidean")}
for metric, (rank1, mean_ap) in rulers.items():
    print(f"{metric:10s} rank-1 {rank1:.2f}, mAP {mean_ap:.2f}")
compare_guess(MY_GUESS, rulers["cosine"][0] - rulers["euclidean"][0], "rank-1 lost", "points")
assert np.allclose(rulers["cosine"], rulers["euclidean"], atol=0.05)

# %%
few = slice(0, 12)
by_angle, by_ruler = (
    measure(features[few], features[len(query) :]) for measure in (cosine_distance, euclidean_distance)
)
assert np.allclose(by_ruler**2, 2 * by_angle, atol=1e-4)
pairs = np.random.default_rng(SEED).choice(by_angle.size, min(600, by_angle.size), replace=False)
curve = np.linspace(0, by_angle.max(), 100)
figure, axes = plt.subplots(figsize=(6, 2.9))
axes.plot(curve, np.sqrt(2 * curve), color="#e69f00", label="√(2 · cosine distance)")
axes.plot(by_angle.ravel()[pairs], by_ruler.ravel()[pairs], ".", markersize=4, label="a pair of crops")
axes.set(xlabel="cosine distance", ylabel="Euclidean distance")
axes.legend()
show(figure, "Unit vectors: these pairs all lie on one rising curve, so both distances rank alike.")

# %% [markdown]
# On unit vectors |a − b|² = 2 (1 − cos): one rises when the other does, and *the order stays the same*. Only the
# numbers differ, so a threshold chosen for one is wrong for the other.
#
# ## Vectors of other lengths
#
# torchreid hands vectors out as long as the network made them, and measures Euclidean distances, unless told otherwise.
# Is it the same then? For this we need vectors of different lengths. The published network gives such; our embedded one
# does not (three parts of length 1 each, so all are √3 long), so it is read here more simply: the mean of its last map,
# 128 numbers. That costs many points, for it was made to be read in stripes ([lesson 7](osnet.ipynb)); compare the
# three lines below with each other only.

# %%
if DATA == "embedded":
    from learning_reid.embedding import TorchEmbedder

    averaged = TorchEmbedder(embedder.network.backbone, embedder.preprocessing, normalize=False)
    uneven = embed_samples(contest.samples, averaged)
else:
    uneven = raw
lengths = np.linalg.norm(uneven, axis=1)
print(f"lengths from {lengths.min():.2f} to {lengths.max():.2f}")

rows = {}
for metric in ("cosine", "euclidean"):
    rows[metric] = evaluate_with_this_project(uneven, metric)
    both = two_figures(rows[metric])
    assert np.allclose(evaluate_with_torchreid(uneven, metric), both, atol=0.05)  # torchreid agrees again
    print(f"{metric:10s} rank-1 {both[0]:.1f}, mAP {both[1]:.1f}")
again = two_figures(evaluate_with_this_project(l2_normalize(uneven, np.float32), "euclidean"))
print(f"{'unit first':10s} rank-1 {again[0]:.1f}, mAP {again[1]:.1f}")
assert lengths.std() > 1e-3 and np.allclose(again, two_figures(rows["cosine"]), atol=0.05)

# %% [markdown]
# Now the figures differ. Whether by more than chance, the last section tells. What does the length of a vector tell?
# Look at the crops with the shortest and the longest:

# %%
order = np.argsort(lengths[: len(query)])
shortest, longest = order[:9], order[::-1][:9]
show_crops(
    [[read_crop(contest.query[index]) for index in line] for line in (shortest, longest)],
    "Queries with the shortest vectors (top) and the longest (bottom); the number is the length.",
    [[f"{lengths[index]:.2f}" for index in line] for line in (shortest, longest)],
)


# %%
def share_between(groups: np.ndarray, values: np.ndarray) -> float:
    """How much of the spread of the values lies between the groups, in percent; the rest lies within them."""
    _, number = np.unique(groups, return_inverse=True)
    means = np.bincount(number, values) / np.bincount(number)
    return 100 * means[number].var() / values.var()


known = contest.all_labels.person >= 0
persons, cameras = contest.all_labels.person[known], contest.all_labels.camera[known]
for group, numbers in (("persons", persons), ("cameras", cameras)):
    print(f"of the spread in length, {share_between(numbers, lengths[known]):4.1f} % lies between {group}")

# %% [markdown]
# Some people come twice in one row. So length tells something of who it is (among our generated people): about half of
# its spread lies between persons. The other half lies between crops of *one* person, and Euclidean distance counts it
# as a difference between people. Which of the two effects wins depends on the network: there is no law. Dividing by the
# length takes the question away and makes both distances one. So this project's embedders always do it, unless told
# `normalize=False`. Whoever compares figures must know whether it was done.
#
# ## How sure is the figure?
#
# Other test persons would have given another figure. How different a one? The trick is called **bootstrap** (Efron
# 1979): draw as many persons as there are, with replacement, count again, do it 2,000 times, and see between which
# values 95 % of the results lie. Draw *persons*, not pictures: whoever wears a red coat is easy in all their pictures,
# so four pictures of one person are not four witnesses.

# %%
from learning_reid.metrics import bootstrap_interval

each_alone = np.arange(len(query))
spans = {}
for figure_name, title in (("rank1", "rank-1"), ("map", "mAP")):
    values = scored.per_query[figure_name]
    for unit, who in (("persons", query.person), ("pictures", each_alone)):
        low, high = (100 * end for end in bootstrap_interval(values, who))
        spans[title, unit] = (100 * values.mean(), low, high)
        print(f"{title:7s} {100 * values.mean():.1f}, 95 % interval by {unit:9s} {low:.1f} to {high:.1f}")

# %%
figure, axes = plt.subplots(figsize=(7, 2.4))
for place, ((_, unit), (value, low, high)) in enumerate(reversed(spans.items())):
    axes.plot([low, high], [place, place], linewidth=5, color="#0072b2" if unit == "persons" else "#9aa0a6")
    axes.plot(value, place, "o", color="black")
axes.set_yticks(range(len(spans)), [f"{title}, drawing {unit}" for title, unit in reversed(spans)])
axes.set(xlabel="%", ylim=(-0.6, len(spans) - 0.4))
show(figure, "The figure (dot) and its 95 % interval: drawing pictures (grey) makes it look surer than it is.")

# %% [markdown]
# With fifty persons the interval is many points wide; on the 750 of Market-1501 it is a few. A figure from few persons
# and without its interval is an anecdote.
#
# Two methods on *the same* queries are compared more sharply, query by query, because an easy person is easy for both.
# On the raw vectors cosine and Euclidean gave different figures: is that more than chance? `paired_test` swaps their
# answers person by person at random, and counts how often a difference as large comes up.

# %%
from learning_reid.metrics import paired_test

result = paired_test(rows["cosine"].per_query["map"], rows["euclidean"].per_query["map"], query.person)
print(f"mAP, cosine minus Euclidean: {100 * result.difference:+.1f} points")
print(f"95 % interval {100 * result.low:+.1f} to {100 * result.high:+.1f}; by chance alone: p = {result.p_value:.4f}")

# %% [markdown]
# A small p (below 0.05, by custom) says: hardly by chance. It does not say that the difference is large, nor that it is
# the same on other data. A large p, and an interval that holds 0, say that these persons cannot tell; more of them
# might.
#
# ## From the command line
#
#     python src/main.py evaluate --root DIR --report output/evaluation
#     python src/main.py evaluate --root DIR --embedder osnet_ain_x1_0 --weights msmt17+dukemtmcreid+cuhk03 \
#         --metric cosine
#
# does all of this at once, names the protocol, and writes the pictures. `DIR` is a folder in the layout of Market-1501
# or any other usual one.
#
# ## Try this
#
# - Read the crops (`read_crop(sample) for sample in contest.samples`), flip each (`crop[:, ::-1]`), embed it too, and
#   take the mean of both vectors before dividing by the length. Does mAP rise? Many published figures are made this
#   way, and few say so.
# - Give the embedder crops with red and blue swapped (`crop[..., ::-1]`), as OpenCV reads them. What does this most
#   frequent of all mistakes cost?
# - Change `SEED` three times. How much do the figures move, and does the interval promise as much?
# - Have a GPU and Market-1501? Set `DATA`, and find out whether Euclidean on raw vectors still gives 73.3.
#
# ## Recap
#
# - **A → B** means trained on A, tested on B. Only figures with B *outside* of A say what happens at a new camera.
# - Two independent programs that agree are a better proof than one that is trusted.
# - On **unit vectors** cosine and Euclidean rank alike; on raw ones they need not.
# - A figure comes with an **interval**, drawn by person.
#
# **Sources**:
# [dataset_evaluation.py](../src/learning_reid/evaluation/dataset_evaluation.py),
# [matches.py](../src/learning_reid/metrics/matches.py), [distances.py](../src/learning_reid/retrieval/distances.py),
# [confidence.py](../src/learning_reid/metrics/confidence.py), [sources.yml](../src/learning_reid/zoo/sources.yml) (all
# published weights by name).
