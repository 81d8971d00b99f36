"""Batch-hard triplet loss: a person's least similar picture must be nearer than the most similar stranger."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss, nothing_to_learn, pairs


@batch_loss
def triplet_loss(features: Tensor, labels: Tensor, margin: float | None = 0.3) -> Tensor:
    """Batch-hard triplet loss (Hermans et al. 2017, arXiv 1703.07737, equation 5).

    Each picture a is an anchor, and only its hardest triplet of the batch counts, with Euclidean distances D:

        L_a = [ m + max_{p positive} D(a, p) − min_{n negative} D(a, n) ]₊

    Without a margin the hinge is replaced by the soft margin ln(1 + exp(·)), which never stops pulling.

    Args:
        features: (n, d) embeddings as they are: distances have their scale, so it matters to the margin.
        labels: (n,) person ids.
        margin: m, in units of the distance; None takes the soft margin.

    Returns:
        Scalar: the mean over pictures that have a positive and a negative in the batch, those with a loss of 0
        included; 0 where no picture has both.

    Raises:
        ValueError: when features and labels differ in number.
    """
    positives, negatives = pairs(labels)  # (n, n) each
    anchors = positives.any(dim=1) & negatives.any(dim=1)
    if not anchors.any():
        return nothing_to_learn(features)
    # Differences, not the quicker |a|² + |b|² − 2ab: that one rounds away the distance between near twins.
    distances = torch.cdist(features, features, compute_mode="donot_use_mm_for_euclid_dist")[anchors]  # (anchors, n)
    farthest_positive = distances.masked_fill(~positives[anchors], float("-inf")).amax(dim=1)  # (anchors,)
    nearest_negative = distances.masked_fill(~negatives[anchors], float("inf")).amin(dim=1)  # (anchors,)
    violation = farthest_positive - nearest_negative
    return (F.softplus(violation) if margin is None else F.relu(violation + margin)).mean()


class TripletLoss(nn.Module):
    """`triplet_loss` with its margin."""

    def __init__(self, margin: float | None = 0.3) -> None:
        super().__init__()
        self.margin = margin

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d) and person ids (n,) to a scalar."""
        return triplet_loss(features, labels, self.margin)
