# %% [markdown]
# # Verification and open set: choose a threshold
#
# > How near is near enough, and on whom do you decide that?
#
# **You will learn** the two mistakes that a threshold makes, and the metrics that measure them (EER, TAR at FAR, DIR at
# FAR); to choose a threshold for a stated error rate; and why 0.5 is not a threshold.
#
# **Needs** lessons 1 and 3.
#
# **Takes** 1 minute on 2 CPU cores, and half an hour to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
PERSONS = 100  # of Market-1501
FAR = 0.01  # share of pairs of different people that may be accepted
DIVISIONS = 60  # of the people into two halves

# %% tags=["smoke"]
FAR, DIVISIONS = 0.1, 5

# %% [markdown]
# ## Two questions
#
# A ranking always has a first place. Two practical questions need more:
#
# - **[Verification](../docs/glossary.md#verification)**: here are two crops. Do they show the same person, yes or no?
# - **[Open set](../docs/glossary.md#open-set)**: here is a query. Is its person in the gallery at all, and if so,
#   where?
#
# Both need a [threshold](../docs/glossary.md#threshold): a distance up to which crops are accepted as the same person.
# Distances of same and different people overlap, so every threshold makes mistakes of two kinds:

# %% tags=["hidden"]
# @title Diagram: a threshold and its two mistakes
from reid_course import show_diagram

show_diagram("open_set")

# %% [markdown]
# Try it yourself first. Which of these eight pairs show one person?

# %%
import numpy as np

from learning_reid.datasets import create_retrieval_task, embed_samples, read_crop
from learning_reid.retrieval import euclidean_distance
from reid_course import lesson_embedder, lesson_split, show_crops

split = lesson_split(DATA, SEED, PERSONS)
query, gallery = split.query_labels, split.gallery_labels
embedder = lesson_embedder(DATA)
features = embed_samples(split.samples, embedder)
distances = euclidean_distance(features[: len(query)], features[len(query) :])

other_camera = query.camera[:, None] != gallery.camera
same_person = query.person[:, None] == gallery.person
genuine, impostor = same_person & other_camera, ~same_person & other_camera

# %% tags=["hidden"]
# @title Show eight pairs, easy and hard ones
rng = np.random.default_rng(SEED)
near = np.quantile(distances[impostor], 0.02)
kinds = [genuine & (distances < near), genuine & (distances > near), impostor & (distances < near), impostor]
pairs = rng.permutation([rng.choice(np.argwhere(kind)) for kind in kinds for _ in range(2)])
rows = [
    [read_crop(split.query[row]) for row, _ in pairs],
    [read_crop(split.gallery[column]) for _, column in pairs],
]
show_crops(rows, "Eight pairs, one above the other, by different cameras.", [list("ABCDEFGH"), [""] * 8])

# %%
for letter, (row, column) in zip("ABCDEFGH", pairs, strict=True):
    answer = "one person" if genuine[row, column] else "two people"
    print(f"{letter}: {answer}, distance {distances[row, column]:.2f}")

# %% [markdown]
# ## TAR and FAR
#
# A pair of crops of one person is called **genuine**, a pair of two people **impostor**. A threshold accepts all pairs
# that are nearer. The share of genuine pairs that it accepts is the true accept rate, TAR. The share of impostor pairs
# that it accepts is the false accept rate, FAR ([glossary](../docs/glossary.md#far-and-tar)). Both are counted in one
# line each:

# %%
genuine_distances, impostor_distances = distances[genuine], distances[impostor]
print(f"{len(genuine_distances):,} genuine pairs, {len(impostor_distances):,} impostor pairs")
print("threshold    TAR     FAR")
for threshold in (0.5, 0.6, 0.7, 0.8, 0.9):
    tar = (genuine_distances <= threshold).mean()
    far = (impostor_distances <= threshold).mean()
    print(f"{threshold:9.2f}{tar:7.1%}{far:8.1%}")

# %% [markdown]
# Both rates rise together. You cannot have more of one without more of the other. Two ways to choose:
#
# - The **[equal error rate](../docs/glossary.md#eer-equal-error-rate)** (EER): the threshold at which FAR equals the
#   share of rejected genuine pairs, 1 − TAR. It is a handy single number, but rarely what an application wants.
# - **TAR at FAR**: fix the FAR that you can afford, and report the TAR.
#
# What is the EER of our network, in percent?

# %%
MY_GUESS = None  # a number from 0 to 50

# %%
from learning_reid.metrics import eer, tar_at_far, threshold_at_far
from reid_course import compare_guess

equal_rate, equal_threshold = eer(genuine_distances, impostor_distances)
strict_threshold = threshold_at_far(genuine_distances, impostor_distances, FAR)
compare_guess(MY_GUESS, 100 * equal_rate, "equal error rate")
print(f"TAR at FAR {FAR:.0%}: {tar_at_far(genuine_distances, impostor_distances, FAR):.1%}")

# %% tags=["hidden"]
# @title Plot the distances and both thresholds
import matplotlib.pyplot as plt

from reid_course import show

figure, axes = plt.subplots()
axes.hist(genuine_distances, bins=60, density=True, alpha=0.7, label="genuine pairs")
axes.hist(impostor_distances, bins=60, density=True, alpha=0.7, label="impostor pairs")
axes.axvline(equal_threshold, color="black", linestyle="--", label=f"EER {equal_rate:.1%} at {equal_threshold:.2f}")
axes.axvline(strict_threshold, color="black", linestyle=":", label=f"FAR {FAR:.0%} at {strict_threshold:.2f}")
axes.set(xlabel="Euclidean distance", ylabel="density", yticks=[])
axes.legend(fontsize=8, loc="upper right")
show(figure, "Distances of genuine and impostor pairs, and two thresholds. Everything left of a line is accepted.")

# %% [markdown]
# Move the line through all positions, and plot TAR over FAR: the **ROC curve**. The FAR axis is logarithmic, because
# the interesting part is small. If a thousand people pass a door every day, a FAR of 1 % means ten false accepts a day.

# %%
from learning_reid.metrics import roc_curve

far, tar = roc_curve(genuine_distances, impostor_distances)
for wanted in (0.1, 0.01, 0.001, 0.0001):
    print(f"TAR at FAR {wanted:7.2%}: {tar_at_far(genuine_distances, impostor_distances, wanted):6.1%}")

# %% tags=["hidden"]
# @title Plot the ROC curve
figure, axes = plt.subplots(figsize=(6, 3.5))
axes.plot(100 * far, 100 * tar)
axes.plot([100 * equal_rate], [100 * (1 - equal_rate)], "o", color="black", label=f"EER {equal_rate:.1%}")
axes.plot(100 * far, 100 * far, color="grey", linestyle=":", label="guessing")
axes.set(xscale="log", xlabel="FAR (%)", ylabel="TAR (%)", ylim=(0, 100))
axes.legend()
show(figure, "ROC curve: the share of accepted genuine pairs at each share of accepted impostor pairs.")

# %% [markdown]
# With few impostor pairs, a small FAR cannot be distinguished from zero. To report TAR at FAR 0.01 % you need tens of
# thousands of impostor pairs at least.
#
# ## Why 0.5 is not a threshold
#
# Many examples on the web compute a similarity and write `if similarity > 0.5: same person`. Let us look at the same
# pairs on four scales: our network with Euclidean and with cosine distance, the same architecture with *random*
# weights, and raw pixels. What share of *impostor* pairs does the network with random weights accept at a cosine
# distance of 0.5?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from learning_reid.embedding import Preprocessing, TorchEmbedder
from learning_reid.models import create_model
from learning_reid.retrieval import cosine_distance


def pairwise(vectors: np.ndarray, distance=cosine_distance) -> tuple[np.ndarray, np.ndarray]:
    """Return the distances of all genuine and all impostor pairs."""
    matrix = distance(vectors[: len(query)], vectors[len(query) :])
    return matrix[genuine], matrix[impostor]


random_network = TorchEmbedder(create_model("osnet_x0_25", seed=SEED), Preprocessing(128, 64))
pixels = [embedder.preprocessing.resize(read_crop(sample))[4::8, 4::8].ravel() / 255 for sample in split.samples]
scales = {
    "trained, Euclidean": (genuine_distances, impostor_distances),
    "trained, cosine": pairwise(features),
    "random weights, cosine": pairwise(embed_samples(split.samples, random_network)),
    "raw pixels, cosine": pairwise(np.array(pixels, np.float32)),
}
accepted = (scales["random weights, cosine"][1] <= 0.5).mean()
compare_guess(MY_GUESS, 100 * accepted, "impostor pairs accepted with random weights")

# %%
print("accepted at 0.5:          genuine  impostor    EER   at threshold")
for name, (same, different) in scales.items():
    rate, threshold = eer(same, different)
    print(f"{name:24s}{(same <= 0.5).mean():9.1%}{(different <= 0.5).mean():10.1%}{rate:8.1%}{threshold:12.4f}")

# %% tags=["check"]
assert accepted == 1

# %% tags=["hidden"]
# @title Plot the four scales
figure, cells = plt.subplots(len(scales), 1, figsize=(7, 6), sharex=True)
for axes, (name, (same, different)) in zip(cells, scales.items(), strict=True):
    axes.hist(same, np.linspace(0, 1.4, 141), density=True, alpha=0.7)
    axes.hist(different, np.linspace(0, 1.4, 141), density=True, alpha=0.7)
    axes.axvline(0.5, color="black", linestyle="--")
    axes.set_title(name, fontsize=9, loc="left")
    axes.set(yticks=[])
cells[-1].set_xlabel("distance")
show(figure, "The same pairs on four scales. Blue: one person. Orange: two people. The dashed line is 0.5.")

# %% [markdown]
# - Euclidean and cosine distance of the same unit vectors give the same ranking, so their EER is equal. Their
#   thresholds are not: 0.5 on the Euclidean scale is 0.125 on the cosine scale.
# - With random weights, all embeddings are nearly equal, and 0.5 accepts everybody.
# - So a threshold belongs to *one weights file and one metric*. This library stores it together with a checksum of the
#   weights, and refuses it for others.
#
# Is that peculiar to our network? For 53 networks of torchreid's model zoo, somebody has published the cosine
# *similarities* (large means alike) of six pairs of images: three pairs of one person, three of two. A threshold works
# for a network if it lies between the highest similarity of different people and the lowest of the same person. For how
# many of the 53 networks does the best *common* threshold work?

# %%
MY_GUESS = None  # a number from 0 to 53

# %%
import pandas as pd

from reid_course import course_file

table = pd.read_csv(course_file("notebooks/data/similarity_table.csv"), comment="#")
candidates = np.arange(0.3, 0.9, 0.001)
works = [((table.highest_different < each) & (each <= table.lowest_same)).sum() for each in candidates]
compare_guess(MY_GUESS, int(max(works)), f"networks for which {candidates[np.argmax(works)]:.2f} works", "of 53")
print("with a threshold of their own:", int((table.highest_different < table.lowest_same).sum()))
print("with 0.5:", int(((table.highest_different < 0.5) & (table.lowest_same >= 0.5)).sum()))

# %% tags=["hidden"]
# @title Plot the 53 networks
table["margin"] = table.lowest_same - table.highest_different
ordered = table.sort_values("margin", ignore_index=True)
figure, axes = plt.subplots(figsize=(7, 4))
for is_imagenet, color, label in ((True, "C3", "ImageNet weights"), (False, "C0", "ReID weights")):
    part = ordered[(ordered.trained_on == "imagenet") == is_imagenet]
    axes.vlines(part.index, part.highest_different, part.lowest_same, color=color, lw=4, alpha=0.7, label=label)
axes.plot(ordered.index, ordered.lowest_same, "_", color="black", label="lowest similarity of the same person")
axes.plot(ordered.index, ordered.highest_different, ".", color="black", label="highest of different people")
axes.axhline(0.5, color="black", linestyle="--", lw=1)
axes.set(xlabel="53 networks, by the width of the gap", ylabel="cosine similarity", xticks=[])
axes.legend(fontsize=8, loc="upper left", ncols=2)
show(figure, "A threshold must lie above the dot and below the dash. No horizontal line does for all networks; where "
     "the dot is higher than the dash, none exists.")  # fmt: skip

# %% [markdown]
# Networks with **ImageNet** weights learned to tell dogs from cars. To them, all people look alike, and for some of
# them no threshold separates even these six pairs.
#
# ## Choose on some people, measure on others
#
# A threshold is fitted to data, just as weights are. What it is worth must be measured on *other people*. Below, half
# of the people choose the threshold for our FAR, and the other half measure the FAR that it really gives. Then we
# divide the people again, many times.

# %%
people = np.unique(query.person)


def pairs_of(chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the genuine and impostor distances of pairs in which both people are among the chosen ones."""
    both = np.isin(query.person, chosen)[:, None] & np.isin(gallery.person, chosen)
    return distances[genuine & both], distances[impostor & both]


thresholds, measured = [], []
for division in range(DIVISIONS):
    order = np.random.default_rng(SEED + division).permutation(people)
    half = len(order) // 2
    thresholds.append(threshold_at_far(*pairs_of(order[:half]), FAR))
    measured.append((pairs_of(order[half:])[1] <= thresholds[-1]).mean())
print(f"wanted FAR {FAR:.1%}; on other people {np.min(measured):.2%} to {np.max(measured):.2%}, "
      f"mean {np.mean(measured):.2%}")  # fmt: skip

# %% tags=["hidden"]
# @title Plot the chosen thresholds and the measured FAR
figure, (left, right) = plt.subplots(1, 2, figsize=(7, 3))
left.hist(thresholds, bins=20)
left.set(xlabel="chosen threshold", ylabel="divisions")
right.hist(100 * np.array(measured), bins=20)
right.axvline(100 * FAR, color="black", linestyle="--", label="wanted")
right.set(xlabel="FAR on the other half (%)")
right.legend()
show(figure, "Left: the threshold chosen by one half of the people. Right: the FAR it has on the other half.")

# %% [markdown]
# On the people who chose, the FAR is exactly as wanted. On others it is a fraction of it or several times as much, and
# on average higher. A few look-alikes, by chance in one half or the other, make the difference. Use hundreds of people
# for the choice, and say how many there were.
#
# ## Open set: is the person there at all?
#
# In practice, most searched people are not in the gallery. In an open-set evaluation, each query searches twice: once
# with its person in the gallery, and once with all crops of that person removed.
#
# - **DIR** (detection and identification rate): the nearest crop shows the right person *and* is accepted.
# - **FAR** now means: a search for a person who is not there was answered anyway.

# %%
to_match = np.where(genuine, distances, np.inf).min(axis=1)  # nearest crop of the right person
to_other = np.where(~same_person, distances, np.inf).min(axis=1)  # nearest crop of anybody else
has_match = np.isfinite(to_match)
to_match, to_other = to_match[has_match], to_other[has_match]

print(f"the threshold for pairs answers {(to_other <= strict_threshold).mean():.0%} of the searches in vain")
print("FAR wanted  threshold    DIR")
for wanted in (0.5, 0.2, 0.1):
    threshold = threshold_at_far(to_match, to_other, wanted)
    found = (to_match <= threshold) & (to_match < to_other)
    print(f"{wanted:10.0%}{threshold:11.2f}{found.mean():7.1%}")
print(f"rank-1, where every answer counts:  {(to_match < to_other).mean():.1%}")

# %% tags=["check"]
from learning_reid.metrics import PROTOCOLS, dir_at_far, find_matches

matches = find_matches(lambda rows: distances[rows], query, gallery, PROTOCOLS["market1501"])
assert np.isclose(dir_at_far(matches, 0.1), found.mean(), atol=0.01)

# %% [markdown]
# A pair meets *one* other person. A search meets all of them at once, and the nearest of hundreds is near. So a search
# needs a stricter threshold than a pair. Here are the worst false accepts:

# %% tags=["hidden"]
# @title Show the nearest other people
without_person = np.where(same_person, np.inf, distances)
order = np.argsort(without_person.min(axis=1))
_, first = np.unique(query.person[order], return_index=True)  # one search per person
worst = order[np.sort(first)][:8]
nearest = without_person[worst].argmin(axis=1)
rows = [[read_crop(split.query[row]) for row in worst], [read_crop(split.gallery[column]) for column in nearest]]
titles = [[""] * len(worst), [f"{without_person[row].min():.2f}" for row in worst]]
show_crops(rows, "Top: the person searched for. Bottom: the nearest crop of another person, with its distance.", titles)

# %% [markdown]
# Some you might confuse yourself: the same coat, the same colors. And the larger the gallery, the more likely such a
# look-alike. Keep one threshold and let the gallery grow:

# %%
fixed = threshold_at_far(to_match, to_other, 0.1)
sizes = np.unique(np.linspace(2, len(people), 8).astype(int))
rates = []
for size in sizes:
    draws = []
    for draw in range(10):
        present = np.random.default_rng(draw).choice(people, size, replace=False)
        others = np.where(np.isin(gallery.person, present) & ~same_person, distances, np.inf).min(axis=1)
        draws.append((others <= fixed).mean())
    rates.append(np.mean(draws))

# %% tags=["hidden"]
# @title Plot false accepts over the size of the gallery
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(sizes, 100 * np.array(rates), "o-")
axes.set(xlabel="people in the gallery", ylabel="searches in vain\nthat are answered (%)", ylim=(0, None))
show(figure, "One threshold and more and more people in the gallery: false accepts become more frequent.")

# %% [markdown]
# ## Store a threshold with the weights
#
# `calibrate` does all of this: half of the people choose one threshold for pairs and one for searches, the other half
# measure them, and the result is stored together with a checksum of the weights.

# %%
from learning_reid.evaluation import calibrate
from learning_reid.models import resolve_weights
from learning_reid.zoo import sha256_of
from reid_course import LESSON_MODELS

model, weights = LESSON_MODELS[DATA]
task = create_retrieval_task(split, features, "euclidean")
checksum = sha256_of(resolve_weights(model, weights))
point, _ = calibrate(task, FAR, 0.1, data="this lesson", seed=SEED, embedder=model, weights_sha256=checksum)
print("          threshold  FAR wanted  measured  accepted")
print(f"pairs    {point.pair_threshold:10.3f}{point.pair_far_wanted:12.1%}{point.pair_far:10.1%}{point.pair_tar:10.1%}")
print(f"searches {point.search_threshold:10.3f}{point.search_far_wanted:12.1%}{point.search_far:10.1%}"
      f"{point.search_dir:10.1%}")  # fmt: skip
print(f"chosen by {point.persons[0]} people, measured by {point.persons[1]}; gallery of {point.gallery} crops")

# %% tags=["check"]
assert point.search_threshold < point.pair_threshold

# %% [markdown]
# From the command line: `python src/main.py calibrate --root DIR`. `verify`, `identify`, `search` and the app then use
# the threshold and say where it comes from.
#
# ## Summary
#
# > - A threshold accepts what is nearer. **TAR** (genuine pairs accepted) and **FAR** (impostor pairs accepted) rise
# >   together; at the **EER**, FAR = 1 − TAR.
# > - A threshold belongs to one weights file and one metric. **0.5 means nothing.**
# > - Choose the threshold on some people, measure it on others.
# > - A search needs a stricter threshold than a pair (**DIR at FAR**), and a larger gallery a stricter one still.
#
# ## Check yourself
#
# 1. A door opens for 2 of 1,000 wrong people and for 90 of 100 right ones. What are FAR and TAR?
#
#    <details><summary>Answer</summary>
#
#    FAR = 0.2 %, TAR = 90 %.
#
#    </details>
#
# 2. You replace the weights by better ones. May you keep the threshold?
#
#    <details><summary>Answer</summary>
#
#    No. The scale of the distances changes with every training. Calibrate again.
#
#    </details>
#
# 3. A pair threshold has FAR 0.1 %. The gallery contains 1,000 other people. About how often is a search in vain
#    answered?
#
#    <details><summary>Answer</summary>
#
#    If pairs were independent: 1 − 0.999¹⁰⁰⁰ ≈ 63 %. A small FAR for pairs is a large one for searches.
#
#    </details>
#
# 4. Why is the FAR on other people higher on average than on those who chose the threshold?
#
#    <details><summary>Answer</summary>
#
#    The threshold was fitted to the look-alikes that happened to be in the first half. The second half has others.
#
#    </details>
#
# ## Try this
#
# - Set `FAR` to 0.001. How far does TAR fall, and how much do the chosen thresholds vary?
# - Choose the threshold on *all* people and measure it on the same ones. How much better does it look?
# - Use other random weights (`seed=SEED + 1`). Does the threshold at the EER stay the same?
# - Run `python src/main.py calibrate --help`, then `verify` and `identify` on files of yours.
#
# [Worked answers](../docs/teaching-answers.md#9-thresholds). Then solve
# [exercise set 8: a threshold and the open set](exercises/student/08_open_set.ipynb).
#
# ## Further reading
#
# - Phillips, Grother and Micheals 2011, [Evaluation Methods in Face Recognition](https://doi.org/10.1007/978-0-85729-932-1_21):
#   verification and open set.
# - Fawcett 2006, [An introduction to ROC analysis](https://doi.org/10.1016/j.patrec.2005.10.010).
# - [docs/evaluation.md](../docs/evaluation.md), and the code:
#   [verification.py](../src/learning_reid/metrics/verification.py),
#   [open_set.py](../src/learning_reid/metrics/open_set.py),
#   [calibration.py](../src/learning_reid/evaluation/calibration.py).
