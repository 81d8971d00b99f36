"""What a ReID network is asked to do while it trains. Each loss is a short pure function."""

import torch
import torch.nn.functional as F
from torch import Tensor


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
    if len(features) != len(labels):
        raise ValueError(f"{len(features)} features but {len(labels)} labels")
    unit = F.normalize(features)  # (n, d)
    similarity = unit @ unit.T / temperature  # (n, n)
    itself = torch.eye(len(labels), dtype=torch.bool, device=features.device)
    similarity = similarity.masked_fill(itself, float("-inf"))
    log_share = similarity - torch.logsumexp(similarity, dim=1, keepdim=True)  # (n, n)
    positives = (labels[:, None] == labels[None, :]) & ~itself  # (n, n)
    per_picture = -log_share.masked_fill(~positives, 0).sum(dim=1) / positives.sum(dim=1).clamp(min=1)  # (n,)
    anchors = positives.any(dim=1)
    return per_picture[anchors].mean() if anchors.any() else features.sum() * 0
