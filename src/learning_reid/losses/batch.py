"""What all losses share: precision, positive and negative pairs of a batch, and batches without pairs."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

import torch
from torch import Tensor

Rest = ParamSpec("Rest")
Loss = Callable[Concatenate[Tensor, Tensor, Rest], Tensor]


def batch_loss(function: Loss[Rest]) -> Loss[Rest]:
    """Decorate a loss of (features, labels, …): check the lengths, and compute in float32 at least.

    Autocast is switched off inside: bfloat16 keeps three digits, and the distances of two neighbors differ in the
    fourth. float64 stays float64. The decorated loss raises ValueError if features and labels differ in length.

    >>> @batch_loss
    ... def mean_length(features, labels):
    ...     return features.norm(dim=1).mean()
    >>> mean_length(torch.ones(2, 4, dtype=torch.bfloat16), torch.tensor([0, 1]))
    tensor(2.)
    """

    @functools.wraps(function)
    def loss(features: Tensor, labels: Tensor, *args: Rest.args, **kwargs: Rest.kwargs) -> Tensor:
        if len(features) != len(labels):
            raise ValueError(f"{len(features)} features but {len(labels)} labels")
        with torch.autocast(features.device.type, enabled=False):
            return function(at_least_float32(features), labels, *args, **kwargs)

    return loss


def at_least_float32(values: Tensor) -> Tensor:
    """Convert lower precisions to float32; float32 and float64 stay.

    >>> at_least_float32(torch.ones(2, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def pair_masks(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Return which images of a batch show the same person, and which another.

    Args:
        labels: (n,) person ids.

    Returns:
        Two (n, n) bool masks: positives (without the image itself) and negatives of each row's image.

    >>> positives, negatives = pair_masks(torch.tensor([7, 7, 5]))
    >>> positives.int().tolist(), negatives.int().tolist()
    ([[0, 1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    """
    same = labels[:, None] == labels[None, :]  # (n, n)
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def zero_loss(features: Tensor) -> Tensor:
    """Return 0 with a zero gradient, the loss of a batch without any pair to compare."""
    return features.sum() * 0
