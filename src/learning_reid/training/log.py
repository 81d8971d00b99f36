"""The figures of a run, epoch by epoch: a CSV for people, TensorBoard's files for its curves."""

import csv
from pathlib import Path
from types import TracebackType
from typing import Self

from learning_reid.errors import UserError
from learning_reid.io.output_folder import replacing
from learning_reid.models.torchreid_models import without_tensorflow

COLUMNS = (
    "epoch", "loss", "accuracy", "learning_rate", "images_per_s", "seconds",
    "map", "rank1", "map_average", "rank1_average",
)  # fmt: skip


class RunLog:
    """Adds a row to metrics.csv for each epoch; a resumed run first forgets the rows that it will write again.

    Args:
        run: the folder.
        done: epochs that are done.
        writes: whether this process writes; of several only one does.
    """

    def __init__(self, run: Path, done: int, writes: bool) -> None:
        self._file, self._rows = run / "metrics.csv", [row for row in read_log(run) if int(row["epoch"]) <= done]
        self._board = None
        if writes:
            with without_tensorflow():
                from torch.utils.tensorboard import SummaryWriter

            self._board = SummaryWriter(str(run / "tensorboard"), purge_step=done + 1)

    def add(self, epoch: int, figures: dict[str, float]) -> None:
        """Write the figures of an epoch.

        Raises:
            UserError: the file cannot be written.
        """
        if self._board is None:
            return
        self._rows.append({"epoch": str(epoch), **{name: f"{value:.6g}" for name, value in figures.items()}})
        try:
            with replacing(self._file) as part, part.open("w", newline="") as stream:
                table = csv.DictWriter(stream, COLUMNS, restval="", lineterminator="\n")
                table.writeheader()
                table.writerows(self._rows)
            for name, value in figures.items():
                self._board.add_scalar(name, value, epoch)
            self._board.flush()
        except OSError as problem:
            raise UserError(f"{self._file} cannot be written ({problem.strerror}); make room and resume") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.close()


def read_log(run: Path) -> list[dict[str, str]]:
    """The rows of a run's metrics.csv; none where there is no such file yet."""
    file = run / "metrics.csv"
    if not file.is_file():
        return []
    with file.open(newline="") as stream:
        return list(csv.DictReader(stream))
