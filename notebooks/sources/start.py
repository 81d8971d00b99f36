# %% [markdown]
# # Find a person in five minutes
#
# > Is the person in this image the one that another camera saw earlier?
#
# **You will learn** what person re-identification (ReID) is, and how a crop, an embedding and a distance solve it.
#
# **Needs** Python basics: variables, lists, loops. No GPU, no dataset.
#
# **Takes** 1 minute on 2 CPU cores, and ten minutes to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7

# %% [markdown]
# ## The task
#
# A person walks past one camera. Later, a person walks past another camera. Is it the same person?
#
# The cameras differ in color, sharpness and height. People turn, walk behind posts, and wear clothes that thousands of
# others wear too. Faces are a few pixels wide and rarely help. Recognizing a person under these conditions is called
# **re-identification**, or [ReID](../docs/glossary.md#reid-re-identification). This is the whole way from a video frame
# to an answer:

# %% tags=["hidden"]
# @title Diagram: from a frame to a ranked list
from reid_course import show_diagram

show_diagram("pipeline")

# %% [markdown]
# A detector cuts out every person (lesson 2 runs one). We start behind it, with finished
# [crops](../docs/glossary.md#crop): images of one person each.
#
# The people in these lessons are synthetic. The project draws them from random numbers, so nobody had to be filmed;
# lesson 14 shows how. Real photographs of Market-1501 work in the same cells: set `DATA = "market1501"`.

# %%
from learning_reid.datasets import split_query_gallery
from reid_course import open_people

split = split_query_gallery(open_people(DATA, seed=SEED))
query_labels, gallery_labels = split.query_labels, split.gallery_labels
print(f"{len(split.persons)} people, {len(split.cameras)} cameras")
print(f"{len(split.query)} query crops, {len(split.gallery)} gallery crops")

# %% [markdown]
# The crop whose person we look for is the [query](../docs/glossary.md#query). The crops that we search are the
# [gallery](../docs/glossary.md#gallery). Every crop has two labels: the number of the person and the number of the
# camera. We choose a query at random. From the gallery we take one crop of the same person, seen by another camera, and
# six crops of other people.

# %%
import numpy as np

rng = np.random.default_rng(SEED)
query_index = int(rng.integers(len(split.query)))
person, camera = query_labels.person[query_index], query_labels.camera[query_index]

other_camera = gallery_labels.camera != camera
same_person = gallery_labels.person == person
matches = np.flatnonzero(other_camera & same_person)
others = np.flatnonzero(other_camera & ~same_person & (gallery_labels.person >= 0))
candidates = rng.permutation([rng.choice(matches), *rng.choice(others, 6, replace=False)])

# %%
from learning_reid.datasets import read_crop
from reid_course import show_crops

crops = [read_crop(split.query[query_index]), *(read_crop(split.gallery[index]) for index in candidates)]
show_crops([crops], "The query, and seven gallery crops by other cameras.", [["query", *"ABCDEFG"]])

# %% [markdown]
# One of the seven is the person on the left. Which one? Decide before you read on.

# %%
MY_ANSWER = None  # a letter, such as "C"

# %% [markdown]
# ## First attempt: compare pixels
#
# To a computer, an image is an array of numbers: height × width × three colors. The simplest idea is to subtract the
# arrays, pixel by pixel.

# %%
query = crops[0]
print("shape", query.shape, "- type", query.dtype, "- first pixel (red, green, blue)", query[0, 0].tolist())


def pixel_distance(first: np.ndarray, second: np.ndarray) -> float:
    """Return the root mean square difference of two images of equal size."""
    difference = first.astype(float) - second.astype(float)
    return float(np.sqrt((difference**2).mean()))


for letter, crop in zip("ABCDEFG", crops[1:], strict=True):
    print(letter, round(pixel_distance(query[::4, ::4], crop[::4, ::4]), 1))

# %% [markdown]
# The smallest number belongs to the crop whose *pixels* are most alike. Often that is a person in front of a similar
# wall, in similar light, in the same pose. Pixels do not know where the person ends and the wall begins. One query
# proves nothing, of course; below we test all of them.
#
# ## Second attempt: compare embeddings
#
# A neural network turns each crop into a list of numbers, its [embedding](../docs/glossary.md#embedding). The network
# was trained so that embeddings of one person lie near each other, whichever camera took the crop. We use OSNet, a
# small network that was designed for ReID (lesson 7 looks inside).

# %%
from learning_reid.embedding import create_embedder

embedder = create_embedder("osnet_x0_25", "embedded")
embeddings = embedder(crops)
print(embeddings.shape, "- one row per crop")
print("length of the first row:", round(float(np.linalg.norm(embeddings[0])), 3))

# %% [markdown]
# All embeddings have length 1, so only their directions differ. Between two of them we measure the
# [Euclidean distance](../docs/glossary.md#euclidean-distance): the length of their difference. A small distance means
# that the crops are alike.

# %%
distances = np.linalg.norm(embeddings[1:] - embeddings[0], axis=1)
order = np.argsort(distances)  # nearest first
for index in order:
    print("ABCDEFG"[index], round(float(distances[index]), 2))

# %%
ranked = [crops[0], *(crops[1 + index] for index in order)]
titles = ["query", *(f"{'ABCDEFG'[index]}  {distances[index]:.2f}" for index in order)]
is_match = gallery_labels.person[candidates] == person
colors = [None, *is_match[order].tolist()]
caption = "The seven crops, nearest first. Green: the person of the query. Orange: others."
show_crops([ranked], caption, [titles], [colors])

truth = "ABCDEFG"[int(np.flatnonzero(is_match)[0])]
print("nearest:", "ABCDEFG"[order[0]], "- correct:", truth, "- your answer:", MY_ANSWER)

# %% [markdown]
# That is re-identification: **crop → embedding → distance → ranking**. The rest of the course is about doing each step
# well, and about measuring how well it was done.
#
# ## How often is the nearest crop correct?
#
# Now every query is compared with the whole gallery. One rule is needed. The gallery also holds crops of the query's
# person by the query's *own* camera, often taken a moment later. Finding those is easy and useless, so they are
# ignored:

# %% tags=["hidden"]
# @title Diagram: which gallery crops count
show_diagram("query_gallery")

# %% [markdown]
# The share of queries whose nearest remaining crop shows the right person is called
# [rank-1](../docs/glossary.md#rank-1). What do you expect, in percent?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from learning_reid.datasets import embed_samples
from learning_reid.retrieval import euclidean_distance

features = embed_samples(split.samples, embedder)  # the queries first, then the gallery
num_queries = len(split.query)
distances = euclidean_distance(features[:num_queries], features[num_queries:])
print("distance matrix:", distances.shape, "- one row per query, one column per gallery crop")

same_person = query_labels.person[:, None] == gallery_labels.person
same_camera = query_labels.camera[:, None] == gallery_labels.camera
ignored = same_person & same_camera

# %%
from reid_course import compare_guess


def rank1(distances: np.ndarray) -> np.ndarray:
    """Return for each query whether its nearest gallery crop shows the same person."""
    nearest = np.where(ignored, np.inf, distances).argmin(axis=1)
    return gallery_labels.person[nearest] == query_labels.person


correct = rank1(distances)
compare_guess(MY_GUESS, 100 * correct.mean(), "rank-1")

# %% [markdown]
# For comparison: rank-1 with pixels, and the result of guessing at random.

# %%
pixels = np.stack([read_crop(sample)[::4, ::4].ravel() for sample in split.samples]).astype(np.float32)
by_pixels = rank1(euclidean_distance(pixels[:num_queries], pixels[num_queries:]))
chance = (same_person & ~ignored).sum() / (~ignored).sum()
print(f"by pixels {100 * by_pixels.mean():.1f} %, by chance {100 * chance:.1f} %")

# %% tags=["check"]
assert correct.mean() > 0.8 > 0.3 > by_pixels.mean()

# %% [markdown]
# Rank-1 looks at the nearest crop only. Lesson 3 computes it by hand, and adds CMC and mAP, which look at the whole
# ranking.
#
# ## Look at the mistakes
#
# A number says how often a method fails. Only images say why.

# %%
mistakes = np.flatnonzero(~correct)
_, first = np.unique(query_labels.person[mistakes], return_index=True)  # one query per person
rows, colors = [], []
for query_index in mistakes[first][:3]:
    nearest = np.argsort(np.where(ignored, np.inf, distances)[query_index], kind="stable")[:7]
    rows.append([read_crop(split.query[query_index]), *(read_crop(split.gallery[index]) for index in nearest)])
    colors.append([None, *same_person[query_index, nearest].tolist()])
caption = "Three queries (gray) and their seven nearest crops. Green: the right person. Orange: another person."
show_crops(rows, caption, correct=colors)

# %% [markdown]
# What do the wrong crops have in common with the query? Clothes of one color, a bag, the direction of walking? For some
# mistakes the reason is visible at once, such as a blurred query or a person in front. For others there is none.
#
# ## All distances at once
#
# We can also look at the distances of *all* pairs, in two groups: pairs of crops of one person, and pairs of crops of
# two people. If the groups did not overlap, a single [threshold](../docs/glossary.md#threshold) could separate them.

# %%
import matplotlib.pyplot as plt

from reid_course import show

figure, axes = plt.subplots()
axes.hist(distances[same_person & ~ignored], bins=40, density=True, alpha=0.7, label="same person")
axes.hist(distances[~same_person], bins=40, density=True, alpha=0.7, label="different people")
axes.set(xlabel="Euclidean distance", ylabel="density", yticks=[])
axes.legend()
show(figure, "Distances between queries and gallery crops. The two groups overlap, so mistakes are unavoidable.")

# %% [markdown]
# Both histograms have the same area. In truth, pairs of different people are far more frequent, which makes the overlap
# worse. Lesson 9 chooses a threshold for a stated error rate.
#
# ## Summary
#
# > - ReID compares **crops** by the **distance** of their **embeddings**, and ranks the gallery from near to far.
# > - The **query** is searched for in the **gallery**. Crops of the same person by the same camera are ignored.
# > - **Rank-1** is the share of queries whose nearest crop shows the right person.
# > - Distances of same and different people overlap. Look at the mistakes, not only at the number.
#
# ## Check yourself
#
# 1. Why are gallery crops of the query's own camera ignored?
#
#    <details><summary>Answer</summary>
#
#    They often show the same moment: same pose, same light, same wall. Finding them says nothing about recognizing the
#    person elsewhere, and counting them would raise rank-1 without a better network.
#
#    </details>
#
# 2. All embeddings have length 1. Which distances are possible?
#
#    <details><summary>Answer</summary>
#
#    From 0 (the same direction) to 2 (opposite directions). Two unrelated directions in many dimensions are about
#    √2 ≈ 1.41 apart.
#
#    </details>
#
# 3. The gallery grows from 1,000 to 10,000 crops of other people. What happens to rank-1?
#
#    <details><summary>Answer</summary>
#
#    It falls, or stays at best: every additional person is one more candidate for the nearest place. Results are only
#    comparable on the same gallery.
#
#    </details>
#
# 4. A system reports rank-1 of 95 %. A query shows a person who is not in the gallery. What does the system answer?
#
#    <details><summary>Answer</summary>
#
#    The nearest crop, which is wrong. A ranking has no answer "unknown"; that needs a threshold (lesson 9).
#
#    </details>
#
# ## Try this
#
# - Change `SEED` and run everything again. By how many points does rank-1 move with other people?
# - Use `cosine_distance` from `learning_reid.retrieval` instead of `euclidean_distance`. Which rankings change?
# - Set `ignored = np.zeros_like(same_person)`. Rank-1 rises. Has the network become better?
#
# [Worked answers](../docs/teaching-answers.md#1-first-steps). Then solve
# [exercise set 1: distances and ranking](exercises/student/01_distances.ipynb).
#
# ## Further reading
#
# - Zheng, Yang and Hauptmann 2016, [Person Re-identification: Past, Present and
#   Future](https://arxiv.org/abs/1610.02984): the history of the task.
# - Zhou and others 2019, [Omni-Scale Feature Learning](https://arxiv.org/abs/1905.00953): the network of this lesson.
# - The code: [osnet.py](../src/learning_reid/models/osnet.py),
#   [distances.py](../src/learning_reid/retrieval/distances.py).
