"""How far each step goes: warm-up, then down by a cosine, in steps, or when validation stands still."""

import math
from dataclasses import dataclass, field

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer

from learning_reid.config.training import ScheduleSettings
from learning_reid.training.model import TrainedNetwork

WARM_UP_FROM = 0.1  # of the full learning rate
COSINE_TO = 0.01


def build_optimiser(model: TrainedNetwork, loss: nn.Module, settings: ScheduleSettings) -> Optimizer:
    """Two learning rates, for backbone and head; weight decay for matrices and filters, none for biases and norms.

    What the loss learns of its own (centres, class weights) counts to the head.
    """
    head = set(map(id, [*model.head(), *loss.parameters()]))
    groups: dict[tuple[bool, bool], list] = {}
    for parameter in [*model.parameters(), *loss.parameters()]:
        if parameter.requires_grad:
            groups.setdefault((id(parameter) in head, parameter.ndim > 1), []).append(parameter)
    listed = [
        {
            "params": parameters,
            "lr": settings.lr if in_head else settings.backbone_lr,
            "full_lr": settings.lr if in_head else settings.backbone_lr,
            "in_head": in_head,
            "weight_decay": settings.weight_decay if decays else 0.0,
        }
        for (in_head, decays), parameters in groups.items()
    ]
    if settings.optimiser == "sgd":
        return SGD(listed, momentum=0.9, nesterov=True)
    return (AdamW if settings.optimiser == "adamw" else Adam)(listed)


def falling(settings: ScheduleSettings, epoch: float) -> float:
    """Share of the full learning rate at a time, counted in epochs; `plateau` is left to `Schedule`.

    >>> warm = ScheduleSettings(epochs=60, warmup_epochs=5)
    >>> falling(warm, 0), falling(warm, 5), round(falling(warm, 32.5), 3), round(falling(warm, 60), 3)
    (0.1, 1.0, 0.505, 0.01)
    >>> steps = ScheduleSettings(epochs=60, warmup_epochs=0, schedule="multistep", milestones=[30, 50])
    >>> [round(falling(steps, epoch), 3) for epoch in (29.9, 30, 50)]
    [1.0, 0.1, 0.01]
    """
    if epoch < settings.warmup_epochs:
        return WARM_UP_FROM + (1 - WARM_UP_FROM) * epoch / settings.warmup_epochs
    if settings.schedule == "multistep":
        return settings.gamma ** sum(epoch >= milestone for milestone in settings.milestones)
    if settings.schedule == "plateau":
        return 1.0
    done = (epoch - settings.warmup_epochs) / max(settings.epochs - settings.warmup_epochs, 1e-9)
    return COSINE_TO + (1 - COSINE_TO) * 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))


@dataclass
class Schedule:
    """Sets the learning rates of an optimiser, and knows what validation said.

    Attributes:
        settings: how it falls.
        best: the best mAP until now.
        standing: validations since it was reached.
        downs: steps down that `plateau` has taken.
    """

    settings: ScheduleSettings
    best: float = field(default=-math.inf)
    standing: int = field(default=0)
    downs: int = field(default=0)

    def set_rates(self, optimiser: Optimizer, epoch: float) -> float:
        """Set every group's learning rate for this time, in epochs; the backbone rests during `fixbase_epochs`.

        Returns:
            The learning rate of the head.
        """
        share = falling(self.settings, epoch) * self.settings.gamma**self.downs
        rate = 0.0
        for group in optimiser.param_groups:
            resting = not group["in_head"] and epoch < self.settings.fixbase_epochs
            group["lr"] = 0.0 if resting else share * group["full_lr"]
            rate = group["lr"] if group["in_head"] else rate
        return rate

    def hear(self, mean_ap: float) -> bool:
        """Take note of a validation.

        Returns:
            Whether it is as good as the best until now: of equals the later has learned more.
        """
        if mean_ap > self.best:
            self.best, self.standing = mean_ap, 0
            return True
        self.standing += 1
        if self.settings.schedule == "plateau" and self.standing % self.settings.plateau_epochs == 0:
            self.downs += 1
        return mean_ap == self.best

    @property
    def finished_early(self) -> bool:
        """Whether patience is at its end."""
        return self.settings.patience is not None and self.standing >= self.settings.patience

    def state_dict(self) -> dict[str, float]:
        """What a checkpoint keeps."""
        return {"best": self.best, "standing": self.standing, "downs": self.downs}

    def load_state_dict(self, state: dict[str, float]) -> None:
        """Go on from a checkpoint."""
        self.best = float(state["best"])
        self.standing, self.downs = int(state["standing"]), int(state["downs"])
