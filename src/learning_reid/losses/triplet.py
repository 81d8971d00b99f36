"""Batch-hard triplet loss: the farthest positive must be nearer than the nearest negative."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss, pair_masks, zero_loss
from learning_reid.losses.registry import register_loss


@batch_loss
def triplet_loss(features: Tensor, labels: Tensor, margin: float | None = 0.3) -> Tensor:
    """Compute the batch-hard triplet loss (Hermans et al. 2017, arXiv 1703.07737, equation 5).

    Each image a is an anchor with its hardest triplet in the batch, measured by the Euclidean distance D:

        L_a = [ m + max_{p positive} D(a, p) − min_{n negative} D(a, n) ]₊

    Without a margin, the soft margin ln(1 + exp(·)) replaces the hinge; its gradient never vanishes completely.

    Args:
        features: (n, d) embeddings, not normalized: the margin has the scale of their distances.
        labels: (n,) person ids.
        margin: m, in units of the distance; None = the soft margin.

    Returns:
        Scalar: the mean over images that have a positive and a negative in the batch, including those with loss 0;
        0 if no image has both.

    Raises:
        ValueError: Features and labels differ in length.

    >>> features, labels = torch.tensor([[0.0], [1.0], [3.0]]), torch.tensor([0, 0, 1])
    >>> triplet_loss(features, labels, margin=2.0)  # mean of [2 + 1 − 3]₊ and [2 + 1 − 2]₊
    tensor(0.5000)
    """
    positives, negatives = pair_masks(labels)  # (n, n) each
    anchors = positives.any(dim=1) & negatives.any(dim=1)
    if not anchors.any():
        return zero_loss(features)
    # Differences, not the faster |a|² + |b|² − 2ab, which rounds away the distance between near-duplicates.
    distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")[anchors]  # (anchors, n)
    farthest_positive = distances.masked_fill(~positives[anchors], float("-inf")).amax(dim=1)  # (anchors,)
    nearest_negative = distances.masked_fill(~negatives[anchors], float("inf")).amin(dim=1)  # (anchors,)
    violation = farthest_positive - nearest_negative
    return (F.softplus(violation) if margin is None else F.relu(violation + margin)).mean()


@register_loss("triplet", about="batch-hard triplet loss")
class TripletLoss(nn.Module):
    """`triplet_loss` as a module."""

    def __init__(self, margin: float | None = 0.3) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of features (n, d) and person ids (n,)."""
        return triplet_loss(features, labels, self.margin)
