# %% [markdown]
# # The zoo of classic mistakes
#
# > No error message, no warning, only a worse figure, or a better one: which mistake costs how much?
#
# **You will learn** to recognise eight mistakes that ReID projects keep making, what each costs on the same people, how
# one notices it, and why the worst of them make the figure go *up*.
#
# **Needs** lessons 1 and 3 (what rank-1 and mAP are).
#
# **Takes** 1 minute on 2 CPU cores, and twenty-five to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
PEOPLE = 50  # who are asked for
STRANGERS = 60  # gallery pictures of people nobody asks for
SEED = 7

# %% [markdown]
# ## The right way first
#
# Nothing is called a mistake before it was compared with the right way. So: fifty people, one question from each
# camera, one gallery picture from each camera (lesson 1 took three; this lesson goes through the network many times),
# and some strangers.

# %%
from dataclasses import replace
from time import perf_counter

import cv2
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import read_crop, select_identities, split_query_gallery
from reid_course import open_people

rng = np.random.default_rng(SEED)
crops = open_people(DATA, seed=SEED)
persons = sorted({sample.person_id for sample in crops.subset("query")})
crops = select_identities(crops, frozenset(rng.permutation(persons)[:PEOPLE].tolist()))
one_each = {(s.person_id, s.camera_id, s.split): s for s in crops.samples if s.person_id is not None}
strangers = [sample for sample in crops.samples if sample.person_id is None][:STRANGERS]
contest = split_query_gallery(replace(crops, samples=[*one_each.values(), *strangers]))
asking, asks, answers = len(contest.query), contest.query_labels, contest.gallery_labels
pictures = [read_crop(sample) for sample in contest.samples]
print(f"{asking} questions about {len(contest.persons)} people, {len(contest.gallery)} pictures to answer from")

# %% [markdown]
# `examine` turns features into rank-1 and mAP under a named protocol, and keeps them for the table at the end.

# %%
from learning_reid.metrics import PROTOCOLS, find_matches, retrieval_metrics
from learning_reid.retrieval import distance_rows

table: dict[str, tuple[float, float]] = {}


def examine(name: str, features: np.ndarray, protocol: str = "market1501") -> float:
    """Rank-1 in percent; it goes into the table together with mAP."""
    rows, rule = distance_rows(features[:asking], features[asking:], "euclidean"), PROTOCOLS[protocol]
    figures = retrieval_metrics(find_matches(rows, asks, answers, rule), asks, answers, rule).means
    table[name] = 100 * figures["rank1"], 100 * figures["map"]
    print(f"{name}: rank-1 {table[name][0]:.1f} %, mAP {table[name][1]:.1f} %")
    return table[name][0]


# %%
from tqdm.auto import tqdm

from learning_reid.embedding import Embedder
from reid_course import LESSON_MODELS, compare_guess, lesson_embedder, show, show_crops

embedder = lesson_embedder(DATA)


def embed(crops: list[np.ndarray], embedder: Embedder = embedder) -> np.ndarray:
    """Features of many crops, with a bar for those who wait."""
    parts = [crops[start : start + 64] for start in range(0, len(crops), 64)]
    return np.concatenate([embedder(part) for part in tqdm(parts, "embedding", leave=False)])


features = embed(pictures)
right = examine("the right way", features)

# %% [markdown]
# With so few people a point or two is noise: a person more or less. A real loss is one that you would still believe
# with other people.
#
# ## Mistake 1: blue people
#
# OpenCV reads pictures as **BGR**, the network was trained on **RGB**. Both are tables of three numbers a pixel.
#
# ```python
# crop = cv2.imread(file)                                      # wrong: blue, green, red
# crop = cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB)     # right; here: learning_reid.frames.images.read_image
# ```
#
# Suppose the *questions* come from somebody's OpenCV script and the gallery was embedded properly. What is rank-1?

# %%
swapped = [np.ascontiguousarray(picture[..., ::-1]) for picture in pictures]
some = rng.choice(asking, 6, replace=False)
show_crops(
    [[pictures[i] for i in some], [swapped[i] for i in some]],
    "Six questions; below, the same with red and blue exchanged. Skin is blue, yet nothing crashes.",
)

# %%
MY_GUESS = None  # rank-1 in percent, only the questions are BGR

# %%
bgr = embed(swapped)
mixed = examine("BGR questions, RGB gallery", np.concatenate([bgr[:asking], features[asking:]]))
both = examine("BGR everywhere", bgr)
compare_guess(MY_GUESS, mixed, "rank-1 with BGR questions")
assert mixed < both and mixed < right

# %% [markdown]
# Two lessons in one. On **one side**, BGR ruins everything: a red coat is looked for among the blue ones. On **both
# sides** much less happens: a red coat is blue in all pictures, so it still finds itself. That is why this mistake
# survives for years: the demo "works", only a little worse than the paper.
#
# **How to notice:** show the crop *exactly as the network gets it*. Blue faces need no statistics.
#
# ## Mistake 2: colours on another scale
#
# The network was trained on colours from which a mean was subtracted and which were divided by a deviation.
#
# ```python
# x = crop / 255                                    # wrong: dark and pale are where they never were in training
# x = (crop / 255 - IMAGENET_MEAN) / IMAGENET_STD   # right; here: one Preprocessing for training and inference
# ```

# %%
MY_GUESS = None  # rank-1 in percent, without mean and deviation

# %%
from learning_reid.embedding import TorchEmbedder

not_normalised = replace(embedder.preprocessing, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
plain = embed(pictures, TorchEmbedder(embedder.network, not_normalised))
compare_guess(MY_GUESS, examine("colours not normalised", plain), "rank-1 without normalisation")

# %% [markdown]
# **How to notice:** print mean and deviation of one batch before it goes in. They should be near 0 and 1. Or take one
# crop, embed it in training code and in yours, and compare the two vectors: they should be *equal*, not alike.

# %%
right_batch, wrong_batch = embedder.preprocessing(pictures[:64]), not_normalised(pictures[:64])
print(f"right: mean {right_batch.mean():+.2f}, deviation {right_batch.std():.2f}")
print(f"wrong: mean {wrong_batch.mean():+.2f}, deviation {wrong_batch.std():.2f}")

# %% [markdown]
# ## Mistake 3: still in training mode
#
# Batch normalisation has two modes. In training it uses the mean and deviation of *this batch*; afterwards those
# collected during training. PyTorch networks start in training mode, and nobody tells you.
#
# ```python
# features = network(batch)                         # wrong: whoever else is in the batch changes the answer
# network.eval()                                    # right, and without gradients:
# with torch.inference_mode(): features = network(batch)
# ```
#
# What does it cost in rank-1 points?

# %%
MY_GUESS = None  # points of rank-1 lost

# %%
from learning_reid.models import create_model, resolve_weights

name, weights = LESSON_MODELS[DATA]
training = TorchEmbedder(create_model(name, resolve_weights(name, weights)), embedder.preprocessing)
training.network.train()  # one line too many, or rather: eval() forgotten
compare_guess(MY_GUESS, right - examine("training mode", embed(pictures, training)), "lost by training mode", "points")

crop = pictures[0]
in_company = [training([crop, *pictures[start : start + 7]])[0] for start in (8, 40)]
print(f"the same crop in two batches: distance {np.linalg.norm(in_company[0] - in_company[1]):.3f}")
with_eval = [embedder([crop, *pictures[start : start + 7]])[0] for start in (8, 40)]
print(f"the same in eval mode:        distance {np.linalg.norm(with_eval[0] - with_eval[1]):.3f}")
assert np.linalg.norm(in_company[0] - in_company[1]) > 0.01 > np.linalg.norm(with_eval[0] - with_eval[1])

# %% [markdown]
# The figure alone does not tell you why. But look at the vectors: one and the same crop now has *many*, depending on
# who stands beside it in the batch. And each batch also shifts the network's own statistics, so it is spoilt afterwards
# even in eval mode.
#
# **How to notice:** embed one crop alone, then among others. The two vectors must be the same.
#
# ## Mistake 4: a network that was never trained for this
#
# "Loaded a pretrained OSNet": pretrained on *what*? Many scripts load ImageNet weights, which tell dogs from buses, and
# rank people with them. Others let the weights fail to load in silence and rank with random numbers.
#
# ```python
# network.load_state_dict(weights, strict=False)    # wrong: nothing fits, nothing is said
# load_weights(network, weights)                    # right: tensor by tensor, and a report of what was taken
# ```
#
# This lesson downloads nothing, so it has no ImageNet file: **random weights stand in for it**. They show the second
# mistake as it is. How much better ImageNet's features are than random ones cannot be seen here.

# %%
MY_GUESS = None  # rank-1 in percent, with random weights

# %%
untrained = TorchEmbedder(create_model(name, seed=SEED), embedder.preprocessing)
random_features = embed(pictures, untrained)
random_rank1 = examine("random weights", random_features)
compare_guess(MY_GUESS, random_rank1, "rank-1 with random weights")
assert random_rank1 < right
true = (asks.person[:, None] == answers.person) & (asks.camera[:, None] != answers.camera)
print(f"by pure chance the nearest would be right in about {100 * true.mean():.1f} % of the questions")

# %% [markdown]
# More than chance: even random filters pass colours on, and colours tell people apart a little. So "it finds some of
# them" proves nothing about the weights.
#
# **How to notice:** read the load report; and know the figure that random weights reach on your data.
#
# ## Mistake 5: the same camera is kept
#
# From here on the features are right and the *counting* is wrong. The person asked for was photographed by the query's
# own camera moments before: same wall, same light, same pose. Leaving those pictures in the gallery makes it easy.
#
# ```python
# rank1 = (person[nearest] == query_person).mean()               # wrong: the next frame of the same walk counts
# table[same_person & same_camera] = np.inf                      # right; here: PROTOCOLS["market1501"]
# ```

# %%
MY_GUESS = None  # points of rank-1 gained by the mistake

# %%
flattered = examine("same camera kept", features, "self-only")
compare_guess(MY_GUESS, flattered - right, "rank-1 gained by keeping the same camera", "points")
assert flattered >= right

# %% [markdown]
# The first mistake with a *reward*. Here the own camera adds a single picture of the person; the more it takes, the
# larger the gain.
#
# **How to notice:** print the cameras of query and first answer. If they are often the same, you measure tracking.
#
# ## Mistake 6: the same people on both sides
#
# ```python
# train, validation = train_test_split(pictures)                       # wrong: one person's pictures on both sides
# train, validation = split_by_identity(samples, share=0.5, seed=0)    # right: people are divided
# ```
#
# To see it in seconds we do not train a network but a last layer on top of our features: a linear map that learns to
# name the training people (ridge regression). It learns from *one* half of the people. Then two exams, equally large:
# other pictures **of these very people** (the leaking split), and pictures **of people it never saw**.


# %%
def last_layer(x: np.ndarray, people: np.ndarray, pull: float = 0.1) -> np.ndarray:
    """Ridge regression from features (n, d) to one column for each person: the weights (d, persons)."""
    names = np.equal.outer(people, np.unique(people)).astype(float)
    return x.T @ np.linalg.solve(x @ x.T + pull * np.eye(len(x)), names)


def exam(rows: np.ndarray, layer: np.ndarray) -> float:
    """Rank-1 in percent of some questions, each asked among all the others' cameras."""
    scores, labels, rule = features[rows] @ layer, asks.take(rows), PROTOCOLS["market1501"]
    found = find_matches(distance_rows(scores, scores, "cosine"), labels, labels, rule)
    return 100 * retrieval_metrics(found, labels, labels, rule).means["rank1"]


seen, unseen = [], []
for _ in range(20):  # twenty ways to divide the people
    half = rng.permutation(len(contest.persons))[: len(contest.persons) // 2]
    known, new = np.isin(answers.person, half), np.isin(asks.person, half)
    layer = last_layer(features[asking:][known], answers.person[known])
    seen.append(exam(np.flatnonzero(new), layer))  # other pictures, the same people
    unseen.append(exam(np.flatnonzero(~new), layer))

# %%
MY_GUESS = None  # points by which the leaking split looks better

# %%
leak = float(np.mean(seen) - np.mean(unseen))
print(f"validated on the people it learned: {np.mean(seen):.1f} %; on people it never saw: {np.mean(unseen):.1f} %")
compare_guess(MY_GUESS, leak, "gained by leaking people", "points")
assert leak > 0

# %% [markdown]
# Both exams are of one size and from the same cameras; only acquaintance differs. The leaking one would be printed in
# the README, and the other one is what users get. Early stopping and every choice "by validation" then go wrong too.
#
# **How to notice:** `set(train_people) & set(validation_people)` must be empty. `python src/main.py doctor` looks for
# this and for much else.
#
# ## Mistake 7: one threshold for all networks
#
# "Same person if the distance is below 0.5": found in a tutorial, kept for ever.
#
# ```python
# same = distance < 0.5                                               # wrong: whose 0.5?
# same = distance <= load_operating_point(name, weights, "euclidean").pair_threshold   # right: it belongs to weights
# ```
#
# We choose the threshold properly, for *our* network: it lets in 1 % of the pairs of two different people. Then we give
# the same number to the network with random weights, which has vectors of the same length, 1.

# %%
from learning_reid.metrics import collect_pairs, threshold_at_far

networks = {"our network": features, "another network": random_features}
rows = {which: distance_rows(each[:asking], each[asking:], "euclidean") for which, each in networks.items()}
pairs = {which: collect_pairs(each, asks, answers) for which, each in rows.items()}
threshold = threshold_at_far(pairs["our network"].genuine, pairs["our network"].impostor, 0.01)

figure, parts = plt.subplots(2, 1, sharex=True, figsize=(7, 3.6))
for part, (which, each) in zip(parts, pairs.items(), strict=True):
    bins = np.linspace(0, 1.5, 76)
    part.hist(each.genuine, bins, density=True, alpha=0.7, label="same person")
    part.hist(each.impostor, bins, density=True, alpha=0.7, label="different people")
    part.axvline(threshold, color="black", linestyle="--", label=f"threshold {threshold:.2f}")
    part.set(title=which, yticks=[])
parts[0].legend(fontsize=8)
parts[1].set_xlabel("distance")
show(figure, "Distances of pairs. The threshold that fits one network lies somewhere else entirely for another.")

# %%
MY_GUESS = None  # percent of the pairs of different people that the other network lets in

# %%
let_in = 100 * float(pairs["another network"].far(threshold))
print(f"our network lets in {100 * float(pairs['our network'].far(threshold)):.1f} % of the impostors")
compare_guess(MY_GUESS, let_in, "the other network lets in, at the same threshold")
assert let_in > 10

# %% [markdown]
# **How to notice:** draw this picture for every new file of weights. `python src/main.py calibrate` chooses the
# threshold on labelled people, measures it on others, and writes it beside the weights, with their checksum.
#
# ## Mistake 8: `argmin` always answers
#
# ```python
# who = persons[distances.argmin()]                                              # wrong: somebody is always nearest
# who = persons[distances.argmin()] if distances.min() <= threshold else None    # right: "not here" is an answer
# ```
#
# Every question is now asked twice: once as it is, once with the person's pictures taken out of the gallery. Half of
# all questions then have "not here" as their right answer. How many of all are answered rightly?

# %%
matches = find_matches(rows["our network"], asks, answers, PROTOCOLS["market1501"])
nearest = matches.match_index == 0
to_person, to_other = matches.distance[nearest], matches.nearest_negative[matches.trial[nearest]]
who = asks.person[matches.query[matches.trial[nearest]]]


def answered_rightly(limit: float, rows: np.ndarray) -> float:
    """Percent of the questions: found when there, refused when not; `limit` is where "not here" begins."""
    present = (to_person < to_other) & (to_person <= limit)
    return 50 * float(present[rows].mean() + (to_other > limit)[rows].mean())


choosing = np.isin(who, rng.permutation(len(contest.persons))[: len(contest.persons) // 2])
limits = np.unique(to_other)
best = limits[np.argmax([answered_rightly(limit, choosing) for limit in limits])]

# %%
MY_GUESS = None  # percent of all questions that argmin answers rightly

# %%
always, refusing = answered_rightly(np.inf, ~choosing), answered_rightly(best, ~choosing)
compare_guess(MY_GUESS, always, "answered rightly by argmin")
print(f"with a limit at {best:.2f}, chosen on other people: {refusing:.1f} %")
assert always <= 50 and always < refusing

# %% [markdown]
# `argmin` cannot pass 50 % here, however good the network: nobody taught it to say "no". A limit costs some of the
# right answers and saves many of the wrong ones.
#
# **How to notice:** ask for somebody who is surely not there. What comes back?
#
# ## Two small ones
#
# `cv2.resize(image, size, cv2.INTER_CUBIC)` looks right. But the third place in the argument list is `dst`, not the
# interpolation, and OpenCV takes the number without a word:

# %%
size = (embedder.preprocessing.width, embedder.preprocessing.height)
asked_for = cv2.resize(crop, size, interpolation=cv2.INTER_CUBIC)
got = cv2.resize(crop, size, cv2.INTER_CUBIC)
linear = cv2.resize(crop, size, interpolation=cv2.INTER_LINEAR)
print("what one gets is the default, linear:", np.array_equal(got, linear))
print(f"pixels unlike those of the cubic one: {100 * np.mean(got != asked_for):.0f} %")
angle = np.degrees(np.arccos(np.clip(float(np.prod(embedder([got, asked_for]), axis=0).sum()), -1, 1)))
print(f"the two vectors are {angle:.1f} degrees apart")
assert np.array_equal(got, linear)

# %% [markdown]
# Hardly a disaster, but the code does not do what it says, and two programs that should agree do not.
#
# The other one costs time only: one crop at a time, and with gradients kept for a training that never comes.

# %%
import torch

few = pictures[:64]
batches = embedder.preprocessing(few)
began = perf_counter()
for one in batches:
    embedder.network(torch.from_numpy(one[None]).requires_grad_())  # a loop, and gradients on
slow = len(few) / (perf_counter() - began)
began = perf_counter()
embedder(few)
quick = len(few) / (perf_counter() - began)
print(f"one at a time {slow:.0f} crops a second; in batches, without gradients {quick:.0f}")

# %% [markdown]
# No vector is worse for it; one only waits. A GPU, which idles between single crops, suffers more from it than a CPU.
#
# ## The whole zoo

# %%
print(f"{'':28s}  rank-1    mAP   against the right way")
for mistake, (rank1, mean_ap) in table.items():
    print(f"{mistake:28s}  {rank1:5.1f}  {mean_ap:6.1f}  {rank1 - right:+6.1f} points")
table["people on both sides"] = float(np.mean(seen)), np.nan
print(f"{'people on both sides':28s}  {np.mean(seen):5.1f}       -  {leak:+6.1f} points against unseen people")
print(f"{'threshold of another network':28s} lets in {let_in:.0f} % of the impostors instead of 1 %")
print(f"{'argmin always answers':28s} {always:.1f} % answered rightly instead of {refusing:.1f} %")

# %%
flatter = {"same camera kept": right, "people on both sides": float(np.mean(unseen))}  # and what is true
names = [*table][::-1]
figure, axes = plt.subplots(figsize=(7.5, 3.6))
colours = ["#009e73" if n == "the right way" else "#cc79a7" if n in flatter else "#e69f00" for n in names]
axes.barh(names, [table[n][0] for n in names], color=colours)
axes.plot([table[n][1] for n in names], names, "o", color="black", markersize=5, label="mAP")
axes.plot([flatter[n] for n in flatter], [*flatter], "|", color="black", markersize=22, label="what is true")
axes.axvline(right, color="#009e73", linestyle=":")
axes.grid(visible=False, axis="y")
axes.set(xlabel="rank-1, percent", xlim=(0, 100))
axes.legend(loc=(0.8, 0.45), fontsize=8, markerscale=0.5)
show(figure, "Orange mistakes lower the figure, pink ones raise it above the truth: those are the dangerous ones.")

# %% [markdown]
# The orange ones hurt and will be looked for sooner or later. The pink ones look like progress: nobody looks for a bug
# in a good figure.
#
# ## Try this
#
# - Combine two mistakes: BGR *and* no normalisation. Do the losses add up?
# - In mistake 3 use batches of one crop: `training.batch_size = 1`. Better or worse? Why does it work at all?
# - Give the preprocessing `height=128, width=256`: people squeezed flat. How much is lost when *everybody* is?
# - `DATA = "market1501"` has real people and a published network, of which a part takes part here; the figures are of
#   this part and cannot be compared with a paper's.
#
# ## Recap
#
# - Preprocessing that differs from training gives no error: **look at what goes in**, compare one vector.
# - `eval()` first; one crop must always have **one** vector.
# - Keep the same camera out of the answers, and the same people out of validation: both mistakes **flatter**.
# - A threshold belongs to one file of weights; and a system that cannot say "not here" is wrong about every stranger.
#
# **Sources**:
# [preprocessing.py](../src/learning_reid/embedding/preprocessing.py),
# [backend_torch.py](../src/learning_reid/embedding/backend_torch.py),
# [state_dict.py](../src/learning_reid/models/state_dict.py), [protocol.py](../src/learning_reid/metrics/protocol.py),
# [identity_split.py](../src/learning_reid/datasets/identity_split.py),
# [operating_point.py](../src/learning_reid/embedding/operating_point.py).
