"""ArcFace: classify by angle, with an angular margin on the true class. The usual loss of face recognition."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss
from learning_reid.losses.classification import cross_entropy
from learning_reid.losses.registry import register_loss

# The slope of acos is infinite at ±1. At this distance (in float32 the next number below 1 is 6e-8 away) the angle is
# off by at most 0.03°, and its slope stays below 2,300.
EDGE = 1e-7


@batch_loss
def arcface_logits(
    features: Tensor, labels: Tensor, weights: Tensor, scale: float = 64.0, margin: float = 0.5
) -> Tensor:
    """Compute the logits of an angular classifier with a margin (Deng et al. 2019, arXiv 1801.07698, equation 3).

    The logit of class j is s · cos θ_j, where θ_j is the angle between feature and class weight; for the true class it
    is s · cos(θ + m). Past θ = π − m, where cos(θ + m) would rise again, the line cos θ − m sin m keeps falling, as in
    the authors' code.

    Args:
        features: (n, d) embeddings of any length; they are normalized here.
        labels: (n,) class indices from 0 to C − 1.
        weights: (C, d) one direction per class, of any length.
        scale: s, the length of the normalized features.
        margin: m, radians.

    Returns:
        (n, C) logits for a cross-entropy.

    Raises:
        ValueError: Features and labels differ in length.

    >>> arcface_logits(torch.tensor([[2.0, 0.0]]), torch.tensor([0]), torch.eye(2), scale=10.0)  # about 10 · cos 0.5
    tensor([[8.7735, 0.0000]])
    """
    cosine = F.normalize(features) @ F.normalize(weights.to(features.dtype)).T  # (n, C)
    true_class = cosine.gather(1, labels[:, None])  # (n, 1)
    angle = torch.acos(true_class.clamp(-1 + EDGE, 1 - EDGE))  # (n, 1), radians
    linear = true_class - margin * math.sin(margin)
    penalized = torch.where(angle <= math.pi - margin, torch.cos(angle + margin), linear)
    return scale * cosine.scatter(1, labels[:, None], penalized)


def arcface_loss(features: Tensor, labels: Tensor, weights: Tensor, scale: float = 64.0, margin: float = 0.5) -> Tensor:
    """Compute the mean cross-entropy of `arcface_logits`; the arguments are the same.

    >>> arcface_loss(torch.tensor([[2.0, 0.0]]), torch.tensor([0]), torch.eye(2), scale=1.0)
    tensor(0.3478)
    """
    return cross_entropy(arcface_logits(features, labels, weights, scale, margin), labels, smoothing=0)


@register_loss("arcface", about="ArcFace; its class weights are learned")
class ArcFaceLoss(nn.Module):
    """`arcface_loss` with the class weights as parameters.

    Args:
        classes: Number of training identities.
        dimension: Length of the embeddings.
        scale: Length of the normalized features.
        margin: Radians.
    """

    def __init__(self, classes: int, dimension: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.weights = nn.Parameter(torch.empty(classes, dimension))
        nn.init.normal_(self.weights, std=0.01)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of features (n, d) and class indices (n,)."""
        return arcface_loss(features, labels, self.weights, self.scale, self.margin)
