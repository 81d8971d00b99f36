"""The metrics of a run, one row per epoch: metrics.csv, and TensorBoard files."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from learning_reid.io.atomic_write import atomic_write
from learning_reid.models.torchreid_models import without_tensorflow


class TrainingLog:
    """Adds a row to metrics.csv after each epoch; in a resumed run, rows that will be written again are dropped.

    Args:
        run: Folder of the run.
        columns: Names of the columns; those without a value in a row stay empty.
        epochs_done: Completed epochs.
        writes: Whether this process writes; of several processes only one does.
    """

    def __init__(self, run: Path, columns: Sequence[str], epochs_done: int, writes: bool) -> None:
        self._file, self._columns = run / "metrics.csv", columns
        self._rows = [row for row in read_metrics(run) if int(row["epoch"]) <= epochs_done]
        self._board = None
        if writes:
            with without_tensorflow():
                from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(run / "tensorboard"), purge_step=epochs_done + 1)

    def add(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Write the metrics of an epoch.

        Raises:
            UserError: The file cannot be written.
        """
        if self._board is None:
            return
        self._rows.append({"epoch": str(epoch), **{name: f"{value:.6g}" for name, value in metrics.items()}})
        with atomic_write(self._file) as temporary, temporary.open("w", newline="") as stream:
            table = csv.DictWriter(stream, self._columns, restval="", lineterminator="\n")
            table.writeheader()
            table.writerows(self._rows)
        for name, value in metrics.items():
            self._board.add_scalar(name, value, epoch)
        self._board.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.close()


def read_metrics(run: Path) -> list[dict[str, str]]:
    """Read the rows of a run's metrics.csv; an empty list if there is no such file yet."""
    file = run / "metrics.csv"
    if not file.is_file():
        return []
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))
