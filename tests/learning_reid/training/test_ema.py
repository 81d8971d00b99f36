"""The moving average of the weights."""

import pytest
import torch

from learning_reid.training.ema import ema_update


def test_it_is_the_mean_of_the_past_with_a_decay_that_rises_to_the_one_wanted() -> None:
    step, past = ema_update(0.9), torch.tensor(0.0)
    for steps in range(1, 200):
        kept = min(0.9, (1 + steps) / (10 + steps))
        expected = kept * past + (1 - kept) * steps
        past = step(past, torch.tensor(float(steps)), torch.tensor(steps))
        assert past == pytest.approx(float(expected))
    assert float(past) == pytest.approx(199 - 9, abs=0.1)  # follows a straight line 1 / (1 - decay) - 1 steps behind


def test_of_a_short_run_the_random_beginning_is_forgotten() -> None:
    step, past = ema_update(0.999), torch.tensor(1000.0)
    for steps in range(1, 100):
        past = step(past, torch.tensor(1.0), steps)
    assert float(past) == pytest.approx(1, abs=1e-3)
