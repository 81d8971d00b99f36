"""The progress bar of an epoch: loss, images per second, and the remaining time of the run."""

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Self

from tqdm.auto import tqdm

from learning_reid.training.checkpoint import TrainingProgress


class EpochMeter:
    """Adds batches to the progress of an epoch, and shows it as a bar.

    Args:
        progress: Position and sums, updated here.
        batches: Batches per epoch.
        epochs: Epochs of the run.
        processes: Number of processes.
        shown: Whether this process shows the bar.
    """

    def __init__(self, progress: TrainingProgress, batches: int, epochs: int, processes: int, shown: bool) -> None:
        self._progress, self._batches, self._epochs, self._processes = progress, batches, epochs, processes
        self._first, self._images_before, self._started = progress.batch, progress.images, time.perf_counter()
        self._bar = tqdm(
            total=batches, initial=progress.batch, desc=f"epoch {progress.epoch + 1}/{epochs}", unit="batch",
            dynamic_ncols=True, disable=not shown,
        )  # fmt: skip

    def add(self, metrics: Mapping[str, float], images: int) -> None:
        """Add a batch: the means of its metrics, and its number of images."""
        progress = self._progress
        progress.add(metrics, images)
        remaining = (self._epochs - progress.epoch) * self._batches - progress.batch  # batches of the whole run
        seconds = remaining * self.seconds / (progress.batch - self._first)
        self._bar.set_postfix(
            {name: f"{value / progress.images:.3g}" for name, value in progress.sums.items()},
            images_per_s=f"{self.images_per_s:.0f}",
            all_epochs_in=tqdm.format_interval(seconds),
            refresh=False,
        )
        self._bar.update()

    @property
    def seconds(self) -> float:
        """Seconds since the epoch started or was resumed."""
        return time.perf_counter() - self._started

    @property
    def images_per_s(self) -> float:
        """Images per second, over all processes."""
        return (self._progress.images - self._images_before) * self._processes / self.seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
