"""The training loop: epochs of batches, validation, checkpoints, and resuming with bit-identical results.

The same loop runs on one or several devices: `torchrun` or `accelerate launch` starts it once per process. Each process
computes its share of every batch. Batch norm and metric loss use the whole batch, so the result equals one process's.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import broadcast_object_list
from torch import nn
from torch.optim.swa_utils import AveragedModel

from learning_reid.config.training import ScheduleSettings
from learning_reid.errors import UserError
from learning_reid.io.interrupt import InterruptHandler
from learning_reid.training.checkpoint import (
    Stateful,
    TrainingProgress,
    load_checkpoint,
    save_checkpoint,
    save_weights,
)
from learning_reid.training.ema import ema_update
from learning_reid.training.log import TrainingLog
from learning_reid.training.meter import EpochMeter
from learning_reid.training.schedule import LearningRateSchedule, build_optimizer
from learning_reid.training.sync_norm import synchronize_batch_norm
from learning_reid.training.task import TrainingTask

Task = TypeVar("Task", bound=TrainingTask[Any])


@dataclass(frozen=True)
class TrainingResult:
    """How a run ended."""

    epochs: int  #: Completed epochs
    best: float  #: Best validation score, NaN without a validation
    interrupted: bool  #: Whether Ctrl-C or SIGTERM ended it; the checkpoint resumes it


class Trainer(Generic[Task]):
    """Train the network of a task.

    Args:
        task: Network, batches, loss and validation.
        schedule: Epochs, optimizer and learning rates.
        accelerator: Devices and precision, from `make_accelerator`.
        seed: Seed of everything random inside the network, such as dropout.
        checkpoint_every: Epochs between checkpoints.
        validate_every: Epochs between validations.

    Attributes:
        network: The task's network, wrapped if there are several processes.
        ema: Moving average of the weights; its network is `ema.module`. None without one.
    """

    def __init__(
        self,
        task: Task,
        schedule: ScheduleSettings,
        accelerator: Accelerator,
        *,
        seed: int = 0,
        checkpoint_every: int = 5,
        validate_every: int = 1,
    ) -> None:
        self.task, self.settings, self.accelerator, self.seed = task, schedule, accelerator, seed
        self.checkpoint_every, self.validate_every = checkpoint_every, validate_every
        if accelerator.num_processes > 1:
            task.network = synchronize_batch_norm(task.network)
        task.network.to(accelerator.device).to(memory_format=torch.channels_last)
        task.criterion.to(accelerator.device)
        optimizer = build_optimizer(schedule, self._parameters(), task.backbone_parameters())
        self.network, self.optimizer = accelerator.prepare(task.network, optimizer)
        accelerator.unwrap_model(self.network, keep_fp32_wrapper=False)  # `step` applies autocast itself
        self.ema: AveragedModel | None = None
        if schedule.ema_decay is not None:
            self.ema = AveragedModel(task.network, avg_fn=ema_update(schedule.ema_decay), use_buffers=True)
        self.schedule, self.progress = LearningRateSchedule(schedule), TrainingProgress()

    def train(self, run: Path, resume: bool = False) -> TrainingResult:
        """Train, and write metrics.csv, TensorBoard files and weights/{best,checkpoint,final}.pt.

        Args:
            run: An existing folder.
            resume: Continue from its checkpoint.

        Raises:
            UserError: The data, the settings or the disk need attention; the last good checkpoint stays.
        """
        self.run = run
        if resume:
            load_checkpoint(self._checkpoint, self._parts(), self.task.settings)
        alone = self.accelerator.num_processes == 1
        log = TrainingLog(run, self._columns(), self.progress.epoch, self.accelerator.is_main_process)
        with log, InterruptHandler("stopping after this batch, with a checkpoint", immediate_second=alone) as interrupt:
            interrupted = self._train_epochs(log, interrupt)
        best = self.schedule.best if math.isfinite(self.schedule.best) else float("nan")
        return TrainingResult(self.progress.epoch, best, interrupted)

    def step(self, batch: Any) -> tuple[dict[str, float], int]:
        """Take one optimizer step.

        Returns:
            The loss and the other metrics of the batch, and its number of images.

        Raises:
            UserError: The loss or its gradient is not finite.
        """
        place = (self.seed, self.progress.epoch, self.progress.batch, self.accelerator.process_index)
        torch.manual_seed(int(np.random.SeedSequence(place).generate_state(1, np.uint64)[0]))
        with self.accelerator.autocast():
            result = self.task.compute_loss(self.network, batch)
        loss = float(result.loss.detach())
        self._check_finite(loss)
        self.optimizer.zero_grad(set_to_none=True)
        self.accelerator.backward(result.loss)
        if self.settings.clip_norm is not None:
            length = self.accelerator.clip_grad_norm_(self._parameters(), self.settings.clip_norm)
            if self.accelerator.scaler is None:  # fp16's scaler skips steps with infinite gradients itself
                self._check_finite(float(length))
        self.optimizer.step()
        if self.ema is not None:
            self.ema.update_parameters(self.task.network)
        return {"loss": loss, **result.metrics}, result.images

    def _train_epochs(self, log: TrainingLog, interrupt: InterruptHandler) -> bool:
        """Train until the last epoch or early stopping; return whether the run was interrupted before."""
        progress = self.progress
        while progress.epoch < self.settings.epochs and not self.schedule.should_stop:
            metrics = self._train_epoch(interrupt)
            if metrics is None:
                self._save_checkpoint()
                return True
            progress.start_next_epoch()
            last = progress.epoch == self.settings.epochs
            if self.task.validation_metrics and (last or progress.epoch % self.validate_every == 0):
                metrics |= self._validate()
            log.add(progress.epoch, metrics)
            interrupted = self._any_process(interrupt.requested)
            due = progress.epoch == 1 or progress.epoch % self.checkpoint_every == 0
            if last or interrupted or due or self.schedule.should_stop:
                self._save_checkpoint()
            if interrupted and not last:
                return True
        return False

    def _train_epoch(self, interrupt: InterruptHandler) -> dict[str, float] | None:
        """Train the remaining batches of the current epoch; return its metrics, or None if interrupted."""
        progress, total, rate = self.progress, self.task.batches_per_epoch, 0.0
        self.network.train()
        self.task.freeze_backbone(progress.epoch < self.settings.fixbase_epochs)
        processes, shown = self.accelerator.num_processes, self.accelerator.is_main_process
        with EpochMeter(progress, total, self.settings.epochs, processes, shown) as meter:
            for batch in self.task.batches(progress.epoch, progress.batch):
                rate = self.schedule.set_rates(self.optimizer, progress.epoch + progress.batch / total)
                meter.add(*self.step(batch))
                if progress.batch < total and self._any_process(interrupt.requested):
                    return None
            speed, seconds = meter.images_per_s, meter.seconds
        sums = torch.tensor([*progress.sums.values(), progress.images], dtype=torch.float32)  # MPS has no float64
        *sums, images = self.accelerator.reduce(sums.to(self.accelerator.device), "sum").tolist()
        means = {name: value / images for name, value in zip(progress.sums, sums, strict=True)}
        return {**means, "learning_rate": rate, "images_per_s": speed, "seconds": seconds}

    def _validate(self) -> dict[str, float]:
        """Validate the weights and their moving average, and save the better of the two."""
        metrics: dict[str, float] = {}
        if self.accelerator.is_main_process:
            networks: dict[str, nn.Module] = {"plain": self.task.network}
            if self.ema is not None:
                networks["average"] = self.ema.module
            results = {which: self.task.validate(network) for which, network in networks.items()}
            for which, result in results.items():
                metrics |= {name if which == "plain" else f"{name}_{which}": value for name, value in result.items()}
            name = self.task.validation_metrics[0]
            better = max(results, key=lambda which: results[which][name])
            score = results[better][name]
            notes = {"epoch": self.progress.epoch, name: score, "which": better, "settings": self.task.settings}
            for file in ("final", "best") if self.schedule.update(score) else ("final",):
                save_weights(self.run / f"weights/{file}.pt", networks[better], **notes, **self.task.notes)
        if self.accelerator.num_processes > 1:
            self.schedule.load_state_dict(broadcast_object_list([self.schedule.state_dict()])[0])
        self.accelerator.wait_for_everyone()
        return metrics

    @property
    def _checkpoint(self) -> Path:
        return self.run / "weights/checkpoint.pt"

    def _save_checkpoint(self) -> None:
        if self.accelerator.is_main_process:
            save_checkpoint(self._checkpoint, self._parts(), self.task.settings, self.task.notes)
        self.accelerator.wait_for_everyone()

    def _parts(self) -> dict[str, Stateful]:
        """Return everything that changes during a run."""
        parts: dict[str, Stateful | None] = {
            "model": self.task.network,
            "loss": self.task.criterion,
            "ema": self.ema,
            "optimizer": self.optimizer,
            "schedule": self.schedule,
            "progress": self.progress,
            "scaler": self.accelerator.scaler,  # fp16 only
        }
        return {name: part for name, part in parts.items() if part is not None}

    def _parameters(self) -> list[nn.Parameter]:
        return [*self.task.network.parameters(), *self.task.criterion.parameters()]

    def _columns(self) -> Sequence[str]:
        validation = self.task.validation_metrics
        averages = [f"{name}_average" for name in validation]
        speed = ("learning_rate", "images_per_s", "seconds")
        return ["epoch", "loss", *self.task.metrics, *speed, *validation, *averages]

    def _any_process(self, flag: bool) -> bool:
        if self.accelerator.num_processes == 1:
            return flag
        return bool(self.accelerator.reduce(torch.tensor(float(flag), device=self.accelerator.device), "sum") > 0)

    def _check_finite(self, value: float) -> None:
        if not math.isfinite(value):
            raise UserError(
                f"the loss is {value} in epoch {self.progress.epoch + 1}, batch {self.progress.batch + 1}; lower "
                "schedule.lr and schedule.backbone_lr, or set run.amp: no; the last checkpoint is intact"
            )
