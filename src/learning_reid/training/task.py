"""What the trainer needs to know about a task: its network, batches, loss and validation."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from torch import Tensor, nn

Batch = TypeVar("Batch")


class BatchResult(NamedTuple):
    """Loss of a batch (a scalar with gradient), means of its other metrics, and its number of images."""

    loss: Tensor
    metrics: dict[str, float]
    images: int


class TrainingTask(ABC, Generic[Batch]):
    """A network to train, and everything that is special about it. The `Trainer` does the rest.

    For a resumed run to end with bit-identical weights, `batches` must depend on its arguments alone, and
    `compute_loss` on weights, batch and torch's global random generator (the trainer seeds it before each step).
    """

    network: nn.Module  #: Trained in place
    criterion: nn.Module = nn.Identity()  #: Loss module whose parameters are trained, too
    batches_per_epoch: int  #: Number of batches of an epoch
    #: Everything that must be equal when a run is resumed; checkpoints and weights files contain it
    settings: dict[str, Any]
    notes: dict[str, Any]  #: Further entries of these files
    metrics: Sequence[str] = ()  #: Names in `BatchResult.metrics`
    #: Names in the result of `validate`; the first selects the best weights. Empty if the task is not validated during
    #: training.
    validation_metrics: Sequence[str] = ()

    @abstractmethod
    def batches(self, epoch: int, first_batch: int = 0) -> Iterator[Batch]:
        """Yield the batches of an epoch, from `first_batch` on. The trainer requests epochs in order."""

    @abstractmethod
    def compute_loss(self, network: nn.Module, batch: Batch) -> BatchResult:
        """Compute loss and metrics of a batch, under autocast if the run uses it.

        Args:
            network: `self.network`, possibly wrapped for several processes.
            batch: One of `batches`.
        """

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Measure the validation metrics of the network or of its moving average."""
        return {}

    def backbone_parameters(self) -> Iterable[nn.Parameter]:
        """Return the parameters that use `backbone_lr`."""
        return ()

    def freeze_backbone(self, frozen: bool) -> None:
        """Freeze the backbone, including its batch-norm statistics, or unfreeze it."""
