"""A checkpoint of a run: all that is needed to go on as if nothing had happened, whole on disk or not there."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from learning_reid.config.load import flatten
from learning_reid.errors import UserError
from learning_reid.io.atomic_write import write_whole
from learning_reid.training.model import TrainedNetwork
from learning_reid.training.schedule import Schedule


@dataclass
class Progress:
    """How far a run is: `epoch` epochs are done, and `batch` batches of the next one.

    Attributes:
        epoch: epochs that are done.
        batch: batches of the next epoch that are done.
        loss, right, seen: sums over these batches, for the figures of the epoch.
    """

    epoch: int = 0
    batch: int = 0
    loss: float = 0.0
    right: float = 0.0
    seen: int = 0


@dataclass(frozen=True, eq=False)
class Training:
    """Everything that changes while a run goes on."""

    model: TrainedNetwork
    average: AveragedModel | None
    optimiser: torch.optim.Optimizer
    schedule: Schedule
    loss: nn.Module
    progress: Progress
    scaler: torch.amp.GradScaler | None = None  # of fp16 alone


def save_state(path: Path, training: Training, settings: dict[str, Any]) -> None:
    """Replace the checkpoint in one move. As weights it is those of the model, with its picture size.

    Raises:
        UserError: it cannot be written, such as on a full disk; the one before stays as it was.
    """
    write_whole(
        path,
        {
            "settings": settings,
            "input_size": list(settings["model"]["input_size"]),
            "model": training.model.state_dict(),
            "average": None if training.average is None else training.average.state_dict(),
            "optimiser": training.optimiser.state_dict(),
            "schedule": training.schedule.state_dict(),
            "loss": training.loss.state_dict(),
            "progress": asdict(training.progress),
            "scaler": None if training.scaler is None else training.scaler.state_dict(),
            "random": torch.get_rng_state(),
        },
    )


def load_state(path: Path, training: Training, settings: dict[str, Any]) -> None:
    """Bring a run to where a checkpoint left it.

    Raises:
        UserError: there is none, it is damaged, or it is of other settings (those that differ are told).
    """
    if not path.is_file():
        raise UserError(f"{path} is not there, so there is nothing to resume; start a new run without --resume")
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        differing = _differing(state["settings"], settings)
        if differing:
            raise UserError(f"{path} is of other settings: {differing}; resume with the same ones, or start a new run")
        training.model.load_state_dict(state["model"])
        if training.average is not None:
            training.average.load_state_dict(state["average"])
        training.optimiser.load_state_dict(state["optimiser"])
        training.schedule.load_state_dict(state["schedule"])
        training.loss.load_state_dict(state["loss"])
        vars(training.progress).update(state["progress"])
        if training.scaler is not None:
            training.scaler.load_state_dict(state["scaler"])
        torch.set_rng_state(state["random"])
    except UserError:
        raise
    except Exception as problem:  # a damaged file makes the readers raise nearly anything
        reason = str(problem).partition("\n")[0]
        raise UserError(f"{path} cannot be read as a checkpoint ({reason}); start a new run") from None


def save_weights(path: Path, model: nn.Module, settings: dict[str, Any], **notes: Any) -> None:
    """Write weights that every command takes, with the settings they were trained under.

    Raises:
        UserError: the file cannot be written; the one before stays as it was.
    """
    size = [int(pixels) for pixels in settings["model"]["input_size"]]
    content = {"state_dict": model.state_dict(), "input_size": size, "settings": settings, **notes}
    write_whole(path, content)


def _differing(before: dict[str, Any], now: dict[str, Any]) -> str:
    """The keys whose values differ, but for those that change nothing of what is learned."""
    free = {"run.name", "run.folder", "run.checkpoint_every", "data.workers", "data.root", "run.device"}
    then, today = flatten(before), flatten(now)
    keys = [key for key in today if key not in free and then.get(key) != today[key]]
    return ", ".join(f"{key} was {then.get(key)!r}, is {today[key]!r}" for key in keys)
