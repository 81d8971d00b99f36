"""The cost of a model: parameters to store, and multiply-adds per crop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from learning_reid.models.registry import create_model, input_size

if TYPE_CHECKING:
    from torch import nn

_CLASSIFIER = "classifier"  # used in training only


@dataclass(frozen=True)
class Complexity:
    """The cost of a model without its classifier."""

    parameters: int  #: Number of stored parameters
    #: Number of parameters, with those of a layer that is used k times counted k times. Published numbers count so:
    #: hacnn stores 2.9 million parameters, but 4.5 million are published, because it applies the same layers to four
    #: regions.
    parameters_in_use: int
    multiply_adds: int  #: Multiply-adds of convolutions and linear layers for one crop


def measure_complexity(model: nn.Module, size: tuple[int, int]) -> Complexity:
    """Count parameters and multiply-adds by running a model, in eval mode, once on a black crop (h, w)."""
    import torch
    from torch.utils.flop_counter import FlopCounterMode

    in_use = 0

    def count(layer: nn.Module, *_: object) -> None:
        nonlocal in_use
        in_use += sum(parameter.numel() for parameter in layer.parameters(recurse=False))

    layers = [layer for name, layer in model.named_modules() if not name.startswith(_CLASSIFIER)]
    handles = [layer.register_forward_hook(count) for layer in layers]
    try:
        with FlopCounterMode(display=False) as flops, torch.no_grad():
            model.eval()(torch.zeros(1, 3, *size))
    finally:
        for handle in handles:
            handle.remove()
    stored = sum(tensor.numel() for name, tensor in model.named_parameters() if not name.startswith(_CLASSIFIER))
    return Complexity(stored, in_use, flops.get_total_flops() // 2)  # a multiply-add is two floating-point operations


def complexity_of(name: str) -> Complexity:
    """Measure the complexity of a registered model at its usual input size.

    Raises:
        UserError: The name is unknown.
    """
    return measure_complexity(create_model(name), input_size(name))
