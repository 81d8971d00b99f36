"""Read, resize, augment and normalize training images, in batches."""

import signal
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler
from torchvision.transforms import v2

from learning_reid.config.training import AugmentSettings
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.sample import Sample
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.training.sampler import IdentityBatchSampler


class SeededIndex(NamedTuple):
    """Index of a sample, and the seed of its augmentation."""

    sample: int
    seed: int


class TrainingImages(Dataset[tuple[Tensor, int]]):
    """Augmented samples as tensors. An image depends on its `SeededIndex` alone, whichever process reads it.

    Args:
        samples: The samples.
        labels: (n,) identities.
        preprocessing: Preprocessing at inference.
        augment: Random augmentation.
    """

    def __init__(
        self, samples: Sequence[Sample], labels: np.ndarray, preprocessing: Preprocessing, augment: AugmentSettings
    ) -> None:
        self._samples, self._labels, self._preprocessing = samples, labels, preprocessing
        self._augment = create_augmentation(augment, preprocessing)

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, index: SeededIndex) -> tuple[Tensor, int]:
        """Return the normalized image (3, height, width) float32, and its identity."""
        image = self._preprocessing.resize(read_crop(self._samples[index.sample]))  # (h, w, 3) uint8
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(index.seed)  # only the CPU's: the network may be using a GPU's
            augmented = self._augment(torch.from_numpy(image.copy()).permute(2, 0, 1))
        return augmented, int(self._labels[index.sample])


def create_augmentation(settings: AugmentSettings, preprocessing: Preprocessing) -> v2.Transform:
    """Create the augmentation: flip, shift, color jitter, random erasing (Zhong et al. 2017, arXiv 1708.04896)."""
    size = (preprocessing.height, preprocessing.width)
    strength = settings.jitter
    steps: list[v2.Transform] = [v2.RandomHorizontalFlip(settings.flip)]
    if settings.pad:
        steps.append(v2.RandomCrop(size, padding=settings.pad))
    if strength:
        steps.append(v2.ColorJitter(brightness=strength, contrast=strength, saturation=strength))
    steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(preprocessing.mean), list(preprocessing.std))]
    if settings.erase:
        steps.append(v2.RandomErasing(settings.erase, scale=(0.02, 0.33), value=0))  # the mean color
    return v2.Compose(steps)


class SeededBatchSampler(Sampler[list[SeededIndex]]):
    """The batches of an `IdentityBatchSampler`, each image with a seed from epoch, batch and position.

    Args:
        batches: Returns this process's share of each batch.
        seed: Seed of the run.
        rank: Index of this process.
        world: Number of processes; an image has the same seed whichever of them reads it.
    """

    def __init__(self, batches: IdentityBatchSampler, seed: int, rank: int = 0, world: int = 1) -> None:
        self._batches, self._seed, self._rank, self._world = batches, seed, rank, world
        self.epoch, self.first_batch = 0, 0

    def set_epoch(self, epoch: int, first_batch: int = 0) -> None:
        """Set the next epoch, and the batch that it starts with."""
        self.epoch, self.first_batch = epoch, first_batch
        self._batches.set_epoch(epoch, first_batch)

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[SeededIndex]]:
        for number, batch in enumerate(self._batches, self.first_batch):
            rng = np.random.default_rng([self._seed, self.epoch, number])
            seeds = rng.integers(0, 2**62, (self._world, len(batch)))[self._rank]
            yield [SeededIndex(int(index), int(seed)) for index, seed in zip(batch, seeds, strict=True)]


def create_loader(images: TrainingImages, batches: SeededBatchSampler, workers: int) -> DataLoader[Any]:
    """Create a loader whose worker processes stay alive from epoch to epoch."""
    return DataLoader(
        images,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=ignore_interrupt,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # so that the loader does not draw from the network's generator
    )


def ignore_interrupt(*_: object) -> None:
    """Ignore Ctrl-C in a worker: a terminal sends it to every process, and only the trainer handles it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def reraise_worker_error(batches: Iterator[Any]) -> Iterator[Any]:
    """Yield batches; a UserError of a worker process is raised without the worker's stack trace."""
    while True:
        try:
            batch = next(batches)
        except StopIteration:
            return
        except UserError as error:
            raise UserError(str(error).rpartition("UserError: ")[2].strip()) from None
        yield batch
