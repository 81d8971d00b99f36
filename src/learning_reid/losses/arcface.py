"""ArcFace: name the person by angles alone, and make it harder for the right answer. The usual loss for faces."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss
from learning_reid.losses.cross_entropy import cross_entropy

# The slope of acos is infinite at ±1. Kept this far away from there (in float32 the next number below 1 is 6e-8 away),
# an angle is off by at most 0.03° and its slope stays below 2,300.
EDGE = 1e-7


@batch_loss
def arcface_logits(
    features: Tensor, labels: Tensor, weights: Tensor, scale: float = 64.0, margin: float = 0.5
) -> Tensor:
    """Scores of an angular classifier whose right answers got a handicap (Deng et al. 2019, arXiv 1801.07698, eq. 3).

    The score of class j is s · cos θ_j, where θ_j is the angle between feature and class weight; for the right class
    it is s · cos(θ + m). Past θ = π − m, where cos(θ + m) would rise again, the straight line cos θ − m sin m goes on
    falling, as in the authors' code.

    Args:
        features: (n, d) embeddings, any length; they are normalised here.
        labels: (n,) class numbers from 0 to C − 1.
        weights: (C, d) one direction for each class, any length.
        scale: s, the length to which normalised features are brought.
        margin: m, radians.

    Returns:
        (n, C) logits, to be given to a cross-entropy.

    Raises:
        ValueError: when features and labels differ in number.
    """
    cosine = F.normalize(features) @ F.normalize(weights.to(features.dtype)).T  # (n, C)
    right = cosine.gather(1, labels[:, None])  # (n, 1)
    angle = torch.acos(right.clamp(-1 + EDGE, 1 - EDGE))  # (n, 1), radians
    harder = torch.where(angle <= math.pi - margin, torch.cos(angle + margin), right - margin * math.sin(margin))
    return scale * cosine.scatter(1, labels[:, None], harder)


def arcface_loss(features: Tensor, labels: Tensor, weights: Tensor, scale: float = 64.0, margin: float = 0.5) -> Tensor:
    """Cross-entropy of `arcface_logits`, which see for the arguments: a scalar, the mean over the pictures."""
    return cross_entropy(arcface_logits(features, labels, weights, scale, margin), labels, smoothing=0)


class ArcFaceLoss(nn.Module):
    """`arcface_loss` with the class weights as parameters.

    Args:
        classes: how many people.
        dimension: length of the features.
        scale: of the logits.
        margin: radians.
    """

    def __init__(self, classes: int, dimension: int, scale: float = 64.0, margin: float = 0.5) -> None:
        super().__init__()
        self.scale, self.margin = scale, margin
        self.weights = nn.Parameter(torch.empty(classes, dimension))
        nn.init.normal_(self.weights, std=0.01)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d) and class numbers (n,) to a scalar."""
        return arcface_loss(features, labels, self.weights, self.scale, self.margin)
