"""Train the embedded detector from random weights on generated streets: data, schedule, step, checkpoint, log.

Every step is a pure function of the weights before it, the recipe and its number; so training that is interrupted and
resumed ends with the very weights of an unbroken run on the same machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torchvision.models.detection import FasterRCNN

from learning_reid.detection.slim_frcnn import HEIGHT, WIDTH, build_slim_frcnn
from learning_reid.device import fast_arithmetic
from learning_reid.training.steps import run_steps
from tools.weights.detector_data import CROP_HEIGHT, CROP_WIDTH, Sample, batches, load_streets

_CLIP_NORM = 5.0


@dataclass(frozen=True)
class DetectorRecipe:
    """All that decides the outcome of a training run.

    Attributes:
        steps: optimiser steps.
        batch_size: windows of 384 × 288 pixels a step.
        learning_rate: at its highest, after the warm-up.
        weight_decay: of AdamW (Loshchilov and Hutter, arXiv 1711.05101).
        warmup: steps of rising learning rate.
        streets: generated streets in the cache.
        sprites: people in the bank that populates them.
        seed: of streets, batches, first weights and everything else.
        threads: CPU threads of PyTorch; sums come out differently with another number.
    """

    steps: int = 3200
    batch_size: int = 12
    learning_rate: float = 1.2e-3
    weight_decay: float = 0.02
    warmup: int = 80
    streets: int = 5000
    sprites: int = 3000
    seed: int = 1
    threads: int = 1


def train_detector(
    recipe: DetectorRecipe, run: Path, cache: Path, *, resume: bool = True, device: str = "cpu"
) -> FasterRCNN:
    """Train, or go on with, the embedded detector.

    Args:
        recipe: what to do.
        run: folder of the checkpoint and the log; made if missing.
        cache: folder of generated people and streets.
        resume: go on from the checkpoint where there is one.
        device: "cpu" or "cuda".

    Returns:
        The trained network, in eval mode.

    Raises:
        KeyboardInterrupt: after Ctrl-C or SIGTERM, once the checkpoint is written.
        UserError: the checkpoint was begun with another recipe.
    """
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    streets = load_streets(cache, recipe.streets, recipe.sprites, recipe.seed)
    model = build_slim_frcnn().to(device, memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(model.parameters(), recipe.learning_rate, weight_decay=recipe.weight_decay)

    def steps_from(first: int) -> Iterator[dict[str, float]]:
        prepared = batches(streets, recipe.seed, first, recipe.steps, recipe.batch_size)
        for step, batch in enumerate(prepared, first):
            losses = train_step(model, optimiser, batch, recipe, step)
            yield {**losses, "learning_rate": learning_rate(recipe, step)}

    label = "training the detector"
    run_steps(run, recipe, model, optimiser, steps_from, pictures=recipe.batch_size, label=label, resume=resume)
    model.transform.min_size, model.transform.max_size = (HEIGHT,), WIDTH  # from here on it sees whole pictures
    return model.eval()


def train_step(
    model: FasterRCNN, optimiser: torch.optim.Optimizer, batch: list[Sample], recipe: DetectorRecipe, step: int
) -> dict[str, float]:
    """One optimiser step on one batch; returns the four losses of Faster R-CNN."""
    torch.manual_seed(1_000_003 * recipe.seed + step)  # the network samples anchors and regions at random
    device = next(model.parameters()).device
    images = [torch.from_numpy(sample.image).permute(2, 0, 1).to(device).float() / 255 for sample in batch]  # (3, h, w)
    targets = [_target(sample, device) for sample in batch]
    model.train()
    model.transform.min_size, model.transform.max_size = (CROP_HEIGHT,), CROP_WIDTH  # windows are not resized again
    for group in optimiser.param_groups:
        group["lr"] = learning_rate(recipe, step)
    with fast_arithmetic(device.type):
        losses = model(images, targets)
    total = torch.stack([loss.float() for loss in losses.values()]).sum()
    optimiser.zero_grad(set_to_none=True)
    total.backward()
    nn.utils.clip_grad_norm_(model.parameters(), _CLIP_NORM)
    optimiser.step()
    return {name: float(loss.detach()) for name, loss in losses.items()}


def learning_rate(recipe: DetectorRecipe, step: int) -> float:
    """A linear warm-up, then half a cosine down to a hundredth (Loshchilov and Hutter, arXiv 1608.03983, eq. 5).

    >>> recipe = DetectorRecipe(steps=1000, warmup=10, learning_rate=1.0)
    >>> [round(learning_rate(recipe, step), 3) for step in (0, 10, 500, 999)]
    [0.1, 1.0, 0.505, 0.01]
    """
    rise = min(1.0, (step + 1) / recipe.warmup)
    fall = 0.5 * (1 + math.cos(math.pi * step / recipe.steps))
    return recipe.learning_rate * rise * (0.01 + 0.99 * fall)


def _target(sample: Sample, device: torch.device) -> dict[str, torch.Tensor]:
    boxes = torch.from_numpy(sample.boxes_xyxy).to(device)  # (n, 4)
    return {"boxes": boxes, "labels": torch.ones(len(boxes), dtype=torch.int64, device=device)}
