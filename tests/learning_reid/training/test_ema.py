"""The exponential moving average of the weights."""

import pytest
import torch

from learning_reid.training.ema import ema_update


def test_the_decay_rises_to_the_one_given() -> None:
    update, average = ema_update(0.9), torch.tensor(0.0)
    for steps in range(1, 200):
        kept = min(0.9, (1 + steps) / (10 + steps))
        expected = kept * average + (1 - kept) * steps
        average = update(average, torch.tensor(float(steps)), torch.tensor(steps))
        assert average == pytest.approx(float(expected))
    assert float(average) == pytest.approx(199 - 9, abs=0.1)  # lags a straight line by 1 / (1 - decay) - 1 steps


def test_a_short_run_forgets_the_random_start() -> None:
    update, average = ema_update(0.999), torch.tensor(1000.0)
    for steps in range(1, 100):
        average = update(average, torch.tensor(1.0), steps)
    assert float(average) == pytest.approx(1, abs=1e-3)
