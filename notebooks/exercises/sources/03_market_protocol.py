# %% [markdown]
# # 3. Who may answer? Market-1501's rule
#
# > Before anything is counted: which pictures count at all?
#
# **You will learn** to read labels from file names, to apply the rule that nearly every paper follows without saying
# so, and how much one and the same network gains from breaking it.
#
# **Needs** lessons 3 and 6.
#
# **Takes** 50 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np

from learning_reid.datasets import market_label, open_image
from learning_reid.metrics import PROTOCOLS, Labels, find_matches, retrieval_metrics
from learning_reid.retrieval import euclidean_distance
from reid_course import checks, show, show_crops, student_seed, student_split
from reid_synth import MarketPlan

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)

# %% [markdown]
# ## A data set of your own
#
# Market-1501 is a folder of small pictures; who is on them, and which camera took them, stands in their names. Your own
# set has the same form: sixteen people who never existed, three cameras, three crops by each. Of every person and
# camera one picture asks (folder `query`), the others answer (folder `bounding_box_test`), and among those are also
# strangers and **junk**: boxes in which too little of anybody is to be seen. Two of the sixteen turned round after the
# first camera and were seen by no other.

# %%
PLAN = MarketPlan(train_people=0, test_people=16, cameras=3, crops_per_camera=3, distractors=16, junk=16)
root = student_split(SEED, PLAN).dataset.root
turned = np.random.default_rng(SEED).choice(np.arange(1, 17), 2, replace=False)
unseen = tuple(f"{person:04d}_c{camera}" for person in turned for camera in (2, 3))
query_files, gallery_files = (
    [file for file in sorted((root / folder).glob("*.jpg")) if not file.name.startswith(unseen)]
    for folder in ("query", "bounding_box_test")
)
query_crops = [open_image(file) for file in query_files]
gallery_crops = [open_image(file) for file in gallery_files]
print(len(query_files), "pictures ask,", len(gallery_files), "answer; some of their names:")
print(*(file.name for file in gallery_files[::16]), sep="\n")

# %% [markdown]
# ## Question 1: what a name says (2 points)
#
# `0002_c1s3_000451_05.jpg` reads: person 2, camera 1, its third recording (*sequence*), frame 451, box 5 of that frame.
# Person `0000` is a stranger, a **distractor**: nobody asks for them, but they stand in the way. Person `-1` is junk.
#
# Write `who_and_where`, which reads persons and cameras as numbers. Larger sets have ten cameras or more: `c12s1`.


# %% tags=["solution"]
def who_and_where(names: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Persons and cameras, as file names tell them.

    Args:
        names: n names such as "0002_c1s3_000451_05.jpg".

    Returns:
        (n,) int persons, -1 for junk, 0 for a stranger; (n,) int cameras.
    """
    # BEGIN SOLUTION
    parts = [name.split("_") for name in names]
    persons = np.array([int(part[0]) for part in parts])
    cameras = np.array([int(part[1].split("s")[0].removeprefix("c")) for part in parts])
    return persons, cameras
    # END SOLUTION


# %% tags=["test"]
def test_names_by_hand(who_and_where):
    persons, cameras = who_and_where(["0002_c1s3_000451_05.jpg", "0000_c4s2_000100_01.jpg", "-1_c6s5_000007_00.jpg"])
    checks.array(persons)
    checks.array(cameras)
    checks.dtype(persons, "int", "persons are numbers, not texts")
    checks.dtype(cameras, "int", "cameras are numbers, not texts")
    checks.equal(persons, [2, 0, -1], "a person, a stranger, junk")
    checks.equal(cameras, [1, 4, 6], "the number between c and s")


# %% tags=["hidden"]
def test_names_like_the_project(who_and_where, SEED):
    rng = np.random.default_rng(SEED)
    drawn = rng.integers([-500, 1, 1, 0, 0], [1502, 7, 7, 99999, 20], (200, 5)).tolist()
    names = [
        f"{'-1' if who < 0 else f'{who:04d}'}_c{camera}s{sequence}_{frame:06d}_{box:02d}.jpg"
        for who, camera, sequence, frame, box in drawn
    ]
    labels = [market_label(name.removesuffix(".jpg")) for name in names]
    persons, cameras = who_and_where(names)
    checks.equal(persons, [int(label.person_id) for label in labels], "the number before the first _")
    checks.equal(cameras, [int(label.camera_id) for label in labels], "the number between c and s")


# %% tags=["hidden"]
def test_names_of_many_cameras(who_and_where):
    _, cameras = who_and_where(["0007_c12s1_000001_01.jpg", "0007_c3s14_000001_01.jpg"])
    checks.equal(cameras, [12, 3], "camera 12 has two digits, and so may a sequence")


# %% [markdown]
# That is your gallery. From here on an array stands for each:

# %%
query_person, query_camera = who_and_where([file.name for file in query_files])
gallery_person, gallery_camera = who_and_where([file.name for file in gallery_files])
for title, which in (("people", gallery_person > 0), ("strangers", gallery_person == 0), ("junk", gallery_person < 0)):
    print(f"{title:10s} {which.sum():3d} pictures, by camera {np.bincount(gallery_camera[which])[1:].tolist()}")

# %% [markdown]
# ## Question 2: the rule (2 points)
#
# Market-1501's rule (Zheng et al., ICCV 2015) says for *each query* which gallery pictures stay:
#
# - pictures of **the query's person by the query's own camera** are taken out: seconds lie between them and the query;
# - **junk** is taken out: whether it was found or not, nobody wants to know;
# - **all others stay**: the person at other cameras (right), other people at *any* camera, strangers (both wrong).


# %% tags=["solution"]
def competes(person: int, camera: int, gallery_person: np.ndarray, gallery_camera: np.ndarray) -> np.ndarray:
    """Which gallery pictures stay for one query.

    Args:
        person, camera: of the query.
        gallery_person: (m,) int, -1 for junk, 0 for strangers.
        gallery_camera: (m,) int.

    Returns:
        (m,) bool, True where a picture stays.
    """
    # BEGIN SOLUTION
    moments_apart = (gallery_person == person) & (gallery_camera == camera)
    return (gallery_person != -1) & ~moments_apart
    # END SOLUTION


# %% tags=["test"]
def test_competes_by_hand(competes):
    found = competes(7, 2, np.array([7, 7, 5, -1]), np.array([2, 1, 1, 1]))
    checks.array(found)
    checks.dtype(found, "bool", "True where a picture stays")
    checks.equal(found, [False, True, True, False], "own camera, other camera, somebody else, junk")


# %% tags=["hidden"]
def test_competes_others_of_the_own_camera(competes):
    found = competes(7, 2, np.array([5, 9, 7]), np.array([2, 2, 2]))
    checks.equal(found, [True, True, False], "other people seen by the query's camera stay: they are wrong answers")


# %% tags=["hidden"]
def test_competes_strangers(competes):
    found = competes(7, 2, np.array([0, 0, -1, -1]), np.array([2, 1, 2, 1]))
    checks.equal(found, [True, True, False, False], "strangers (0) stay and are wrong, junk (-1) goes")


# %% tags=["hidden"]
def test_competes_like_a_loop(competes, SEED):
    rng = np.random.default_rng(SEED)
    persons, cameras = rng.integers(-1, 6, 300), rng.integers(1, 4, 300)
    for one, where in ((1, 1), (2, 3), (5, 2)):
        slow = [who != -1 and not (who == one and at == where) for who, at in zip(persons, cameras, strict=True)]
        checks.equal(competes(one, where, persons, cameras), slow, f"person {one} asks from camera {where}")


# %% [markdown]
# Your rule at work, on a ranking by colours as in the sets before (the mean colours of eight stripes). Grey frames are
# those that you have taken out.


# %%
def colours(crop: np.ndarray) -> np.ndarray:
    """The mean colour of eight stripes: (h, w, 3) uint8 -> (24,) from 0 to 1."""
    width = crop.shape[1]
    middle = crop[:, width // 4 : -width // 4] / 255
    return np.concatenate([stripe.mean(axis=(0, 1)) for stripe in np.array_split(middle, 8)])


distances = euclidean_distance(
    np.array([colours(crop) for crop in query_crops]), np.array([*map(colours, gallery_crops)])
)
matches = query_person[:, None] == gallery_person  # (queries, gallery): pictures of the person asked for
names = {-1: "junk", 0: "stranger"}
rows, titles, right = [], [], []
for query in np.random.default_rng(SEED).choice(len(query_crops), 4, replace=False):
    stays = competes(query_person[query], query_camera[query], gallery_person, gallery_camera)
    nearest = np.argsort(distances[query], kind="stable")[:9]
    rows.append([query_crops[query], *(gallery_crops[column] for column in nearest)])
    words = [f"{names.get(gallery_person[c], gallery_person[c])}\ncamera {gallery_camera[c]}" for c in nearest]
    titles.append([f"query {query_person[query]}\ncamera {query_camera[query]}", *words])
    right.append([None, *(bool(matches[query, column]) if stays[column] else None for column in nearest)])
show_crops(rows, "The query, and its nearest nine. Green: right, red: wrong, grey: does not compete.", titles, right)

# %% [markdown]
# ## Question 3: rank-1 and mAP under a rule (2 points)
#
# Write `score`, which counts under *any* rule: `competing` says for each query which pictures stay. What does not stay
# is gone: it takes no place in the ranking, is not right, and is not wrong. A query that is left without a match is
# **skipped**, in rank-1 as well as in mAP; report how many were.
#
# AP, once more: the mean of the precisions at the matches, `number / rank`.


# %% tags=["solution"]
def score(distances: np.ndarray, matches: np.ndarray, competing: np.ndarray) -> tuple[float, float, int]:
    """Rank-1 and mAP under a rule.

    Args:
        distances: (n, m), smaller = more alike; no two of a row are equal.
        matches: (n, m) bool, True where gallery picture j shows the person of query i.
        competing: (n, m) bool, True where picture j stays for query i.

    Returns:
        Rank-1 and mAP, from 0 to 1, over the queries that have a match; and how many have none.
    """
    # BEGIN SOLUTION
    first, aps = [], []
    for row, match, stays in zip(distances, matches, competing, strict=True):
        order = np.argsort(row)
        hits = match[order][stays[order]]  # nearest first, without those that are out
        ranks = np.flatnonzero(hits) + 1
        if len(ranks):
            first.append(ranks[0] == 1)
            aps.append((np.arange(1, len(ranks) + 1) / ranks).mean())
    return float(np.mean(first)), float(np.mean(aps)), len(distances) - len(aps)
    # END SOLUTION


# %% tags=["test"]
def test_score_by_hand(score):
    distances = np.array([[0.2, 0.1, 0.4, 0.3], [0.4, 0.3, 0.2, 0.1]])
    matches = np.array([[True, False, True, False], [False, False, False, True]])
    found = score(distances, matches, np.ones((2, 4), bool))
    checks.shape(found, (3,), "rank-1, mAP, how many are skipped")
    checks.close(found, [0.5, 0.75, 0], "all stay: matches at ranks 2 and 4, and at rank 1")


# %% tags=["test"]
def test_score_what_is_out_takes_no_place(score):
    distances, matches = np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[False, True, False, True]])
    found = score(distances, matches, np.array([[False, True, True, True]]))
    checks.close(found, [1, (1 / 1 + 2 / 3) / 2, 0], "the nearest is out, so that the second stands at rank 1")


# %% tags=["hidden"]
def test_score_a_match_that_is_out(score):
    distances, matches = np.array([[0.1, 0.2, 0.3, 0.4]]), np.array([[True, False, True, False]])
    found = score(distances, matches, np.array([[False, True, True, True]]))
    checks.close(found, [0, 1 / 2, 0], "a match that is out is no match: one is left, at rank 2")


# %% tags=["hidden"]
def test_score_skips(score):
    matches = np.array([[True, False], [True, False], [False, False]])
    competing = np.array([[True, True], [False, True], [True, True]])
    found = score(np.array([[0.1, 0.2]] * 3), matches, competing)
    checks.close(found, [1, 1, 2], "two of the three queries have no match among those that stay: skipped")


# %% tags=["hidden"]
def test_score_like_the_project(score, SEED):
    rng = np.random.default_rng(SEED)
    query = Labels.of(np.arange(20) % 10, rng.integers(0, 3, 20))
    gallery = Labels.of(rng.integers(-4, 8, 90), rng.integers(0, 3, 90))  # below 0 strangers; nobody is person 8 or 9
    table = rng.random((20, 90))
    rule = PROTOCOLS["market1501"]
    truth = retrieval_metrics(find_matches(lambda rows: table[rows], query, gallery, rule), query, gallery, rule)
    matches = query.person[:, None] == gallery.person
    found = score(table, matches, ~(matches & (query.camera[:, None] == gallery.camera)))
    checks.close(found[0], truth.means["rank1"], "rank-1 as src/learning_reid/metrics counts it")
    checks.close(found[1], truth.means["map"], "mAP as src/learning_reid/metrics counts it")
    checks.equal(found[2], truth.queries_skipped, "queries without a match")


# %% [markdown]
# ## One description, five rules
#
# The same distances, counted five times. One of these rules is Market-1501's; each of the others was used somewhere,
# mostly by mistake. Who is skipped, and why do they count under one of the rules?

# %%
asking = list(zip(query_person, query_camera, strict=True))
rule = np.array([competes(person, camera, gallery_person, gallery_camera) for person, camera in asking])
own_camera = query_camera[:, None] == gallery_camera
junk = np.broadcast_to(gallery_person == -1, rule.shape)
rules = {
    "Market-1501": rule,
    "own camera is kept": ~junk,
    "whole own camera is out": ~junk & ~own_camera,
    "strangers are out": rule & (gallery_person != 0),
    "junk counts as wrong": rule | junk,
}
results = {name: score(distances, matches, competing) for name, competing in rules.items()}
print(f"{'':25s}rank-1    mAP  skipped")
for name, (rank1, mean_ap, skipped) in results.items():
    print(f"{name:24s} {100 * rank1:6.1f} {100 * mean_ap:6.1f} {skipped:8d}")

# %%
figure, axes = plt.subplots(figsize=(7, 2.9))
place = np.arange(len(results))
for shift, number, label in ((-0.2, 0, "rank-1"), (0.2, 1, "mAP")):
    bars = axes.barh(place + shift, [100 * result[number] for result in results.values()], 0.4, label=label)
    axes.bar_label(bars, fmt="%.0f", fontsize=8)
axes.set(xlabel="%", xlim=(0, 100))
axes.set_yticks(place, results)
axes.invert_yaxis()
axes.grid(visible=False, axis="y")
axes.legend(loc="lower right")
show(figure, "The same distances under five rules. Nothing but the counting differs.")

# %% [markdown]
# ## Question 4: where does it come from? (2 points)
#
# Keeping the own camera pays, mostly. Is it really the own camera that answers? Write `from_own_camera`: of the queries
# whose *first* answer is right, which share has it from the query's own camera?


# %% tags=["solution"]
def from_own_camera(
    distances: np.ndarray,
    matches: np.ndarray,
    competing: np.ndarray,
    query_camera: np.ndarray,
    gallery_camera: np.ndarray,
) -> float:
    """Of the right first answers, the share that the query's own camera gave.

    Args:
        distances, matches, competing: (n, m), see `score`.
        query_camera: (n,) int.
        gallery_camera: (m,) int.

    Returns:
        From 0 to 1.
    """
    # BEGIN SOLUTION
    nearest = np.where(competing, distances, np.inf).argmin(axis=1)  # (n,) columns
    right = matches[np.arange(len(nearest)), nearest]
    return float((gallery_camera[nearest] == query_camera)[right].mean())
    # END SOLUTION


# %% tags=["test"]
def test_from_own_camera_by_hand(from_own_camera):
    distances = np.array([[0.1, 0.2, 0.3], [0.3, 0.1, 0.2], [0.3, 0.2, 0.1]])
    matches = np.array([[True, True, False], [False, True, True], [True, False, False]])
    found = from_own_camera(distances, matches, np.ones((3, 3), bool), np.array([1, 1, 3]), np.array([1, 2, 3]))
    checks.close(found, 0.5, "two first answers are right, one by camera 1, whose query it is; the third one is wrong")


# %% tags=["hidden"]
def test_from_own_camera_only_those_that_stay(from_own_camera):
    distances, matches = np.array([[0.1, 0.2]] * 3), np.ones((3, 2), bool)
    competing = np.array([[False, True], [True, True], [True, True]])
    found = from_own_camera(distances, matches, competing, np.array([1, 1, 1]), np.array([1, 2]))
    checks.close(found, 2 / 3, "the nearest of the first query is out; the next one is by another camera")


# %% tags=["hidden"]
def test_from_own_camera_like_a_loop(from_own_camera, SEED):
    rng = np.random.default_rng(SEED)
    distances, matches, competing = rng.random((60, 40)), rng.random((60, 40)) < 0.4, rng.random((60, 40)) < 0.7
    asks, answers = rng.integers(0, 3, 60), rng.integers(0, 3, 40)
    own = []
    for query in range(60):
        column = min((j for j in range(40) if competing[query, j]), key=lambda j, query=query: distances[query, j])
        if matches[query, column]:
            own.append(answers[column] == asks[query])
    found = from_own_camera(distances, matches, competing, asks, answers)
    checks.close(found, sum(own) / len(own), "of the right first answers alone")


# %%
kept = from_own_camera(distances, matches, rules["own camera is kept"], query_camera, gallery_camera)
by_chance = (rules["own camera is kept"] & matches & own_camera).sum() / (rules["own camera is kept"] & matches).sum()
print(f"with the own camera kept, {kept:.0%} of the right first answers come from it")
print(f"it took {by_chance:.0%} of the pictures that would have been right")

# %% [markdown]
# ## Question 5: what is certain? (2 points)
#
# No code now. Take any distances, and any data in which *another* camera, too, has seen each person who asks, so that
# nobody is skipped. The figures under Market-1501's rule are known. Then the same-camera rule is dropped: the pictures
# of the query's person by its own camera come back into the gallery. (Junk stays out.) What is certain, before anything
# is computed?
#
# - **a** Neither rank-1 nor mAP falls: right answers come in and no wrong ones.
# - **b** Rank-1 does not fall; mAP may fall.
# - **c** mAP does not fall; rank-1 may fall, since more pictures want the first place.
# - **d** Nothing: it depends on the network which of the two rules suits it.

# %% tags=["solution"]
answer = "b"  # SOLUTION

# %% [markdown] tags=["why"]
# **b.** Whoever stood first stays first, or a picture of the right person takes the place: no rank-1 is lost. That is
# so for *every* network, for a bad one too, and for the same distances: a higher figure under the easier rule says
# nothing about the network. The pictures that came back were taken by the same camera, in the same light, seconds away;
# whoever has those does not need to search. Question 4 counted how much of the higher figure is theirs.
#
# mAP usually rises, too, yet it need not: AP is a mean over the matches, and one that comes back far down adds a low
# precision. With the only match at rank 1, AP is 1; one more at rank 100 makes it (1/1 + 2/100) / 2 = 0.51.


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "b", "let one match come back, at the very end of a short ranking, and count both figures")
