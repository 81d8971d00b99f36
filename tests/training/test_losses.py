"""The losses against pytorch-metric-learning and against a slow twin, in value and gradient."""

import pytest
import torch
from pytorch_metric_learning.losses import SupConLoss

from src.training.losses import supervised_contrastive_loss


@pytest.mark.parametrize("temperature", [0.07, 0.1, 1.0])
def test_supervised_contrastive_equals_pytorch_metric_learning(temperature):
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(12, 16, generator=generator)
    labels = torch.tensor([0, 0, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4])  # the last is alone
    ours, theirs = features.clone().requires_grad_(), features.clone().requires_grad_()
    loss = supervised_contrastive_loss(ours, labels, temperature)
    peer = SupConLoss(temperature=temperature)(theirs, labels)
    loss.backward()
    peer.backward()
    torch.testing.assert_close(loss, peer, rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(ours.grad, theirs.grad, rtol=1e-4, atol=1e-5)


def test_supervised_contrastive_against_loops():
    features = torch.nn.functional.normalize(torch.randn(6, 4, generator=torch.Generator().manual_seed(1)))
    labels = [0, 0, 1, 1, 1, 2]
    each = []
    for i in range(6):
        others = [a for a in range(6) if a != i]
        positives = [p for p in others if labels[p] == labels[i]]
        total = sum(torch.exp(features[i] @ features[a] / 0.1) for a in others)
        if positives:
            each.append(
                -sum(torch.log(torch.exp(features[i] @ features[p] / 0.1) / total) for p in positives) / len(positives)
            )
    torch.testing.assert_close(supervised_contrastive_loss(features, torch.tensor(labels)), torch.stack(each).mean())


def test_a_batch_without_positives_teaches_nothing():
    features = torch.randn(3, 4, requires_grad=True)
    loss = supervised_contrastive_loss(features, torch.tensor([0, 1, 2]))
    loss.backward()
    assert loss == 0 and (features.grad == 0).all()


def test_labels_must_fit():
    with pytest.raises(ValueError, match="3 features but 2 labels"):
        supervised_contrastive_loss(torch.randn(3, 4), torch.tensor([0, 1]))
