"""Cross-entropy with label smoothing: classify the training identities. The classifier is dropped after training."""

import torch
from torch import Tensor

from learning_reid.losses.batch import batch_loss


@batch_loss
def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.1) -> Tensor:
    """Compute the softmax cross-entropy with label smoothing (Szegedy et al. 2016, arXiv 1512.00567, section 7).

    The target is 1 − ε + ε/C for the true class and ε/C for the others. With few images of each person, ε = 0.1 keeps
    the network from overfitting to them.

        L_i = −(1 − ε) · log p(y_i) − ε/C · Σ_c log p(c)        p = softmax(logits)

    Args:
        logits: (n, C) class scores.
        labels: (n,) class indices from 0 to C − 1.
        smoothing: ε, from 0 (plain cross-entropy) to below 1.

    Returns:
        Scalar: the mean over the images; 0 for an empty batch.

    Raises:
        ValueError: Logits and labels differ in length.

    >>> logits = torch.tensor([[2.0, 0.0], [0.0, 2.0]])
    >>> cross_entropy(logits, torch.tensor([0, 1]), smoothing=0)
    tensor(0.1269)
    >>> cross_entropy(logits, torch.tensor([0, 1]), smoothing=0.1)
    tensor(0.2269)
    """
    if len(labels) == 0:
        return logits.sum()
    log_p = torch.log_softmax(logits, dim=1)  # (n, C)
    true_class = log_p.gather(1, labels[:, None])[:, 0]  # (n,)
    return -((1 - smoothing) * true_class + smoothing * log_p.mean(dim=1)).mean()
