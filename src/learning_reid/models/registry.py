"""Models by name: listed without importing torch, created with random or trained weights.

A new model takes one file in this package with a function ``(name) -> nn.Module`` under ``@register_model``.
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from learning_reid.errors import UserError, did_you_mean
from learning_reid.registry import Registry

if TYPE_CHECKING:
    from torch import nn

MODELS: Registry[Callable[[str], nn.Module]] = Registry("model", "learning_reid.models", "register_model")
register_model = MODELS.register

_DEFAULT_INPUT_SIZE = (256, 128)
_OTHER_INPUT_SIZES = {"hacnn": (160, 64)}


def list_models(pattern: str = "*") -> list[str]:
    """List the registered models whose names match a shell pattern.

    >>> list_models("osnet_ain*")
    ['osnet_ain_x1_0', 'osnet_ain_x0_75', 'osnet_ain_x0_5', 'osnet_ain_x0_25']
    """
    return [name for name in MODELS.names() if fnmatchcase(name, pattern)]


def check_model_name(name: str) -> None:
    """Raise a UserError with similar names unless a model is registered under `name`."""
    if name not in (names := MODELS.names()):
        raise UserError(f"unknown model {name!r}: {did_you_mean(name, names)}")


def input_size(name: str) -> tuple[int, int]:
    """Return the height and width, in pixels, of the crops that a model is usually trained and tested on.

    >>> input_size("osnet_x0_25"), input_size("hacnn")
    ((256, 128), (160, 64))
    """
    return _OTHER_INPUT_SIZES.get(name, _DEFAULT_INPUT_SIZE)


def create_model(name: str, weights: str | Path | None = None, seed: int = 0) -> nn.Module:
    """Create a model with random or trained weights.

    Args:
        name: One of `list_models()`.
        weights: "embedded", a file, a card (.yml), or the datasets that published weights were trained on, as
            `create_embedder` takes them; None for random weights.
        seed: Seed of the random weights. PyTorch's global generator is not changed.

    Returns:
        The model on the CPU in eval mode: (n, 3, h, w) crops -> (n, d) features, not normalized. Part pooling and the
        BNNeck that the weights were trained with are included.

    Raises:
        UserError: The name is unknown, or the weights are missing, damaged or of another model.

    Example:
        >>> import torch
        >>> model = create_model("osnet_x0_25")
        >>> model(torch.zeros(2, 3, 256, 128)).shape
        torch.Size([2, 512])
    """
    import torch

    from learning_reid.models.bnneck import add_bnneck
    from learning_reid.models.part_pooling import add_part_pooling
    from learning_reid.models.state_dict import load_tensors, read_weights, without_prefix
    from learning_reid.models.weights_file import resolve_weights

    check_model_name(name)
    file = None if weights is None else resolve_weights(name, str(weights))
    tensors = None if file is None else read_weights(file)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = MODELS.load(name)(name)
    if file is not None and tensors is not None:
        tensors = without_prefix(tensors, model.state_dict(), keep="backbone")  # the name of a model in a BNNeck
        model = add_bnneck(add_part_pooling(model, tensors), tensors)
        load_tensors(model, tensors, file)
    return model.eval()
