"""Optimizer and learning rates: warm-up, then a cosine, steps, or a reduction when validation stops improving."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from learning_reid.config.training import ScheduleSettings

WARMUP_START = 0.1  # of the full learning rate
COSINE_END = 0.01


def build_optimizer(
    settings: ScheduleSettings, parameters: Iterable[nn.Parameter], backbone: Iterable[nn.Parameter] = ()
) -> Optimizer:
    """Create the optimizer, with parameter groups by learning rate and weight decay.

    Weight decay applies to matrices and filters, not to biases and norms.

    Args:
        settings: Optimizer, learning rates and weight decay.
        parameters: All parameters of network and loss; frozen ones are skipped.
        backbone: Those of them that use `backbone_lr`.

    >>> layers = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    >>> optimizer = build_optimizer(ScheduleSettings(), layers.parameters())
    >>> [(len(group["params"]), group["weight_decay"]) for group in optimizer.param_groups]
    [(1, 0.0005), (3, 0.0)]
    """
    in_backbone = set(map(id, backbone))
    groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for parameter in parameters:
        if parameter.requires_grad:
            groups.setdefault((id(parameter) in in_backbone, parameter.ndim > 1), []).append(parameter)
    options = [
        {
            "params": members,
            "lr": settings.backbone_lr if is_backbone else settings.lr,
            "full_lr": settings.backbone_lr if is_backbone else settings.lr,
            "is_backbone": is_backbone,
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (is_backbone, decays), members in groups.items()
    ]
    if settings.optimiser == "sgd":
        return SGD(options, momentum=0.9, nesterov=True)
    return (AdamW if settings.optimiser == "adamw" else Adam)(options)


def lr_factor(settings: ScheduleSettings, epoch: float) -> float:
    """Return the factor on the full learning rate at a time in epochs; `plateau` only warms up here.

    The cosine follows Loshchilov and Hutter 2017 (arXiv 1608.03983, equation 5), without restarts.

    >>> cosine = ScheduleSettings(epochs=60, warmup_epochs=5)
    >>> lr_factor(cosine, 0), lr_factor(cosine, 5), round(lr_factor(cosine, 32.5), 3), round(lr_factor(cosine, 60), 3)
    (0.1, 1.0, 0.505, 0.01)
    >>> steps = ScheduleSettings(epochs=60, warmup_epochs=0, schedule="multistep", milestones=[30, 50])
    >>> [round(lr_factor(steps, epoch), 3) for epoch in (29.9, 30, 50)]
    [1.0, 0.1, 0.01]
    """
    if epoch < settings.warmup_epochs:
        return WARMUP_START + (1 - WARMUP_START) * epoch / settings.warmup_epochs
    if settings.schedule == "multistep":
        return settings.gamma ** sum(epoch >= milestone for milestone in settings.milestones)
    if settings.schedule == "plateau":
        return 1.0
    done = (epoch - settings.warmup_epochs) / max(settings.epochs - settings.warmup_epochs, 1e-9)
    return COSINE_END + (1 - COSINE_END) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


@dataclass
class LearningRateSchedule:
    """Sets the learning rates of an optimizer, and tracks the best validation."""

    settings: ScheduleSettings  #: Shape of the schedule
    best: float = field(default=-math.inf)  #: Best validation score so far
    num_bad_epochs: int = field(default=0)  #: Validations since then
    num_reductions: int = field(default=0)  #: Reductions by `plateau`

    def set_rates(self, optimizer: Optimizer, epoch: float) -> float:
        """Set every group's learning rate for a time in epochs; the backbone's is 0 during `fixbase_epochs`.

        Returns:
            The learning rate of the head.
        """
        factor = lr_factor(self.settings, epoch) * self.settings.gamma**self.num_reductions
        rate = 0.0
        for group in optimizer.param_groups:
            frozen = group["is_backbone"] and epoch < self.settings.fixbase_epochs
            group["lr"] = 0.0 if frozen else factor * group["full_lr"]
            rate = rate if group["is_backbone"] else group["lr"]
        return rate

    def update(self, score: float) -> bool:
        """Update the best score and the patience counter after a validation.

        Returns:
            Whether the score equals or exceeds the best: of equal weights, the later ones are kept.
        """
        if score > self.best:
            self.best, self.num_bad_epochs = score, 0
            return True
        self.num_bad_epochs += 1
        if self.settings.schedule == "plateau" and self.num_bad_epochs % self.settings.plateau_epochs == 0:
            self.num_reductions += 1
        return score == self.best

    @property
    def should_stop(self) -> bool:
        """Whether patience is exhausted (early stopping)."""
        return self.settings.patience is not None and self.num_bad_epochs >= self.settings.patience

    def state_dict(self) -> dict[str, float]:
        """Return the state for a checkpoint."""
        return {"best": self.best, "num_bad_epochs": self.num_bad_epochs, "num_reductions": self.num_reductions}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Restore the state of a checkpoint."""
        self.best = float(state["best"])
        self.num_bad_epochs, self.num_reductions = int(state["num_bad_epochs"]), int(state["num_reductions"])
