"""Center loss: keep the images of a person near one learned point. It complements a loss that separates people."""

import torch
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss
from learning_reid.losses.registry import register_loss


@batch_loss
def center_loss(features: Tensor, labels: Tensor, centers: Tensor) -> Tensor:
    """Compute half the mean squared distance of images to the center of their class (Wen et al. 2016, ECCV, eq. 2).

        L = 1/2n · Σ_i |x_i − c_{y_i}|²

    The paper takes the sum over the batch; with the mean, a weight of this loss (0.0005 is usual in re-identification)
    means the same for every batch size. On its own it is minimal when all features collapse into one point.

    Args:
        features: (n, d) embeddings, not normalized.
        labels: (n,) class indices from 0 to C − 1.
        centers: (C, d).

    Returns:
        Scalar; 0 for an empty batch.

    Raises:
        ValueError: Features and labels differ in length.

    >>> center_loss(torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 0]), torch.zeros(1, 2))
    tensor(1.2500)
    """
    offsets = features - centers.to(features.dtype)[labels]  # (n, d)
    return 0.5 * offsets.square().sum() / max(len(labels), 1)


@register_loss("center", about="center loss; its centers are learned")
class CenterLoss(nn.Module):
    """`center_loss` with the centers as parameters.

    The paper moves each center towards the mean of its images by a rule of its own; a gradient step on `centers` goes
    the same way. Give them a learning rate of their own (0.5 is usual, divided by the weight of this loss).

    Args:
        classes: Number of training identities.
        dimension: Length of the embeddings.
    """

    def __init__(self, classes: int, dimension: int) -> None:
        super().__init__()
        self.centers = nn.Parameter(torch.randn(classes, dimension))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of features (n, d) and class indices (n,)."""
        return center_loss(features, labels, self.centers)
