# %% [markdown]
# # Find a person in five minutes
#
# > Is the person in this crop the one seen earlier, by another camera?
#
# **You will learn** what person re-identification (ReID) is, and the three ideas that carry all of it: a crop, a
# vector, a distance.
#
# **Needs** nothing but Python; no GPU, no data set.
#
# **Takes** 1 minute on 2 CPU cores, and five to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7

# %% [markdown]
# ## The question
#
# A person walks past one camera. Later somebody walks past another one. Same person? (A **crop** is the piece of a
# camera's picture around one person; lesson 2 cuts them out.) Cameras differ in colour,
# sharpness and height; people turn, walk behind posts, and wear what a thousand others wear. Try it yourself before a
# computer does.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import read_crop, split_query_gallery
from reid_course import compare_guess, open_people, show, show_crops

contest = split_query_gallery(open_people(DATA, seed=SEED))
query_labels, gallery_labels = contest.query_labels, contest.gallery_labels
print(f"{len(contest.query)} questions about {len(contest.persons)} people, {len(contest.cameras)} cameras")
print(f"{len(contest.gallery)} pictures to answer from")

# %%
rng = np.random.default_rng(SEED)
asked = int(rng.integers(len(contest.query)))
person, camera = query_labels.person[asked], query_labels.camera[asked]
elsewhere = gallery_labels.camera != camera
same = np.flatnonzero(elsewhere & (gallery_labels.person == person))
others = np.flatnonzero(elsewhere & (gallery_labels.person != person) & (gallery_labels.person >= 0))
line_up = rng.permutation([rng.choice(same), *rng.choice(others, 6, replace=False)])

crops = [read_crop(contest.query[asked]), *(read_crop(contest.gallery[index]) for index in line_up)]
letters = [["who is it?", *"ABCDEFG"]]
show_crops([crops], "On the left the person asked for; on the right seven people seen by other cameras.", letters)

# %% [markdown]
# One of the seven is the person on the left. Which one? Write it down; the answer comes below.
#
# The picture on the left is called the **query**, the pictures to choose from are the **gallery**. People who never
# existed stand in for real ones here: they were drawn by this project (lesson 14 shows how), so nobody had to be
# filmed.

# %%
MY_ANSWER = None  # a letter, such as "C"

# %% [markdown]
# ## A crop is a table of numbers
#
# To a computer a picture is rows × columns × three colours. Could we simply compare the numbers?

# %%
query = crops[0]
print("query:", query.shape, query.dtype, "-", query.size, "numbers; the first pixel is", query[0, 0].tolist())


def pixel_distance(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.sqrt(((one.astype(float) - other.astype(float)) ** 2).mean()))


small = [crop[::4, ::4] for crop in crops]
for letter, crop in zip("ABCDEFG", small[1:], strict=True):
    print(letter, round(pixel_distance(small[0], crop), 1))

# %% [markdown]
# The smallest number belongs to the picture whose *pixels* are most alike: often that is whoever stands before a
# similar wall, in similar light, in the same pose. Pixels do not know what a person is. They may be right by luck: one
# question proves nothing. Further down all questions are asked, of pixels too.
#
# ## A vector that knows people
#
# A neural network turns each crop into a list of numbers, a **vector** (also called *embedding* or *feature*), and was
# trained so that crops of one person land near each other, whatever the camera. Ours is
# [OSNet](../src/learning_reid/models/osnet.py) ×0.25, a small one.

# %%
from learning_reid.embedding import create_embedder

embedder = create_embedder("osnet_x0_25", "embedded")
vectors = embedder(crops)
print(vectors.shape, "- one row for each crop; the length of the first is", round(float(np.linalg.norm(vectors[0])), 3))

# %% [markdown]
# Why so many numbers? Three inner maps of the network are each read in 16 stripes from head to foot (lesson 7).
#
# ## A distance says how alike
#
# Between two vectors lies a **distance**. The Euclidean one is what a ruler would measure. Small means alike.

# %%
from learning_reid.retrieval import euclidean_distance

distances = euclidean_distance(vectors[:1], vectors[1:])[0]
order = np.argsort(distances)
ranked = [crops[0], *(crops[1 + index] for index in order)]
titles = [["query", *(f"{'ABCDEFG'[index]}  {distances[index]:.2f}" for index in order)]]
right = [[None, *(bool(gallery_labels.person[line_up[index]] == person) for index in order)]]
show_crops([ranked], "The seven again, nearest first, with their distances; green is the same person.", titles, right)

truth = "ABCDEFG"[int(np.flatnonzero(gallery_labels.person[line_up] == person)[0])]
print("the network says", "ABCDEFG"[order[0]], "- the truth is", truth, "- you said", MY_ANSWER)

# %% [markdown]
# That is re-identification: **crop → vector → distance → the nearest first**. Everything else in this course is about
# doing each of the four well, and about knowing how well it was done.
#
# ## How often is the nearest the right one?
#
# One question proves nothing. Now all of them, each against the whole gallery. For a query that was taken by camera 1,
# the pictures of that person by camera 1 do not count: finding those would be easy, and nobody asks for it.
#
# Before you run it: how often, in percent, will the nearest picture show the right person?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from learning_reid.datasets import embed_samples

features = embed_samples(contest.samples, embedder)
asking = len(contest.query)
table = euclidean_distance(
    features[:asking], features[asking:]
)  # one row for each query, one column for each gallery picture

own = (query_labels.person[:, None] == gallery_labels.person) & (query_labels.camera[:, None] == gallery_labels.camera)
table = np.where(own, np.inf, table)  # the same person in the same camera does not count
correct = gallery_labels.person[table.argmin(axis=1)] == query_labels.person
compare_guess(MY_GUESS, 100 * correct.mean(), "the nearest is the right person")

small = np.stack([read_crop(sample)[::4, ::4].ravel() for sample in contest.samples]).astype(np.float32)
pixels = np.where(own, np.inf, euclidean_distance(small[:asking], small[asking:]))
by_pixels = gallery_labels.person[pixels.argmin(axis=1)] == query_labels.person
same = gallery_labels.person == query_labels.person[:, None]
print(f"by pixels {100 * by_pixels.mean():.1f} %, by chance {100 * ((same & ~own).sum() / (~own).sum()):.1f} %")
assert correct.mean() > by_pixels.mean()

# %% [markdown]
# This figure is called **rank-1**. Lesson 3 takes it apart, and brings two more: CMC and mAP.
#
# ## Look at what goes wrong
#
# A number says how often; only pictures say why.

# %%
failures = np.flatnonzero(~correct)
_, first = np.unique(query_labels.person[failures], return_index=True)  # one of each person
rows, marks = [], []
for index in failures[first][:3]:
    best = np.argsort(table[index], kind="stable")[:7]
    rows.append([read_crop(contest.query[index]), *(read_crop(contest.gallery[answer]) for answer in best)])
    marks.append([None, *(gallery_labels.person[best] == query_labels.person[index]).tolist()])
show_crops(
    rows,
    "Three queries (grey frame) and their seven nearest pictures: green frames are the person, orange ones others.",
    correct=marks,
)

# %% [markdown]
# What do the wrong ones have in common with the query: clothes of one colour, a bag, the way they walk? For some
# failures one sees a reason at once (a blurred query, somebody in front); for others there is none to be seen.
#
# ## All distances at once
#
# If the two heaps below did not overlap, a single limit ("nearer than this: the same person") would answer every
# question without a mistake. Both are drawn to the same size; in truth there are many more pairs of different people.

# %%
is_same = query_labels.person[:, None] == gallery_labels.person
counts = np.isfinite(table)
figure, axes = plt.subplots()
axes.hist(table[counts & is_same], bins=40, density=True, alpha=0.7, label="same person")
axes.hist(table[counts & ~is_same], bins=40, density=True, alpha=0.7, label="different people")
axes.set(xlabel="distance", ylabel="share of the pairs", yticks=[])
axes.legend()
show(figure, "Distances of pairs of crops: those of one person are smaller, but the two heaps overlap.")

# %% [markdown]
# ## Try this
#
# - Change `SEED` at the top and run everything again: other people, another line-up. How much does the figure move?
# - `from learning_reid.retrieval import cosine_distance`, and use it instead of `euclidean_distance` for the vectors.
#   The order stays: why? ([Lesson 6](eval.ipynb) tells.)
# - Leave out the line that sets `own` pairs to infinity. The figure rises. Has the network become better?
#
# ## Recap
#
# - A **crop** is cut out by a detector; a network makes a **vector** of it; **distances** between vectors rank the
#   gallery.
# - **rank-1** is the share of queries whose nearest picture, in another camera, shows the same person.
# - Same and different people overlap: there will be mistakes, and one should look at them.
#
# **Sources**:
# [osnet.py](../src/learning_reid/models/osnet.py), [distances.py](../src/learning_reid/retrieval/distances.py),
# [retrieval_task.py](../src/learning_reid/datasets/retrieval_task.py).
