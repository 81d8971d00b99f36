"""Metric losses by name; listing them does not import torch."""

import inspect
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from learning_reid.errors import UserError, did_you_mean
from learning_reid.registry import Registry

if TYPE_CHECKING:
    from torch import nn

METRIC_LOSSES: Registry[Callable[..., "nn.Module"]] = Registry("metric loss", "learning_reid.losses", "register_loss")
register_loss = METRIC_LOSSES.register
ALIASES = {"centre": "center"}  # as earlier settings files spell it


def list_losses() -> list[str]:
    """Return the names that `create_loss` accepts.

    >>> list_losses()[:3]
    ['arcface', 'center', 'circle']
    """
    return METRIC_LOSSES.names()


def loss_options(name: str) -> list[str]:
    """Return the names of the options that a metric loss takes.

    Raises:
        UserError: The name is unknown.
    """
    return list(inspect.signature(METRIC_LOSSES.load(ALIASES.get(name, name))).parameters)


def create_loss(name: str, **options: float | None) -> "nn.Module":
    """Create the metric loss called `name`; its `forward(features, labels)` returns a scalar.

    Args:
        name: One of `list_losses()`.
        options: Arguments of the loss, for example `margin` and `scale`. Those not given have the paper's defaults.

    Raises:
        UserError: The name or an option is unknown (similar names are suggested), or a value is out of range.

    >>> create_loss("circle", margin=0.4).margin
    0.4
    """
    known = loss_options(name)
    for option, value in options.items():
        if option not in known:
            hint = did_you_mean(option, known) if known else "it takes none"
            raise UserError(f"metric loss {name!r} has no option {option!r}: {hint}")
        if value is None:
            continue
        if not (math.isfinite(value) and (value > 0 or (option == "margin" and value == 0))):
            allowed = "0 or more" if option == "margin" else "above 0"
            raise UserError(f"metric loss {name!r}: {option} must be {allowed}, not {value}")
    return METRIC_LOSSES.load(ALIASES.get(name, name))(**options)
