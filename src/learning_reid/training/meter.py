"""What an epoch says while it goes on: loss, accuracy, pictures a second, and how long the run still takes."""

import time
from types import TracebackType
from typing import Self

from tqdm.auto import tqdm

from learning_reid.training.state import Progress


class Meter:
    """Adds up the steps of an epoch, and shows them as a bar.

    Args:
        progress: the sums, which a checkpoint keeps.
        batches: of a whole epoch.
        epochs: of the run.
        processes: that work at it together.
        shown: whether this process shows the bar.
    """

    def __init__(self, progress: Progress, batches: int, epochs: int, processes: int, shown: bool) -> None:
        self._progress, self._batches, self._epochs, self._processes = progress, batches, epochs, processes
        self._first, self._seen_before, self._started = progress.batch, progress.seen, time.perf_counter()
        label = f"epoch {progress.epoch + 1}/{epochs}"
        self._bar = tqdm(
            total=batches, initial=progress.batch, desc=label, unit="batch", dynamic_ncols=True, disable=not shown
        )

    def add(self, loss: float, right: float, pictures: int) -> None:
        """A step is done: its mean loss, how many pictures were named rightly, and of how many."""
        progress = self._progress
        progress.batch += 1
        progress.loss += loss * pictures
        progress.right += right
        progress.seen += pictures
        still = (self._epochs - progress.epoch) * self._batches - progress.batch  # batches of the whole run
        left = still * self.seconds / (progress.batch - self._first)
        self._bar.set_postfix(
            loss=f"{progress.loss / progress.seen:.3f}",
            right=f"{progress.right / progress.seen:.0%}",
            images_s=f"{self.images_per_s:.0f}",
            all_epochs_in=tqdm.format_interval(left),
            refresh=False,
        )
        self._bar.update()

    @property
    def seconds(self) -> float:
        """Since the epoch began, or went on."""
        return time.perf_counter() - self._started

    @property
    def images_per_s(self) -> float:
        """Pictures of all processes in a second."""
        return (self._progress.seen - self._seen_before) * self._processes / self.seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()
