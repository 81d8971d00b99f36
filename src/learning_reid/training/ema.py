"""Exponential moving average (EMA) of the weights, which often ranks better than the last weights."""

from collections.abc import Callable

from torch import Tensor


def ema_update(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Return the update of an EMA whose decay rises to `decay`, so that the random start is forgotten sooner.

    Args:
        decay: Share of the average that one step keeps, once (1 + steps) / (10 + steps) has reached it.

    Returns:
        An `avg_fn` for `torch.optim.swa_utils.AveragedModel`.

    >>> ema_update(0.9)(Tensor([1.0]), Tensor([2.0]), 1000)  # 0.9 · 1 + 0.1 · 2
    tensor([1.1000])
    """

    def update(average: Tensor, current: Tensor, steps: Tensor | int) -> Tensor:
        kept = min(decay, (1 + float(steps)) / (10 + float(steps)))
        return average + (1 - kept) * (current - average)

    return update
