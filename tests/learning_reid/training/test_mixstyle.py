"""MixStyle: the style of another picture, the content of one's own."""

import pytest
import torch
from torch import nn

from learning_reid.training.mixstyle import mix_styles, apply_mixstyle


def _maps(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 3, 6, 5, generator=torch.Generator().manual_seed(0)) * 2 + 1


def test_the_mixture_is_that_of_the_papers_equations():
    maps, share, partners = _maps(), torch.tensor([0.0, 0.3, 0.8, 1.0]), torch.tensor([2, 0, 3, 1])
    mixed = mix_styles(maps, share, partners)
    for n in range(4):
        for c in range(3):
            own, other, weight = maps[n, c], maps[partners[n], c], float(share[n])
            normed = (own - own.mean()) / own.std()
            gamma = weight * own.std() + (1 - weight) * other.std()
            beta = weight * own.mean() + (1 - weight) * other.mean()
            assert torch.allclose(mixed[n, c], gamma * normed + beta, atol=1e-4)


def test_no_gradient_goes_through_a_style():
    maps = _maps().requires_grad_()
    mixed = mix_styles(maps, torch.zeros(4), torch.tensor([1, 2, 3, 0]))
    mixed[0].sum().backward()
    assert maps.grad[1].abs().max() == 0 < maps.grad[0].abs().max()  # it lent its style only


def test_stages_are_mixed_while_asked_for_and_repeat_with_their_seed():
    stage, maps = nn.Identity(), _maps()

    def passed(chance: float, seed: int) -> torch.Tensor:
        with apply_mixstyle([stage], chance, seed):
            return stage(maps)

    assert torch.equal(passed(1.0, 3), passed(1.0, 3))
    assert not torch.allclose(passed(1.0, 3), passed(1.0, 4))
    assert not torch.allclose(passed(1.0, 3), maps)
    assert torch.equal(passed(0.0, 3), maps)
    assert torch.equal(stage(maps), maps)  # nothing is left behind


def test_nothing_is_left_behind_after_an_error():
    stage, maps = nn.Identity(), _maps()
    with pytest.raises(ZeroDivisionError), apply_mixstyle([stage], 1.0, 0):
        raise ZeroDivisionError
    assert torch.equal(stage(maps), maps)
