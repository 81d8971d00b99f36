"""From samples to batches of tensors: read, resize, change at random, normalise."""

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
from learning_reid.training.sampler import IdentityBatchSampler


class Key(NamedTuple):
    """Which sample, and the seed of everything random that happens to it."""

    sample: int
    seed: int


class Pictures(Dataset[tuple[Tensor, int]]):
    """The samples as augmented tensors. A picture depends on its key alone, whichever process reads it.

    Args:
        samples: what to read.
        labels: (n,) the person of each.
        preprocessing: as inference will use it.
        augment: what to change at random.
    """

    def __init__(
        self, samples: Sequence[Sample], labels: np.ndarray, preprocessing: Preprocessing, augment: AugmentSettings
    ) -> None:
        self._samples, self._labels, self._preprocessing = samples, labels, preprocessing
        self._change = augmentation(augment, preprocessing)

    def __len__(self) -> int:
        return len(self._samples)

    def __getitem__(self, key: Key) -> tuple[Tensor, int]:
        """(3, height, width) float32, normalised; and the person."""
        picture = self._preprocessing.resize(read_crop(self._samples[key.sample]))  # (h, w, 3) uint8
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key.seed)  # the CPU's alone: a GPU's may be in use by the network
            changed = self._change(torch.from_numpy(picture.copy()).permute(2, 0, 1))
        return changed, int(self._labels[key.sample])


def augmentation(settings: AugmentSettings, preprocessing: Preprocessing) -> v2.Transform:
    """Mirror, shift, other light, a hidden rectangle (Zhong et al. 2017, arXiv 1708.04896): still the same person."""
    size = (preprocessing.height, preprocessing.width)
    strength = settings.jitter
    steps: list[v2.Transform] = [v2.RandomHorizontalFlip(settings.flip)]
    if settings.pad:
        steps.append(v2.RandomCrop(size, padding=settings.pad))
    if strength:
        steps.append(v2.ColorJitter(brightness=strength, contrast=strength, saturation=strength))
    steps += [v2.ToDtype(torch.float32, scale=True), v2.Normalize(list(preprocessing.mean), list(preprocessing.std))]
    if settings.erase:
        steps.append(v2.RandomErasing(settings.erase, scale=(0.02, 0.33), value=0))  # the mean colour
    return v2.Compose(steps)


class SeededBatches(Sampler[list[Key]]):
    """The batches of a sampler of indices, each picture with a seed of its own that epoch and place decide.

    Args:
        batches: an `IdentityBatchSampler`, which gives this process its share of each batch.
        seed: of the run.
        rank: number of this process.
        world: how many processes there are; a picture has the same seed whichever of them reads it.
    """

    def __init__(self, batches: IdentityBatchSampler, seed: int, rank: int = 0, world: int = 1) -> None:
        self._batches, self._seed, self._rank, self._world = batches, seed, rank, world
        self.epoch, self.first_batch = 0, 0

    def start(self, epoch: int, first_batch: int = 0) -> None:
        """Set which epoch comes next, and with which of its batches it begins."""
        self.epoch, self.first_batch = epoch, first_batch
        self._batches.set_epoch(epoch, first_batch)

    @property
    def per_epoch(self) -> int:
        """Batches of a whole epoch."""
        return self._batches.batches_per_epoch

    def __len__(self) -> int:
        return len(self._batches)

    def __iter__(self) -> Iterator[list[Key]]:
        for number, batch in enumerate(self._batches, self.first_batch):
            rng = np.random.default_rng([self._seed, self.epoch, number])
            seeds = rng.integers(0, 2**62, (self._world, len(batch)))[self._rank]
            yield [Key(int(index), int(seed)) for index, seed in zip(batch, seeds, strict=True)]


def ignore_ctrl_c(worker: int) -> None:
    """Ctrl-C reaches every process of a terminal; only the one that trains may answer it, with a checkpoint."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def make_loader(pictures: Pictures, batches: SeededBatches, workers: int) -> DataLoader[Any]:
    """A loader whose processes stay alive from epoch to epoch."""
    return DataLoader(
        pictures,
        batch_sampler=batches,
        num_workers=workers,
        persistent_workers=workers > 0,
        multiprocessing_context="spawn" if workers else None,
        worker_init_fn=ignore_ctrl_c,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # so that the loader draws nothing from the generator that the network may use
    )
