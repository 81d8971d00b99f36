"""Train the embedded ReID network: OSNet ×0.25 from random weights, on generated people.

A batch holds P persons with K crops each, and the supervised contrastive loss attracts the crops of a person. Training
starts on small crops, which are four times as fast and teach colors and shapes, and ends at full size. Half of the
persons in a batch come in pairs generated one after the other, a third of which are near-copies; with random negatives
alone the network would not learn details. Two measures help it to generalize to real people: MixStyle, and the moving
average of the weights, which is released. The loss uses the average of the whole feature map. The released network
pools three maps in stripes, which transfers much better to real people; a loss on the stripes made them worse.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from learning_reid.embedding.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from learning_reid.losses.contrastive import supervised_contrastive_loss
from learning_reid.models.osnet import OSNet
from learning_reid.models.part_pooling import PartPooledOSNet, PartPooling
from learning_reid.models.registry import create_model
from learning_reid.training.mixstyle import apply_mixstyle
from learning_reid.training.task import BatchResult, TrainingTask
from tools.weights.augmentation import augment
from tools.weights.recipe import Recipe, recipe_settings, train_task
from tools.weights.reid_crops import CropRecipe, CropSet, load_crops


@dataclass(frozen=True, kw_only=True)
class ReidRecipe(Recipe):
    """Everything that decides the weights of the ReID network. Sizes are (height, width) in pixels.

    Attributes:
        arch: The network, an OSNet.
        crops: The generated crops.
        persons_per_batch: P.
        crops_per_person: K.
        small: Size of the crops at first.
        full: Their size at last.
        small_share: Share of the steps with small crops.
        mixstyle: Probability that the styles of a batch are mixed, after each of two stages.
        stripes: Stripes in which the released network pools its maps.
        power: Exponent of the generalized mean over a stripe.
        relief: Share of the mean over the stripes that is subtracted.
        temperature: Of the loss, at the first and the last step: it gets stricter.
    """

    epochs: int = 100
    steps_per_epoch: int = 22
    learning_rate: float = 2e-3
    weight_decay: float = 5e-4
    warmup_epochs: int = 5
    ema_decay: float | None = 0.997
    arch: str = "osnet_x0_25"
    crops: CropRecipe = field(default_factory=CropRecipe)
    persons_per_batch: int = 16
    crops_per_person: int = 4
    small: tuple[int, int] = (128, 64)
    full: tuple[int, int] = (256, 128)
    small_share: float = 0.9
    mixstyle: float = 0.5
    stripes: int = 16
    power: float = 3.0
    relief: float = 0.5
    temperature: tuple[float, float] = (0.2, 0.1)


class CropBatch(NamedTuple):
    """Augmented, normalized crops (n, 3, h, w), their persons (n,), and the number of the step."""

    images: Tensor
    persons: Tensor
    step: int


class EmbeddedReidTask(TrainingTask[CropBatch]):
    """Attract the crops of a person by the supervised contrastive loss."""

    metrics = ("nearest",)  # share of crops whose nearest neighbor in the batch is the same person

    def __init__(self, recipe: ReidRecipe, crops: CropSet) -> None:
        self.recipe, self._crops = recipe, crops
        self.batches_per_epoch = recipe.steps_per_epoch
        self.settings, self.notes = recipe_settings(recipe), {"input_size": list(recipe.full)}
        model = create_model(recipe.arch, seed=recipe.seed)
        assert isinstance(model, OSNet)
        self.model, self.network = model, model

    def batches(self, epoch: int, first_batch: int = 0) -> Iterator[CropBatch]:
        """Yield the batches of an epoch."""
        start = epoch * self.recipe.steps_per_epoch
        for step in range(start + first_batch, start + self.recipe.steps_per_epoch):
            yield make_batch(self._crops, step, self.recipe)

    def compute_loss(self, network: nn.Module, batch: CropBatch) -> BatchResult:
        """Compute the loss, and the share of crops whose nearest neighbor is the same person."""
        device = next(network.parameters()).device
        persons = batch.persons.to(device)
        seed = (self.recipe.seed, batch.step, 1)
        with apply_mixstyle((self.model.pool2, self.model.pool3), self.recipe.mixstyle, seed):
            features = network(batch.images.to(device, memory_format=torch.channels_last)).float()  # (n, d)
        loss = supervised_contrastive_loss(features, persons, temperature(batch.step, self.recipe))
        with torch.no_grad(), torch.autocast(device.type, enabled=False):
            unit = nn.functional.normalize(features)
            distances = torch.cdist(unit, unit).fill_diagonal_(torch.inf)
            nearest = (persons[distances.argmin(dim=1)] == persons).float().mean()
        return BatchResult(loss, {"nearest": float(nearest)}, len(persons))


def train_reid(recipe: ReidRecipe, run: Path, cache: Path, *, resume: bool = True, device: str = "cpu") -> nn.Module:
    """Train the embedded ReID network, or resume its training.

    Args:
        recipe: Everything that decides the weights.
        run: Folder of checkpoint and log; created if missing.
        cache: Folder of generated crops.
        resume: Continue from the checkpoint if there is one.
        device: "cpu" or "cuda".

    Returns:
        The moving average of the network, in eval mode, with part pooling.

    Raises:
        KeyboardInterrupt: After Ctrl-C or SIGTERM, once the checkpoint is written.
        UserError: The checkpoint is of another recipe, or cannot be written.
    """
    task = EmbeddedReidTask(recipe, load_crops(recipe.crops, cache))
    trainer = train_task(task, recipe, run, resume, device)
    network = task.model if trainer.ema is None else trainer.ema.module
    assert isinstance(network, OSNet)
    return PartPooledOSNet(network, PartPooling(recipe.stripes, recipe.power, recipe.relief)).eval()


def make_batch(crops: CropSet, step: int, recipe: ReidRecipe) -> CropBatch:
    """Draw and augment the P·K crops of a step; a pure function of its arguments."""
    rng = np.random.default_rng([recipe.seed, step])
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    per_person = recipe.crops_per_person
    pairs = rng.choice(crops.people // 2 - 1, recipe.persons_per_batch // 2, replace=False)
    firsts = 2 * pairs + rng.integers(2)
    chosen = np.concatenate([firsts, firsts + 1])  # persons and those generated right after them, often near-copies
    persons = np.repeat(chosen, per_person)
    numbers = np.concatenate([rng.permutation(crops.cameras.shape[1])[:per_person] for _ in chosen])
    images = torch.from_numpy(crops.images(persons, numbers)).permute(0, 3, 1, 2).float() / 255  # (n, 3, h, w)
    size = recipe.small if step < recipe.small_share * recipe.steps else recipe.full
    images = augment(images, *size, generator)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return CropBatch((images - mean) / std, torch.from_numpy(persons), step)


def temperature(step: int, recipe: ReidRecipe) -> float:
    """Return the temperature of a step, linear from the first to the last.

    >>> temperature(0, ReidRecipe())
    0.2
    """
    first, last = recipe.temperature
    return first + (last - first) * step / recipe.steps
