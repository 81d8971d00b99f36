"""The losses against pytorch-metric-learning and torch: same value, same gradient."""

import math

import pytest
import torch
import torch.nn.functional as F
from pytorch_metric_learning import distances, losses, miners, reducers

from learning_reid.losses import ArcFaceLoss, circle_loss, cross_entropy, supervised_contrastive_loss, triplet_loss

BATCHES = {
    "4 x 4": [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3],
    "shuffled": [3, 0, 1, 0, 2, 3, 1, 2, 0, 3],
    "unequal": [0, 0, 1, 1, 1, 2, 2, 2, 2],
    "some single images": [0, 0, 1, 1, 1, 2, 3],
    "large": [number // 4 for number in range(64)],
}


@pytest.fixture(params=BATCHES)
def labels(request):
    return torch.tensor(BATCHES[request.param])


def features_of(labels, dimension=16, seed=0):
    return torch.randn(len(labels), dimension, generator=torch.Generator().manual_seed(seed))


def assert_same(ours, theirs, features, tolerance=1e-5):
    """Assert that both functions have the same value and gradient."""
    mine, peers = features.clone().requires_grad_(), features.clone().requires_grad_()
    value, expected = ours(mine), theirs(peers)
    value.backward()
    expected.backward()
    torch.testing.assert_close(value, expected, rtol=tolerance, atol=tolerance)
    torch.testing.assert_close(mine.grad, peers.grad, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("temperature", [0.07, 0.1, 1.0])
def test_supervised_contrastive(labels, temperature):
    peer = losses.SupConLoss(temperature=temperature)
    assert_same(
        lambda features: supervised_contrastive_loss(features, labels, temperature),
        lambda features: peer(features, labels),
        features_of(labels),
    )


@pytest.mark.parametrize("margin", [0.0, 0.3, 2.0, None])
def test_batch_hard_triplets(labels, margin):
    distance = distances.LpDistance(normalize_embeddings=False)
    peer = losses.TripletMarginLoss(
        margin=margin or 0.0,
        smooth_loss=margin is None,
        distance=distance,
        reducer=reducers.MeanReducer(),  # its default excludes anchors with zero loss
    )
    miner = miners.BatchHardMiner(distance=distances.LpDistance(normalize_embeddings=False))
    assert_same(
        lambda features: triplet_loss(features, labels, margin),
        lambda features: peer(features, labels, miner(features, labels)),
        features_of(labels),
    )


@pytest.mark.parametrize(("margin", "scale"), [(0.25, 64), (0.4, 80), (0.25, 256)])
def test_circle(labels, margin, scale):
    peer = losses.CircleLoss(m=margin, gamma=scale)
    assert_same(
        lambda features: circle_loss(features, labels, margin, scale),
        lambda features: peer(features, labels),
        features_of(labels),
        tolerance=1e-4,
    )


@pytest.mark.parametrize("margin", [0.0, 0.2, 0.5])
@pytest.mark.parametrize("where", ["anywhere", "near the true class", "opposite the true class"])
def test_arcface(labels, margin, where):
    ours = ArcFaceLoss(16, 16, scale=64, margin=margin)
    peer = losses.ArcFaceLoss(16, 16, margin=math.degrees(margin), scale=64)  # in degrees, and classes are its columns
    peer.W.data = ours.weights.data.T.clone()
    away = {"anywhere": 0, "near the true class": 1, "opposite the true class": -1}[where]
    features = 3 * away * F.normalize(ours.weights.data)[labels] + 0.5 * features_of(labels)
    assert_same(
        lambda features: ours(features, labels), lambda features: peer(features, labels), features, tolerance=1e-4
    )
    torch.testing.assert_close(ours.weights.grad, peer.W.grad.T, rtol=1e-4, atol=1e-3)  # weights are short: 1/|w| is 25


@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.5])
def test_cross_entropy(labels, smoothing):
    assert_same(
        lambda logits: cross_entropy(logits, labels, smoothing),
        lambda logits: F.cross_entropy(logits, labels, label_smoothing=smoothing),
        5 * features_of(labels),
    )
