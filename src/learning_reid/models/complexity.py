"""What a network costs: numbers that must be stored, multiplications that must be made for one picture."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from learning_reid.models.names import input_size
from learning_reid.models.networks import build_backbone

_CLASSIFIER = "classifier"  # needed in training only


@dataclass(frozen=True)
class Complexity:
    """The cost of one network without its classifier.

    Attributes:
        parameters: numbers that are stored.
        parameters_in_use: the same, where a layer that is used k times counts k times. The published figures count so:
            hacnn reads four regions with the same layers, and has 2.9 million parameters, 4.5 million as published.
        multiply_adds: of convolutions and linear layers, for one picture.
    """

    parameters: int
    parameters_in_use: int
    multiply_adds: int


def measure_complexity(network: nn.Module, size: tuple[int, int]) -> Complexity:
    """Count by running the network once on an empty picture.

    Args:
        network: (1, 3, h, w) -> features; it is left in eval mode.
        size: height and width, pixels.
    """
    in_use = 0

    def count(layer: nn.Module, *_: object) -> None:
        nonlocal in_use
        in_use += sum(parameter.numel() for parameter in layer.parameters(recurse=False))

    named = [(name, layer) for name, layer in network.named_modules() if not name.startswith(_CLASSIFIER)]
    handles = [layer.register_forward_hook(count) for _, layer in named]
    try:
        with FlopCounterMode(display=False) as flops, torch.no_grad():
            network.eval()(torch.zeros(1, 3, *size))
    finally:
        for handle in handles:
            handle.remove()
    stored = sum(tensor.numel() for name, tensor in network.named_parameters() if not name.startswith(_CLASSIFIER))
    return Complexity(stored, in_use, flops.get_total_flops() // 2)  # a multiply-add is two floating-point operations


def complexity_of(name: str) -> Complexity:
    """The cost of a network by name, at its usual input size.

    Raises:
        UserError: no such network.
    """
    return measure_complexity(build_backbone(name), input_size(name))
