# %% [markdown]
# # Same or different?
#
# > How near is near enough, and who is to decide that?
#
# **You will learn** the two mistakes that a threshold makes and the figures that tell of them (EER, TAR at FAR,
# DIR at FAR); how to choose a threshold, and on whom; and why 0.5 is none.
#
# **Needs** lessons 1 and 3.
#
# **Takes** 1 minute on 2 CPU cores.

# %% tags=["parameters"]
from reid_course import is_smoke

DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
MOST_PEOPLE = 100  # of Market-1501; None: all of them, which takes long on a CPU
FAR = 0.1 if is_smoke() else 0.01  # how many strangers in a hundred pairs may be taken for one person
DIVISIONS = 5 if is_smoke() else 60

# %% [markdown]
# ## A door, not a ranking
#
# Rank-1 asks which picture of a gallery is *nearest*. A door asks something else: here are two pictures, **is this one
# person, yes or no?** Nothing to compare with, no second place. You first. Which of these pairs show one person?

# %%
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from learning_reid.datasets import create_retrieval_task, embed_samples, read_crop
from learning_reid.metrics import PairDistances, eer, roc_curve, tar_at_far, threshold_at_far
from learning_reid.retrieval import euclidean_distance
from reid_course import LESSON_MODELS, compare_guess, lesson_embedder, lesson_split, show, show_crops

contest = lesson_split(DATA, SEED, MOST_PEOPLE)
embedder = lesson_embedder(DATA)
features = embed_samples(contest.samples, embedder)
task = create_retrieval_task(contest, features, "euclidean")
distances = euclidean_distance(task.query_features, task.gallery_features)
asks, answers = contest.query_labels, contest.gallery_labels
across = asks.camera[:, None] != answers.camera
same = (asks.person[:, None] == answers.person) & across
different = (asks.person[:, None] != answers.person) & across

# %%
rng = np.random.default_rng(SEED)
easy, hard = np.quantile(distances[different], [0.3, 0.02])
kinds = [same & (distances < hard), same & (distances > hard), different & (distances < hard), different]
chosen = [rng.choice(np.argwhere(kind)) for kind in kinds for _ in range(2)]
chosen = [chosen[place] for place in rng.permutation(len(chosen))]
rows = [
    [read_crop(contest.query[query]) for query, _ in chosen],
    [read_crop(contest.gallery[answer]) for _, answer in chosen],
]
show_crops(rows, "Eight pairs, one above the other, by different cameras.", [list("ABCDEFGH"), [""] * 8])

# %%
for letter, (query, answer) in zip("ABCDEFGH", chosen, strict=True):
    truth = "one person" if same[query, answer] else "two people"
    print(f"{letter}: {truth}, distance {distances[query, answer]:.2f}")

# %% [markdown]
# ## Two heaps, two mistakes
#
# `task.pairs()` takes every query with every gallery picture of another camera. A pair of one person is **genuine**,
# one of two people an **impostor**. A threshold accepts what is nearer than itself, and makes two mistakes: it turns
# genuine pairs away, and lets impostors in. The share of genuine pairs accepted is called **TAR** (true accept rate),
# that of impostors **FAR** (false accept rate).

# %%
pairs = task.pairs()
print(f"{len(pairs.genuine):,} genuine pairs, {len(pairs.impostor):,} impostors")
print("threshold   TAR      FAR")
for threshold in np.quantile(pairs.impostor, [0.001, 0.01, 0.1, 0.5]):
    print(f"{threshold:9.2f}{pairs.tar(threshold):7.1%}{pairs.far(threshold):9.1%}")
assert pairs.genuine.mean() < pairs.impostor.mean()

# %% [markdown]
# Both rise together; nobody gets one without the other. Where does a door want to stand? The **equal error rate**
# (EER) is where as many impostors come in as genuine pairs stay out. It makes one handy number, though hardly any door
# wants it: mostly one mistake is worse than the other. Guess it, in percent.

# %%
MY_GUESS = None  # a number from 0 to 50

# %%
rate_eer, at_eer = eer(pairs.genuine, pairs.impostor)
at_far = threshold_at_far(pairs.genuine, pairs.impostor, FAR)
compare_guess(MY_GUESS, 100 * rate_eer, "equal error rate")
figure, axes = plt.subplots()
axes.hist(pairs.genuine, bins=60, density=True, alpha=0.7, label="genuine: one person")
axes.hist(pairs.impostor, bins=60, density=True, alpha=0.7, label="impostors: two people")
for threshold, words, style in ((at_eer, f"EER {rate_eer:.1%}", "--"), (at_far, f"FAR {FAR:.0%}", ":")):
    words += f": at {threshold:.2f}, TAR {pairs.tar(threshold):.0%}"
    axes.axvline(threshold, color="black", linestyle=style, label=words)
axes.set(xlabel="distance", ylabel="share of the pairs", yticks=[])
axes.legend(fontsize=8, loc="upper right")
show(figure, "Distances of genuine pairs and of impostors with two thresholds: what is left of a line is accepted.")

# %% [markdown]
# Move the line through all places and draw TAR against FAR: the **ROC curve**. The axis of FAR is logarithmic, because
# the interesting part is small: with a thousand people passing a door each day, one in a hundred is ten mistakes a day.

# %%
far, tar = roc_curve(pairs.genuine, pairs.impostor)
figure, axes = plt.subplots(figsize=(6, 3.5))
axes.plot(100 * far, 100 * tar)
axes.plot([100 * rate_eer], [100 * (1 - rate_eer)], "o", color="black", label=f"EER {rate_eer:.1%}")
axes.plot(100 * far, 100 * far, color="grey", linestyle=":", label="a coin")
axes.set(xscale="log", xlabel="FAR, %", ylabel="TAR, %", ylim=(0, 101))
axes.legend()
show(figure, "ROC curve: the share of genuine pairs accepted, at each share of impostors accepted.")
for wanted in (0.1, 0.01, 0.001, 0.0001):
    print(f"TAR at FAR {wanted:7.2%}: {tar_at_far(pairs.genuine, pairs.impostor, wanted):6.1%}")

# %% [markdown]
# A `nan` would say: with so few impostors, so small a rate cannot be told from none. Whoever quotes TAR at FAR 0.01 %
# needs tens of thousands of impostor pairs at least, and far more to be sure of it.
#
# ## Why 0.5 is not a threshold
#
# Examples on the web compare two vectors, and write `if similarity > 0.5: same person`. Here are the same pairs, seen
# through four pairs of glasses: our network with Euclidean distance and with cosine distance (one minus the
# similarity); the same architecture with *random* weights; and the raw pixels. Where is 0.5? And what share of the
# *impostors* will the network with random weights accept, by cosine, at 0.5?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from learning_reid.datasets import Sample
from learning_reid.embedding import Preprocessing, TorchEmbedder
from learning_reid.models import create_model


def pixels(sample: Sample) -> np.ndarray:
    """A crop as 32 × 16 pixels in one row."""
    return embedder.preprocessing.resize(read_crop(sample))[4::8, 4::8].ravel() / 255


untrained = TorchEmbedder(create_model("osnet_x0_25", seed=SEED), Preprocessing(128, 64))  # small: it is quicker
glasses = {
    "trained, Euclidean": (features, "euclidean"),
    "trained, cosine": (features, "cosine"),
    "random weights, cosine": (embed_samples(contest.samples, untrained), "cosine"),
    "raw pixels, cosine": (np.array([pixels(sample) for sample in contest.samples], np.float32), "cosine"),
}
seen = {name: create_retrieval_task(contest, *how).pairs() for name, how in glasses.items()}
compare_guess(MY_GUESS, 100 * float(seen["random weights, cosine"].far(0.5)), "impostors accepted with random weights")

# %%
figure, cells = plt.subplots(len(seen), 1, figsize=(7, 6), sharex=True)
print(f"{'accepted at 0.5:':24s}{'same':>8s}{'different':>11s}{'EER':>8s}{'at':>8s}{f'FAR {FAR:.0%} at':>13s}")
for axes, (name, each) in zip(cells, seen.items(), strict=True):
    bins = np.linspace(0, 1.4, 141)
    axes.hist(each.genuine, bins, density=True, alpha=0.7)
    axes.hist(each.impostor, bins, density=True, alpha=0.7)
    axes.axvline(0.5, color="black", linestyle="--")
    axes.set_title(name, fontsize=9, loc="left")
    axes.set(yticks=[])
    rate, place = eer(each.genuine, each.impostor)
    strict = threshold_at_far(each.genuine, each.impostor, FAR)
    print(f"{name:24s}{each.tar(0.5):8.1%}{each.far(0.5):11.1%}{rate:8.1%}{place:8.4f}{strict:13.4f}")
cells[-1].set_xlabel("distance")
show(figure, "The same pairs on four scales (blue: one person, orange: two); the dashed line is 0.5.")
assert seen["random weights, cosine"].far(0.5) == 1

# %% [markdown]
# - Euclidean and cosine distance of the *same* vectors rank alike (d² = 2 · cosine distance on vectors of length 1), so
#   their EER is the same. Their thresholds are not: 0.5 on one scale is 0.125 on the other.
# - With random weights all crops lie in a narrow bundle, and 0.5 lets in everybody. The order within that bundle is
#   still better than a coin's: colours come through any weights.
# - So a number that was right for one network says nothing about another. A threshold belongs to *one file of weights
#   and one metric*; [operating_point.py](../src/learning_reid/embedding/operating_point.py) refuses it for any other.
#
# ## The same, for 53 published networks
#
# Somebody computed, for 53 sets of weights of torchreid's model zoo, the cosine *similarities* (large is alike) of six
# pairs of pictures: three of one person, three of two. The table below keeps two numbers of each network: the lowest
# similarity of the same, and the highest of the different. Their difference is the **margin**: below zero no threshold
# at all can tell these six pairs apart. How many of the 53 does the best *common* threshold get right?

# %%
MY_GUESS = None  # a number from 0 to 53

# %%
from reid_course import course_file

table = pd.read_csv(course_file("notebooks/data/similarity_table.csv"), comment="#")
table["margin"] = table.lowest_same - table.highest_different
places = np.arange(0.3, 0.9, 0.001)
right = [int(((table.highest_different < place) & (place <= table.lowest_same)).sum()) for place in places]
compare_guess(
    MY_GUESS, max(right), f"right at the best common threshold, {places[np.argmax(right)]:.2f}", f"of {len(table)}"
)
print("right with a threshold of their own:", int((table.margin > 0).sum()))
print("right at 0.5:", int(((table.highest_different < 0.5) & (table.lowest_same >= 0.5)).sum()))
print()
summary = table.groupby("trained_on").margin.agg(["size", "median", "min", lambda margin: int((margin <= 0).sum())])
print(summary.set_axis(["networks", "median margin", "lowest", "overlap"], axis=1).round(3).to_string())
assert max(right) < int((table.margin > 0).sum())
assert (table[table.trained_on == "imagenet"].margin <= 0).sum() >= 4

# %%
ordered = table.sort_values("margin", ignore_index=True)
figure, axes = plt.subplots(figsize=(7, 4))
for trained_on, colour in (("imagenet", "C3"), ("", "C0")):
    part = ordered[(ordered.trained_on == "imagenet") == (trained_on == "imagenet")]
    words = "ImageNet weights" if trained_on else "all others"
    axes.vlines(part.index, part.highest_different, part.lowest_same, color=colour, lw=4, alpha=0.7, label=words)
axes.plot(ordered.index, ordered.lowest_same, "_", color="black", label="dash: lowest of the same")
axes.plot(ordered.index, ordered.highest_different, ".", color="black", label="dot: highest of the different")
axes.axhline(0.5, color="black", linestyle="--", lw=1)
axes.set(xlabel="53 networks, by margin", ylabel="cosine similarity", xticks=[])
axes.legend(fontsize=8, loc="upper left", ncols=2)
show(
    figure,
    "A threshold may stand above the dot and below the dash; where the dot is higher, nowhere. No level fits all.",
)

# %% [markdown]
# **ImageNet** weights learned to tell a dog from a car. To them everybody is a person, and four of the nine cannot even
# tell these six pairs apart; their median margin is next to nothing. (Six pairs are few: a hint, no ranking.)
#
# ## Who chooses, and who is asked?
#
# A threshold is fitted to data, as weights are. So what it is worth must be measured on *other people*. Below, half of
# the persons choose the threshold for our FAR, the other half say what FAR it really gives; then the halves are drawn
# again, many times.

# %%
persons = np.unique(asks.person)
wanted, got, places = [], [], []
for division in range(DIVISIONS):
    order = np.random.default_rng(SEED + division).permutation(persons)
    choosing = task.select_persons(order[: len(order) // 2]).pairs()
    measuring = task.select_persons(order[len(order) // 2 :]).pairs()
    places.append(threshold_at_far(choosing.genuine, choosing.impostor, FAR))
    wanted.append(choosing.far(places[-1]))
    got.append(measuring.far(places[-1]))
figure, (left, right_side) = plt.subplots(1, 2, figsize=(7, 3))
left.hist(places, bins=20)
left.set(xlabel="chosen threshold", ylabel="divisions")
right_side.hist(100 * np.array(got), bins=20)
right_side.axvline(100 * FAR, color="black", linestyle="--", label="wanted")
right_side.set(xlabel="FAR among the other half, %")
right_side.legend()
show(
    figure,
    "Left: the threshold that one half of the persons chooses. Right: the FAR it has in the other half.",
)
print(f"wanted {FAR:.1%}; among those who chose {np.mean(wanted):.2%}")
print(f"among the others from {np.min(got):.2%} to {np.max(got):.2%}, on average {np.mean(got):.2%}")
assert np.max(wanted) <= FAR

# %% [markdown]
# Among those who chose, the FAR is kept to the letter: that is how the threshold was found. Among the others it may be
# a fraction of it or several times as much, and on average it is higher. A few people who look alike, by chance in one
# half or the other, make all the difference. So one also says *how many* persons chose; hundreds are better.
#
# ## And if the person is not there at all?
#
# Most searches in practice are in vain: whoever is asked for never walked past these cameras. `argmin` answers all
# the same. In an **open set** each query asks twice: once with its person in the gallery, once with that person's
# pictures taken out. **DIR** is the share found rightly (nearest, and near enough); **FAR** now means a search in vain
# that was answered. Which of the two thresholds above would you take for it?

# %%
from learning_reid.metrics import PROTOCOLS, dir_at_far, find_matches

matches = find_matches(task.distance_rows(), asks, answers, PROTOCOLS["market1501"])
nearest = matches.match_index == 0
found, alarm = matches.distance[nearest], matches.nearest_negative[matches.trial[nearest]]
searches = PairDistances.of(found, alarm)
figure, axes = plt.subplots()
axes.hist(found, bins=40, density=True, alpha=0.7, label="nearest picture of the person")
axes.hist(alarm, bins=40, density=True, alpha=0.7, label="nearest of anybody else")
axes.axvline(at_far, color="black", linestyle=":", label=f"the threshold for pairs, FAR {FAR:.0%}")
axes.set(xlabel="distance", ylabel="share of the searches", yticks=[])
axes.legend(fontsize=8, loc="upper right")
show(figure, "Distances that a search meets: the nearest picture of the right person, and the nearest of all others.")
print(f"the threshold for pairs answers {np.mean(alarm <= at_far):.0%} of the searches in vain")
for rate in (0.5, 0.2, 0.1):
    place = threshold_at_far(searches.genuine, searches.impostor, rate)
    print(f"DIR at FAR {rate:.0%}: {dir_at_far(matches, rate):.1%}, with a threshold of {place:.2f}")
print(f"rank-1, which is DIR where every answer counts: {np.mean(found < alarm):.1%}")

# %% [markdown]
# A pair meets *one* stranger, a search meets all of them at once, and the nearest of hundreds of strangers is near. So
# a search needs a stricter threshold than a pair. Who are these strangers? Below stand searches in vain, the worst
# alarms first.

# %%
kept = np.where(asks.person[:, None] == answers.person, np.inf, distances)  # everybody but the person asked for
order = np.argsort(kept.min(axis=1))
_, first = np.unique(asks.person[order], return_index=True)  # one search for each person
worst = order[np.sort(first)][:8]
rows = [
    [read_crop(contest.query[query]) for query in worst],
    [read_crop(contest.gallery[kept[query].argmin()]) for query in worst],
]
alarms = [[""] * len(worst), [f"{kept[query].min():.2f}" for query in worst]]
show_crops(rows, "Above the person asked for, below the nearest picture of somebody else, with its distance.", alarms)

# %% [markdown]
# Some are people one would mix up oneself: the same coat, the same colours. And the more people there are to search
# among, the likelier such a double. Keep one threshold, and let the gallery grow:

# %%
strict = threshold_at_far(searches.genuine, searches.impostor, 0.1)
sizes = np.unique(np.linspace(2, len(persons), 8).astype(int))
rates = []
for size in sizes:
    draws = []
    for draw in range(10):
        there = np.random.default_rng(draw).choice(persons, size, replace=False)
        other = distances[:, np.isin(answers.person, there)]
        own = asks.person[:, None] == answers.person[np.isin(answers.person, there)]
        draws.append(np.mean(np.where(own, np.inf, other).min(axis=1) <= strict))
    rates.append(np.mean(draws))
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(sizes, 100 * np.array(rates), "o-")
axes.set(xlabel="persons in the gallery", ylabel="searches in vain\nthat are answered, %", ylim=(0, None))
show(figure, "One threshold, more and more people to search among: false alarms become more frequent.")
assert rates[-1] >= rates[0]

# %% [markdown]
# ## Both, kept beside the weights
#
# `calibrate` does all of this: half of the persons choose one threshold for pairs and one for searches, the other half
# measure, and the file that is written says for which weights and which metric they hold.

# %%
from learning_reid.evaluation import calibrate
from learning_reid.models import resolve_weights
from learning_reid.zoo import sha256_of

sha256 = sha256_of(resolve_weights(*LESSON_MODELS[DATA]))
point, _ = calibrate(
    task, FAR, 0.1, data="the people of this lesson", seed=SEED, embedder=LESSON_MODELS[DATA][0], weights_sha256=sha256
)
print(f"{'':9s}{'threshold':>10s}{'FAR wanted':>12s}{'measured':>10s}{'accepted':>10s}")
print(f"pairs    {point.pair_threshold:10.3f}{point.pair_far_wanted:12.1%}{point.pair_far:10.1%}{point.pair_tar:10.1%}")
print(f"searches {point.search_threshold:10.3f}{point.search_far_wanted:12.1%}{point.search_far:10.1%}", end="")
print(f"{point.search_dir:10.1%}")
print(f"chosen by {point.persons[0]} persons, measured by {point.persons[1]}; gallery of {point.gallery} pictures")
assert point.search_threshold < point.pair_threshold or is_smoke()

# %% [markdown]
# ## Try this
#
# - Set `FAR` to 0.001. How far does TAR fall, and how much does the chosen threshold scatter from half to half?
# - Choose the threshold by *all* persons and measure by the same ones. How much better does it look?
# - Use other random weights (`seed=SEED + 1`). Does the threshold at the EER stay?
# - `python src/main.py calibrate --help`, and then `verify` and `identify`: the same on files, with an answer in words.
#
# ## Recap
#
# - A pair is accepted below a **threshold**: **TAR** of the genuine and **FAR** of the impostors rise together. **EER**
#   is where FAR = 1 - TAR.
# - A threshold belongs to one file of weights and one metric. **0.5 means nothing**: on each of four scales, and for
#   most of 53 networks, the right place lay elsewhere.
# - One half of the persons **chooses**, the other **measures**.
# - A search for somebody who may not be there needs a stricter threshold (**DIR at FAR**), and a larger gallery a
#   stricter one still.
#
# **Sources**:
# [verification.py](../src/learning_reid/metrics/verification.py),
# [open_set.py](../src/learning_reid/metrics/open_set.py),
# [calibration.py](../src/learning_reid/evaluation/calibration.py),
# [operating_point.py](../src/learning_reid/embedding/operating_point.py); more in
# [docs/evaluation.md](../docs/evaluation.md).
