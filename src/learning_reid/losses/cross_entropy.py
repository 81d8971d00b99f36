"""Cross-entropy: name the person among all training people. The classifier is thrown away after the training."""

import torch
from torch import Tensor, nn

from learning_reid.losses.batch import batch_loss


@batch_loss
def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.1) -> Tensor:
    """Softmax cross-entropy with label smoothing.

    Sure of the right answer, but not too sure: the target is 1 − ε + ε/C for the right class and ε/C for each of the
    others (Szegedy et al. 2016, arXiv 1512.00567, section 7). With few pictures of each person, as in
    re-identification, ε = 0.1 keeps the network from learning the pictures by heart.

        L_i = −(1 − ε) · log p(y_i) − ε/C · Σ_c log p(c)        p = softmax(logits)

    Args:
        logits: (n, C) scores, one for each class.
        labels: (n,) class numbers from 0 to C − 1.
        smoothing: ε, from 0 (plain cross-entropy) to below 1.

    Returns:
        Scalar: the mean over the pictures; 0 for an empty batch.

    Raises:
        ValueError: when logits and labels differ in number.
    """
    if len(labels) == 0:
        return logits.sum()
    log_p = torch.log_softmax(logits, dim=1)  # (n, C)
    right = log_p.gather(1, labels[:, None])[:, 0]  # (n,)
    return -((1 - smoothing) * right + smoothing * log_p.mean(dim=1)).mean()


class CrossEntropyLoss(nn.Module):
    """`cross_entropy` with its smoothing."""

    def __init__(self, smoothing: float = 0.1) -> None:
        super().__init__()
        self.smoothing = smoothing

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """The classifier's scores (n, C) and class numbers (n,) to a scalar."""
        return cross_entropy(features, labels, self.smoothing)
