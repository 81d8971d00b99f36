"""What all losses share: who belongs with whom in a batch, and arithmetic that does not round the small differences."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

import torch
from torch import Tensor

Rest = ParamSpec("Rest")
Loss = Callable[Concatenate[Tensor, Tensor, Rest], Tensor]


def batch_loss(function: Loss[Rest]) -> Loss[Rest]:
    """Make a function of (features, labels, …) a loss that can be trusted wherever it is called.

    One label for each feature, and at least float32 inside, even under autocast: bfloat16 keeps three digits, and two
    neighbours' distances differ in the fourth. float64 stays float64.

    Raises (the loss that comes back):
        ValueError: when features and labels differ in number.
    """

    @functools.wraps(function)
    def loss(features: Tensor, labels: Tensor, *args: Rest.args, **kwargs: Rest.kwargs) -> Tensor:
        if len(features) != len(labels):
            raise ValueError(f"{len(features)} features but {len(labels)} labels")
        with torch.autocast(features.device.type, enabled=False):
            return function(at_least_float32(features), labels, *args, **kwargs)

    return loss


def at_least_float32(values: Tensor) -> Tensor:
    """The same numbers, in float32 where they came in less.

    >>> at_least_float32(torch.ones(2, dtype=torch.bfloat16)).dtype
    torch.float32
    """
    return values.to(torch.promote_types(values.dtype, torch.float32))


def pairs(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Which pictures of a batch are of the same person, and which of another.

    Args:
        labels: (n,) person ids.

    Returns:
        Two (n, n) bool masks: positives (without the picture itself) and negatives of the picture of each row.

    >>> positives, negatives = pairs(torch.tensor([7, 7, 5]))
    >>> positives.int().tolist(), negatives.int().tolist()
    ([[0, 1, 0], [1, 0, 0], [0, 0, 0]], [[0, 0, 1], [0, 0, 1], [1, 1, 0]])
    """
    same = labels[:, None] == labels[None, :]  # (n, n)
    itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    return same & ~itself, ~same


def nothing_to_learn(features: Tensor) -> Tensor:
    """Zero, with a gradient of zero: what a loss answers when no picture of the batch can be compared."""
    return features.sum() * 0
