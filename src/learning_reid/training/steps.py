"""The loop of the embedded trainings: a fixed number of steps, checkpoints, a log, a polite way to stop."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Protocol

import torch
from torch import nn
from tqdm.auto import tqdm

from learning_reid.training.checkpoint import StepLog, Stopper, load_checkpoint, save_checkpoint

CHECKPOINT_EVERY = 200


class Recipe(Protocol):
    """A dataclass with everything that decides the weights, the number of steps among it."""

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""


def run_steps(
    run: Path,
    recipe: Recipe,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    steps_from: Callable[[int], Iterator[Mapping[str, float]]],
    *,
    pictures: int,
    label: str,
    resume: bool = True,
) -> None:
    """Do the steps that are still to do.

    Args:
        run: folder of the checkpoint and the log; made if missing.
        recipe: a checkpoint goes on only under the recipe that began it.
        model, optimiser: changed in place.
        steps_from: called once with the number of the first step; does one step whenever it is asked for the next
            figures, which go to the log. Each step must follow from the weights, the recipe and its number alone: then
            a run that was broken off and resumed ends with the weights of an unbroken one.
        pictures: in a batch, for the speed.
        label: of the progress bar.
        resume: go on from the checkpoint where there is one.

    Raises:
        KeyboardInterrupt: after Ctrl-C or SIGTERM, once the checkpoint is written.
        UserError: the checkpoint was begun with another recipe, or cannot be written.
    """
    checkpoint = run / "checkpoint.pt"
    first = load_checkpoint(checkpoint, model, optimiser, recipe) if resume else 0
    with StepLog(run / "log.csv", first) as log, Stopper() as stopper:
        progress = tqdm(steps_from(first), label, initial=first, total=recipe.steps, unit="step")
        started = time.perf_counter()
        for step, figures in enumerate(progress, first):
            seconds, started = time.perf_counter() - started, time.perf_counter()
            log.add(step, **figures, images_per_second=pictures / seconds)
            progress.set_postfix({name: f"{value:.3g}" for name, value in figures.items() if "loss" in name})
            done = step + 1
            if done % CHECKPOINT_EVERY == 0 or done == recipe.steps or stopper.asked:
                save_checkpoint(checkpoint, model, optimiser, recipe, done)
            stopper.leave_if_asked()
