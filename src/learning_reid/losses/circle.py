"""Circle loss: each pair is weighted by its distance from the optimum."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss, pair_masks, zero_loss
from learning_reid.losses.registry import register_loss


@batch_loss
def circle_loss(features: Tensor, labels: Tensor, margin: float = 0.25, scale: float = 64.0) -> Tensor:
    """Compute the circle loss on the pairs of a batch (Sun et al. 2020, arXiv 2002.10857, equations 5 to 8).

    For each image with cosine similarities s_p to its positives and s_n to its negatives:

        L = log[ 1 + Σ_n exp( γ α_n (s_n − m) ) · Σ_p exp( −γ α_p (s_p − (1 − m)) ) ]

        α_p = [1 + m − s_p]₊        α_n = [s_n + m]₊

    A pair far from its optimum (s_p = 1, s_n = 0) has a large weight α. The weights scale the gradient; no gradient
    flows through them.

    Args:
        features: (n, d) embeddings of any length; they are normalized here.
        labels: (n,) person ids.
        margin: m; a smaller one is stricter: s_p > 1 − m and s_n < m are wanted.
        scale: γ; a larger one gives more weight to the hardest pairs.

    Returns:
        Scalar: the mean over images that have a positive and a negative in the batch; 0 if none has both.

    Raises:
        ValueError: Features and labels differ in length.

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> circle_loss(features, torch.tensor([0, 0, 1]), scale=1.0)
    tensor(0.6326)
    """
    positives, negatives = pair_masks(labels)  # (n, n) each
    anchors = positives.any(dim=1) & negatives.any(dim=1)
    if not anchors.any():
        return zero_loss(features)
    unit = F.normalize(features)  # (n, d)
    similarity = unit[anchors] @ unit.T  # (anchors, n)
    positive_weight = F.relu(1 + margin - similarity.detach())  # α_p
    negative_weight = F.relu(similarity.detach() + margin)  # α_n
    positive_terms = -scale * positive_weight * (similarity - (1 - margin))  # (anchors, n)
    negative_terms = scale * negative_weight * (similarity - margin)  # (anchors, n)
    positive_sum = torch.logsumexp(positive_terms.masked_fill(~positives[anchors], float("-inf")), dim=1)  # (anchors,)
    negative_sum = torch.logsumexp(negative_terms.masked_fill(~negatives[anchors], float("-inf")), dim=1)  # (anchors,)
    return F.softplus(negative_sum + positive_sum).mean()


@register_loss("circle", about="circle loss on the pairs of a batch")
class CircleLoss(nn.Module):
    """`circle_loss` as a module."""

    def __init__(self, margin: float = 0.25, scale: float = 64.0) -> None:
        super().__init__()
        self.margin, self.scale = margin, scale

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of features (n, d) and person ids (n,)."""
        return circle_loss(features, labels, self.margin, self.scale)
