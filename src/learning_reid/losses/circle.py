"""Circle loss: every pair pulls or pushes as hard as it is still away from where it should be."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss, nothing_to_learn, pairs


@batch_loss
def circle_loss(features: Tensor, labels: Tensor, margin: float = 0.25, scale: float = 64.0) -> Tensor:
    """Circle loss on the pairs of a batch (Sun et al. 2020, arXiv 2002.10857, equations 5 to 8).

    For each picture with cosine similarities s_p to its positives and s_n to its negatives:

        L = log[ 1 + Σ_n exp( γ α_n (s_n − m) ) · Σ_p exp( −γ α_p (s_p − (1 − m)) ) ]

        α_p = [1 + m − s_p]₊        α_n = [s_n + m]₊

    A pair that is far from its goal (s_p = 1, s_n = 0) has a large weight α, one that has arrived a small one. The
    weights say how hard to pull, not where to: no gradient flows through them.

    Args:
        features: (n, d) embeddings, any length; they are normalised here.
        labels: (n,) person ids.
        margin: m; smaller asks for more: s_p > 1 − m and s_n < m.
        scale: γ; larger looks harder at the worst pairs.

    Returns:
        Scalar: the mean over pictures that have a positive and a negative in the batch; 0 where none has both.

    Raises:
        ValueError: when features and labels differ in number.
    """
    positives, negatives = pairs(labels)  # (n, n) each
    anchors = positives.any(dim=1) & negatives.any(dim=1)
    if not anchors.any():
        return nothing_to_learn(features)
    unit = F.normalize(features)  # (n, d)
    similarity = unit[anchors] @ unit.T  # (anchors, n)
    pull = F.relu(1 + margin - similarity.detach())  # α_p
    push = F.relu(similarity.detach() + margin)  # α_n
    too_far = -scale * pull * (similarity - (1 - margin))  # (anchors, n); above 0: not yet similar enough
    too_near = scale * push * (similarity - margin)  # (anchors, n); above 0: still too similar
    all_too_far = torch.logsumexp(too_far.masked_fill(~positives[anchors], float("-inf")), dim=1)  # (anchors,)
    all_too_near = torch.logsumexp(too_near.masked_fill(~negatives[anchors], float("-inf")), dim=1)  # (anchors,)
    return F.softplus(all_too_near + all_too_far).mean()


class CircleLoss(nn.Module):
    """`circle_loss` with its margin and scale."""

    def __init__(self, margin: float = 0.25, scale: float = 64.0) -> None:
        super().__init__()
        self.margin, self.scale = margin, scale

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d) and person ids (n,) to a scalar."""
        return circle_loss(features, labels, self.margin, self.scale)
