# %% [markdown]
# # Losses, seen moving points
#
# > What does a loss pull together, what does it push apart, and when does it stop?
#
# **You will learn** what softmax, triplet, circle and contrastive loss ask for, by watching them move points in a
# plane; why a batch holds a few pictures of each of a few people (PK sampling); what *batch-hard* does.
#
# **Needs** lesson 1, and a little PyTorch.
#
# **Takes** 1 minute on 2 CPU cores.

# %% tags=["parameters"]
from reid_course import is_smoke

DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
PEOPLE, EACH = 5, 4  # P people with K pictures each: one batch
STEPS = 100 if is_smoke() else 400

# %% [markdown]
# ## Features without a network
#
# A network turns a picture into a vector, and a loss says how that vector should move. All the rest of training is
# carrying this wish back into the weights. So leave the network out: take points in a plane, one for each picture,
# and let the loss move the points themselves. What one sees then is the loss and nothing else.
#
# Five people (colours) with four pictures each. At first they are half sorted, as in a network that has only begun.

# %%
from collections.abc import Callable

import matplotlib.pyplot as plt
import numpy as np
import torch
from torch import Tensor, nn

from reid_course import COLORS, compare_guess, show, show_crops

torch.set_num_threads(1)  # twenty points do not keep two cores busy
people = torch.arange(PEOPLE).repeat_interleave(EACH)  # 0 0 0 0 1 1 1 1 …
angle = 2 * torch.pi * people / PEOPLE
noise = torch.randn(len(people), 2, generator=torch.Generator().manual_seed(SEED))
start = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.5 * noise
print(people.tolist())

# %% [markdown]
# Four losses, all from [src/learning_reid/losses](../src/learning_reid/losses). Three of them are *metric* losses: they
# compare the pictures of the batch with each other. **Softmax** (cross-entropy) does not: it has a classifier, one
# learned direction for each person, and asks which of these directions a picture points to.

# %%
from learning_reid.losses import circle_loss, cross_entropy, supervised_contrastive_loss, triplet_loss

Loss = Callable[[Tensor, Tensor], Tensor]
METRIC: dict[str, Loss] = {"triplet": triplet_loss, "circle": circle_loss, "contrastive": supervised_contrastive_loss}
NAMES = ["softmax", *METRIC]
BY_ANGLE = ["circle", "contrastive"]  # these look at directions alone, not at lengths


def make_loss(name: str, persons: int) -> tuple[Loss, list[nn.Parameter]]:
    """A function of points and labels, and what it has to learn itself."""
    if name in METRIC:
        return METRIC[name], []
    torch.manual_seed(SEED)
    classifier = nn.Linear(2, persons, bias=False)
    return lambda points, labels: cross_entropy(classifier(points), labels, smoothing=0), [*classifier.parameters()]


# %% [markdown]
# The points are the parameters here; otherwise it is the training loop that you know.


# %%
def move(name: str, points: Tensor) -> tuple[Tensor, np.ndarray]:
    """Let a loss move points: where they are before and after each step (steps + 1, n, d), and the loss (steps,)."""
    points = points.clone().requires_grad_()
    loss, learned = make_loss(name, PEOPLE)
    optimiser = torch.optim.Adam([points, *learned], lr=0.02)
    places, values = [points.detach().clone()], []
    for _ in range(STEPS):
        optimiser.zero_grad()
        value = loss(points, people)
        value.backward()
        optimiser.step()
        places.append(points.detach().clone())
        values.append(value.item())
    return torch.stack(places), np.array(values)


# %% [markdown]
# Before you look: all four will gather the five colours. Only one of the four will be *content*, so that its loss is
# exactly zero and nothing moves any more. Which?

# %%
MY_LOSS = None  # "softmax", "triplet", "circle" or "contrastive"

# %%
moved = {name: move(name, start) for name in NAMES}
moments = [0, STEPS // 20, STEPS // 5, STEPS]
colours = [COLORS[person] for person in people]
figure, cells = plt.subplots(len(NAMES), len(moments), figsize=(7.2, 7.4))
for name, line in zip(NAMES, cells, strict=True):
    places = moved[name][0]
    reach = 1.15 * float(places.abs().max())
    for moment, cell in zip(moments, line, strict=True):
        if name in BY_ANGLE:
            for point, colour in zip(places[moment], colours, strict=True):
                cell.plot([0, point[0]], [0, point[1]], color=colour, linewidth=0.6)
        cell.scatter(*places[moment].T, c=colours, s=22, zorder=3)
        cell.plot(0, 0, "k+")
        cell.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    line[0].set_ylabel(name)
for moment, cell in zip(moments, cells[0], strict=True):
    cell.set_title(f"after {moment} steps")
show(
    figure,
    "Twenty points of five colours moved by four losses: softmax makes five wedges that drift outwards, triplet small "
    "heaps that stop soon, circle and contrastive five directions (only the thin rays count).",
)

# %% [markdown]
# - **Softmax** sends each person out along a direction of their own, and on and on: the farther out, the surer the
#   classifier. Points of one person may stay far from each other as long as they lie in the same wedge.
# - **Triplet** makes heaps. It cares for distances only, and only for a *margin* between them.
# - **Circle** and **contrastive** loss see angles alone (cosine similarity), so each person becomes a direction.

# %%
figure, axes = plt.subplots(figsize=(7, 3))
for name in NAMES:
    axes.plot(moved[name][1] / moved[name][1][0], label=name)
axes.set(xlabel="step", ylabel="loss (the first = 1)", ylim=(-0.03, 1.1))
axes.legend()
show(figure, "The four losses, step by step, each divided by its first value: that of triplet ends at exactly zero.")

last = {name: moved[name][1][-1] for name in NAMES}
content = [name for name in NAMES if last[name] == 0]
print("exactly zero:", content, "- you said", MY_LOSS)
print(*(f"{name} {value:.4f}" for name, value in last.items()), f"(ln 3 is {np.log(3):.4f})", sep="   ")
assert content == ["triplet"] and last["contrastive"] > np.log(EACH - 1)

# %% [markdown]
# Three endings. **Triplet** stops: once every stranger is 0.3 farther than everybody of one's own, the gradient is
# zero. **Softmax** and the others never quite do. The **contrastive** loss cannot reach zero at all: of the three other
# pictures of a person each would have to be nearer than the two others. Its floor is ln 3, a third for each. So never
# compare the *values* of two different losses: compare what comes out of the network.
#
# ## What batch-hard does
#
# A triplet is an anchor, a picture of the same person (positive) and one of somebody else (negative). The loss of one
# is $[m + D(a,p) - D(a,n)]_+$. In this batch 20 anchors × 3 positives × 16 negatives make 960 of them. **Batch-hard**
# (Hermans, Beyer and Leibe 2017, arXiv 1703.07737) takes for each anchor just one: the *farthest* positive and the
# *nearest* negative.

# %%
from learning_reid.losses import pair_masks

positives, negatives = pair_masks(people)  # (20, 20) each: who is of the same person, who of another


def hardest(points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Distances (n, n), and for each anchor its farthest positive and its nearest negative (n,)."""
    distances = torch.cdist(points, points)
    farthest = distances.masked_fill(~positives, -torch.inf).argmax(dim=1)
    nearest = distances.masked_fill(~negatives, torch.inf).argmin(dim=1)
    return distances, farthest, nearest


distances, farthest, nearest = hardest(start)
every = torch.arange(len(people))
by_hand = (0.3 + distances[every, farthest] - distances[every, nearest]).clamp(min=0).mean()
print(f"by hand {by_hand:.4f}, the project's triplet_loss {triplet_loss(start, people):.4f}")
assert torch.isclose(by_hand, triplet_loss(start, people), atol=1e-5)

# %%
places = moved["triplet"][0]
figure, cells = plt.subplots(1, 3, figsize=(7.4, 2.9))
for moment, cell in zip([0, STEPS // 10, STEPS], cells, strict=True):
    points = places[moment]
    distances, farthest, nearest = hardest(points)
    for anchor in range(0, len(people), EACH):  # one anchor of each person, or it would be a thicket
        for other, dashes in ((farthest, "-"), (nearest, ":")):
            cell.plot(*points[[anchor, int(other[anchor])]].T, color="black", linestyle=dashes, linewidth=1)
        cell.scatter(*points[anchor], s=110, facecolors="none", edgecolors="black")
    cell.scatter(*points.T, c=colours, s=22, zorder=3)
    cell.set(aspect="equal", xticks=[], yticks=[], title=f"after {moment} steps")
show(
    figure,
    "Five anchors (ringed) and what batch-hard picks: a solid line to the farthest picture of the same person, a "
    "dotted one to the nearest stranger. In the end every dotted line is longer than the solid one, by the margin.",
)
assert (distances[every, nearest] - distances[every, farthest] > 0.29).all()

# %% [markdown]
# Why not all 960? Most triplets are easy and have a loss of zero, soon or from the start. An average over all of them
# becomes an average of zeros, and learning falls asleep though some mistakes are left.

# %%
broken, anchors = [], []
for points in places:
    distances, farthest, nearest = hardest(points)
    violated = 0.3 + distances[:, :, None] - distances[:, None, :] > 0  # (anchor, positive, negative)
    counts = positives[:, :, None] & negatives[:, None, :]
    broken.append(float(violated[counts].float().mean()))
    anchors.append(float((0.3 + distances[every, farthest] - distances[every, nearest] > 0).float().mean()))
assert int(counts.sum()) == PEOPLE * EACH * (EACH - 1) * (PEOPLE - 1) * EACH
assert all(all_of_them <= hard for all_of_them, hard in zip(broken, anchors, strict=True))

figure, axes = plt.subplots(figsize=(7, 2.8))
axes.plot(100 * np.array(anchors), label="hardest triplets (20)")
axes.plot(100 * np.array(broken), label="all triplets (960)")
axes.set(xlabel="step", ylabel="% with a loss above 0", xlim=(0, STEPS // 2))
axes.legend()
show(figure, "Share of the triplets with a loss above zero: of the hardest it stays high longer than of all.")
print(f"at the start: {broken[0]:.0%} of all triplets, {anchors[0]:.0%} of the hardest")

# %% [markdown]
# The price: the hardest positive is often a *mistake in the labels*. Batch-hard listens to it, above all others. (Try
# it below.)
#
# ## Why "circle"?
#
# A triplet only knows the *difference* of two distances: near and a bit nearer is as good as far and a bit farther.
# Circle loss (Sun and others 2020, arXiv 2002.10857) weighs each similarity by how far it is from where it should be:
# $s_p$, to the same person, from 1, and $s_n$, to others, from 0. Take three pictures with given similarities and ask
# the losses themselves.

# %%
s_n, s_p = torch.meshgrid(torch.linspace(-0.2, 0.65, 45), torch.linspace(0.2, 0.995, 45), indexing="xy")
ones = torch.ones_like(s_n)
gram = torch.stack([ones, s_p, s_n, s_p, ones, s_n, s_n, s_n, ones], dim=-1).view(-1, 3, 3)
triples = torch.linalg.cholesky(gram)  # (45 · 45, 3, 3): anchor, positive, negative with exactly these similarities
asked = {
    "triplet": [triplet_loss(three, torch.tensor([0, 0, 1])) for three in triples],
    "circle": [circle_loss(three, torch.tensor([0, 0, 1])) for three in triples],
}

margin = 0.25
figure, cells = plt.subplots(1, 2, figsize=(7.4, 3.6), sharey=True)
for (name, values), cell in zip(asked.items(), cells, strict=True):
    heights = torch.stack(values).view(45, 45)
    cell.contourf(s_n, s_p, heights, levels=12)
    cell.contour(s_n, s_p, heights, levels=[0.02 if name == "triplet" else float(np.log(2))], colors="white")
    cell.set(xlabel="$s_n$: similarity to somebody else", title=name, aspect="equal")
few = (slice(4, None, 8), slice(4, None, 8))
cells[1].quiver(s_n[few], s_p[few], -(s_n + margin).clamp(min=0)[few], (1 + margin - s_p)[few], color="#e69f00")
cells[0].set_ylabel("$s_p$: to the same person")
show(
    figure,
    "Loss over the two similarities, bright is high, with a white line where it becomes small. Triplet: a nearly "
    "line. Circle: an arc around the corner where all is well; arrows show its pulls, long where much is wrong.",
)

# %% [markdown]
# The white line on the right is part of a circle around $s_n = 0, s_p = 1$ with radius $m\sqrt 2$, hence the name. Its
# arrows differ: low and right both similarities are corrected, high on the right mostly $s_n$. The triplet loss pulls
# at both distances equally hard, wherever the point is.

# %%
boundary = torch.tensor([[1, 1 - 0.25, 0.25], [1 - 0.25, 1, 0.25], [0.25, 0.25, 1]])  # s_n = m, s_p = 1 − m: on it
on_it = float(circle_loss(torch.linalg.cholesky(boundary), torch.tensor([0, 0, 1])))
print(f"circle loss on the arc: {on_it:.4f}; ln 2 is {np.log(2):.4f}")
assert abs(on_it - np.log(2)) < 1e-3

# %% [markdown]
# ## A plane is narrow
#
# Above, the points were half sorted. What if they begin anywhere? Directions in a plane stand in a ring, and in a ring
# nobody gets past anybody. In more dimensions there is a way round.

# %%
for dimensions in (2, 8, 32):
    anywhere = torch.randn(len(people), dimensions, generator=torch.Generator().manual_seed(SEED))
    for name in BY_ANGLE:
        places, values = move(name, anywhere)
        unit = nn.functional.normalize(places[-1])
        nearest = (unit @ unit.T).masked_fill(~(positives | negatives), -torch.inf).argmax(dim=1)
        right = float((people[nearest] == people).float().mean())
        print(
            f"{dimensions:2d} dimensions, {name:12s} loss {values[-1]:6.2f}, nearest is the right person: {right:.0%}"
        )
        assert is_smoke() or dimensions == 2 or right == 1

# %% [markdown]
# In the plane the circle loss is stuck: it looks at the worst pairs alone, and these stand in each other's way. That is
# one reason why ReID features have hundreds of numbers (512 are usual); the plane is for looking at.
#
# ## One knob: the temperature
#
# The contrastive loss (Khosla and others 2020, arXiv 2004.11362) compares an anchor with everybody at once, and its
# temperature τ says whom it looks at. Share of the push that goes to each of the 16 strangers of one anchor:

# %%
unit = nn.functional.normalize(start)
similar = (unit @ unit.T)[0][negatives[0]].sort(descending=True).values  # (16,), the most similar stranger first
figure, axes = plt.subplots(figsize=(7, 2.6))
for temperature in (0.05, 0.2, 1.0):
    share = torch.softmax(similar / temperature, dim=0)
    axes.plot(range(1, 17), 100 * share, marker="o", label=f"τ = {temperature}")
axes.set(xlabel="stranger, the most similar first", ylabel="% of the push")
axes.legend()
show(figure, "A small temperature pushes the one or two most similar strangers, a large one nearly all alike.")

# %% [markdown]
# So batch-hard is one end of a scale: τ near 0 looks at the hardest alone.
#
# ## A batch with something to compare
#
# All metric losses need positives *in the batch*. Take 32 pictures of the training people at random. For how many, in
# percent, is there another picture of the same person, **by another camera**, in the same batch?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
from learning_reid.datasets import QueryGallerySplit, read_crop
from learning_reid.training import IdentityBatchSampler
from reid_course import open_people

crops = open_people(DATA, seed=SEED)
learned = crops.subset("train")
labels = QueryGallerySplit.from_samples(crops, [], learned).gallery_labels
print(f"{len(learned)} pictures of {len(np.unique(labels.person))} people by {len(np.unique(labels.camera))} cameras")


def with_partner(batch: np.ndarray) -> float:
    """Share of a batch's pictures that have the same person by another camera beside them."""
    person, camera = labels.person[batch], labels.camera[batch]
    return float(((person[:, None] == person) & (camera[:, None] != camera)).any(axis=1).mean())


rng = np.random.default_rng(SEED)
at_random = np.mean([with_partner(rng.choice(len(learned), 32, replace=False)) for _ in range(200)])
sampler = IdentityBatchSampler(labels.person, 32, EACH, cameras=labels.camera, seed=SEED)
chosen = np.mean([with_partner(np.array(batch)) for batch in sampler])
compare_guess(MY_GUESS, 100 * at_random, "at random")
print(f"with PK sampling: {100 * chosen:.1f} %")
assert chosen > at_random

# %% [markdown]
# With the 751 people of Market-1501 it would be a few in a hundred. **PK sampling** draws P people, then K pictures of
# each, from as many cameras as possible: [sampler.py](../src/learning_reid/training/sampler.py). The first people of a
# batch:

# %%
batch = next(iter(sampler))[: 3 * EACH]
starts = range(0, len(batch), EACH)
rows = [[read_crop(learned[index]) for index in batch[row : row + EACH]] for row in starts]
titles = [
    [f"camera {labels.camera[index] + 1}" for index in batch[row : row + EACH]] for row in range(0, len(batch), EACH)
]
show_crops(
    rows, "Part of a batch as the sampler draws it: each row one person, seen by as many cameras as there are.", titles
)

# %% [markdown]
# ## With real vectors
#
# Free points can do anything; a network must treat alike what looks alike. So now: crops of a few people, their vectors
# from the embedded OSNet (which stays as it is), and a small network on top that a loss trains to give two numbers.
# Beside them a few *other* people, whom the loss never sees.

# %%
from learning_reid.datasets import embed_samples
from learning_reid.embedding import create_embedder

persons, first = np.unique(labels.person, return_index=True)
shown = rng.permutation(persons)[: 6 if is_smoke() else 14]
half = len(shown) // 2
rows = [np.flatnonzero(labels.person == person)[:16] for person in shown]
who = torch.from_numpy(np.repeat(np.arange(len(rows)), [len(row) for row in rows]))
samples = [learned[index] for index in np.concatenate(rows)]
vectors = torch.from_numpy(embed_samples(samples, create_embedder("osnet_x0_25", "embedded")))
print(tuple(vectors.shape), "vectors of", len(shown), "people;", half, "of them to learn from")

# %%
ours = who < half


def train_head(name: str) -> Tensor:
    """Two numbers for each vector, from a network that learned from the first half of the people: (n, 2)."""
    torch.manual_seed(SEED)
    head = nn.Sequential(nn.Linear(vectors.shape[1], 64), nn.ReLU(), nn.Linear(64, 2))
    loss, learned_too = make_loss(name, half)
    optimiser = torch.optim.Adam([*head.parameters(), *learned_too], lr=1e-3)
    batches = IdentityBatchSampler(who[ours].numpy(), EACH * half, EACH, seed=SEED)
    for epoch in range(5 if is_smoke() else 60):
        batches.set_epoch(epoch)
        for batch in batches:
            optimiser.zero_grad()
            loss(head(vectors[ours][batch]), who[ours][batch]).backward()
            optimiser.step()
    return head(vectors).detach()


planes = {name: train_head(name) for name in ("softmax", "triplet", "contrastive")}

# %%
figure, cells = plt.subplots(2, 3, figsize=(7.4, 5))
for (name, plane), column in zip(planes.items(), cells.T, strict=True):
    plane = nn.functional.normalize(plane) if name in BY_ANGLE else plane
    for cell, part in zip(column, (ours, ~ours), strict=True):
        cell.scatter(*plane[part].T, c=[COLORS[int(person) % half] for person in who[part]], s=14, alpha=0.7)
        cell.set(xticks=[], yticks=[])
    column[0].set_title(name)
cells[0, 0].set_ylabel("learned from")
cells[1, 0].set_ylabel("other people")
show(
    figure,
    "Crops in two learned dimensions, one colour a person. Above: people whom the loss saw, gathered. Below: other "
    "people, gathered less well and overlapping.",
)


# %%
def nearest_right(points: Tensor, persons: Tensor) -> float:
    """For which share of the pictures the nearest other one shows the same person."""
    apart = torch.cdist(points, points).fill_diagonal_(torch.inf)
    return float((persons[apart.argmin(dim=1)] == persons).float().mean())


for name, plane in planes.items():
    plane = nn.functional.normalize(plane) if name in BY_ANGLE else plane
    seen, unseen = (nearest_right(plane[part], who[part]) for part in (ours, ~ours))
    print(f"{name:12s} nearest is the right person: {seen:.0%} of those learned from, {unseen:.0%} of the others")
    assert is_smoke() or unseen < seen
whole = nearest_right(nn.functional.normalize(vectors[~ours]), who[~ours])
print(f"{'all numbers':12s} {whole:.0%} of the others")

# %% [markdown]
# The loss reached its goal on the people it saw; of others these two numbers know little. A training loss says nothing
# about people who were not in it, and ReID is about nobody else. So lesson 5 chooses by mAP on *other* people.
#
# ## Try this
#
# - Tell batch-hard a lie: `people[0] = 1` before `move("triplet", start)`. Which lines run to the mislabelled point,
#   and what does it do to the two heaps? Do the same to `contrastive`.
# - Start all points almost in one place, `move("triplet", 0.001 * start)`, and print the first losses. Why is the first
#   one so near to the margin, 0.3? What does a network with random weights look like to this loss?
# - Give `cross_entropy` its usual `smoothing=0.1` and watch how far out the points go. Why do they stop now?
# - Use `triplet_loss(points, labels, margin=None)`, the soft margin. Is it ever content?
#
# ## Recap
#
# - **Softmax** sorts into wedges with a classifier that is thrown away later; **triplet** wants a margin between
#   distances, and stops; **circle** and **contrastive** loss see angles alone, and weigh pairs by how wrong they are.
# - **Batch-hard** listens to the farthest positive and the nearest negative only: never asleep, easily misled.
# - Metric losses need positives in the batch, by other cameras: **PK sampling**.
# - Two losses cannot be compared by their values; what counts is how well *other* people are found.
#
# **Sources**: [losses](../src/learning_reid/losses),
# [sampler.py](../src/learning_reid/training/sampler.py), [training.md](../docs/training.md).
