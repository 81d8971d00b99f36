"""The losses against their equations, written as loops in float64, and their gradients."""

import math

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from learning_reid.losses import (
    CenterLoss,
    arcface_logits,
    arcface_loss,
    center_loss,
    circle_loss,
    cross_entropy,
    supervised_contrastive_loss,
    triplet_loss,
)

LABELS = [0, 0, 1, 1, 1, 2]  # the last person has one image
FEATURES = torch.randn(6, 4, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
CENTERS = torch.randn(3, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def positives_and_negatives(anchor):
    """Return the positives and the negatives of an image."""
    others = [other for other in range(len(LABELS)) if other != anchor]
    return [o for o in others if LABELS[o] == LABELS[anchor]], [o for o in others if LABELS[o] != LABELS[anchor]]


def cosine(a, b):
    return float(a @ b / (a.norm() * b.norm()))


def slow_contrastive(temperature):
    each = []
    for i in range(6):
        positives, negatives = positives_and_negatives(i)
        near = {a: math.exp(cosine(FEATURES[i], FEATURES[a]) / temperature) for a in positives + negatives}
        if positives:
            each.append(-sum(math.log(near[p] / sum(near.values())) for p in positives) / len(positives))
    return sum(each) / len(each)


def slow_triplet(margin):
    each = []
    for a in range(6):
        positives, negatives = positives_and_negatives(a)
        if positives and negatives:
            farthest = max(math.dist(FEATURES[a], FEATURES[p]) for p in positives)
            nearest = min(math.dist(FEATURES[a], FEATURES[n]) for n in negatives)
            soft = math.log1p(math.exp(farthest - nearest))
            each.append(soft if margin is None else max(0, margin + farthest - nearest))
    return sum(each) / len(each)


def slow_circle(margin, scale):
    each = []
    for a in range(6):
        positives, negatives = positives_and_negatives(a)
        if positives and negatives:
            pulls = pushes = 0.0
            for p in positives:
                s = cosine(FEATURES[a], FEATURES[p])
                pulls += math.exp(-scale * max(0, 1 + margin - s) * (s - (1 - margin)))
            for n in negatives:
                s = cosine(FEATURES[a], FEATURES[n])
                pushes += math.exp(scale * max(0, s + margin) * (s - margin))
            each.append(math.log(1 + pushes * pulls))
    return sum(each) / len(each)


def slow_arcface(scale, margin):
    each = []
    for feature, label in zip(FEATURES, LABELS, strict=True):
        angles = [math.acos(cosine(feature, center)) for center in CENTERS]
        scores = [scale * math.cos(angle) for angle in angles]
        angle = angles[label]
        past = angle > math.pi - margin
        scores[label] = scale * (math.cos(angle) - margin * math.sin(margin) if past else math.cos(angle + margin))
        each.append(math.log(sum(math.exp(score - scores[label]) for score in scores)))
    return sum(each) / len(each)


def slow_cross_entropy(smoothing):
    each = []
    for row, label in zip(FEATURES.tolist(), LABELS, strict=True):
        total = sum(map(math.exp, row))
        target = [smoothing / len(row) + (1 - smoothing) * (number == label) for number in range(len(row))]
        each.append(-sum(t * math.log(math.exp(score) / total) for t, score in zip(target, row, strict=True)))
    return sum(each) / len(each)


def slow_center():
    return sum(math.dist(f, CENTERS[label]) ** 2 / 2 for f, label in zip(FEATURES, LABELS, strict=True)) / len(LABELS)


CASES = {
    "contrastive 0.1": (supervised_contrastive_loss, (0.1,), slow_contrastive),
    "contrastive 1": (supervised_contrastive_loss, (1.0,), slow_contrastive),
    "triplet 0.3": (triplet_loss, (0.3,), slow_triplet),
    "triplet 0": (triplet_loss, (0.0,), slow_triplet),
    "triplet soft": (triplet_loss, (None,), slow_triplet),
    "circle": (circle_loss, (0.25, 64.0), slow_circle),
    "circle small": (circle_loss, (0.4, 5.0), slow_circle),
    "cross-entropy": (cross_entropy, (0.1,), slow_cross_entropy),
    "cross-entropy plain": (cross_entropy, (0.0,), slow_cross_entropy),
}


@pytest.mark.parametrize("case", CASES)
def test_the_loss_equals_its_equation(case):
    loss, options, slow = CASES[case]
    assert loss(FEATURES, torch.tensor(LABELS), *options).item() == pytest.approx(slow(*options), rel=1e-9)


@pytest.mark.parametrize(("scale", "margin"), [(64.0, 0.5), (8.0, 0.0), (8.0, 1.5)])
def test_arcface_equals_its_equation(scale, margin):
    value = arcface_loss(FEATURES, torch.tensor(LABELS), CENTERS, scale, margin)
    assert value.item() == pytest.approx(slow_arcface(scale, margin), rel=1e-9)


def test_center_loss_equals_its_equation():
    assert center_loss(FEATURES, torch.tensor(LABELS), CENTERS).item() == pytest.approx(slow_center(), rel=1e-12)


@pytest.mark.parametrize("case", [name for name in CASES if "circle" not in name])
def test_gradients_equal_finite_differences(case):
    loss, options, _ = CASES[case]
    features = FEATURES.clone().requires_grad_()
    assert gradcheck(lambda x: loss(x, torch.tensor(LABELS), *options), [features])


def test_gradients_of_losses_with_parameters_equal_finite_differences():
    both = [FEATURES.clone().requires_grad_(), CENTERS.clone().requires_grad_()]
    assert gradcheck(lambda x, weights: center_loss(x, torch.tensor(LABELS), weights), both)
    assert gradcheck(lambda x, weights: arcface_loss(x, torch.tensor(LABELS), weights), both)


def test_the_weights_of_circle_loss_are_constants_to_the_gradient():
    """The gradient equals the gradient of the same loss with constant weights α."""
    features = FEATURES.clone().requires_grad_()
    circle_loss(features, torch.tensor(LABELS), 0.25, 8.0).backward()
    fixed = F.normalize(FEATURES)
    s = fixed @ fixed.T
    push, pull = F.relu(s + 0.25), F.relu(1.25 - s)
    again = FEATURES.clone().requires_grad_()
    each = []
    for a in range(5):
        positives, negatives = positives_and_negatives(a)
        own = F.normalize(again) @ F.normalize(again[a], dim=0)
        pulls = sum(torch.exp(-8 * pull[a, p] * (own[p] - 0.75)) for p in positives)
        pushes = sum(torch.exp(8 * push[a, n] * (own[n] - 0.25)) for n in negatives)
        each.append(torch.log(1 + pulls * pushes))
    torch.stack(each).mean().backward()
    torch.testing.assert_close(features.grad, again.grad)


def test_arcface_lowers_the_true_logit_at_every_angle():
    angles = torch.linspace(0.01, math.pi - 0.01, 200, dtype=torch.float64)
    features = torch.stack([angles.cos(), angles.sin()], dim=1)
    scores = arcface_logits(features, torch.zeros(200, dtype=torch.long), torch.tensor([[2.0, 0.0]]), 1.0, 0.5)[:, 0]
    assert (scores < angles.cos()).all()
    assert (scores.diff() < 0).all()  # monotonically


def test_centers_converge_to_the_class_means():
    torch.manual_seed(0)
    module = CenterLoss(3, 4).double()
    optimiser = torch.optim.SGD(module.parameters(), lr=0.5)
    for _ in range(400):
        optimiser.zero_grad()
        module(FEATURES, torch.tensor(LABELS)).backward()
        optimiser.step()
    means = torch.stack([FEATURES[torch.tensor(LABELS) == label].mean(dim=0) for label in range(3)])
    torch.testing.assert_close(module.centers.data, means)
