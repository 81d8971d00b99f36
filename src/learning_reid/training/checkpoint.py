"""What a long run needs to survive: a checkpoint that is whole or absent, a log that goes on, a polite way to stop."""

import csv
import json
import signal
from dataclasses import asdict
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import torch
from torch import nn

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import write_whole


def save_checkpoint(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, recipe: Any, step: int) -> None:
    """Write everything a run needs to go on; the file is replaced in one move, so it is never half written.

    Args:
        path: the file.
        model: its weights are kept.
        optimiser: its moments are kept.
        recipe: a dataclass; a checkpoint goes on only under the recipe that began it.
        step: how many steps are done.
    """
    state = {
        "step": step,
        "recipe": _fingerprint(recipe),
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    write_whole(path, state)


def load_checkpoint(path: Path, model: nn.Module, optimiser: torch.optim.Optimizer, recipe: Any) -> int:
    """Bring a model and its optimiser to where a checkpoint left them.

    Returns:
        How many steps are done; 0 where there is no checkpoint.

    Raises:
        UserError: when the checkpoint was begun under another recipe.
    """
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    if state["recipe"] != _fingerprint(recipe):
        raise UserError(f"{path} was begun with another recipe: start again with --fresh, or keep the old recipe")
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return int(state["step"])


class StepLog:
    """A CSV with a row for each step; resuming at a step cuts off the rows from there on."""

    def __init__(self, path: Path, first_step: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept: list[dict[str, str]] = []
        if first_step and path.exists():
            with path.open(newline="") as before:
                kept = [row for row in csv.DictReader(before) if int(row["step"]) < first_step]
        self._file = path.open("w", newline="")
        self._writer: csv.DictWriter[str] | None = None
        for row in kept:
            self._write(row)

    def add(self, step: int, **values: float) -> None:
        """Write a row: the step and its figures."""
        self._write({"step": step, **{name: f"{value:.6g}" for name, value in values.items()}})

    def _write(self, row: dict[str, Any]) -> None:
        if self._writer is None:
            self._writer = csv.DictWriter(self._file, list(row), lineterminator="\n")
            self._writer.writeheader()
        self._writer.writerow(row)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()


class Stopper:
    """Turns Ctrl-C and SIGTERM into a request, which the loop answers between two steps, its checkpoint written."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def leave_if_asked(self) -> None:
        """Raise KeyboardInterrupt when somebody asked to stop."""
        if self.asked:
            raise KeyboardInterrupt

    def __enter__(self) -> Self:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True


def _fingerprint(recipe: Any) -> str:
    return json.dumps(asdict(recipe), sort_keys=True)
