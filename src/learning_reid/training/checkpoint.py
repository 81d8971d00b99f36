"""The checkpoint, which holds everything a resumed run needs, and the weights files; both are written atomically."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from learning_reid.config.load import flatten
from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write

# Settings that do not change the weights, so that a run may be resumed with other ones.
FREE_SETTINGS = {"run.name", "run.folder", "run.checkpoint_every", "data.workers", "data.root", "run.device"}


class Stateful(Protocol):
    """Anything with a state that a checkpoint keeps: network, optimizer, schedule, …"""

    def state_dict(self) -> Any:
        """Return the state."""

    def load_state_dict(self, state: Any, /) -> Any:
        """Restore the state."""


@dataclass
class TrainingProgress:
    """Position in a run, and the metrics of the current epoch."""

    epoch: int = 0  #: Completed epochs
    batch: int = 0  #: Completed batches of the current epoch
    images: int = 0  #: Images of these batches
    sums: dict[str, float] = field(default_factory=dict)  #: Metric → its sum over these images

    def add(self, metrics: Mapping[str, float], images: int) -> None:
        """Count a completed batch with the means of its metrics."""
        self.batch += 1
        self.images += images
        for name, value in metrics.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * images

    def start_next_epoch(self) -> None:
        """Count a completed epoch and reset the metrics."""
        self.epoch, self.batch, self.images, self.sums = self.epoch + 1, 0, 0, {}

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return asdict(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        vars(self).update(state)


def save_checkpoint(
    path: Path, parts: Mapping[str, Stateful], settings: Mapping[str, Any], notes: Mapping[str, Any]
) -> None:
    """Replace the checkpoint.

    Args:
        path: The file.
        parts: Everything that changes during a run; the part "model" makes the file usable as weights.
        settings: Everything that must be equal when the run is resumed.
        notes: Further entries, such as the input size.

    Raises:
        UserError: The file cannot be written, for example because the disk is full; the earlier one stays.
    """
    states = {name: part.state_dict() for name, part in parts.items()}
    _save(path, {**notes, "settings": dict(settings), **states})


def load_checkpoint(path: Path, parts: Mapping[str, Stateful], settings: Mapping[str, Any]) -> None:
    """Restore all parts from a checkpoint.

    Raises:
        UserError: The file is missing, damaged, or from a run with other settings (they are listed).
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist, so there is nothing to resume; start a new run without --resume")
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        changed = _changed_settings(content["settings"], settings)
        if changed:
            raise UserError(
                f"{path} is from a run with other settings: {changed}; resume with the same ones, or start a new run"
            )
        for name, part in parts.items():
            part.load_state_dict(content[name])
    except UserError:
        raise
    except Exception as error:  # a damaged file makes the readers raise nearly anything
        reason = str(error).partition("\n")[0]
        raise UserError(f"{path} cannot be read as a checkpoint ({reason}); start a new run") from None


def save_weights(path: Path, network: nn.Module, **notes: Any) -> None:
    """Write a weights file that every command reads; `notes` are stored beside the weights.

    Raises:
        UserError: The file cannot be written; the earlier one stays.
    """
    _save(path, {"state_dict": network.state_dict(), **notes})


def _save(path: Path, content: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as temporary:
        try:
            torch.save(content, temporary)
        except RuntimeError as error:  # how torch reports a full disk
            raise OSError(0, str(error).splitlines()[0]) from error


def _changed_settings(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    earlier, current = flatten(before), flatten(now)
    keys = [key for key in current if key not in FREE_SETTINGS and earlier.get(key) != current[key]]
    return ", ".join(f"{key} was {earlier.get(key)!r}, is {current[key]!r}" for key in keys)
