"""Train the embedded detector from random weights on generated streets."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN

from learning_reid.detection.slim_frcnn import build_slim_frcnn
from learning_reid.training.task import BatchResult, TrainingTask
from tools.weights.detector_data import (
    CROP_HEIGHT,
    CROP_WIDTH,
    Augmentation,
    Sample,
    StreetCache,
    World,
    generate_batches,
    load_streets,
)
from tools.weights.recipe import Recipe, recipe_settings, train_task


@dataclass(frozen=True, kw_only=True)
class DetectorRecipe(Recipe):
    """Everything that decides the weights of the detector.

    Attributes:
        batch_size: Windows of 384 × 288 pixels in a step.
        streets: Generated images in the cache.
        sprites: Generated people who populate them.
        world: Which images: "streets" or "anywhere".
        augmentation: Random changes of the windows.
    """

    epochs: int = 160
    steps_per_epoch: int = 20
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.02
    warmup_epochs: int = 4
    batch_size: int = 12
    streets: int = 5000
    sprites: int = 3000
    world: World = "streets"
    augmentation: Augmentation = field(default_factory=Augmentation)


STREETS = DetectorRecipe()  # first stage, from random weights
ANYWHERE = DetectorRecipe(  # second stage, from the weights of the first
    epochs=30,
    learning_rate=8e-4,
    warmup_epochs=2,
    ema_decay=0.995,
    streets=1200,
    sprites=2400,
    world="anywhere",
    augmentation=Augmentation(mosaic=0.2, gray=0.15, motion_blur=0.08),
)


class DetectorTask(TrainingTask[list[Sample]]):
    """Detect people in windows of generated streets, with the four losses of Faster R-CNN."""

    metrics = ("loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg")

    def __init__(
        self, recipe: DetectorRecipe, streets: StreetCache, start: dict[str, torch.Tensor] | None = None
    ) -> None:
        self.recipe, self._streets = recipe, streets
        self._stream: Iterator[list[Sample]] | None = None
        self.batches_per_epoch = recipe.steps_per_epoch
        self.settings, self.notes = recipe_settings(recipe), {}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            self.model = build_slim_frcnn()
        if start is not None:
            self.model.load_state_dict(start)
        self.model.transform.min_size, self.model.transform.max_size = (CROP_HEIGHT,), CROP_WIDTH  # no resizing
        self.network: nn.Module = self.model

    def batches(self, epoch: int, first_batch: int = 0) -> Iterator[list[Sample]]:
        """Yield the batches of an epoch; one other process prepares those of the whole training."""
        recipe = self.recipe
        if self._stream is None:
            first = epoch * recipe.steps_per_epoch + first_batch
            self._stream = generate_batches(
                self._streets, recipe.seed, first, recipe.steps, recipe.batch_size, recipe.augmentation
            )
        return islice(self._stream, recipe.steps_per_epoch - first_batch)

    def compute_loss(self, network: nn.Module, batch: list[Sample]) -> BatchResult:
        """Compute the sum of the losses, and each of them."""
        device = next(network.parameters()).device
        images = [torch.from_numpy(sample.image).permute(2, 0, 1).to(device).float() / 255 for sample in batch]
        losses = network(images, [_target(sample, device) for sample in batch])  # images (3, h, w)
        total = torch.stack([loss.float() for loss in losses.values()]).sum()
        return BatchResult(total, {name: float(loss.detach()) for name, loss in losses.items()}, len(batch))


def train_detector(
    recipe: DetectorRecipe,
    run: Path,
    cache: Path,
    *,
    start: dict[str, torch.Tensor] | None = None,
    resume: bool = True,
    device: str = "cpu",
) -> FasterRCNN:
    """Train the embedded detector, or resume its training.

    Args:
        recipe: Everything that decides the weights.
        run: Folder of checkpoint and log; created if missing.
        cache: Folder of generated people and streets.
        start: Weights of an earlier stage; None = random weights.
        resume: Continue from the checkpoint if there is one.
        device: "cpu" or "cuda".

    Returns:
        The trained network, in eval mode.

    Raises:
        KeyboardInterrupt: After Ctrl-C or SIGTERM, once the checkpoint is written.
        UserError: The checkpoint is of another recipe, or cannot be written.
    """
    streets = load_streets(cache, recipe.streets, recipe.sprites, recipe.seed, world=recipe.world)
    task = DetectorTask(recipe, streets, start)
    trainer = train_task(task, recipe, run, resume, device)
    model = task.model if trainer.ema is None else trainer.ema.module
    assert isinstance(model, FasterRCNN)
    return model.eval()


def _target(sample: Sample, device: torch.device) -> dict[str, torch.Tensor]:
    boxes = torch.from_numpy(sample.boxes_xyxy).to(device)  # (n, 4)
    return {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64, device=device)}
