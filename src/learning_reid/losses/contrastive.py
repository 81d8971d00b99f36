"""Supervised contrastive loss: attract all images of a person, repel all others."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss, pair_masks, zero_loss
from learning_reid.losses.registry import register_loss


@batch_loss
def supervised_contrastive_loss(features: Tensor, labels: Tensor, temperature: float = 0.1) -> Tensor:
    """Compute the supervised contrastive loss (Khosla et al. 2020, arXiv 2004.11362, equation 2, "L_out").

    For each image i with positives P(i), over all other images a of the batch:

        L_i = -1/|P(i)| · Σ_{p∈P(i)} log( exp(z_i·z_p/τ) / Σ_{a≠i} exp(z_i·z_a/τ) )

    From random weights it learns quickly, where softmax over thousands of classes and batch-hard triplets stall.

    Args:
        features: (n, d) embeddings of any length; they are normalized here.
        labels: (n,) person ids.
        temperature: τ; a smaller one gives more weight to hard negatives.

    Returns:
        Scalar: the mean over images that have a positive in the batch; 0 if none has.

    Raises:
        ValueError: Features and labels differ in length.

    >>> features = torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    >>> supervised_contrastive_loss(features, torch.tensor([0, 0, 1]), temperature=1.0)  # −log(e / (e + 1))
    tensor(0.3133)
    """
    positives, negatives = pair_masks(labels)  # (n, n) each
    anchors = positives.any(dim=1)
    if not anchors.any():
        return zero_loss(features)
    unit = F.normalize(features)  # (n, d)
    similarity = unit @ unit.T / temperature  # (n, n)
    similarity = similarity.masked_fill(~(positives | negatives), float("-inf"))  # no image is compared with itself
    log_share = similarity - torch.logsumexp(similarity, dim=1, keepdim=True)  # (n, n)
    per_image = -log_share.masked_fill(~positives, 0).sum(dim=1) / positives.sum(dim=1).clamp(min=1)  # (n,)
    return per_image[anchors].mean()


@register_loss("supcon", about="supervised contrastive loss")
class SupervisedContrastiveLoss(nn.Module):
    """`supervised_contrastive_loss` as a module."""

    def __init__(self, temperature: float = 0.1) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of features (n, d) and person ids (n,)."""
        return supervised_contrastive_loss(features, labels, self.temperature)
