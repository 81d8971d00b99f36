# %% [markdown]
# # 9. Ask the neighbours
#
# > The nearest picture is wrong. Do its own neighbours know?
#
# **You will learn** to write re-ranking step by step: mutual neighbours, sets that grow, an overlap of sets as a
# distance; and query expansion, its simpler relative. And what both lean on, which a camera at a gate may not have.
#
# **Needs** lesson 10.
#
# **Takes** 60 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import embed_samples, read_crop
from learning_reid.metrics import PROTOCOLS, find_matches, retrieval_metrics
from learning_reid.retrieval import euclidean_distance
from reid_course import checks, lesson_embedder, show, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## Everybody with everybody
#
# Sixteen people of your own. The 32 crops of the first camera are the queries, the 32 of the second the gallery. A
# plain search compares queries with the gallery. Re-ranking also compares queries with each other, and the pictures of
# the gallery with each other: 64 × 64 distances. As in the paper (Zhong, Zheng, Cao and Li 2017, arXiv 1701.08398) they
# are *squared*, and each row is divided by its largest number, so that 1 is as far away as anybody is.

# %%
K = 3  # how many neighbours are asked; each person has three other pictures here
contest = student_split(SEED)
vectors, labels = embed_samples(contest.samples, lesson_embedder("embedded")), contest.all_labels
order = np.argsort(labels.camera, kind="stable")  # the first camera's, then the second's
everybody, labels = vectors[order], labels.take(order)
crops = [read_crop(contest.samples[row]) for row in order]
Q = int((labels.camera == labels.camera[0]).sum())  # so many ask
queries, gallery = everybody[:Q], everybody[Q:]
squared = euclidean_distance(everybody, everybody) ** 2
np.fill_diagonal(squared, 0)
original = squared / squared.max(axis=1, keepdims=True)  # (64, 64), from 0 to 1


def score(distances: np.ndarray) -> dict[str, np.ndarray]:
    """Rank-1 (0 or 1) and average precision of each query; distances are (queries, gallery)."""
    asks, answers = labels.take(np.arange(Q)), labels.take(np.arange(Q, len(crops)))
    matches = find_matches(lambda rows: distances[rows], asks, answers, PROTOCOLS["market1501"])
    return dict(retrieval_metrics(matches, asks, answers, PROTOCOLS["market1501"]).per_query)


plain = score(original[:Q, Q:])
print(f"plain: rank-1 {plain['rank1'].mean():.1%}, mAP {plain['map'].mean():.1%}")

# %% [markdown]
# ## Question 1: mutual neighbours (2 points)
#
# The **neighbours** of a picture are the k *others* that are nearest to it, and itself. Two pictures are
# **k-reciprocal** neighbours if each is among the neighbours of the other. Write the whole table of yes and no.


# %% tags=["solution"]
def reciprocal(distances: np.ndarray, k: int) -> np.ndarray:
    """R(p, k) of every picture p.

    Args:
        distances: (n, n) of all pictures with all; 0 on the diagonal and nowhere else.
        k: how many others are neighbours.

    Returns:
        (n, n) bool: row p is True where r and p are neighbours of each other. Everybody is their own.
    """
    # BEGIN SOLUTION
    takes = np.zeros(distances.shape, bool)  # takes[p, r]: r is a neighbour of p
    np.put_along_axis(takes, np.argsort(distances, axis=1)[:, : k + 1], True, axis=1)
    return takes & takes.T
    # END SOLUTION


# %% tags=["test"]
def test_reciprocal_by_hand(reciprocal):
    places = np.array([0.0, 2.0, 3.0, 7.0])  # four pictures on a line
    found = reciprocal(np.abs(places[:, None] - places), 1)
    checks.shape(found, (4, 4), "a row and a column for each picture")
    checks.dtype(found, "bool", "a table of yes and no")
    expected = np.array([[1, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool)
    checks.equal(found, expected, "0 takes 2, but 2 takes 3; and everybody is their own neighbour")


# %% tags=["hidden"]
def test_reciprocal_like_a_loop(reciprocal, SEED):
    points = np.random.default_rng(SEED).normal(size=(25, 4))
    away = euclidean_distance(points, points).astype(float)
    np.fill_diagonal(away, 0)
    nearest = [sorted(range(25), key=lambda other, row=row: row[other])[:6] for row in away]
    slow = [[p in nearest[r] and r in nearest[p] for r in range(25)] for p in range(25)]
    checks.equal(reciprocal(away, 5), slow, "each has the other among its 5 nearest, itself not counted")


# %% tags=["hidden"]
def test_reciprocal_of_a_skewed_table(reciprocal, SEED):
    table = np.random.default_rng(SEED).random((12, 12)) + 1  # p may be nearer to r than r to p, as after dividing rows
    np.fill_diagonal(table, 0)
    nearest = [set(row.argsort()[:4].tolist()) for row in table]
    slow = [[p in nearest[r] and r in nearest[p] for r in range(12)] for p in range(12)]
    checks.equal(reciprocal(table, 3), slow, "the neighbours of p stand in row p")


# %% [markdown]
# Here are queries whose first answer is wrong in a plain search, with the pictures nearest to them among *all*, so also
# among the other queries. A green frame is the same person. Does "mutual" stand above the right ones?

# %%
mutual = reciprocal(original, K)
doubtful = np.lexsort((-plain["map"], plain["rank1"]))[:4]  # where the first answer of a plain search is wrong
near = np.argsort(original[doubtful], axis=1)[:, 1:9]
rows = [[crops[query], *(crops[other] for other in some)] for query, some in zip(doubtful, near, strict=True)]
marks = [[None, *(labels.person[some] == labels.person[query])] for query, some in zip(doubtful, near, strict=True)]
titles = [
    ["query", *("mutual" if mutual[query, other] else "" for other in some)]
    for query, some in zip(doubtful, near, strict=True)
]
show_crops(rows, "Queries and the eight pictures nearest to each; green: the same person, orange: not.", titles, marks)

# %% [markdown]
# ## Question 2: sets that grow (2 points)
#
# Strict sets are clean, but small: a picture of the same person from behind may be missing. So the set R(p, k) of a
# picture p asks its members. Each member q offers its own smaller set, R(q, k/2). If **more than two thirds** of what
# q offers is in R(p, k) already, q is trusted, and all of it joins. (The paper writes "at least", its program "more
# than"; we do as the program.) What joins is not asked in its turn.


# %% tags=["solution"]
def expand(sets: np.ndarray, half: np.ndarray) -> np.ndarray:
    """R*(p, k) of every picture p.

    Args:
        sets: (n, n) bool, row p is R(p, k).
        half: (n, n) bool, row q is R(q, k/2).

    Returns:
        (n, n) bool, row p is R(p, k) and what its trusted members offer.
    """
    # BEGIN SOLUTION
    shared = sets.astype(int) @ half.T.astype(int)  # (n, n): how much of what q offers is in the set of p
    trusted = sets & (3 * shared > 2 * half.sum(axis=1))
    return sets | (trusted.astype(int) @ half.astype(int) > 0)
    # END SOLUTION


# %% tags=["test"]
def test_expand_by_hand(expand):
    sets, half = np.eye(6, dtype=bool), np.eye(6, dtype=bool)
    sets[0, [1, 2, 3]] = True  # 0 has the members 0, 1, 2 and 3
    half[1, [0, 2, 4]] = True  # 1 offers 0, 1, 2, 4: three of four are there
    half[2, [3, 5]] = True  # 2 offers 2, 3, 5: two of three are there, which is not more than two thirds
    expected = sets.copy()
    expected[0, 4] = True
    found = expand(sets, half)
    checks.dtype(found, "bool", "a table of yes and no")
    checks.equal(found, expected, "0 trusts its member 1, and gets 4 from it; it does not trust 2")


# %% tags=["hidden"]
def test_expand_like_a_loop(expand, SEED):
    rng = np.random.default_rng(SEED)
    sets, half = rng.random((30, 30)) < 0.4, rng.random((30, 30)) < 0.1
    sets, half = sets | sets.T | np.eye(30, dtype=bool), half | half.T | np.eye(30, dtype=bool)
    slow = []
    for row in sets:
        grown = set(np.flatnonzero(row).tolist())
        for member in np.flatnonzero(row):
            offered = set(np.flatnonzero(half[member]).tolist())
            if 3 * len(offered & set(np.flatnonzero(row).tolist())) > 2 * len(offered):
                grown |= offered
        slow.append([other in grown for other in range(30)])
    checks.equal(expand(sets, half), slow, "a loop over the members of each set says so")


# %% tags=["hidden"]
def test_expand_asks_once(expand):
    sets, half = np.eye(5, dtype=bool), np.eye(5, dtype=bool)
    sets[0, [1, 2]] = True
    half[1, [0, 2, 3]] = True  # 0 gets 3 from 1 …
    half[3, [0, 1, 2, 4]] = True  # … and what 3 offers would bring 4, but 3 was no member
    given = sets.copy()
    checks.equal(expand(given, half)[0], [True, True, True, True, False], "what joins is not asked in its turn")
    checks.equal(given, sets, "the sets that came in should stay as they were: work on a copy")


# %% [markdown]
# ## Question 3: sets as a distance (2 points)
#
# Two pictures are alike if their sets overlap. Members do not all count alike: give each member r of the set of p the
# weight exp(-distance of p and r), everybody else 0, and divide each row by its sum. Two rows v and w are then compared
# by the **Jaccard distance**, which for sets is one minus common over all, and with weights
#
# 1 - Σ min(v, w) / Σ max(v, w).
#
# It goes from 0, for the very same row, to 1, if they have no member in common.


# %% tags=["solution"]
def jaccard(sets: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """How little the weighted sets of two pictures overlap.

    Args:
        sets: (n, n) bool, row p has the members of the set of p.
        distances: (n, n), of p with r in row p, column r.

    Returns:
        (n, n) from 0 to 1.
    """
    # BEGIN SOLUTION
    weights = np.where(sets, np.exp(-distances), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    smaller = np.minimum(weights[:, None], weights[None]).sum(axis=2)  # (n, n)
    larger = np.maximum(weights[:, None], weights[None]).sum(axis=2)
    return 1 - smaller / larger
    # END SOLUTION


# %% tags=["test"]
def test_jaccard_of_plain_sets(jaccard):
    sets = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 1, 1, 0], [0, 0, 0, 1]], bool)
    found = jaccard(sets, np.zeros((4, 4)))  # all at distance 0, so that members count alike
    checks.shape(found, (4, 4), "a row and a column for each picture")
    checks.close(found[0], [0, 0, 2 / 3, 1], "the same set; 1 of 3 members in common; none in common")


# %% tags=["hidden"]
def test_jaccard_like_a_loop(jaccard, SEED):
    rng = np.random.default_rng(SEED)
    sets, away = (rng.random((12, 12)) < 0.4) | np.eye(12, dtype=bool), rng.random((12, 12)) * 2
    rows = [[np.exp(-away[p, r]) if sets[p, r] else 0 for r in range(12)] for p in range(12)]
    rows = [[number / sum(row) for number in row] for row in rows]
    slow = [[1 - sum(map(min, v, w)) / sum(map(max, v, w)) for w in rows] for v in rows]
    checks.close(jaccard(sets, away), slow, "a loop over all pairs and members says so")


# %% tags=["hidden"]
def test_jaccard_like_the_project(jaccard, SEED):
    from learning_reid.retrieval import reranked_distance_rows

    points = np.random.default_rng(SEED).normal(size=(24, 6))
    away = ((points[:, None] - points) ** 2).sum(axis=2)
    near = [set(row.argsort()[:5].tolist()) for row in away]
    half = [set(row.argsort()[:3].tolist()) for row in away]
    near = [{r for r in near[p] if p in near[r]} for p in range(24)]
    half = [{r for r in half[p] if p in half[r]} for p in range(24)]
    grown = [
        near[p].union(*(half[q] for q in near[p] if len(half[q] & near[p]) * 3 > 2 * len(half[q]))) for p in range(24)
    ]
    sets = np.array([[r in grown[p] for r in range(24)] for p in range(24)])
    expected = reranked_distance_rows(points[:8], points[8:], k1=4, k2=1, lambda_value=0)(np.arange(8))
    found = jaccard(sets, away / away.max(axis=1, keepdims=True))[:8, 8:]
    checks.close(found, expected, "src/learning_reid/retrieval/reranking.py says so", tolerance=1e-4)


# %% [markdown]
# ## Question 4: a share of the old (1 point)
#
# Sets are coarse: all without a common member are at 1, in no order. So a share λ of the original distance stays:
# final = λ · original + (1 - λ) · Jaccard. And of the large table only one corner is wanted: queries against gallery.


# %% tags=["solution"]
def final(original: np.ndarray, jaccard: np.ndarray, queries: int, weight: float) -> np.ndarray:
    """Re-ranked distances.

    Args:
        original: (q + g, q + g), of all pictures; the queries come first.
        jaccard: (q + g, q + g), in the same order.
        queries: q, how many of them ask.
        weight: λ, from 0 to 1.

    Returns:
        (q, g), smaller = more alike.
    """
    # BEGIN SOLUTION
    mixed = weight * original + (1 - weight) * jaccard
    return mixed[:queries, queries:]
    # END SOLUTION


# %% tags=["test"]
def test_final_shape(final):
    found = final(np.zeros((7, 7)), np.ones((7, 7)), 3, 0.25)
    checks.shape(found, (3, 4), "3 queries, and 4 pictures of the gallery")


# %% tags=["hidden"]
def test_final_by_hand(final, SEED):
    old, new = np.random.default_rng(SEED).random((2, 9, 9))
    slow = [[0.25 * old[p, r] + 0.75 * new[p, r] for r in range(5, 9)] for p in range(5)]
    checks.close(final(old, new, 5, 0.25), slow, "a quarter of the original and three quarters of Jaccard")


# %% [markdown]
# All of it together. On 32 queries each is worth three points of rank-1, so look at mAP first. Then at two queries: the
# one that gains most, and the one that loses most (or gains least).


# %%
def rerank(queries: np.ndarray, gallery: np.ndarray, k: int = K, weight: float = 0.3) -> np.ndarray:
    """Everything that you wrote: (q, d) and (g, d) vectors -> (q, g) distances."""
    both = np.concatenate([queries, gallery])
    away = euclidean_distance(both, both) ** 2
    np.fill_diagonal(away, 0)
    away /= away.max(axis=1, keepdims=True)
    sets = expand(reciprocal(away, k), reciprocal(away, round(k / 2)))
    return final(away, jaccard(sets, away), len(queries), weight)


table = rerank(queries, gallery)
after = score(table)
for words, result in (("plain", plain), ("re-ranked", after)):
    print(f"{words:10s} rank-1 {result['rank1'].mean():.1%}, mAP {result['map'].mean():.1%}")
change = after["map"] - plain["map"]
rows, marks, titles = [], [], []
for query in (change.argmax(), change.argmin()):
    for result, distances in ((plain, original[:Q, Q:]), (after, table)):
        best = Q + np.argsort(distances[query])[:8]
        rows.append([crops[query], *(crops[row] for row in best)])
        marks.append([None, *(labels.person[best] == labels.person[query])])
        titles.append([f"AP {result['map'][query]:.0%}", *[""] * 8])
show_crops(rows, "The query that gains most and the one that loses most, each before and after.", titles, marks)

# %% [markdown]
# ## Question 5: ask again with what was found (2 points)
#
# **Average query expansion** is simpler, and costs just a second search: mix the query with its k nearest of the
# gallery, all alike, and ask with the mixture. All vectors have length 1; so shall the mixtures.


# %% tags=["solution"]
def average_query_expansion(queries: np.ndarray, gallery: np.ndarray, k: int) -> np.ndarray:
    """Queries to ask with the second time.

    Args:
        queries: (q, d) of length 1.
        gallery: (g, d) of length 1.
        k: how many of the nearest are mixed in; with 0 the queries stay as they are.

    Returns:
        (q, d) of length 1: the direction of the mean of a query and its k nearest.
    """
    # BEGIN SOLUTION
    nearest = np.argsort(-queries @ gallery.T, axis=1)[:, :k]  # (q, k)
    mixed = queries + gallery[nearest].sum(axis=1)  # the mean has the same direction
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)
    # END SOLUTION


# %% tags=["test"]
def test_expansion_by_hand(average_query_expansion):
    found = average_query_expansion(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0], [0.6, 0.8], [-1.0, 0.0]]), 1)
    checks.shape(found, (1, 2), "as many queries as before")
    checks.close(found, [[0.8944272, 0.4472136]], "half-way between the query and (0.6, 0.8), and of length 1")


# %% tags=["hidden"]
def test_expansion_like_the_project(average_query_expansion, SEED):
    from learning_reid import retrieval

    rng = np.random.default_rng(SEED)
    some, others = rng.normal(size=(10, 8)), rng.normal(size=(40, 8))
    some, others = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (some, others))
    for k in (1, 4):
        expected = retrieval.average_query_expansion(some, others, k)
        found = average_query_expansion(some, others, k)
        checks.close(found, expected, f"as in learning_reid.retrieval, for k = {k}")


# %% tags=["hidden"]
def test_expansion_with_nobody(average_query_expansion):
    some = np.array([[0.6, 0.8], [-1.0, 0.0]])
    checks.close(average_query_expansion(some, np.eye(2), 0), some, "with k = 0 the queries stay as they are")


# %% [markdown]
# How many should be mixed in? Two pictures of each person are in the gallery.

# %%
numbers = range(9)
found = [
    score(euclidean_distance(average_query_expansion(queries, gallery, k), gallery))["map"].mean() for k in numbers
]
figure, axes = plt.subplots(figsize=(6, 3))
axes.plot(numbers, 100 * np.array(found), "o-", label="query expansion")
axes.axhline(100 * plain["map"].mean(), color="grey", linestyle=":", label="plain")
axes.set(xlabel="k, neighbours that are mixed in", ylabel="mAP, %")
axes.legend()
show(figure, "mAP after query expansion with more and more neighbours, against that of a plain search.")

# %% [markdown]
# ## Question 6: at the gate (1 point)
#
# A paper has 3,000 queries and re-ranks them all together: mAP rises from 70 to 82 %. You build the same network and
# the same re-ranking into a gate, with the same gallery. There one person asks at a time, and is gone when the next one
# comes. What will you see, on average over the same 3,000 people? (You can try it: `rerank` takes one query, too.)
#
# - **a** The same 82 %: a query is only ever compared with the gallery, and that has not changed.
# - **b** Less than 82 %: in the paper the other queries were neighbours too, and some of them showed the same person.
# - **c** More than 82 %: nobody else's query can get into the sets of a person any more.
# - **d** Exactly 70 %: alone, a query can have no reciprocal neighbours.

# %% tags=["solution"]
answer = "b"  # SOLUTION

# %% [markdown] tags=["why"]
# **b.** Sets are made of *all* pictures, those of the queries too. Several queries of a test show the same person, and
# they vouch for each other and for the right pictures of the gallery. Alone a query has the gallery's pictures left as
# neighbours: they still help (so not **d**), but less. So it is with the students' own people: the mAP of
# `np.concatenate([rerank(one[None], gallery) for one in queries])` is lower than that of `rerank(queries, gallery)`,
# sometimes lower than that of a plain search. A deployed system also pays more: the neighbours of *every* picture have
# to be kept up to date, four times the work for twice the pictures, and a distance that depends on who else is there
# bears no fixed threshold.


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "b", "which pictures did `everybody` consist of?")
