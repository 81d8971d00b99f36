"""A network by name, with its weights, ready to embed: OSNet is this project's own, all others come from torchreid."""

from pathlib import Path

from torch import nn

from src.embedding.names import OSNET_NAMES, check_name
from src.embedding.osnet import build_osnet
from src.embedding.weights import load_weights


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
    check_name(name)
    if name in OSNET_NAMES:
        network: nn.Module = build_osnet(name)
    else:
        from src.embedding.torchreid_models import build_torchreid

        network = build_torchreid(name, use_gpu)
    load_weights(network, weights)
    return network.eval().requires_grad_(False)
