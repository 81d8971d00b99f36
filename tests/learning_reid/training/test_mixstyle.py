"""MixStyle: the style of another image, the content of its own."""

import pytest
import torch
from torch import nn

from learning_reid.training.mixstyle import apply_mixstyle, mix_styles


def _maps(count: int = 4) -> torch.Tensor:
    return torch.randn(count, 3, 6, 5, generator=torch.Generator().manual_seed(0)) * 2 + 1


def test_the_mixture_follows_the_equations_of_the_paper():
    maps, share, partners = _maps(), torch.tensor([0.0, 0.3, 0.8, 1.0]), torch.tensor([2, 0, 3, 1])
    mixed = mix_styles(maps, share, partners)
    for n in range(4):
        for c in range(3):
            own, other, weight = maps[n, c], maps[partners[n], c], float(share[n])
            normalized = (own - own.mean()) / own.std()
            gamma = weight * own.std() + (1 - weight) * other.std()
            beta = weight * own.mean() + (1 - weight) * other.mean()
            assert torch.allclose(mixed[n, c], gamma * normalized + beta, atol=1e-4)


def test_no_gradient_flows_through_a_style():
    maps = _maps().requires_grad_()
    mixed = mix_styles(maps, torch.zeros(4), torch.tensor([1, 2, 3, 0]))
    mixed[0].sum().backward()
    assert maps.grad[1].abs().max() == 0 < maps.grad[0].abs().max()  # image 1 only lent its style


def test_stages_are_mixed_inside_the_block_only_and_repeat_with_their_seed():
    stage, maps = nn.Identity(), _maps()

    def mixed(probability: float, seed: int) -> torch.Tensor:
        with apply_mixstyle([stage], probability, seed):
            return stage(maps)

    assert torch.equal(mixed(1.0, 3), mixed(1.0, 3))
    assert not torch.allclose(mixed(1.0, 3), mixed(1.0, 4))
    assert not torch.allclose(mixed(1.0, 3), maps)
    assert torch.equal(mixed(0.0, 3), maps)
    assert torch.equal(stage(maps), maps)


def test_the_hooks_are_removed_after_an_error():
    stage, maps = nn.Identity(), _maps()
    with pytest.raises(ZeroDivisionError), apply_mixstyle([stage], 1.0, 0):
        raise ZeroDivisionError
    assert torch.equal(stage(maps), maps)
