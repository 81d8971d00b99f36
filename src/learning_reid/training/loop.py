"""The training loop: epochs, batches, steps; validation by mAP; a checkpoint that loses nothing.

One way for a laptop and for many devices: `accelerate launch src/main.py train …` starts this same function once on
each device. The processes share each batch by whole persons, the metric loss sees the features of all of them, and
batch norms count over all of them, so that the curve is that of one process with the same batch.
"""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from accelerate.utils import DistributedDataParallelKwargs, InitProcessGroupKwargs
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from learning_reid.config.training import TrainSettings
from learning_reid.device import choose_device
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.models.names import OSNET_NAMES
from learning_reid.training.checkpoint import Stopper
from learning_reid.training.ema import moving_average
from learning_reid.training.images import Pictures, SeededBatches, make_loader
from learning_reid.training.log import RunLog
from learning_reid.training.meter import Meter
from learning_reid.training.model import build_model
from learning_reid.training.people import TrainingPeople, gather_people
from learning_reid.training.precision import cpu_has_bfloat16
from learning_reid.training.reid_loss import ReidLoss
from learning_reid.training.sampler import IdentityBatchSampler
from learning_reid.training.schedule import Schedule, build_optimiser
from learning_reid.training.state import Progress, Training, load_state, save_state, save_weights
from learning_reid.training.sync_norm import synchronise_norms
from learning_reid.training.validation import validate


@dataclass(frozen=True)
class Outcome:
    """How a run ended.

    Attributes:
        epochs: that are done.
        best: the best mAP on the validation people, NaN where none was measured.
        interrupted: somebody stopped it; the checkpoint goes on from there.
        early: patience was at its end.
    """

    epochs: int
    best: float
    interrupted: bool
    early: bool


def prepare(settings: TrainSettings, accelerator: Accelerator) -> "Runner":
    """Read the data and build the network, so that whatever is wrong is told before a folder is made.

    Args:
        settings: everything that decides the weights.
        accelerator: of `make_accelerator`.

    Raises:
        UserError: data or settings that the reader can mend.
    """
    with accelerator.main_process_first():  # which draws the generated people, where they are not there yet
        people = gather_people(settings)
    return Runner(settings, accelerator, people)


def make_accelerator(settings: TrainSettings) -> Accelerator:
    """The device or devices, and the arithmetic."""
    if settings.run.threads is not None:
        torch.set_num_threads(settings.run.threads)
    device, wanted = choose_device(settings.run.device), settings.run.amp
    if wanted == "fp16" and device == "cpu":
        raise UserError("run.amp: fp16 needs a GPU; set it to auto, bf16 or no")
    chosen = best_arithmetic(device) if wanted == "auto" else wanted
    alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    AcceleratorState._reset_state(reset_partial_state=alone)  # of a run before in this process, on whatever device
    uneven = (
        settings.schedule.fixbase_epochs > 0 or settings.model.arch not in OSNET_NAMES
    )  # parameters without gradient
    handlers = [
        DistributedDataParallelKwargs(find_unused_parameters=uneven),
        InitProcessGroupKwargs(timeout=timedelta(hours=6)),  # the others wait while one validates
    ]
    return Accelerator(mixed_precision=chosen, cpu=device == "cpu", kwargs_handlers=handlers)


def best_arithmetic(device: str) -> str:
    """bf16 where the device computes with it and does not only pretend to; fp16 on older GPUs; float32 elsewhere."""
    if device.startswith("cuda"):
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp16"
    if device == "cpu":
        return "bf16" if cpu_has_bfloat16() else "no"
    return "no"


class Runner:
    """One run: everything is built here, and `train` trains.

    Args:
        settings: everything that decides the weights.
        accelerator: devices and arithmetic.
        people: whom to learn from and validate on.
    """

    def __init__(self, settings: TrainSettings, accelerator: Accelerator, people: TrainingPeople) -> None:
        self.settings, self.accelerator, self.people = settings, accelerator, people
        schedule = settings.schedule
        rank, world = accelerator.process_index, accelerator.num_processes
        height, width = settings.model.input_size
        self.preprocessing = Preprocessing(height, width)
        sampler = IdentityBatchSampler(
            people.labels, schedule.batch_size, schedule.num_instances,
            cameras=people.cameras, seed=settings.run.seed, rank=rank, world=world,
        )  # fmt: skip
        self.batches = SeededBatches(sampler, settings.run.seed, rank, world)
        pictures = Pictures(people.samples, people.labels, self.preprocessing, settings.augment)
        self.loader = make_loader(pictures, self.batches, settings.data.workers)

        torch.manual_seed(settings.run.seed + rank)  # of what a network draws while it trains, such as dropout
        model = build_model(settings.model, len(people.persons), settings.run.seed)
        synchronise_norms(model)
        model.to(accelerator.device).to(memory_format=torch.channels_last)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.run.seed + 2)  # the same in every process
            self.loss = ReidLoss(settings.loss, len(people.persons), model.dimension).to(accelerator.device)
        optimiser = build_optimiser(model, self.loss, schedule)
        self.network, prepared = accelerator.prepare(model, optimiser)
        accelerator.unwrap_model(self.network, keep_fp32_wrapper=False)  # `step` says itself where half precision rules
        average = None
        if schedule.ema_decay is not None:
            average = AveragedModel(model, avg_fn=moving_average(schedule.ema_decay), use_buffers=True)
        self.progress = Progress()
        self.training = Training(
            model, average, prepared, Schedule(schedule), self.loss, self.progress, accelerator.scaler
        )

    def train(self, run: Path, resume: bool = False) -> Outcome:
        """Train, and write the run's folder.

        Args:
            run: an existing folder; gets metrics.csv, TensorBoard's files and weights/{best,checkpoint,final}.pt.
            resume: go on from its checkpoint.

        Raises:
            UserError: data, settings or disk that the reader can mend; the last good checkpoint stays.
        """
        self.run = run
        if resume:
            load_state(run / "weights/checkpoint.pt", self.training, self.noted())
        with RunLog(run, self.progress.epoch, self.accelerator.is_main_process) as log, Stopper() as stopper:
            return self.all_epochs(log, stopper)

    def all_epochs(self, log: RunLog, stopper: Stopper) -> Outcome:
        """Train until the last epoch, the end of patience, or Ctrl-C."""
        schedule, epochs = self.training.schedule, self.settings.schedule.epochs
        while self.progress.epoch < epochs and not schedule.finished_early:
            figures = self.train_epoch(stopper)
            if figures is None:
                self.save()
                return self.outcome(interrupted=True)
            self.progress.epoch, self.progress.batch = self.progress.epoch + 1, 0
            self.progress.loss, self.progress.right, self.progress.seen = 0.0, 0.0, 0
            last = self.progress.epoch == epochs
            if last or self.progress.epoch % self.settings.run.validate_every == 0:
                figures |= self.validate()
            log.add(self.progress.epoch, figures)
            stopping = self.asked(stopper)
            due = self.progress.epoch == 1 or self.progress.epoch % self.settings.run.checkpoint_every == 0
            if last or stopping or due or schedule.finished_early:
                self.save()
            if stopping and not last:
                return self.outcome(interrupted=True)
        return self.outcome(interrupted=False)

    def train_epoch(self, stopper: Stopper) -> dict[str, float] | None:
        """All batches of an epoch, or those that were not done yet; None where somebody asked to stop."""
        progress = self.progress
        self.batches.start(progress.epoch, progress.batch)
        self.network.train()
        self.rest_backbone(progress.epoch < self.settings.schedule.fixbase_epochs)
        total, rate = self.batches.per_epoch, 0.0
        processes, shown = self.accelerator.num_processes, self.accelerator.is_main_process
        with Meter(progress, total, self.settings.schedule.epochs, processes, shown) as meter:
            for pictures, labels in told_plainly(iter(self.loader)):
                now = progress.epoch + progress.batch / total
                rate = self.training.schedule.set_rates(self.training.optimiser, now)
                loss, right = self.step(pictures, labels)
                if not math.isfinite(loss):
                    raise UserError(
                        f"the loss is {loss} in epoch {progress.epoch + 1}, batch {progress.batch + 1}; lower "
                        "schedule.lr and schedule.backbone_lr, or set run.amp: no; what was saved before is intact"
                    )
                meter.add(loss, right, len(labels))
                if progress.batch < total and self.asked(stopper):
                    return None
            speed, seconds = meter.images_per_s, meter.seconds
        sums = torch.tensor([progress.loss, progress.right, progress.seen])  # float32: all that MPS has
        loss_sum, right_sum, seen = self.accelerator.reduce(sums.to(self.accelerator.device), "sum").tolist()
        return {
            "loss": loss_sum / seen,
            "accuracy": right_sum / seen,
            "learning_rate": rate,
            "images_per_s": speed,
            "seconds": seconds,
        }

    def step(self, pictures: Tensor, labels: Tensor) -> tuple[float, float]:
        """One step of gradient descent: pictures (n, 3, h, w), labels (n,) -> loss, and how many were named rightly."""
        pictures = pictures.to(self.accelerator.device, memory_format=torch.channels_last, non_blocking=True)
        labels = labels.to(self.accelerator.device, non_blocking=True)
        with self.accelerator.autocast():
            before, logits = self.network(pictures)  # (n, d), (n, people)
        loss = self.loss(before, logits, labels)  # in float32 at least, and outside of autocast
        if not torch.isfinite(loss):
            return float(loss.detach()), 0.0
        self.training.optimiser.zero_grad(set_to_none=True)
        self.accelerator.backward(loss)
        if self.settings.schedule.clip_norm is not None:
            parameters = [*self.network.parameters(), *self.loss.parameters()]
            length = self.accelerator.clip_grad_norm_(parameters, self.settings.schedule.clip_norm)
            if self.accelerator.scaler is None and not torch.isfinite(length):
                return float("nan"), 0.0  # before it spoils the weights
        self.training.optimiser.step()
        if self.training.average is not None:
            self.training.average.update_parameters(self.training.model)
        return float(loss.detach()), float((logits.argmax(dim=1) == labels).sum())

    def rest_backbone(self, rests: bool) -> None:
        """Keep the backbone as it is, its norms included, while the new head learns to read it."""
        backbone = self.training.model.backbone
        backbone.requires_grad_(not rests)
        if rests:
            backbone.eval()

    def validate(self) -> dict[str, float]:
        """mAP and rank-1 of the weights and of their average; the better of the two is kept."""
        figures: dict[str, float] = {}
        if self.accelerator.is_main_process:
            networks: dict[str, nn.Module] = {"plain": self.training.model}
            if self.training.average is not None:
                networks["average"] = self.training.average.module
            scores = {
                which: validate(network, self.people.validation, self.preprocessing, self.accelerator.device)
                for which, network in networks.items()
            }
            figures = {
                name if which == "plain" else f"{name}_{which}": value
                for which, scored in scores.items()
                for name, value in scored.items()
            }
            better = max(scores, key=lambda which: scores[which]["map"])
            mean_ap = scores[better]["map"]
            best = self.training.schedule.hear(mean_ap)
            notes = {"epoch": self.progress.epoch, "map": mean_ap, "which": better, "data": self.people.digest}
            for name in ("final", "best") if best else ("final",):
                save_weights(self.run / f"weights/{name}.pt", networks[better], self.settings.model_dump(), **notes)
        self.share_schedule()
        self.accelerator.wait_for_everyone()
        return figures

    def share_schedule(self) -> None:
        """What the main process heard of validation, for all."""
        if self.accelerator.num_processes > 1:
            from accelerate.utils import broadcast_object_list

            state = broadcast_object_list([self.training.schedule.state_dict()])[0]
            self.training.schedule.load_state_dict(state)

    def save(self) -> None:
        """Write the checkpoint."""
        if self.accelerator.is_main_process:
            save_state(self.run / "weights/checkpoint.pt", self.training, self.noted())
        self.accelerator.wait_for_everyone()

    def noted(self) -> dict[str, Any]:
        """What must be the same when a run goes on: its settings, and the people it learns from."""
        settings = self.settings.model_dump()
        return settings | {"data": settings["data"] | {"fingerprint": self.people.digest}}

    def asked(self, stopper: Stopper) -> bool:
        """Whether any of the processes was asked to stop."""
        if self.accelerator.num_processes == 1:
            return stopper.asked
        flag = torch.tensor(float(stopper.asked), device=self.accelerator.device)
        return bool(self.accelerator.reduce(flag, "sum") > 0)

    def outcome(self, interrupted: bool) -> Outcome:
        """How it ended."""
        schedule = self.training.schedule
        best = schedule.best if math.isfinite(schedule.best) else float("nan")
        return Outcome(self.progress.epoch, best, interrupted, schedule.finished_early)


def told_plainly(batches: Iterator[Any]) -> Iterator[Any]:
    """Pass batches on; a problem that a reading process met is told as if it had come up here."""
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except UserError as problem:
            raise UserError(str(problem).rpartition("UserError: ")[2].strip()) from None
        yield batch
