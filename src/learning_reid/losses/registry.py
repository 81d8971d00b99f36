"""The metric losses by name, with the options that each takes."""

import inspect
import math
from collections.abc import Callable

from torch import Tensor, nn

from learning_reid.errors import UserError, did_you_mean
from learning_reid.losses.arcface import ArcFaceLoss
from learning_reid.losses.batch import nothing_to_learn
from learning_reid.losses.center import CentreLoss
from learning_reid.losses.circle import CircleLoss
from learning_reid.losses.contrastive import SupervisedContrastiveLoss
from learning_reid.losses.triplet import TripletLoss


class NoLoss(nn.Module):
    """Zero for every batch: the network learns from the cross-entropy alone."""

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Features (n, d) and person ids (n,) to 0, with a gradient of 0."""
        return nothing_to_learn(features.float())


def _triplet(margin: float = 0.3, soft: bool = False) -> nn.Module:
    return TripletLoss(None if soft else margin)


def _none() -> nn.Module:
    return NoLoss()


METRIC_LOSSES: dict[str, Callable[..., nn.Module]] = {
    "triplet": _triplet,
    "circle": CircleLoss,
    "supcon": SupervisedContrastiveLoss,
    "centre": CentreLoss,
    "arcface": ArcFaceLoss,
    "none": _none,
}
WITH_CLASSES = ("centre", "arcface")  # they learn something of their own for each training person


def build_metric_loss(name: str, **options: float | bool) -> nn.Module:
    """Make the metric loss called `name`; its `forward(features, labels)` gives a scalar.

    Args:
        name: a key of `METRIC_LOSSES`.
        options: `margin` and `soft` (no margin but the soft one) for `triplet`, `margin` and `scale` for `circle`,
            `temperature` for `supcon`. What is left out has the default of the paper.

    Raises:
        UserError: no such loss or option (the nearest names are told), or a value that makes no sense.
    """
    if name not in METRIC_LOSSES:
        raise UserError(f"unknown metric loss {name!r}: {did_you_mean(name, METRIC_LOSSES)}")
    factory = METRIC_LOSSES[name]
    known = list(inspect.signature(factory).parameters)
    for option, value in options.items():
        if option not in known:
            advice = did_you_mean(option, known) if known else "it takes none"
            raise UserError(f"metric loss {name!r} has no option {option!r}: {advice}")
        if option != "soft" and not (math.isfinite(value) and (value > 0 or (option == "margin" and value == 0))):
            asked = "0 or more" if option == "margin" else "above 0"
            raise UserError(f"metric loss {name!r}: {option} must be {asked}, not {value}")
    return factory(**options)
