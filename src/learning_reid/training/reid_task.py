"""Training of a ReID network: classification and metric loss on labeled crops, validated by mAP."""

import sys
from collections.abc import Iterator

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from learning_reid.config.training import TrainSettings
from learning_reid.device import seed_everything
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.training.accelerator import make_accelerator
from learning_reid.training.image_loader import (
    SeededBatchSampler,
    TrainingImages,
    create_loader,
    reraise_worker_error,
)
from learning_reid.training.model import build_training_model
from learning_reid.training.reid_loss import ReidLoss
from learning_reid.training.sampler import IdentityBatchSampler, check_batch_size
from learning_reid.training.task import BatchResult, TrainingTask
from learning_reid.training.trainer import Trainer
from learning_reid.training.training_data import TrainingData, load_training_data
from learning_reid.training.validation import validate

ReidBatch = tuple[Tensor, Tensor]  # images (n, 3, h, w) and identities (n,)


class ReidTask(TrainingTask[ReidBatch]):
    """Classify the training identities and separate their embeddings.

    Args:
        settings: Settings of the run.
        data: From `load_training_data`.
        accelerator: From `make_accelerator`.
    """

    network: nn.Module
    criterion: ReidLoss
    metrics = ("accuracy",)
    validation_metrics = ("map", "rank1")

    def __init__(self, settings: TrainSettings, data: TrainingData, accelerator: Accelerator) -> None:
        schedule, seed = settings.schedule, settings.run.seed
        rank, world = accelerator.process_index, accelerator.num_processes
        self.data, self.device = data, accelerator.device
        height, width = settings.model.input_size
        self.preprocessing = Preprocessing(height, width)
        sampler = IdentityBatchSampler(
            data.labels, schedule.batch_size, schedule.num_instances,
            cameras=data.cameras, seed=seed, rank=rank, world=world,
        )  # fmt: skip
        self.batches_per_epoch = sampler.batches_per_epoch
        self._sampler = SeededBatchSampler(sampler, seed, rank, world)
        images = TrainingImages(data.samples, data.labels, self.preprocessing, settings.augment)
        self._loader = create_loader(images, self._sampler, settings.data.workers)

        self.model = build_training_model(settings.model, len(data.persons), seed)
        self.network = self.model
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed + 2)  # the same in every process
            self.criterion = ReidLoss(settings.loss, len(data.persons), self.model.dimension)

        dumped = settings.model_dump()
        self.settings = dumped | {"data": dumped["data"] | {"fingerprint": data.digest}}
        self.notes = {"input_size": list(settings.model.input_size), "data": data.digest}

    def batches(self, epoch: int, first_batch: int = 0) -> Iterator[ReidBatch]:
        """Yield P·K augmented images (n, 3, h, w) and their identities (n,)."""
        self._sampler.set_epoch(epoch, first_batch)
        return reraise_worker_error(iter(self._loader))

    def compute_loss(self, network: nn.Module, batch: ReidBatch) -> BatchResult:
        """Compute the loss, and the accuracy of the classifier."""
        images = batch[0].to(self.device, memory_format=torch.channels_last, non_blocking=True)
        labels = batch[1].to(self.device, non_blocking=True)
        features, logits = network(images)  # (n, d) before the BN neck, (n, persons)
        loss = self.criterion(features, logits, labels)
        accuracy = float((logits.argmax(dim=1) == labels).float().mean())
        return BatchResult(loss, {"accuracy": accuracy}, len(labels))

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Measure mAP and rank-1 on the validation identities."""
        return validate(network, self.data.validation, self.preprocessing, self.device)

    def backbone_parameters(self) -> Iterator[nn.Parameter]:
        """Return the parameters of the backbone."""
        return self.model.backbone.parameters()

    def freeze_backbone(self, frozen: bool) -> None:
        """Freeze the backbone, including its batch-norm statistics, or unfreeze it."""
        self.model.backbone.requires_grad_(not frozen)
        if frozen:
            self.model.backbone.eval()


def create_trainer(settings: TrainSettings) -> Trainer[ReidTask]:
    """Read the data and build network, loss and optimizer; nothing is written yet.

    Raises:
        UserError: The data or the settings need attention.

    Example:
        ::

            trainer = create_trainer(read_settings(TrainSettings, Path("confs/reid.yml")))
            print(trainer.task.data)
            result = trainer.train(run)  # an existing folder
            metrics = read_metrics(run)
    """
    run, schedule = settings.run, settings.schedule
    check_batch_size(sys.maxsize, schedule.batch_size, schedule.num_instances)
    ReidLoss(settings.loss, classes=2, dimension=2)  # wrong settings are refused before data are generated
    seed_everything(run.seed)
    unused = schedule.fixbase_epochs > 0 or not settings.model.arch.startswith("osnet")  # parameters without gradients
    accelerator = make_accelerator(run.device, run.amp, run.threads, find_unused_parameters=unused)
    with accelerator.main_process_first():  # it generates the data, if they are not there yet
        data = load_training_data(settings)
    return Trainer(
        ReidTask(settings, data, accelerator), schedule, accelerator,
        seed=run.seed, checkpoint_every=run.checkpoint_every, validate_every=run.validate_every,
    )  # fmt: skip
