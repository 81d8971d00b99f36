"""All other networks of the field, through torchreid: imported only when one of them is asked for, and kept quiet."""

import contextlib
import functools
import io
import sys
import warnings
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from torch import nn

from learning_reid.errors import UserError, did_you_mean
from learning_reid.models.names import TORCHREID_NAMES


def build_torchreid(name: str, use_gpu: bool = False) -> nn.Module:
    """A network of torchreid with random weights, in eval mode: (n, 3, h, w) -> (n, d).

    Args:
        name: one of `TORCHREID_NAMES`.
        use_gpu: must tell `hacnn`, which moves tensors by itself, where it will run.

    Raises:
        UserError: no such network.
    """
    if name not in TORCHREID_NAMES:
        raise UserError(f"unknown embedder {name!r}: {did_you_mean(name, TORCHREID_NAMES)}")
    with quiet(), without_tensorflow():
        from torchreid.reid import models

        # pretrained=True would fetch ImageNet weights, which tell dogs from cars, not people apart
        network: nn.Module = models.build_model(name, num_classes=1, pretrained=False, use_gpu=use_gpu)
    _silence(network)
    return network.eval()


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep warnings and printed lines from the reader while the block runs."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _silence(network: nn.Module) -> None:
    """Make the network's own class a silent one. (A `forward` set on the object would be that of the original in every
    copy of the network, and so in every average of its weights.)"""
    loud = type(network)
    network.__class__ = type(loud.__name__, (loud,), {"forward": silenced(loud.forward)})


def silenced(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function without its warnings: `hacnn` calls what torch has renamed since, at each picture."""

    @functools.wraps(function)
    def silent(*arguments: Any, **options: Any) -> Any:
        with quiet():
            return function(*arguments, **options)

    return silent


@contextlib.contextmanager
def without_tensorflow() -> Iterator[None]:
    """Spare the seconds for which torchreid's training loop would have tensorboard load TensorFlow, where installed.

    `tensorboard.compat.notf` is the module by which tensorboard's own builds say that TensorFlow is to stay out.
    """
    marker = "tensorboard.compat.notf"
    sys.modules[marker] = ModuleType(marker)
    try:
        yield
    finally:
        del sys.modules[marker]
