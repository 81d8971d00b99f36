"""Train the embedded ReID network: OSNet ×0.25 from random weights, on people who never existed.

One idea carries it: a batch holds P people with K crops each, and the supervised contrastive loss pulls each person's
crops together. Small pictures first, because they are four times as quick and teach colours and shapes; then full size.
Half of the people in a batch come right after another one, of whom a third are near-copies: who only
ever sees strangers never learns to look closely. Real people never come by, so the network must not believe too much in
the world it sees: pictures lend each other their style while it learns (MixStyle), and what is shipped is the moving
average of its weights. The loss sees the average of the whole map; what is shipped reads three maps in stripes, which
carries over to real people much better, while a loss on the stripes made them worse.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from learning_reid.device import fast_arithmetic
from learning_reid.embedding.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from learning_reid.losses.contrastive import supervised_contrastive_loss
from learning_reid.models.osnet import OSNet
from learning_reid.models.part_pooling import PartPooledOSNet, PartPooling
from learning_reid.models.registry import create_model
from learning_reid.training.augmentation import augment
from learning_reid.training.ema import moving_average
from learning_reid.training.mixstyle import styles_mixed
from learning_reid.training.steps import run_steps
from tools.weights.reid_crops import CropRecipe, CropSet, load_crops


@dataclass(frozen=True)
class ReidRecipe:
    """Everything that decides the weights. Sizes are (height, width) in pixels."""

    arch: str = "osnet_x0_25"
    crops: CropRecipe = field(default_factory=CropRecipe)
    steps: int = 2200
    people_per_batch: int = 16
    crops_per_person: int = 4
    small: tuple[int, int] = (128, 64)
    full: tuple[int, int] = (256, 128)
    small_share: float = 0.9  # of the steps, before going to full size
    mixed: float = 0.5  # how likely the styles of a batch are mixed, after each of two stages
    average: float = 0.997  # decay of the moving average of the weights
    stripes: int = 16  # in which the finished network reads its maps
    power: float = 3.0  # of the generalised mean over a stripe
    relief: float = 0.5  # share of the mean over the stripes that is taken away
    learning_rate: float = 2e-3
    weight_decay: float = 5e-4
    warm_up: float = 0.05  # share of the steps
    temperature: tuple[float, float] = (
        0.2,
        0.1,
    )  # of the loss, at the first and the last step: gentle first, strict later
    seed: int = 1
    threads: int = 1  # of PyTorch; sums come out differently with another number


def train_reid(recipe: ReidRecipe, run: Path, cache: Path, *, resume: bool = True) -> nn.Module:
    """Train, or go on with, the embedded ReID network.

    Every batch is a function of (seed, step) alone, so that a run that was broken off and resumed gives the same
    weights as an unbroken one.

    Args:
        recipe: what to do.
        run: folder of the checkpoint and the log; made if missing.
        cache: folder of generated crops.
        resume: go on from the checkpoint where there is one.

    Returns:
        The average of the trained network over its last steps, in eval mode, reading its maps in stripes.

    Raises:
        KeyboardInterrupt: after Ctrl-C or SIGTERM, once the checkpoint is written.
    """
    torch.set_num_threads(recipe.threads)
    crops = load_crops(recipe.crops, cache)
    model = create_model(recipe.arch, seed=recipe.seed).to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(_parameter_groups(model, recipe.weight_decay), lr=recipe.learning_rate)
    average = AveragedModel(model, avg_fn=moving_average(recipe.average), use_buffers=True)
    model.train()

    def steps_from(first: int) -> Iterator[dict[str, float]]:
        for step in range(first, recipe.steps):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, recipe)
            pictures, people = batch(crops, step, recipe)
            with styles_mixed((model.pool2, model.pool3), recipe.mixed, seed=(recipe.seed, step, 1)):
                progress = train_step(model, optimiser, pictures, people, temperature(step, recipe))
            average.update_parameters(model)
            yield {**progress._asdict(), "learning_rate": learning_rate(step, recipe)}

    size = recipe.people_per_batch * recipe.crops_per_person
    both = nn.ModuleDict({"model": model, "average": average})
    run_steps(run, recipe, both, optimiser, steps_from, pictures=size, label="training reid", resume=resume)
    network = average.module
    assert isinstance(network, OSNet)
    return PartPooledOSNet(network, PartPooling(recipe.stripes, recipe.power, recipe.relief)).eval()


def batch(crops: CropSet, step: int, recipe: ReidRecipe) -> tuple[Tensor, Tensor]:
    """The batch of a step: P·K augmented, normalised pictures (n, 3, h, w) and their people (n,)."""
    rng = np.random.default_rng([recipe.seed, step])
    generator = torch.Generator().manual_seed(recipe.seed * 1_000_003 + step)
    per_person = recipe.crops_per_person
    pairs = rng.choice(crops.people // 2 - 1, recipe.people_per_batch // 2, replace=False)
    firsts = 2 * pairs + rng.integers(2)
    chosen = np.concatenate([firsts, firsts + 1])  # people and those drawn right after them, often near-copies
    people = np.repeat(chosen, per_person)
    numbers = np.concatenate([rng.permutation(crops.cameras.shape[1])[:per_person] for _ in chosen])
    pictures = torch.from_numpy(crops.pictures(people, numbers)).permute(0, 3, 1, 2).float() / 255  # (n, 3, h, w)
    size = recipe.small if step < recipe.small_share * recipe.steps else recipe.full
    pictures = augment(pictures, *size, generator)
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    return ((pictures - mean) / std).contiguous(memory_format=torch.channels_last), torch.from_numpy(people)


def learning_rate(step: int, recipe: ReidRecipe) -> float:
    """A straight warm-up, then half a cosine down to a hundredth.

    >>> learning_rate(0, ReidRecipe()) < learning_rate(120, ReidRecipe()) > learning_rate(2199, ReidRecipe())
    True
    """
    warm_up = recipe.warm_up * recipe.steps
    if step < warm_up:
        return recipe.learning_rate * (step + 1) / (warm_up + 1)
    done = (step - warm_up) / (recipe.steps - warm_up)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done)))


def temperature(step: int, recipe: ReidRecipe) -> float:
    """From the first temperature to the last in a straight line.

    >>> temperature(0, ReidRecipe())
    0.2
    """
    first, last = recipe.temperature
    return first + (last - first) * step / recipe.steps


class Progress(NamedTuple):
    """How a step went: the loss, and the share of crops whose nearest neighbour in the batch is the same person."""

    loss: float
    nearest: float


def train_step(
    model: nn.Module, optimiser: torch.optim.Optimizer, pictures: Tensor, people: Tensor, temperature: float
) -> Progress:
    """One step of gradient descent on a batch: pictures (n, 3, h, w), people (n,)."""
    with fast_arithmetic():
        features = model(pictures)
    features = features.float()
    loss = supervised_contrastive_loss(features, people, temperature)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 5.0)
    optimiser.step()
    with torch.no_grad():
        unit = nn.functional.normalize(features)
        distances = torch.cdist(unit, unit).fill_diagonal_(torch.inf)
        nearest = (people[distances.argmin(dim=1)] == people).float().mean()
    return Progress(float(loss.detach()), float(nearest))


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Weight decay for matrices and filters; none for biases and norms."""

    def chosen(matrices: bool) -> Iterator[nn.Parameter]:
        return (parameter for parameter in model.parameters() if (parameter.ndim > 1) == matrices)

    return [
        {"params": list(chosen(True)), "weight_decay": weight_decay},
        {"params": list(chosen(False)), "weight_decay": 0.0},
    ]
