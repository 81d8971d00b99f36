# %% [markdown]
# # 1. Distances and ranking
#
# > How alike are two people, and who of all is the most alike?
#
# **You will learn** to compare all queries with a whole gallery in one go, to rank without luck in it, and what the
# length of a vector has to do with light.
#
# **Needs** lessons 1 and 2.
#
# **Takes** 40 minutes.

# %%
import numpy as np

from learning_reid.datasets import read_crop
from reid_course import checks, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## Sixteen people of your own
#
# Two cameras saw sixteen people who never existed. What one camera saw are the queries, what the other one saw is the
# gallery. No network here: a crop is described by nothing but its colours. We cut off the sides, where the street is,
# lay eight stripes from head to foot, and keep the mean red, green and blue of each: 24 numbers.

# %%
contest = student_split(SEED)
asks, answers = contest.query_labels, contest.gallery_labels
first = np.flatnonzero(asks.camera == asks.camera.min())
second = np.flatnonzero(answers.camera != asks.camera.min())
query_crops = [read_crop(contest.query[index]) for index in first]
gallery_crops = [read_crop(contest.gallery[index]) for index in second]
query_person, gallery_person = asks.person[first], answers.person[second]


def colours(crop: np.ndarray) -> np.ndarray:
    """The mean colour of eight stripes: (h, w, 3) uint8 -> (24,) from 0 to 1."""
    width = crop.shape[1]
    middle = crop[:, width // 4 : -width // 4] / 255
    return np.concatenate([stripe.mean(axis=(0, 1)) for stripe in np.array_split(middle, 8)])


queries = np.array([colours(crop) for crop in query_crops])
gallery = np.array([colours(crop) for crop in gallery_crops])
print(f"queries {queries.shape}, gallery {gallery.shape}")
show_crops([query_crops[:8], gallery_crops[:8]], "Above some queries, below what the other camera saw.")

# %% [markdown]
# ## Question 1: all distances at once (2 points)
#
# The **Euclidean distance** of two vectors is what a ruler would measure: the root of the sum of the squared
# differences. Write `distances`, which compares *each* query with *each* picture of the gallery.
#
# A loop over all pairs would be right, and far too slow for a million pairs. NumPy does without: either subtract with
# one axis more (`queries[:, None] - gallery[None]`), or multiply matrices: |a - b|² = |a|² + |b|² - 2 a·b. Whoever
# takes the second way: what does rounding do to two vectors that are equal?


# %% tags=["solution"]
def distances(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """Euclidean distances.

    Args:
        queries: (n, d), one vector in each row.
        gallery: (m, d).

    Returns:
        (n, m): row i, column j is the distance from query i to gallery picture j.
    """
    # BEGIN SOLUTION
    squared = (queries**2).sum(axis=1)[:, None] + (gallery**2).sum(axis=1)[None] - 2 * queries @ gallery.T
    return np.sqrt(np.maximum(squared, 0))  # rounding may leave a little less than 0, which has no root
    # END SOLUTION


# %% tags=["test"]
def test_distances_shape(distances):
    found = distances(np.ones((3, 5)), np.zeros((4, 5)))
    checks.shape(found, (3, 4), "rows are queries, columns are gallery pictures")


# %% tags=["test"]
def test_distances_by_hand(distances):
    found = distances(np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 0.0]]))
    checks.close(found, [[5, 0], [4, 3]], "3 to the right and 4 up are 5 away")


# %% tags=["hidden"]
def test_distances_like_a_loop(distances, SEED):
    rng = np.random.default_rng(SEED)
    some, others = rng.normal(size=(7, 24)), rng.normal(size=(9, 24))
    slow = [[sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) ** 0.5 for b in others] for a in some]
    checks.close(distances(some, others), slow, "a loop over all pairs says so")


# %% tags=["hidden"]
def test_distances_of_equals(distances, SEED):
    some = np.random.default_rng(SEED).normal(size=(50, 128)) * 100
    found = np.diag(distances(some, some))
    checks.close(found, np.zeros(50), "equal vectors; rounding may leave less than 0 below the root", tolerance=1e-3)


# %% [markdown]
# ## Question 2: the angle between (2 points)
#
# **Cosine distance** is one minus the cosine of the angle between two vectors: the lengths do not matter. Divide each
# vector by its length, and a product of matrices has all cosines. A vector of length 0 has no direction; agree that it
# is at 1 from everything, and let no `nan` come out.


# %% tags=["solution"]
def cosine_distances(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """One minus the cosine of the angle.

    Args:
        queries: (n, d), one vector in each row, of any length.
        gallery: (m, d).

    Returns:
        (n, m), from 0 for the same direction to 2 for the opposite one.
    """

    # BEGIN SOLUTION
    def unit(vectors: np.ndarray) -> np.ndarray:
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
        return vectors / np.where(lengths == 0, 1, lengths)

    return 1 - unit(queries) @ unit(gallery).T
    # END SOLUTION


# %% tags=["test"]
def test_cosine_by_hand(cosine_distances):
    found = cosine_distances(np.array([[2.0, 0.0]]), np.array([[5.0, 0.0], [0.0, 1.0], [-3.0, 0.0]]))
    checks.close(found, [[0, 1, 2]], "the same direction, a right angle, the opposite direction")


# %% tags=["hidden"]
def test_cosine_like_a_loop(cosine_distances, SEED):
    rng = np.random.default_rng(SEED)
    some, others = rng.normal(size=(6, 24)) * 3, rng.normal(size=(8, 24)) + 1
    slow = [[1 - a @ b / ((a @ a) ** 0.5 * (b @ b) ** 0.5) for b in others] for a in some]
    checks.close(cosine_distances(some, others), slow, "a loop over all pairs says so")


# %% tags=["hidden"]
def test_cosine_of_nothing(cosine_distances):
    found = cosine_distances(np.array([[0.0, 0.0], [0.0, 2.0]]), np.array([[0.0, 0.0], [0.0, 7.0]]))
    checks.close(found, [[1, 1], [1, 0]], "a vector of length 0 is at 1 from everything")


# %% [markdown]
# Both distances are relatives: between vectors of length 1, d² = 2 · cosine distance. Yours too?

# %%
unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
print("largest difference:", np.abs(distances(unit, unit) ** 2 - 2 * cosine_distances(unit, unit)).max().round(6))

# %% [markdown]
# ## Question 3: the nearest first (2 points)
#
# A **ranking** names the gallery pictures of each query in the order of their distance. When two are equally near, luck
# must not decide: the one that comes first in the gallery comes first. (Otherwise the same program gives another rank-1
# on another computer. It happens: many crops of a black frame have the very same features.)


# %% tags=["solution"]
def rank(distances: np.ndarray) -> np.ndarray:
    """Which gallery picture comes first, second, …

    Args:
        distances: (n, m), smaller = more alike.

    Returns:
        (n, m) whole numbers: row i has the columns of `distances[i]`, the nearest first; of equally near ones the lower
        column first.
    """
    # BEGIN SOLUTION
    return np.argsort(distances, axis=1, kind="stable")
    # END SOLUTION


# %% tags=["test"]
def test_rank_by_hand(rank):
    found = rank(np.array([[0.3, 0.9, 0.1], [0.5, 0.2, 0.8]]))
    checks.dtype(found, "int", "a ranking names columns")
    checks.equal(found, [[2, 0, 1], [1, 0, 2]], "in each row the column of the smallest distance comes first")


# %% tags=["hidden"]
def test_rank_is_ascending(rank, SEED):
    distances = np.random.default_rng(SEED).random((5, 40))
    checks.shape(rank(distances), (5, 40), "every picture of the gallery has a rank")
    checks.nearest_first(rank(distances), distances)


# %% tags=["hidden"]
def test_rank_ties(rank, SEED):
    distances = np.random.default_rng(SEED).integers(0, 3, (4, 500)) / 2
    slow = [sorted(range(500), key=lambda column, row=row: (row[column], column)) for row in distances]
    checks.equal(rank(distances), slow, "of equally near ones the lower column comes first")


# %% [markdown]
# Your ranking at work. Green frames are the person asked for.

# %%
order = rank(distances(queries, gallery))
asked = range(0, len(queries), 4)
rows = [[query_crops[query], *(gallery_crops[column] for column in order[query, :7])] for query in asked]
right = [[None, *(gallery_person[order[query, :7]] == query_person[query])] for query in asked]
titles = [["query", *map(str, range(1, 8))]] * len(rows)
show_crops(rows, "On the left the query, then the gallery by colours alone, nearest first.", titles, right)
for words, order in (
    ("Euclidean", rank(distances(queries, gallery))),
    ("cosine", rank(cosine_distances(queries, gallery))),
):
    print(f"{words:10s} rank-1 {np.mean(gallery_person[order[:, 0]] == query_person):.0%}")

# %% [markdown]
# ## Question 4: only the nearest few (2 points)
#
# Nobody looks at place 9,000 of a ranking, so why sort that far? `np.argpartition(distances, k - 1, axis=1)` puts the k
# nearest first *in no order*, and takes far less time than a sort. Write `nearest`: the k nearest, and these in order.
# A gallery may have fewer than k pictures.


# %% tags=["solution"]
def nearest(distances: np.ndarray, k: int) -> np.ndarray:
    """The k nearest gallery pictures of each query.

    Args:
        distances: (n, m), smaller = more alike.
        k: how many, from 1.

    Returns:
        (n, k) columns of `distances`, the nearest first; (n, m) where k is larger than m.
    """
    # BEGIN SOLUTION
    k = min(k, distances.shape[1])
    some = np.argpartition(distances, k - 1, axis=1)[:, :k]  # (n, k), in no order
    order = np.argsort(np.take_along_axis(distances, some, axis=1), axis=1)  # (n, k) places in `some`
    return np.take_along_axis(some, order, axis=1)
    # END SOLUTION


# %% tags=["test"]
def test_nearest_by_hand(nearest):
    found = nearest(np.array([[0.3, 0.9, 0.1, 0.7], [0.5, 0.2, 0.8, 0.1]]), 2)
    checks.equal(found, [[2, 0], [3, 1]], "the columns of the two smallest, the smallest first")


# %% tags=["hidden"]
def test_nearest_of_many(nearest, SEED):
    distances = np.random.default_rng(SEED).random((3, 5000))  # NumPy may sort what is short, and hide a mistake
    found = nearest(distances, 2000)
    checks.shape(found, (3, 2000), "k columns for each query")
    checks.nearest_first(found, distances, "also among the k the nearest comes first")


# %% tags=["hidden"]
def test_nearest_of_few(nearest, SEED):
    distances = np.random.default_rng(SEED).random((3, 4))
    found = nearest(distances, 10)
    checks.shape(found, (3, 4), "the gallery has only 4 pictures")
    checks.nearest_first(found, distances)


# %% [markdown]
# ## Question 5: at dusk (2 points)
#
# No code now. At dusk the second camera gets half the light: *every* number of *every* vector in the gallery is
# multiplied by ½. The queries stay as they are. Compared with noon, what happens to the ranking of a query?
#
# - **a** Nothing, by either distance: all of the gallery shrinks alike, so the order stays.
# - **b** By cosine nothing; by the Euclidean distance the order may change.
# - **c** By the Euclidean distance nothing, since all distances are halved; by cosine the order may change.
# - **d** By either distance the order may change: these are other vectors.

# %% tags=["solution"]
answer = "b"  # SOLUTION

# %% [markdown] tags=["why"]
# **b.** A vector times ½ keeps its direction, and cosine sees nothing but directions: no distance changes. The
# Euclidean distances are not halved, for the queries stay where they are: |a - b/2|² = |a|² + |b|²/4 - a·b. Beside a·b
# the picture's own length now counts half of what it counted at noon, so that bright pictures (long vectors) gain on
# dark ones. On *unit* vectors both distances rank alike; made unit vectors again, these would not notice the dusk.


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "b", "try it with two vectors in the plane")
