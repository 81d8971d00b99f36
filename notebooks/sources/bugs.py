# %% [markdown]
# # Eight classic mistakes
#
# > No error, no warning, only a worse number, or a better one. Which mistake costs how much?
#
# **You will learn** to recognize eight mistakes that ReID projects make again and again; what each of them costs on the
# same people; how to notice it; and why the worst mistakes make the number go *up*.
#
# **Needs** lessons 1 and 3.
#
# **Takes** 1 minute on 2 CPU cores, and half an hour to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
PEOPLE = 50
DISTRACTORS = 60  # gallery crops of people who are nobody's match
SEED = 7

# %% [markdown]
# ## The correct evaluation
#
# Every step of a ReID system can fail silently: reading the image, normalizing it, the network, the comparison, the
# decision. The mistakes of this lesson sit at these places:

# %% tags=["hidden"]
# @title Diagram: the pipeline
from reid_course import show_diagram

show_diagram("pipeline")

# %% [markdown]
# To measure a mistake we need the correct result. Fifty people, one query and one gallery crop per camera, and some
# [distractors](../docs/glossary.md#distractor). (Lesson 1 had three gallery crops per camera. This lesson embeds the
# crops many times, so it uses fewer.)

# %%
from dataclasses import replace

import numpy as np

from learning_reid.datasets import read_crop, select_identities, split_query_gallery
from reid_course import open_people

rng = np.random.default_rng(SEED)
crops = open_people(DATA, seed=SEED)
persons = sorted({sample.person_id for sample in crops.subset("query")})
crops = select_identities(crops, frozenset(rng.permutation(persons)[:PEOPLE].tolist()))
one_each = {(sample.person_id, sample.camera_id, sample.split): sample for sample in crops.samples if sample.person_id}
distractors = [sample for sample in crops.samples if sample.person_id is None][:DISTRACTORS]
split = split_query_gallery(replace(crops, samples=[*one_each.values(), *distractors]))
query, gallery, num_queries = split.query_labels, split.gallery_labels, len(split.query)
images = [read_crop(sample) for sample in split.samples]
print(f"{len(split.persons)} people, {num_queries} queries, {len(split.gallery)} gallery crops")

# %%
from learning_reid import evaluate_retrieval
from learning_reid.retrieval import euclidean_distance

table = {}


def evaluate(name: str, features: np.ndarray, protocol: str = "market1501") -> float:
    """Print rank-1 and mAP in percent, keep them for the table at the end, and return rank-1."""
    distances = euclidean_distance(features[:num_queries], features[num_queries:])
    result = evaluate_retrieval(distances, query.person, gallery.person, query.camera, gallery.camera, protocol)
    table[name] = 100 * result.rank1, 100 * result.map
    print(f"{name}: rank-1 {table[name][0]:.1f} %, mAP {table[name][1]:.1f} %")
    return table[name][0]


# %%
from tqdm.auto import tqdm

from reid_course import lesson_embedder

embedder = lesson_embedder(DATA)


def embed(images: list[np.ndarray], embedder=embedder) -> np.ndarray:
    """Embed many images with a progress bar."""
    batches = [images[start : start + 64] for start in range(0, len(images), 64)]
    return np.concatenate([embedder(batch) for batch in tqdm(batches, "embedding", leave=False)])


features = embed(images)
correct = evaluate("correct", features)

# %% [markdown]
# With so few people, a point or two is noise.
#
# ## Mistake 1: blue, green, red
#
# OpenCV reads images as **BGR**; the network was trained on **RGB**. Both are arrays of three numbers per pixel.
#
# ```python
# crop = cv2.imread(file)                                   # wrong
# crop = cv2.cvtColor(cv2.imread(file), cv2.COLOR_BGR2RGB)  # right
# ```
#
# Suppose the *queries* come from an OpenCV script, and the gallery was embedded correctly. What is rank-1?

# %%
MY_GUESS = None  # rank-1 in percent

# %%
from reid_course import compare_guess, show_crops

swapped = [np.ascontiguousarray(image[..., ::-1]) for image in images]
some = rng.choice(num_queries, 6, replace=False)
rows = [[images[index] for index in some], [swapped[index] for index in some]]
show_crops(rows, "Six queries, and the same with red and blue swapped. Skin turns blue, and no error is raised.")

# %%
swapped_features = embed(swapped)
only_queries = np.concatenate([swapped_features[:num_queries], features[num_queries:]])
compare_guess(MY_GUESS, evaluate("BGR queries, RGB gallery", only_queries), "rank-1 with BGR queries")
evaluate("BGR everywhere", swapped_features)

# %% [markdown]
# On **one side**, BGR ruins everything: a red coat is searched among blue ones. On **both sides**, much less happens: a
# red coat is blue in all images and still finds itself. That is why this mistake survives for years. The demo works,
# only a little worse than the paper.
#
# **How to notice:** show the crop *exactly as the network gets it*.
#
# ## Mistake 2: no normalization
#
# The network was trained on colors with the mean subtracted, divided by the standard deviation.
#
# ```python
# x = crop / 255                                   # wrong
# x = (crop / 255 - IMAGENET_MEAN) / IMAGENET_STD  # right
# ```

# %%
MY_GUESS = None  # rank-1 in percent

# %%
from learning_reid.embedding import TorchEmbedder

not_normalized = replace(embedder.preprocessing, mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0))
rank1 = evaluate("no normalization", embed(images, TorchEmbedder(embedder.network, not_normalized)))
compare_guess(MY_GUESS, rank1, "rank-1 without normalization")

# %% [markdown]
# **How to notice:** print mean and standard deviation of a batch before it enters the network. They should be near 0
# and 1. Better still: embed one crop with the training code and with yours. The embeddings must be *equal*.

# %%
for name, preprocessing in (("right", embedder.preprocessing), ("wrong", not_normalized)):
    batch = preprocessing(images[:64])
    print(f"{name}: mean {batch.mean():+.2f}, standard deviation {batch.std():.2f}")

# %% [markdown]
# ## Mistake 3: training mode
#
# [Batch normalization](../docs/glossary.md#batch-normalization) has two modes. In training it uses the statistics of
# *this batch*, afterwards the averages collected in training. PyTorch networks start in training mode.
#
# ```python
# features = network(batch)            # wrong
# network.eval()                       # right
# with torch.inference_mode():
#     features = network(batch)
# ```

# %%
MY_GUESS = None  # points of rank-1 lost

# %%
from learning_reid.models import create_model, resolve_weights
from reid_course import LESSON_MODELS

model, weights = LESSON_MODELS[DATA]
forgotten = TorchEmbedder(create_model(model, resolve_weights(model, weights)), embedder.preprocessing)
forgotten.network.train()  # as if eval() had been forgotten
compare_guess(MY_GUESS, correct - evaluate("training mode", embed(images, forgotten)), "rank-1 lost", "points")

# %% [markdown]
# **How to notice:** embed one crop in two different batches. It must get the same embedding.

# %%
for name, each in (("training mode", forgotten), ("eval mode", embedder)):
    first, second = (each([images[0], *images[start : start + 7]])[0] for start in (8, 40))
    print(f"{name:14s} distance of one crop in two batches: {np.linalg.norm(first - second):.3f}")

# %% [markdown]
# ## Mistake 4: weights that were never trained for this
#
# "I loaded [pretrained weights](../docs/glossary.md#pretrained-weights)" is not enough: pretrained on *what*? Many
# scripts use ImageNet weights. Others load a file that does not fit, without noticing, and rank people with random
# numbers.
#
# ```python
# network.load_state_dict(weights, strict=False)  # wrong: nothing fits, and nothing is reported
# load_weights(network, weights)                  # right: checks every tensor and reports what was loaded
# ```
#
# Random weights stand in for both here, because this lesson downloads nothing.

# %%
MY_GUESS = None  # rank-1 in percent

# %%
untrained = TorchEmbedder(create_model(model, seed=SEED), embedder.preprocessing)
random_features = embed(images, untrained)
compare_guess(MY_GUESS, evaluate("random weights", random_features), "rank-1 with random weights")
is_match = (query.person[:, None] == gallery.person) & (query.camera[:, None] != gallery.camera)
print(f"by chance: {100 * is_match.mean():.1f} %")

# %% [markdown]
# More than chance: even random filters pass colors on, and colors distinguish people a little. So "it finds some of
# them" proves nothing.
#
# **How to notice:** read what was loaded, and know the result of random weights on your data.
#
# ## Mistake 5: the same camera counts
#
# From here on, the embeddings are right and the *evaluation* is wrong. Crops of the person by the query's own camera
# are nearly identical to the query. Leaving them in the gallery makes the task easy.
#
# ```python
# rank1 = (person[nearest] == query_person).mean()  # wrong
# distances[same_person & same_camera] = np.inf     # right: the protocol of Market-1501
# ```

# %%
MY_GUESS = None  # points of rank-1 gained

# %%
rank1 = evaluate("same camera counts", features, "self-only")
compare_guess(MY_GUESS, rank1 - correct, "rank-1 gained", "points")

# %% [markdown]
# The first mistake with a *reward*. Here the own camera adds a single crop of each person; with more crops, the gain
# becomes larger.
#
# **How to notice:** print the cameras of query and nearest crop. If they are often equal, you are measuring tracking.
#
# ## Mistake 6: the same people in training and test
#
# ```python
# train, test = train_test_split(images)                # wrong: crops of one person on both sides
# train, test = split_by_identity(samples, share=0.5)   # right: people are divided
# ```
#
# To see the effect within seconds, we only train a last layer on top of our embeddings: a linear map to one output per
# training person (ridge regression). It learns from half of the people. Then we test it on other crops *of these
# people*, and on people it has never seen.


# %%
def fit_last_layer(x: np.ndarray, people: np.ndarray, regularization: float = 0.1) -> np.ndarray:
    """Return the weights (d, people) of a ridge regression from embeddings (n, d) to one column per person."""
    targets = np.equal.outer(people, np.unique(people)).astype(float)
    return x.T @ np.linalg.solve(x @ x.T + regularization * np.eye(len(x)), targets)


def evaluate_layer(rows: np.ndarray, layer: np.ndarray) -> float:
    """Return rank-1 in percent of some queries, each ranked against the others."""
    scores = features[rows] @ layer
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    person, camera = query.person[rows], query.camera[rows]
    return 100 * evaluate_retrieval(euclidean_distance(scores, scores), person, person, camera, camera).rank1


# %%
MY_GUESS = None  # points by which the test on known people looks better

# %%
known_people, new_people = [], []
for _ in range(20):  # twenty divisions of the people
    half = rng.permutation(len(split.persons))[: len(split.persons) // 2]
    in_training, in_query = np.isin(gallery.person, half), np.isin(query.person, half)
    layer = fit_last_layer(features[num_queries:][in_training], gallery.person[in_training])
    known_people.append(evaluate_layer(np.flatnonzero(in_query), layer))
    new_people.append(evaluate_layer(np.flatnonzero(~in_query), layer))
leak = float(np.mean(known_people) - np.mean(new_people))
print(f"rank-1 on known people {np.mean(known_people):.1f} %, on new people {np.mean(new_people):.1f} %")
compare_guess(MY_GUESS, leak, "gained by testing on known people", "points")

# %% [markdown]
# The first number would be in the README, the second one is what users get. Early stopping and every other choice "by
# validation" go wrong too.
#
# **How to notice:** `set(train_people) & set(test_people)` must be empty. `python src/main.py doctor` checks this and
# much more.
#
# ## Mistake 7: one threshold for all networks
#
# ```python
# same = distance < 0.5                              # wrong: from a tutorial
# same = distance <= threshold_of(weights, metric)   # right: a threshold belongs to its weights
# ```
#
# For *our* network we choose the [threshold](../docs/glossary.md#threshold) properly: it accepts 1 % of the pairs of
# different people. Then we use the same number with the random weights of mistake 4.

# %%
from learning_reid.metrics import threshold_at_far

other_camera = query.camera[:, None] != gallery.camera
genuine, impostor = is_match, other_camera & (query.person[:, None] != gallery.person)
networks = {"our network": features, "another network": random_features}
matrices = {name: euclidean_distance(each[:num_queries], each[num_queries:]) for name, each in networks.items()}
ours = matrices["our network"]
threshold = threshold_at_far(ours[genuine], ours[impostor], 0.01)

# %%
MY_GUESS = None  # percent of impostor pairs that the other network accepts

# %%
accepted = {name: 100 * (matrix[impostor] <= threshold).mean() for name, matrix in matrices.items()}
print(f"our network accepts {accepted['our network']:.1f} % of the impostor pairs")
compare_guess(MY_GUESS, accepted["another network"], "the other network accepts")

# %% tags=["hidden"]
# @title Plot the distances of both networks
import matplotlib.pyplot as plt

from reid_course import show

figure, cells = plt.subplots(2, 1, sharex=True, figsize=(7, 3.6))
for axes, (name, matrix) in zip(cells, matrices.items(), strict=True):
    axes.hist(matrix[genuine], np.linspace(0, 1.5, 76), density=True, alpha=0.7, label="same person")
    axes.hist(matrix[impostor], np.linspace(0, 1.5, 76), density=True, alpha=0.7, label="different people")
    axes.axvline(threshold, color="black", linestyle="--", label=f"threshold {threshold:.2f}")
    axes.set(title=name, yticks=[])
cells[0].legend(fontsize=8)
cells[1].set_xlabel("distance")
show(figure, "Distances of pairs. A threshold that fits one network is meaningless for another.")

# %% [markdown]
# **How to notice:** draw this plot for every new weights file. `python src/main.py calibrate` chooses a threshold and
# stores it with a checksum of the weights.
#
# ## Mistake 8: `argmin` always answers
#
# ```python
# person = persons[distances.argmin()]                                            # wrong
# person = persons[distances.argmin()] if distances.min() <= threshold else None  # right: "unknown" is an answer
# ```
#
# Every query now searches twice: once as it is, and once with its person removed from the gallery. In half of all
# searches, "unknown" is the right answer. What share of all searches does `argmin` answer correctly?

# %%
MY_GUESS = None  # percent of all searches

# %%
to_match = np.where(genuine, ours, np.inf).min(axis=1)
to_other = np.where(query.person[:, None] != gallery.person, ours, np.inf).min(axis=1)


def share_correct(threshold: float, rows: np.ndarray) -> float:
    """Return the percentage of correct answers: found when present, rejected when absent."""
    found = (to_match < to_other) & (to_match <= threshold)
    rejected = to_other > threshold
    return 50 * float(found[rows].mean() + rejected[rows].mean())


choosing = np.isin(query.person, rng.permutation(len(split.persons))[: len(split.persons) // 2])
thresholds = np.unique(to_other)
best = thresholds[np.argmax([share_correct(each, choosing) for each in thresholds])]
always, rejecting = share_correct(np.inf, ~choosing), share_correct(best, ~choosing)
compare_guess(MY_GUESS, always, "correct answers of argmin")
print(f"with a threshold of {best:.2f}, chosen on other people: {rejecting:.1f} %")

# %% tags=["check"]
assert table["BGR queries, RGB gallery"][0] < table["BGR everywhere"][0] and table["training mode"][0] < correct
assert leak > 0 and accepted["another network"] > 10 and always <= 50 < rejecting

# %% [markdown]
# `argmin` cannot exceed 50 % here, however good the network is. A threshold costs some correct answers and prevents
# many wrong ones.
#
# **How to notice:** search for a person who is certainly not there. What comes back?
#
# ## Two small ones
#
# `cv2.resize(image, size, cv2.INTER_CUBIC)` looks right, but the third argument is `dst`, not the interpolation. OpenCV
# accepts it silently and uses its default:

# %%
import cv2

size = (embedder.preprocessing.width, embedder.preprocessing.height)
intended = cv2.resize(images[0], size, interpolation=cv2.INTER_CUBIC)
result = cv2.resize(images[0], size, cv2.INTER_CUBIC)
print("linear interpolation instead:", np.array_equal(result, cv2.resize(images[0], size)))
print(f"pixels that differ from cubic interpolation: {100 * np.mean(result != intended):.0f} %")

# %% [markdown]
# The other one only costs time: crops one by one, with gradients recorded for a training that never comes.

# %%
from time import perf_counter

import torch

batch = embedder.preprocessing(images[:64])
start = perf_counter()
for one in batch:
    embedder.network(torch.from_numpy(one[None]).requires_grad_())
slow = len(batch) / (perf_counter() - start)
start = perf_counter()
embedder(images[:64])
print(f"one by one {slow:.0f} crops/s, in batches without gradients {64 / (perf_counter() - start):.0f} crops/s")

# %% [markdown]
# ## All eight

# %%
for name, (rank1, mean_ap) in table.items():
    print(f"{name:25s} rank-1 {rank1:5.1f}, mAP {mean_ap:5.1f}   {rank1 - correct:+6.1f} points")
name = "known people in the test"
print(f"{name:25s} rank-1 {np.mean(known_people):5.1f}              {leak:+6.1f} points against new people")
print(f"{'threshold of another':25s} accepts {accepted['another network']:.0f} % of the impostor pairs instead of 1 %")
print(f"{'argmin always answers':25s} {always:.1f} % correct instead of {rejecting:.1f} %")

# %% tags=["hidden"]
# @title Plot the mistakes
rank1 = {name: values[0] for name, values in table.items()} | {"known people in the test": float(np.mean(known_people))}
truth = {"same camera counts": correct, "known people in the test": float(np.mean(new_people))}
names = [*rank1][::-1]
colors = ["#009e73" if name == "correct" else "#cc79a7" if name in truth else "#e69f00" for name in names]
figure, axes = plt.subplots(figsize=(7.5, 3.6))
axes.barh(names, [rank1[name] for name in names], color=colors)
axes.plot([*truth.values()], [*truth], "|", color="black", markersize=22, label="correct value")
axes.axvline(correct, color="#009e73", linestyle=":")
axes.grid(visible=False, axis="y")
axes.set(xlabel="rank-1 (%)", xlim=(0, 100))
axes.legend(loc="center right", fontsize=8, markerscale=0.5)
show(figure, "Orange mistakes lower rank-1. Pink ones raise it above the correct value: these are the dangerous ones.")

# %% [markdown]
# The orange mistakes hurt, so somebody will look for them. The pink ones look like progress, and nobody looks for a bug
# in a good number.
#
# ## Summary
#
# > - Preprocessing that differs from training raises no error. **Look at the input**, and compare one embedding.
# > - Call **`eval()`**: one crop must always have one embedding.
# > - Same camera in the gallery, same people in training and test: both mistakes **raise** the number.
# > - A threshold belongs to one weights file, and a system without one is wrong about every unknown person.
#
# ## Check yourself
#
# 1. Your rank-1 rises from 85 to 97 after a small change of the evaluation script. What do you suspect?
#
#    <details><summary>Answer</summary>
#
#    Mistake 5 or 6: the same camera counts, or the same people are in training and test. Check the protocol and the
#    intersection of the identities.
#
#    </details>
#
# 2. The embedding of a crop changes when you change the batch size. Which mistake is it?
#
#    <details><summary>Answer</summary>
#
#    Mistake 3: training mode.
#
#    </details>
#
# 3. Queries *and* gallery were embedded without normalization. Why is the result bad although both sides have the same
#    mistake?
#
#    <details><summary>Answer</summary>
#
#    The network gets values that it never saw in training, so its filters and batch normalizations respond in a wrong
#    range. Equal mistakes on both sides do not cancel.
#
#    </details>
#
# 4. Which mistake can you *not* find by looking at images?
#
#    <details><summary>Answer</summary>
#
#    For example 4, 6 and 7: the images are fine. You need the load report, the sets of identities, and the histogram of
#    distances.
#
#    </details>
#
# ## Try this
#
# - Combine two mistakes: BGR *and* no normalization. Do the losses add up?
# - In mistake 3, use batches of one crop: `forgotten.batch_size = 1`. Is it better or worse, and why does it work at
#   all?
# - Swap height and width in the preprocessing: `replace(embedder.preprocessing, height=128, width=256)`. How much is
#   lost if *all* crops are squeezed like that?
# - With `DATA = "market1501"`, which mistakes cost more on real people?
#
# [Worked answers](../docs/teaching-answers.md#11-classic-mistakes). Then solve
# [exercise set 4: from a box to the input of the network](exercises/student/04_crop.ipynb), if you have not done so.
#
# ## Further reading
#
# - Kapoor and Narayanan 2023, [Leakage and the Reproducibility Crisis](https://arxiv.org/abs/2207.07048): mistakes that
#   raise the number, in seventeen fields.
# - Musgrave, Belongie and Lim 2020, [A Metric Learning Reality Check](https://arxiv.org/abs/2003.08505): comparisons
#   that were unfair.
# - The code: [preprocessing.py](../src/learning_reid/embedding/preprocessing.py),
#   [state_dict.py](../src/learning_reid/models/state_dict.py),
#   [protocol.py](../src/learning_reid/metrics/protocol.py).
