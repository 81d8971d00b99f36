"""Supervised contrastive loss: all pictures of a person together, all others away."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss, nothing_to_learn, pairs


@batch_loss
def supervised_contrastive_loss(features: Tensor, labels: Tensor, temperature: float = 0.1) -> Tensor:
    """Pull pictures of one person together, push all others away.

    For each picture i with positives P(i), over all other pictures a of the batch (Khosla et al. 2020,
    arXiv 2004.11362, equation 2, "L_out"):

        L_i = -1/|P(i)| · Σ_{p∈P(i)} log( exp(z_i·z_p/τ) / Σ_{a≠i} exp(z_i·z_a/τ) )

    From random weights this learns at once, where softmax over thousands of classes and batch-hard triplets stall.

    Args:
        features: (n, d) embeddings, any length; they are normalised here.
        labels: (n,) person ids.
        temperature: τ; smaller looks harder at the nearest strangers.

    Returns:
        Scalar: the mean over pictures that have at least one positive; 0 where none has.

    Raises:
        ValueError: when features and labels differ in number.
    """
    positives, negatives = pairs(labels)  # (n, n) each
    anchors = positives.any(dim=1)
    if not anchors.any():
        return nothing_to_learn(features)
    unit = F.normalize(features)  # (n, d)
    similarity = unit @ unit.T / temperature  # (n, n)
    similarity = similarity.masked_fill(~(positives | negatives), float("-inf"))  # nobody is compared with themselves
    log_share = similarity - torch.logsumexp(similarity, dim=1, keepdim=True)  # (n, n)
    per_picture = -log_share.masked_fill(~positives, 0).sum(dim=1) / positives.sum(dim=1).clamp(min=1)  # (n,)
    return per_picture[anchors].mean()


class SupervisedContrastiveLoss(nn.Module):
    """`supervised_contrastive_loss` with its temperature."""

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d) and person ids (n,) to a scalar."""
        return supervised_contrastive_loss(features, labels, self.temperature)
