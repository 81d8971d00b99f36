# %% [markdown]
# # 5. Losses that compare
#
# > Who in a batch should come nearer, who should go away, and when is it enough?
#
# **You will learn** to write batch-hard triplet loss and circle loss as the papers have them, without a loop; why the
# root of nothing can spoil a whole training; and whom such a loss listens to.
#
# **Needs** lesson 4.
#
# **Takes** 60 minutes.

# %%
import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from learning_reid.datasets import read_crop
from reid_course import COLORS, checks, lesson_embedder, show, show_crops, student_seed, student_split

NAME = "Ada Lovelace"  # yours: people and numbers are drawn from it
SEED = student_seed(NAME)
torch.set_num_threads(1)  # a small batch does not keep two cores busy

# %% [markdown]
# ## A batch of your own
#
# Eight people who never existed, four pictures of each, in no order: a batch as training has it. The embedded OSNet
# makes a vector of each crop.

# %%
contest = student_split(SEED)
rng = np.random.default_rng(SEED)
person = contest.all_labels.person
rows = rng.permutation(np.flatnonzero(np.isin(person, rng.permutation(len(contest.persons))[:8])))
crops = [read_crop(contest.samples[row]) for row in rows]
labels = torch.from_numpy(person[rows])
vectors = torch.from_numpy(lesson_embedder("embedded")(crops))
print(f"vectors {tuple(vectors.shape)}, labels {labels.tolist()}")
show_crops([crops[:8], crops[8:16]], "Half of the batch, in the order in which it comes.")

# %% [markdown]
# And five people as points in a plane, four of each, half sorted: there one can watch a loss at work, as in lesson 4.

# %%
people = torch.arange(5).repeat(4)  # 0 1 2 3 4 0 1 2 3 4 …
angle = 2 * torch.pi * people / 5
noise = torch.from_numpy(rng.normal(size=(20, 2))).float()
start = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.5 * noise


def draw_paths(loss, title: str, rays: bool = False) -> None:
    """Let a loss of (points, people) move the points, and draw where they went."""
    points = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([points], lr=0.03)
    places = [start]
    for _ in range(100):
        optimiser.zero_grad()
        loss(points, people).backward()
        optimiser.step()
        places.append(points.detach().clone())
    draw(torch.stack(places), title, rays)


# %%
def draw(places: Tensor, title: str, rays: bool) -> None:
    """Places (steps + 1, n, 2): a picture of four moments."""
    moments = [0, 10, 40, len(places) - 1]
    figure, cells = plt.subplots(1, 4, figsize=(7.4, 2.2), sharex=True, sharey=True)
    for moment, cell in zip(moments, cells, strict=True):
        for path, owner in zip(places[: moment + 1].transpose(0, 1), people, strict=True):
            line = torch.stack([torch.zeros(2), path[-1]]) if rays else path
            cell.plot(*line.T, color=COLORS[owner], linewidth=0.7, alpha=0.6)
        cell.scatter(*places[moment].T, c=[COLORS[owner] for owner in people], s=18, zorder=3)
        cell.set(aspect="equal", xticks=[], yticks=[], title=f"after {moment} steps")
        cell.title.set_fontsize(9)
    cells[0].set_ylabel(title)
    show(figure, f"Twenty points of five colours, and how far {title} has moved them.")


# %% [markdown]
# ## Question 1: distances that can be learned from (2 points)
#
# Write `pairwise`, all Euclidean distances within a batch. A batch is small, so subtract every vector from every other;
# |a|² + |b|² - 2 a·b would round away the distance of near twins.
#
# This time a *gradient* has to come through, and the root has an infinite slope at 0. Each vector is at 0 from itself,
# so that the trap is in *every* batch: autograd multiplies this infinity by a 0, gets `nan`, and after one step all
# weights are `nan`. Let the distance of equal vectors be 0 (1e-6 is near enough), and its gradient 0.


# %% tags=["solution"]
def pairwise(features: Tensor) -> Tensor:
    """Euclidean distances of all pairs of a batch.

    Args:
        features: (n, d), one vector in each row; some may be equal.

    Returns:
        (n, n), with a gradient that is finite everywhere, and 0 where two vectors are equal.
    """
    # BEGIN SOLUTION
    squared = (features[:, None] - features[None]).square().sum(dim=2)  # (n, n)
    apart = squared > 0
    return torch.where(apart, squared, 1).sqrt() * apart  # the root never sees a 0
    # END SOLUTION


# %% [markdown] tags=["why"]
# It does not help to repair the *result*: `torch.where(squared == 0, 0, squared.sqrt())` looks right and still gives
# `nan`, for backwards the 0 that `where` sends is multiplied by the root's infinity. What the root is *given* must be
# other than 0. `squared.clamp(min=1e-12).sqrt()` does as well; `torch.cdist` has it built in.


# %% tags=["test"]
def test_pairwise_by_hand(pairwise):
    found = pairwise(torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 0.0]]))
    checks.close(found, [[0, 5, 3], [5, 0, 4], [3, 4, 0]], "3 to the right and 4 up are 5 away")


# %% tags=["test"]
def test_pairwise_gradient_by_hand(pairwise):
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0]], requires_grad=True)
    found = pairwise(points)
    checks.holds(found.requires_grad, "no gradient: is there a detach, no_grad or NumPy on the way?")
    found[0, 1].backward()
    why = "straight away from each other; nan comes from the root of a 0 on the diagonal"
    checks.close(points.grad, [[-0.6, -0.8], [0.6, 0.8]], why)


# %% tags=["hidden"]
def test_pairwise_like_a_loop(pairwise, SEED):
    features = torch.from_numpy(np.random.default_rng(SEED).normal(size=(9, 16))).float()
    slow = [[float((a - b).norm()) for b in features] for a in features]
    checks.close(pairwise(features), slow, "a loop over all pairs says so")


# %% tags=["hidden"]
def test_pairwise_of_near_twins(pairwise, SEED):
    one = F.normalize(torch.from_numpy(np.random.default_rng(SEED).normal(size=(1, 64))).float())
    twin = one.clone()
    twin[0, 0] += 1e-3
    found = pairwise(torch.cat([one, twin]))[0, 1]
    checks.close(found, 1e-3, "near twins; squares of whole vectors round their distance away")


# %% tags=["hidden"]
def test_pairwise_gradient_of_equals(pairwise, SEED):
    mine = torch.from_numpy(np.random.default_rng(SEED).normal(size=(6, 8))).float()
    mine[3] = mine[0]  # one picture twice in a batch
    mine, theirs = mine.clone().requires_grad_(), mine.clone().requires_grad_()
    found = pairwise(mine)
    checks.holds(found.requires_grad, "no gradient: is there a detach, no_grad or NumPy on the way?")
    found.sum().backward()
    unlike = [(a, b) for a in range(6) for b in range(6) if a != b and {a, b} != {0, 3}]
    sum((theirs[a] - theirs[b]).norm() for a, b in unlike).backward()
    checks.close(mine.grad, theirs.grad, "equal vectors add nothing to the gradient, and no nan")


# %% [markdown]
# ## Question 2: the hardest of each (2 points)
#
# **Batch-hard** takes each picture of a batch as an *anchor* and picks two others: the **positive** (same person)
# that is farthest, and the **negative** (other person) that is nearest. Nobody is their own positive. A *mask* is a
# table of yes and no, here (n, n); `distances.masked_fill(mask, value)` writes a value that can never win.


# %% tags=["solution"]
def hardest(distances: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Whom batch-hard picks for each anchor.

    Args:
        distances: (n, n), row i has those of anchor i.
        labels: (n,) person ids, any whole numbers in any order. There are two persons or more, each with two pictures
            or more.

    Returns:
        Two (n,) tensors of columns: the farthest positive of each anchor, and its nearest negative.
    """
    # BEGIN SOLUTION
    same = labels[:, None] == labels  # (n, n)
    itself = torch.eye(len(labels), dtype=torch.bool)
    farthest = distances.masked_fill(~same | itself, -torch.inf).argmax(dim=1)
    nearest = distances.masked_fill(same, torch.inf).argmin(dim=1)
    return farthest, nearest
    # END SOLUTION


# %% tags=["test"]
def test_hardest_by_hand(hardest):
    table = torch.tensor([[0.0, 5, 2, 4], [5, 0, 3, 1], [2, 3, 0, 6], [4, 1, 6, 0]])
    farthest, nearest = hardest(table, torch.tensor([7, 9, 7, 9]))
    checks.array(farthest)
    checks.array(nearest)
    checks.dtype(farthest, "int", "the picks are columns")
    checks.equal(farthest, [2, 3, 0, 1], "each has one other picture of its own")
    checks.equal(nearest, [3, 2, 1, 0], "of two strangers the nearer one")


# %% tags=["hidden"]
def test_hardest_like_a_loop(hardest, SEED):
    rng = np.random.default_rng(SEED)
    labels = rng.permutation(np.repeat([3, 70, 12, 5], [2, 3, 4, 5]))
    points = torch.from_numpy(rng.normal(size=(14, 4)))
    table = torch.cdist(points, points)
    own = [[b for b in range(14) if labels[b] == labels[a] and b != a] for a in range(14)]
    others = [[b for b in range(14) if labels[b] != labels[a]] for a in range(14)]
    farthest, nearest = hardest(table.clone(), torch.from_numpy(labels))
    checks.equal(farthest, [max(own[a], key=lambda b, a=a: table[a, b]) for a in range(14)], "the farthest positive")
    checks.equal(nearest, [min(others[a], key=lambda b, a=a: table[a, b]) for a in range(14)], "the nearest negative")


# %% tags=["hidden"]
def test_hardest_of_twins(hardest):
    points = torch.tensor([[0.0, 0], [0, 0], [3, 0], [3, 0]])
    farthest, _ = hardest(torch.cdist(points, points), torch.tensor([1, 1, 0, 0]))
    checks.equal(farthest, [1, 0, 3, 2], "equal pictures: the other one is the positive, never the anchor itself")


# %% [markdown]
# Your picks in your own batch. A crop of the same person that looks farther than a stranger: that is what there is to
# learn.

# %%
apart = torch.cdist(vectors, vectors)  # as `pairwise`, so that this works without it
every = torch.arange(len(labels))
farthest, nearest = hardest(apart, labels)
worst = (apart[every, farthest] - apart[every, nearest]).argsort(descending=True)[:8]
picks = [worst, farthest[worst], nearest[worst]]
titles = [[f"{apart[anchor, pick]:.2f}" for anchor, pick in zip(worst, line, strict=True)] for line in picks]
show_crops(
    [[crops[index] for index in line] for line in picks],
    "Above eight anchors, the hardest first; in the middle their farthest positive, below their nearest negative.",
    [["anchor"] * 8, *titles[1:]],
    [[None] * 8, [True] * 8, [False] * 8],
)

# %% [markdown]
# ## Question 3: the hinge (2 points)
#
# With D(a, p) to the farthest positive and D(a, n) to the nearest negative, an anchor's loss is
# $[m + D(a,p) - D(a,n)]_+$, where $[x]_+$ is x, or 0 if x is below 0 (*hinge*), and m is the **margin**: by so much
# the stranger must be farther. The loss of the batch is the mean over *all* anchors, the content ones too.
#
# Without a margin (`None`) there is the **soft margin** instead, $\ln(1 + e^{D(a,p) - D(a,n)})$, which is never quite
# content. In float32 $e^{100}$ is already infinite; PyTorch has a function for just this that does not overflow.


# %% tags=["solution"]
def triplet(farthest: Tensor, nearest: Tensor, margin: float | None) -> Tensor:
    """Batch-hard triplet loss (Hermans et al. 2017, arXiv 1703.07737, equation 5).

    Args:
        farthest: (n,) distance of each anchor to its farthest positive.
        nearest: (n,) distance of each anchor to its nearest negative.
        margin: m, from 0, in units of the distance; None takes the soft margin.

    Returns:
        A scalar: the mean over all anchors.
    """
    # BEGIN SOLUTION
    violation = farthest - nearest  # (n,)
    if margin is None:
        return F.softplus(violation).mean()
    return F.relu(violation + margin).mean()
    # END SOLUTION


# %% tags=["test"]
def test_triplet_by_hand(triplet):
    found = triplet(torch.tensor([1.0, 0.5]), torch.tensor([0.8, 2.0]), 0.3)
    checks.shape(found, (), "one number for the batch")
    checks.close(found, 0.25, "0.5 for the first anchor, 0 for the second")


# %% tags=["test"]
def test_soft_margin_by_hand(triplet):
    found = triplet(torch.tensor([1.0, 1.0]), torch.tensor([1.0, 1.0]), None)
    checks.close(found, np.log(2), "the soft margin of a difference of 0 is ln 2")


# %% tags=["hidden"]
def test_triplet_like_the_projects(triplet, SEED):
    from learning_reid.losses import triplet_loss

    points = torch.from_numpy(np.random.default_rng(SEED).normal(size=(12, 3)))
    labels = torch.arange(4).repeat(3)
    apart = torch.cdist(points, points)
    same = labels[:, None] == labels
    farthest, nearest = (apart * same).amax(dim=1), apart.masked_fill(same, torch.inf).amin(dim=1)
    for margin in (0.3, 1.0, 0.0, None):
        expected = triplet_loss(points, labels, margin)
        checks.close(
            triplet(farthest, nearest, margin), expected, f"src/learning_reid/losses has it so, margin {margin}"
        )


# %% tags=["hidden"]
def test_triplet_is_content(triplet):
    farthest, nearest = torch.tensor([0.2, 0.5, 0.9, 0.1], requires_grad=True), torch.tensor([0.3, 0.9, 0.4, 2.0])
    found = triplet(farthest, nearest, 0.3)
    checks.close(found, 0.25, "0.2, 0, 0.8 and 0: the mean is over all four anchors")
    found.backward()
    checks.close(farthest.grad, [0.25, 0, 0.25, 0], "who is content does not pull; who is not pulls by 1/n")


# %% tags=["hidden"]
def test_soft_margin_far_away(triplet):
    found = triplet(torch.tensor([200.0, 1.0]), torch.tensor([1.0, 200.0]), None)
    checks.close(found, 99.5, "the loss of a difference of 199 is 199, not infinite")


# %% [markdown]
# All three together, and what they do to points in a plane. Above with a margin of 0.3, below with the soft one.


# %%
def batch_hard(points: Tensor, labels: Tensor, margin: float | None = 0.3) -> Tensor:
    """Your triplet loss, of points (n, d)."""
    apart, every = pairwise(points), torch.arange(len(labels))
    farthest, nearest = hardest(apart.detach(), labels)
    return triplet(apart[every, farthest], apart[every, nearest], margin)


draw_paths(batch_hard, "margin 0.3")
draw_paths(lambda points, labels: batch_hard(points, labels, margin=None), "soft margin")

# %% [markdown]
# Under the hinge the points wander until the margin is kept, and then stand still. Under the soft margin they never do:
# they go on outwards, though all five colours have long been apart.

# %% [markdown]
# ## Question 4: circle loss (3 points)
#
# Circle loss looks at *similarities* (cosines), where 1 is the same and larger is nearer. For an anchor with
# similarities $s_p$ to its positives and $s_n$ to its negatives:
#
# $$L = \ln\Big[1 + \sum_n e^{\gamma\,\alpha_n (s_n - m)} \cdot \sum_p e^{-\gamma\,\alpha_p (s_p - (1 - m))}\Big]
# \qquad \alpha_p = [1 + m - s_p]_+ \qquad \alpha_n = [s_n + m]_+$$
#
# The weights α say how *hard* to pull; they are numbers, not something to be learned: no gradient goes through them
# (`detach`). And again the exponentials overflow if you let them: the product of two sums is
# $e^{a + b}$ with a and b from `torch.logsumexp`, where a pair that does not count is $-\infty$.


# %% tags=["solution"]
def circle(similarity: Tensor, labels: Tensor, margin: float = 0.25, scale: float = 64.0) -> Tensor:
    """Circle loss (Sun et al. 2020, arXiv 2002.10857, equations 5 to 8).

    Args:
        similarity: (n, n) cosines; row i has those of anchor i.
        labels: (n,) person ids, as for `hardest`. Nobody is their own positive.
        margin: m.
        scale: γ.

    Returns:
        A scalar: the mean over all anchors.
    """
    # BEGIN SOLUTION
    same = labels[:, None] == labels  # (n, n)
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity.detach()), F.relu(similarity.detach() + margin)
    too_far = -scale * pull * (similarity - (1 - margin))
    too_near = scale * push * (similarity - margin)
    too_far = too_far.masked_fill(~same | itself, -torch.inf).logsumexp(dim=1)  # (n,)
    return F.softplus(too_near.masked_fill(same, -torch.inf).logsumexp(dim=1) + too_far).mean()
    # END SOLUTION


# %% tags=["test"]
def test_circle_by_hand(circle):
    table = torch.tensor([[1.0, 0.8, 0.1, 0.1], [0.8, 1, 0.1, 0.1], [0.1, 0.1, 1, 0.8], [0.1, 0.1, 0.8, 1]])
    found = circle(table, torch.tensor([4, 4, 6, 6]), margin=0.25, scale=2.0)
    checks.shape(found, (), "one number for the batch")
    by_hand = np.log(1 + 2 * np.exp(2 * 0.35 * (0.1 - 0.25)) * np.exp(-2 * 0.45 * (0.8 - 0.75)))
    checks.close(found, by_hand, "each anchor has one positive at 0.8 and two negatives at 0.1")


# %% tags=["hidden"]
def test_circle_like_a_loop(circle, SEED):
    rng = np.random.default_rng(SEED)
    labels = rng.permutation(np.repeat([8, 1, 30], [2, 3, 4]))
    table = rng.uniform(-0.9, 0.9, (9, 9))  # below -m too, where the weight is 0
    np.fill_diagonal(table, 1)
    losses = []
    for mine, row in enumerate(table):
        own = [s for b, s in enumerate(row) if labels[b] == labels[mine] and b != mine]
        others = [s for b, s in enumerate(row) if labels[b] != labels[mine]]
        near = sum(np.exp(3.0 * max(s + 0.2, 0) * (s - 0.2)) for s in others)
        losses.append(np.log(1 + near * sum(np.exp(-3.0 * max(1.2 - s, 0) * (s - 0.8)) for s in own)))
    found = circle(torch.from_numpy(table), torch.from_numpy(labels), margin=0.2, scale=3.0)
    why = "a loop over all pairs says so; is the anchor among its positives, or a weight below 0?"
    checks.close(found, np.mean(losses), why)


# %% tags=["hidden"]
def test_circle_gradient_like_the_projects(circle, SEED):
    from learning_reid.losses import circle_loss

    labels = torch.arange(3).repeat(4)
    mine = torch.from_numpy(np.random.default_rng(SEED).normal(size=(12, 5))).requires_grad_()
    theirs = mine.detach().clone().requires_grad_()
    found = circle(F.normalize(mine) @ F.normalize(mine).T, labels, scale=8.0)
    checks.holds(found.requires_grad, "no gradient: only the weights are to be detached")
    found.backward()
    circle_loss(theirs, labels, scale=8.0).backward()
    checks.close(mine.grad, theirs.grad, "the weights are numbers: no gradient goes through them")


# %% tags=["hidden"]
def test_circle_does_not_overflow(circle):
    table = torch.tensor([[1.0, -1, 0.9, 0.9], [-1, 1, 0.9, 0.9], [0.9, 0.9, 1, -1], [0.9, 0.9, -1, 1]])
    found = circle(table, torch.tensor([0, 0, 1, 1]))
    expected = 64 * 1.15 * 0.65 + np.log(2) + 64 * 2.25 * 1.75
    checks.close(found, expected, "one's own is opposite, strangers are near: a large loss, not an infinite one")


# %% [markdown]
# Your circle loss moves directions, not places: what counts is the angle of the rays.

# %%
draw_paths(lambda points, labels: circle(F.normalize(points) @ F.normalize(points).T, labels), "circle", rays=True)
unit = F.normalize(vectors)
print(f"your batch of crops: triplet {batch_hard(vectors, labels):.3f}, circle {circle(unit @ unit.T, labels):.3f}")

# %% [markdown]
# ## Question 5: one anchor (1 point)
#
# No code now. An anchor has three positives at distances 0.2, 0.3 and 0.9, and two negatives at 1.0 and 1.4. The
# margin is 0.3, the loss is batch-hard triplet with the hinge. What does this anchor's loss do in the next step?
#
# - **a** Nothing: all three positives are nearer than every negative, so the hinge gives 0.
# - **b** It draws the positive at 0.9 nearer and drives the negative at 1.0 away, the more gently the less is missing;
#   the nearer the goal, the slower.
# - **c** It draws the positive at 0.9 nearer and drives the negative at 1.0 away, at full strength, however little is
#   missing; as soon as nothing is missing, it lets go at once.
# - **d** It draws all three positives nearer and drives both negatives away, each by as much as it is out of place.

# %% tags=["solution"]
answer = "c"  # SOLUTION

# %% [markdown] tags=["why"]
# **c.** The margin asks for 0.9 + 0.3 = 1.2, and the nearest negative stands at 1.0: the loss is 0.2. Batch-hard sees
# these two only; the other positives and the negative at 1.4 are not in the formula, and get no gradient. The slope of
# the hinge is 1 as long as the loss is above 0, and a distance also grows by 1 for each 1 that a point moves away: so
# the pull is the same at 0.2 missing and at 0.002. At 0 it ends. (**b** describes the soft margin.)
#
# With the *easiest* positive (0.2) the loss would be 0: such a loss is content as soon as one picture of the same
# person is near, and never hears of the one from behind. Of all 6 triplets only one has a loss above 0, so an average
# over all would pull with a sixth of the strength.


# %% tags=["test"]
def test_answer_is_a_choice(answer):
    checks.choice(answer, "abcd")


# %% tags=["hidden"]
def test_answer_is_right(answer):
    checks.equal(answer, "c", "put the numbers into the formula, then ask for its slope")
