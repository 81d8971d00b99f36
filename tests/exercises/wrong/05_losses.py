# ruff: noqa
"""Classic wrong answers to set 5. Each stands in place of the solution; the line above it says what is wrong."""

import numpy as np
import torch
from torch.nn import functional as F

# %% q1: the root of 0 has no slope


def pairwise(features):
    return (features[:, None] - features[None]).square().sum(dim=2).sqrt()


# %% q1: repaired after the root, where it is too late


def pairwise(features):
    squared = (features[:, None] - features[None]).square().sum(dim=2)
    return torch.where(squared == 0, 0.0, squared.sqrt())


# %% q1: squared, without the root


def pairwise(features):
    return (features[:, None] - features[None]).square().sum(dim=2)


# %% q1: squares of whole vectors round near twins away


def pairwise(features):
    squares = features.square().sum(dim=1)
    return (squares[:, None] + squares - 2 * features @ features.T).clamp(min=1e-12).sqrt()


# %% q1: no gradient


def pairwise(features):
    features = features.detach()
    return (features[:, None] - features[None]).square().sum(dim=2).sqrt()


# %% q1: too much added below the root


def pairwise(features):
    return ((features[:, None] - features[None]).square().sum(dim=2) + 1e-4).sqrt()


# %% q2: the easiest positive


def hardest(distances, labels):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    nearest = distances.masked_fill(same, torch.inf).argmin(dim=1)
    return distances.masked_fill(~same | itself, torch.inf).argmin(dim=1), nearest


# %% q2: the farthest negative


def hardest(distances, labels):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    farthest = distances.masked_fill(~same | itself, -torch.inf).argmax(dim=1)
    return farthest, distances.masked_fill(same, -torch.inf).argmax(dim=1)


# %% q2: the anchor is its own positive


def hardest(distances, labels):
    same = labels[:, None] == labels
    farthest = distances.masked_fill(~same, -torch.inf).argmax(dim=1)
    return farthest, distances.masked_fill(same, torch.inf).argmin(dim=1)


# %% q2: what does not count is 0, which is the nearest of all


def hardest(distances, labels):
    same = labels[:, None] == labels
    return (distances * same).argmax(dim=1), (distances * ~same).argmin(dim=1)


# %% q2: the distances, not the columns


def hardest(distances, labels):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    farthest = distances.masked_fill(~same | itself, -torch.inf).amax(dim=1)
    return farthest, distances.masked_fill(same, torch.inf).amin(dim=1)


# %% q2: as if the pictures of a person lay side by side, two of each


def hardest(distances, labels):
    same = (torch.arange(len(labels)) // 2)[:, None] == torch.arange(len(labels)) // 2
    itself = torch.eye(len(labels), dtype=torch.bool)
    farthest = distances.masked_fill(~same | itself, -torch.inf).argmax(dim=1)
    return farthest, distances.masked_fill(same, torch.inf).argmin(dim=1)


# %% q3: the margin has the wrong sign


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    return F.softplus(violation).mean() if margin is None else F.relu(violation - margin).mean()


# %% q3: positive and negative exchanged


def triplet(farthest, nearest, margin):
    violation = nearest - farthest
    return F.softplus(violation).mean() if margin is None else F.relu(violation + margin).mean()


# %% q3: no hinge


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    return F.softplus(violation).mean() if margin is None else (violation + margin).mean()


# %% q3: the hinge of the mean, not the mean of the hinge


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    return F.softplus(violation).mean() if margin is None else F.relu((violation + margin).mean())


# %% q3: the mean over those above 0 only


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    if margin is None:
        return F.softplus(violation).mean()
    losses = F.relu(violation + margin)
    return losses.sum() / (losses > 0).sum().clamp(min=1)


# %% q3: the sum instead of the mean


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    return F.softplus(violation).sum() if margin is None else F.relu(violation + margin).sum()


# %% q3: squared distances


def triplet(farthest, nearest, margin):
    violation = farthest**2 - nearest**2
    return F.softplus(violation).mean() if margin is None else F.relu(violation + margin).mean()


# %% q3: the soft margin overflows


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    return torch.log(1 + torch.exp(violation)).mean() if margin is None else F.relu(violation + margin).mean()


# %% q3: a margin of 0 taken for none


def triplet(farthest, nearest, margin):
    violation = farthest - nearest
    return F.relu(violation + margin).mean() if margin else F.softplus(violation).mean()


# %% q4: detach forgotten


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity), F.relu(similarity + margin)
    too_far = (-scale * pull * (similarity - (1 - margin))).masked_fill(~same | itself, -torch.inf)
    too_near = (scale * push * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: everything detached


def circle(similarity, labels, margin=0.25, scale=64.0):
    similarity = similarity.detach()
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity), F.relu(similarity + margin)
    too_far = (-scale * pull * (similarity - (1 - margin))).masked_fill(~same | itself, -torch.inf)
    too_near = (scale * push * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: distances instead of similarities


def circle(similarity, labels, margin=0.25, scale=64.0):
    similarity = 1 - similarity
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity.detach()), F.relu(similarity.detach() + margin)
    too_far = (-scale * pull * (similarity - (1 - margin))).masked_fill(~same | itself, -torch.inf)
    too_near = (scale * push * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: all pairs weigh the same


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    too_far = (-scale * (similarity - (1 - margin))).masked_fill(~same | itself, -torch.inf)
    too_near = (scale * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: one margin for both kinds of pairs


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity.detach()), F.relu(similarity.detach() + margin)
    too_far = (-scale * pull * (similarity - margin)).masked_fill(~same | itself, -torch.inf)
    too_near = (scale * push * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: the anchor is its own positive


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    pull, push = F.relu(1 + margin - similarity.detach()), F.relu(similarity.detach() + margin)
    too_far = (-scale * pull * (similarity - (1 - margin))).masked_fill(~same, -torch.inf)
    too_near = (scale * push * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: what does not count is 0, and counts as 1


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity.detach()), F.relu(similarity.detach() + margin)
    too_far = (-scale * pull * (similarity - (1 - margin))) * (same & ~itself)
    too_near = (scale * push * (similarity - margin)) * ~same
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: weights below 0


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = 1 + margin - similarity.detach(), similarity.detach() + margin
    too_far = (-scale * pull * (similarity - (1 - margin))).masked_fill(~same | itself, -torch.inf)
    too_near = (scale * push * (similarity - margin)).masked_fill(same, -torch.inf)
    return F.softplus(too_far.logsumexp(dim=1) + too_near.logsumexp(dim=1)).mean()


# %% q4: overflows


def circle(similarity, labels, margin=0.25, scale=64.0):
    same = labels[:, None] == labels
    itself = torch.eye(len(labels), dtype=torch.bool)
    pull, push = F.relu(1 + margin - similarity.detach()), F.relu(similarity.detach() + margin)
    too_far = torch.exp(-scale * pull * (similarity - (1 - margin))) * (same & ~itself)
    too_near = torch.exp(scale * push * (similarity - margin)) * ~same
    return torch.log(1 + too_far.sum(dim=1) * too_near.sum(dim=1)).mean()


# %% q5: without the margin
answer = "a"

# %% q5: as the soft margin does
answer = "b"

# %% q5: all of them
answer = "d"

# %% q5: none of the choices
answer = "the hinge"
