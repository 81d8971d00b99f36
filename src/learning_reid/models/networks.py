"""A network by name, with its weights, ready to embed: OSNet is this project's own, all others come from torchreid."""

from pathlib import Path

import torch
from torch import nn

from learning_reid.models.bnneck import neck_of
from learning_reid.models.load_weights import load_weights
from learning_reid.models.names import OSNET_NAMES, check_name
from learning_reid.models.osnet import build_osnet
from learning_reid.models.part_pooling import stripes_of
from learning_reid.models.resolve_weights import GRAPH_SUFFIXES
from learning_reid.models.state_dict import read_state_dict


def build_network(name: str, weights: Path, use_gpu: bool = False) -> nn.Module:
    """Build a network and load its backbone from a file.

    Args:
        name: one of `OSNET_NAMES` or `TORCHREID_NAMES`.
        weights: see `load_weights`.
        use_gpu: whether it will be moved to a GPU (`hacnn` must know beforehand).

    Returns:
        In eval mode, on the CPU, float32: (n, 3, h, w) -> (n, d).

    Raises:
        UserError: no such network, or the weights do not fit it.
    """
    network = build_backbone(name, use_gpu)
    if weights.suffix.lower() not in GRAPH_SUFFIXES:  # which `load_weights` refuses with the reason
        found = read_state_dict(weights)
        network = neck_of(stripes_of(network, found), found)
    load_weights(network, weights)
    return network.eval().requires_grad_(False)


def build_backbone(name: str, use_gpu: bool = False, seed: int = 0) -> nn.Module:
    """A network with random weights: (n, 3, h, w) -> (n, d).

    Args:
        name: one of `OSNET_NAMES` or `TORCHREID_NAMES`.
        use_gpu: whether it will be moved to a GPU (`hacnn` must know beforehand).
        seed: of the weights; torch's own generator is left alone.

    Raises:
        UserError: no such network.
    """
    check_name(name)
    if name in OSNET_NAMES:
        return build_osnet(name, seed=seed)
    from learning_reid.models.torchreid_models import build_torchreid

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build_torchreid(name, use_gpu)
