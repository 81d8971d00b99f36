# %% [markdown]
# # Metric-learning losses in two dimensions
#
# > What does a loss pull together, what does it push apart, and when does it stop?
#
# **You will learn** the four losses that most ReID networks are trained with, from formula to code; to see what each of
# them does, on points in a plane; why a batch contains a few crops of each of a few people; and which loss works best
# from random weights.
#
# **Needs** lesson 1; what a gradient is, and a little PyTorch.
#
# **Takes** 3 minutes on 2 CPU cores, and half an hour to read.

# %% tags=["parameters"]
DATA = "embedded"  # @param ["embedded", "market1501"]
SEED = 7
P, K = 5, 4  # people in a batch, and crops of each
STEPS = 400
EPOCHS = 8  # of each of the four trainings at the end
PEOPLE = 100  # of these trainings; a fifth of them for validation

# %% tags=["smoke"]
STEPS, EPOCHS, PEOPLE = 100, 1, 8

# %% [markdown]
# ## What a loss asks for
#
# A network turns a crop into a vector. The loss says how these vectors should move, and training carries this wish back
# into the weights. A **metric loss** compares the vectors of a batch with each other. The best-known one takes three of
# them: an [anchor](../docs/glossary.md#anchor-positive-negative), a positive (the same person) and a negative (another
# person).

# %% tags=["hidden"]
# @title Diagram: a triplet
from reid_course import show_diagram

show_diagram("triplet")

# %% [markdown]
# To see a loss at work we leave the network out. Each "crop" is a point in a plane, and the loss moves the points
# themselves. Five people (colors) have four points each, half sorted, as in a network that has just begun to learn.

# %%
import torch
from torch import Tensor, nn

torch.set_num_threads(1)  # twenty points do not keep two cores busy
labels = torch.arange(P).repeat_interleave(K)  # person of each point: 0 0 0 0 1 1 1 1 …
angle = 2 * torch.pi * labels / P
noise = torch.randn(P * K, 2, generator=torch.Generator().manual_seed(SEED))
start = torch.stack([angle.cos(), angle.sin()], dim=1) + 0.5 * noise  # (20, 2)
print(labels.tolist())

# %% [markdown]
# ## Loss 1: cross-entropy
#
# [Cross-entropy](../docs/glossary.md#cross-entropy) treats every training person as a class. A classifier computes one
# score $s_c$ for each person; the loss is the negative logarithm of the probability of the right one:
#
# $$L = -\log \frac{e^{s_y}}{\sum_c e^{s_c}}$$
#
# It does not compare crops with each other. It compares each crop with one learned direction per person.


# %%
def cross_entropy_by_hand(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the mean cross-entropy of scores (n, classes)."""
    log_probability = scores - scores.logsumexp(dim=1, keepdim=True)
    return -log_probability[range(len(labels)), labels].mean()


# %% [markdown]
# ## Loss 2: triplet loss
#
# The [triplet loss](../docs/glossary.md#triplet-loss) wants every negative to be farther from the anchor than every
# positive, by a [margin](../docs/glossary.md#margin) $m$. If that is the case, the loss is zero:
#
# $$L = \max(0,\; m + D(a, p) - D(a, n))$$
#
# Our batch contains 20 anchors × 3 positives × 16 negatives = 960 triplets, most of them easy. **Batch-hard** (Hermans
# and others 2017) takes only one per anchor: the *farthest* positive and the *nearest* negative.


# %%
def triplet_by_hand(points: Tensor, labels: Tensor, margin: float = 0.3) -> Tensor:
    """Return the mean batch-hard triplet loss of points (n, d)."""
    distances = torch.cdist(points, points)  # (n, n)
    same_person = labels[:, None] == labels  # (n, n)
    farthest_positive = distances.masked_fill(~same_person, 0).max(dim=1).values  # (n,)
    nearest_negative = distances.masked_fill(same_person, torch.inf).min(dim=1).values  # (n,)
    return (margin + farthest_positive - nearest_negative).clamp(min=0).mean()


# %% [markdown]
# ## Loss 3: circle loss
#
# A triplet only knows the *difference* of two distances. [Circle loss](../docs/glossary.md#circle-loss) (Sun and others
# 2020) uses cosine similarities $s$ and weights each pair by how far it is from its ideal: $s_p = 1$ for positives and
# $s_n = 0$ for negatives. With $\alpha_p = \max(0, 1 + m - s_p)$ and $\alpha_n = \max(0, s_n + m)$:
#
# $$L = \log\Big[1 + \sum_n e^{\gamma \alpha_n (s_n - m)} \sum_p e^{-\gamma \alpha_p (s_p - (1 - m))}\Big]$$


# %%
def circle_by_hand(points: Tensor, labels: Tensor, margin: float = 0.25, scale: float = 64) -> Tensor:
    """Return the mean circle loss of points (n, d)."""
    unit = nn.functional.normalize(points)
    similarity = unit @ unit.T  # (n, n)
    same_person = labels[:, None] == labels
    negatives, positives = ~same_person, same_person & ~torch.eye(len(labels), dtype=torch.bool)
    positive_weight = (1 + margin - similarity.detach()).clamp(min=0)  # no gradient through the weights
    negative_weight = (similarity.detach() + margin).clamp(min=0)
    positive_terms = -scale * positive_weight * (similarity - (1 - margin))
    negative_terms = scale * negative_weight * (similarity - margin)
    positive_sum = positive_terms.masked_fill(~positives, -torch.inf).logsumexp(dim=1)  # (n,)
    negative_sum = negative_terms.masked_fill(~negatives, -torch.inf).logsumexp(dim=1)
    return nn.functional.softplus(positive_sum + negative_sum).mean()  # softplus(x) = log(1 + e^x)


# %% [markdown]
# ## Loss 4: supervised contrastive loss
#
# The contrastive loss (Khosla and others 2020) compares an anchor with *all* other crops of the batch at once. Each
# positive should be more similar than everything else; the temperature $\tau$ says how strictly:
#
# $$L_i = -\frac{1}{|P(i)|}\sum_{p \in P(i)} \log \frac{e^{s_{ip}/\tau}}{\sum_{a \ne i} e^{s_{ia}/\tau}}$$


# %%
def contrastive_by_hand(points: Tensor, labels: Tensor, temperature: float = 0.1) -> Tensor:
    """Return the mean supervised contrastive loss of points (n, d)."""
    unit = nn.functional.normalize(points)
    itself = torch.eye(len(labels), dtype=torch.bool)
    similarity = (unit @ unit.T / temperature).masked_fill(itself, -torch.inf)  # (n, n)
    log_share = similarity - similarity.logsumexp(dim=1, keepdim=True)
    positives = (labels[:, None] == labels) & ~itself
    return (-log_share.masked_fill(~positives, 0).sum(dim=1) / positives.sum(dim=1)).mean()


# %% [markdown]
# The library has the same four losses, with checks for incomplete batches. Equal results on our points:

# %%
from learning_reid.losses import circle_loss, cross_entropy, supervised_contrastive_loss, triplet_loss

pairs = {
    "cross-entropy": (
        cross_entropy_by_hand(start @ start[::K].T, labels),
        cross_entropy(start @ start[::K].T, labels, 0),
    ),
    "triplet": (triplet_by_hand(start, labels), triplet_loss(start, labels)),
    "circle": (circle_by_hand(start, labels), circle_loss(start, labels)),
    "contrastive": (contrastive_by_hand(start, labels), supervised_contrastive_loss(start, labels)),
}
for name, (by_hand, library) in pairs.items():
    print(f"{name:14s} by hand {by_hand:8.4f}   library {library:8.4f}")

# %% tags=["check"]
assert all(torch.isclose(by_hand, library, rtol=1e-3) for by_hand, library in pairs.values())

# %% [markdown]
# ## Four losses move points
#
# The points are the parameters now; otherwise this is the usual training loop. Cross-entropy also learns its
# classifier.

# %%
METRIC_LOSSES = {"triplet": triplet_loss, "circle": circle_loss, "contrastive": supervised_contrastive_loss}
LOSSES = ["cross-entropy", *METRIC_LOSSES]


def move_points(name: str, points: Tensor) -> tuple[Tensor, Tensor]:
    """Return the points before and after each step (steps + 1, n, d), and the loss of each step (steps,)."""
    points = points.clone().requires_grad_()
    torch.manual_seed(SEED)
    classifier = nn.Linear(points.shape[1], P, bias=False)
    optimizer = torch.optim.Adam([points, classifier.weight], lr=0.02)
    history, losses = [points.detach().clone()], []
    for _ in range(STEPS):
        metric_loss = METRIC_LOSSES.get(name)
        loss = metric_loss(points, labels) if metric_loss else cross_entropy(classifier(points), labels, 0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        history.append(points.detach().clone())
        losses.append(loss.item())
    return torch.stack(history), torch.tensor(losses)


# %% [markdown]
# All four will gather the five colors. Only *one* loss will become exactly zero, so that nothing moves any more. Which?

# %%
MY_LOSS = None  # "cross-entropy", "triplet", "circle" or "contrastive"

# %%
moved = {name: move_points(name, start) for name in LOSSES}
for name, (_, losses) in moved.items():
    print(f"{name:14s} first {losses[0]:7.3f}   last {losses[-1]:7.4f}")
print("your answer:", MY_LOSS)

# %% tags=["check"]
assert [name for name in LOSSES if moved[name][1][-1] == 0] == ["triplet"]

# %% tags=["hidden"]
# @title Show the points after 0, 20, 80 and 400 steps
import matplotlib.pyplot as plt

from reid_course import COLORS, show

DIRECTIONS_ONLY = ["circle", "contrastive"]
point_colors = [COLORS[person] for person in labels]
moments = [0, STEPS // 20, STEPS // 5, STEPS]
figure, cells = plt.subplots(len(LOSSES), len(moments), figsize=(7.4, 7.6))
for name, line in zip(LOSSES, cells, strict=True):
    history = moved[name][0]
    reach = 1.15 * float(history.abs().max())
    for moment, cell in zip(moments, line, strict=True):
        if name in DIRECTIONS_ONLY:
            for point, color in zip(history[moment], point_colors, strict=True):
                cell.plot([0, point[0]], [0, point[1]], color=color, linewidth=0.6)
        cell.scatter(*history[moment].T, c=point_colors, s=22, zorder=3)
        cell.plot(0, 0, "k+")
        cell.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal", xticks=[], yticks=[])
    line[0].set_ylabel(name)
for moment, cell in zip(moments, cells[0], strict=True):
    cell.set_title(f"after {moment} steps")
show(figure, "Twenty points of five people, moved by four losses. One color per person; the cross marks the origin.")

# %% [markdown]
# - **Cross-entropy** sends each person out along one direction, farther and farther: the farther out, the more certain
#   the classifier. Points of one person may stay far apart as long as they are in the same wedge.
# - **Triplet** makes compact clusters. It only cares about distances and the margin between them. Then it stops.
# - **Circle** and **contrastive** loss normalize the vectors, so only directions count (thin lines). They never become
#   zero. For the contrastive loss, each of three positives would have to be more similar than the other two; the best
#   possible value is ln 3 = 1.10.
#
# So never compare the *values* of two different losses. Compare what the trained networks can do.

# %% tags=["hidden"]
# @title Plot the four losses
figure, axes = plt.subplots(figsize=(7, 3))
for name in LOSSES:
    axes.plot(moved[name][1] / moved[name][1][0], label=name)
axes.set(xlabel="step", ylabel="loss / first loss", ylim=(-0.03, 1.1))
axes.legend()
show(figure, "The four losses, divided by their first values. Only the triplet loss reaches zero.")

# %% [markdown]
# ## Why batch-hard?
#
# Why not average over all 960 triplets? Most are easy and contribute zero. Count those with a loss above zero, among
# all triplets and among the 20 hardest ones:


# %%
def active_triplets(points: Tensor, margin: float = 0.3) -> tuple[float, float]:
    """Return the share of triplets with a loss above 0: among all, and among the hardest of each anchor."""
    distances = torch.cdist(points, points)
    same_person = labels[:, None] == labels
    positives = same_person & ~torch.eye(len(labels), dtype=torch.bool)
    is_triplet = positives[:, :, None] & ~same_person[:, None, :]  # (anchor, positive, negative)
    active = margin + distances[:, :, None] - distances[:, None, :] > 0
    of_anchor = (active & is_triplet).any(dim=2).any(dim=1)  # the hardest is active if any is
    return active[is_triplet].float().mean().item(), of_anchor.float().mean().item()


shares = torch.tensor([active_triplets(points) for points in moved["triplet"][0]])
print(f"at the start: {shares[0, 0]:.0%} of all triplets, {shares[0, 1]:.0%} of the hardest")

# %% tags=["hidden"]
# @title Plot the share of active triplets
figure, axes = plt.subplots(figsize=(7, 2.8))
axes.plot(100 * shares[:, 1], label="hardest triplets (20)")
axes.plot(100 * shares[:, 0], label="all triplets (960)")
axes.set(xlabel="step", ylabel="loss above zero (%)", xlim=(0, STEPS // 2))
axes.legend()
show(figure, "Among the hardest triplets, more contribute to the loss, and for longer.")

# %% [markdown]
# An average over all triplets becomes an average of zeros, and gradients vanish although mistakes remain. The price of
# batch-hard: the hardest positive is often a *wrong label*, and batch-hard listens to it more than to anything else.
#
# ## Why "circle"?
#
# Take three crops with given similarities $s_p$ and $s_n$ and ask both losses for their value. Where is it small?

# %% tags=["hidden"]
# @title Plot triplet and circle loss over the two similarities
s_n, s_p = torch.meshgrid(torch.linspace(-0.2, 0.65, 45), torch.linspace(0.2, 0.995, 45), indexing="xy")
one = torch.ones_like(s_n)
gram = torch.stack([one, s_p, s_n, s_p, one, s_n, s_n, s_n, one], dim=-1).view(-1, 3, 3)
triplets = torch.linalg.cholesky(gram)  # anchor, positive and negative with exactly these similarities
figure, cells = plt.subplots(1, 2, figsize=(7.4, 4.2), sharey=True)
for name, level, cell in (("triplet", 0.02, cells[0]), ("circle", 0.693, cells[1])):
    values = [METRIC_LOSSES[name](triplet, torch.tensor([0, 0, 1])) for triplet in triplets]
    heights = torch.stack(values).view(45, 45)
    cell.contourf(s_n, s_p, heights, levels=12)
    cell.contour(s_n, s_p, heights, levels=[level], colors="white")
    cell.set(xlabel="$s_n$: similarity to another person", title=name, aspect="equal")
few = (slice(4, None, 8), slice(4, None, 8))
cells[1].quiver(s_n[few], s_p[few], -(s_n + 0.25).clamp(min=0)[few], (1.25 - s_p)[few], color="#e69f00")
cells[0].set_ylabel("$s_p$: similarity to the same person")
show(figure, "Both losses over the two similarities; bright is high. Below the white line the loss is large. "
     "For the circle loss the line is an arc; orange arrows show how it pulls.")  # fmt: skip

# %% [markdown]
# For the triplet loss the boundary is nearly a straight line: only the difference counts. For the circle loss it is
# part of a circle around the ideal $s_n = 0, s_p = 1$, hence the name. Its arrows differ from place to place: the
# similarity that is more wrong is corrected more.
#
# ## A batch must contain pairs
#
# Metric losses need positives *in the batch*. Draw 32 crops of the training people at random. For how many, in percent,
# does the batch contain another crop of the same person **by another camera**?

# %%
MY_GUESS = None  # a number from 0 to 100

# %%
import numpy as np

from reid_course import open_people

samples = open_people(DATA, seed=SEED).subset("train")
_, person = np.unique([sample.person_id for sample in samples], return_inverse=True)
_, camera = np.unique([sample.camera_id for sample in samples], return_inverse=True)
print(f"{len(samples)} crops of {person.max() + 1} people by {camera.max() + 1} cameras")


def share_with_positive(batch: np.ndarray) -> float:
    """Return the share of crops in a batch with a crop of the same person by another camera."""
    same_person = person[batch][:, None] == person[batch]
    same_camera = camera[batch][:, None] == camera[batch]
    return (same_person & ~same_camera).any(axis=1).mean()


# %% [markdown]
# A [P×K sampler](../docs/glossary.md#pk-sampler) draws P people, then K crops of each. The core of it is short:


# %%
def sample_pk(num_people: int, crops_each: int, rng: np.random.Generator) -> np.ndarray:
    """Return a batch: the indices of K crops of each of P people."""
    people = rng.choice(person.max() + 1, num_people, replace=False)
    return np.concatenate([rng.choice(np.flatnonzero(person == one), crops_each, replace=False) for one in people])


# %%
from reid_course import compare_guess

rng = np.random.default_rng(SEED)
random_batches = [share_with_positive(rng.choice(len(samples), 32, replace=False)) for _ in range(200)]
pk_batches = [share_with_positive(sample_pk(8, K, rng)) for _ in range(200)]
compare_guess(MY_GUESS, 100 * np.mean(random_batches), "random batches")
print(f"P×K batches: {100 * np.mean(pk_batches):.1f} %")

# %% tags=["hidden"]
# @title Diagram: a P×K batch and its pairs
show_diagram("pk_batch")

# %% [markdown]
# With the 751 training people of Market-1501, a random batch would contain almost no pairs. The library's
# [`IdentityBatchSampler`](../src/learning_reid/training/sampler.py) also spreads the K crops over as many cameras as
# possible, and every epoch sees every person. The first people of one of its batches:

# %%
from learning_reid.training import IdentityBatchSampler

sampler = IdentityBatchSampler(person, batch_size=32, per_person=K, cameras=camera, seed=SEED)
batch = next(iter(sampler))
for row in range(0, 3 * K, K):
    print("person", person[batch[row]], "cameras", (camera[batch[row : row + K]] + 1).tolist())

# %% tags=["hidden"]
# @title Show these crops
from learning_reid.datasets import read_crop
from reid_course import show_crops

rows = [[read_crop(samples[index]) for index in batch[row : row + K]] for row in range(0, 3 * K, K)]
titles = [[f"camera {camera[index] + 1}" for index in batch[row : row + K]] for row in range(0, 3 * K, K)]
show_crops(rows, "Part of a batch: each row shows one person, seen by as many cameras as possible.", titles)

# %% [markdown]
# ## Which loss is best?
#
# Moving points is one thing, training a network another. Here is an [ablation](../docs/glossary.md#ablation): four
# short trainings of OSNet from random weights that differ in nothing but the loss beside the cross-entropy. The result
# is mAP on *validation people*, whom the loss never saw. (Lesson 5 shows what happens inside `train`.) Which one will
# win?

# %%
MY_LOSS = None  # "none", "triplet", "circle" or "supcon" (the contrastive loss)

# %%
import tempfile
from pathlib import Path

from learning_reid.config import TrainSettings, read_settings
from learning_reid.training import create_trainer, read_metrics
from reid_synth import MarketPlan

crops = open_people(DATA, MarketPlan(train_people=PEOPLE, test_people=20, cameras=4, crops_per_camera=4), SEED)
RECIPE = [f"data.dataset={crops.name}", f"data.root={crops.root}", f"data.people={PEOPLE}", "data.workers=0",
          "model.input_size=[64,32]", f"schedule.batch_size={min(64, PEOPLE)}", "schedule.ema_decay=0.95",
          f"schedule.epochs={EPOCHS}", "run.device=cpu", "run.threads=1"]  # fmt: skip


def train(loss: str) -> np.ndarray:
    """Train with one metric loss and return the validation mAP after each epoch."""
    settings = read_settings(TrainSettings, "reid.yml", [*RECIPE, f"loss.type={loss}", f"run.seed={SEED}"])
    with tempfile.TemporaryDirectory() as folder:
        create_trainer(settings).train(Path(folder))
        rows = read_metrics(Path(folder))
    return np.array([max(float(row["map"] or 0), float(row["map_average"] or 0)) for row in rows])


# %%
curves = {loss: train(loss) for loss in ("none", "triplet", "circle", "supcon")}
for loss, curve in curves.items():
    print(f"{loss:8s} mAP after the last epoch: {100 * curve[-1]:.1f} %")
print("your answer:", MY_LOSS)

# %% tags=["check"]
assert curves["supcon"][-1] > curves["circle"][-1]

# %% tags=["hidden"]
# @title Plot validation mAP
figure, axes = plt.subplots(figsize=(7, 3))
for loss, curve in curves.items():
    label = "cross-entropy alone" if loss == "none" else f"cross-entropy + {loss}"
    axes.plot(range(1, len(curve) + 1), 100 * curve, marker=".", label=label)
axes.set(xlabel="epoch", ylabel="validation mAP (%)", ylim=(0, None))
axes.legend()
show(figure, "Validation mAP of four trainings that differ only in the metric loss.")

# %% [markdown]
# - **A metric loss can be slow from random weights.** At first all embeddings are nearly equal, so all distances are
#   too. Triplet and circle loss then pull in no useful direction. From pretrained weights this is different:
#   cross-entropy with triplet loss is the usual choice there.
# - **More losses are not always better.** In a short training, cross-entropy alone may keep up.
# - **One seed is one sample.** Differences of a few points may vanish with another seed, as lesson 3 explained. The
#   sets here are small.
#
# ## Summary
#
# > - **Cross-entropy** sorts the training people with a classifier that is dropped later. **Triplet** loss wants a
# >   margin between distances, and stops there. **Circle** and **contrastive** loss compare directions and weight hard
# >   pairs.
# > - **Batch-hard** uses the farthest positive and the nearest negative of each anchor: it always finds something to
# >   learn, and it is easily misled by wrong labels.
# > - Metric losses need positive pairs in the batch, by several cameras: the **P×K sampler** provides them.
# > - Values of different losses cannot be compared. Compare mAP on people whom the loss never saw.
#
# ## Check yourself
#
# 1. The triplet loss of a batch is exactly 0. Is the network perfect?
#
#    <details><summary>Answer</summary>
#
#    No. It separates the people *of this batch* by the margin. Other batches, and people outside the training data, may
#    look different.
#
#    </details>
#
# 2. All embeddings of a network are equal. What is the batch-hard triplet loss with margin 0.3?
#
#    <details><summary>Answer</summary>
#
#    0.3: all distances are 0, so only the margin remains. A loss that stays near its margin is a sign of collapsed
#    embeddings.
#
#    </details>
#
# 3. You change the temperature of the contrastive loss from 0.1 to 0.02. Which pairs gain influence?
#
#    <details><summary>Answer</summary>
#
#    The hardest negatives, those most similar to the anchor. At a temperature near 0 only the single hardest counts, as
#    in batch-hard.
#
#    </details>
#
# 4. Why is the classifier dropped after training?
#
#    <details><summary>Answer</summary>
#
#    Its outputs are scores for the *training* people. The people to be recognized later are others; only their
#    embeddings can be compared.
#
#    </details>
#
# ## Try this
#
# - Set `labels[0] = 1` before `move_points("triplet", start)`: a wrong label. Where does the point go? Do the same with
#   `contrastive`.
# - Start all points in one place: `move_points("triplet", 0.001 * start)`. Why is the first loss near 0.3?
# - Use `cross_entropy` with its default `smoothing=0.1`. How far out do the points go now, and why?
# - Use `triplet_loss(points, labels, margin=None)`, the soft margin. Does it ever become zero?
#
# [Worked answers](../docs/teaching-answers.md#4-losses). Then solve [exercise set 5:
# losses](exercises/student/05_losses.ipynb) and [set 6: the P×K sampler](exercises/student/06_pk_sampler.ipynb).
#
# ## Further reading
#
# - Hermans, Beyer and Leibe 2017, [In Defense of the Triplet Loss](https://arxiv.org/abs/1703.07737): batch-hard and
#   P×K.
# - Sun and others 2020, [Circle Loss](https://arxiv.org/abs/2002.10857).
# - Khosla and others 2020, [Supervised Contrastive Learning](https://arxiv.org/abs/2004.11362).
# - The code: [losses](../src/learning_reid/losses), [sampler.py](../src/learning_reid/training/sampler.py).
