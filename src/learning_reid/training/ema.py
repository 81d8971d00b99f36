"""The moving average of the weights (EMA): calmer than the weights themselves, and often better."""

from collections.abc import Callable

from torch import Tensor


def moving_average(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """An exponential moving average that forgets the random beginning sooner: its decay rises to the one wanted.

    Args:
        decay: share of the past that is kept at each step, once (1 + steps) / (10 + steps) has reached it.
    """

    def step(past: Tensor, now: Tensor, steps: Tensor | int) -> Tensor:
        kept = min(decay, (1 + float(steps)) / (10 + float(steps)))
        return past + (1 - kept) * (now - past)

    return step
