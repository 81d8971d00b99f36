"""Centre loss: keep each person's pictures near one learned point. It goes beside a loss that tells people apart."""

import torch
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss


@batch_loss
def centre_loss(features: Tensor, labels: Tensor, centres: Tensor) -> Tensor:
    """Half the squared distance of each picture to its person's centre (Wen et al. 2016, ECCV, equation 2).

        L = 1/2n · Σ_i |x_i − c_{y_i}|²

    The mean over the batch stands where the paper has the sum, so that the weight of this loss (0.0005 is usual in
    re-identification) means the same for every batch size. Alone it would be content with all features in one point.

    Args:
        features: (n, d) embeddings as they are.
        labels: (n,) class numbers from 0 to C − 1.
        centres: (C, d).

    Returns:
        Scalar; 0 for an empty batch.

    Raises:
        ValueError: when features and labels differ in number.
    """
    away = features - centres.to(features.dtype)[labels]  # (n, d)
    return 0.5 * away.square().sum() / max(len(labels), 1)


class CentreLoss(nn.Module):
    """`centre_loss` with the centres as parameters, which gradient descent moves like any other.

    The paper moves each centre by its own rule, towards the mean of its pictures; a gradient step on `centres` goes
    the same way. Give them a learning rate of their own (0.5 is usual, divided by the weight of this loss).

    Args:
        classes: how many people.
        dimension: length of the features.
    """

    def __init__(self, classes: int, dimension: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(classes, dimension))

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d) and class numbers (n,) to a scalar."""
        return centre_loss(features, labels, self.centres)
