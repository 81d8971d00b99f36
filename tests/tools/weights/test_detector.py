"""The detector's recipe: three steps on four tiny streets; resumed runs equal uninterrupted ones."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.errors import UserError
from learning_reid.training.accelerator import make_accelerator
from learning_reid.training.log import read_metrics
from learning_reid.training.trainer import Trainer
from tools.weights import detector
from tools.weights.detector import DetectorRecipe, DetectorTask, train_detector
from tools.weights.detector_data import Augmentation, Sample, StreetCache, load_streets, make_batch

RECIPE = DetectorRecipe(epochs=2, steps_per_epoch=2, warmup_epochs=1, batch_size=2, streets=4, sprites=6, seed=11)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    load_streets(folder, RECIPE.streets, RECIPE.sprites, RECIPE.seed, workers=1)
    return folder


@pytest.fixture
def streets(cache: Path) -> StreetCache:
    return load_streets(cache, RECIPE.streets, RECIPE.sprites, RECIPE.seed)


@pytest.fixture(autouse=True)
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def generate_batches(
        streets: StreetCache, seed: int, first: int, last: int, size: int, augmentation: Augmentation
    ) -> Iterator[list[Sample]]:
        return (make_batch(streets, seed, step, size, augmentation) for step in range(first, last))

    monkeypatch.setattr(detector, "generate_batches", generate_batches)


@pytest.mark.slow
def test_an_interrupted_and_resumed_training_equals_an_uninterrupted_one(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = train_detector(RECIPE, tmp_path / "whole", cache).state_dict()
    step, count = Trainer.step, 0

    def failing(self: Trainer, batch: object) -> tuple[dict[str, float], int]:
        nonlocal count
        count += 1
        if count == 4:
            raise RuntimeError("power failure")
        return step(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "step", failing)
        with pytest.raises(RuntimeError, match="power failure"):
            train_detector(RECIPE, tmp_path / "parts", cache)
    resumed = train_detector(RECIPE, tmp_path / "parts", cache).state_dict()
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    rows = read_metrics(tmp_path / "parts")
    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert {"loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg"} < set(rows[0])
    assert all(float(row["loss_classifier"]) > 0 and float(row["images_per_s"]) > 0 for row in rows)
    with pytest.raises(UserError, match="recipe.learning_rate was 0.0012, is 1.0"):
        train_detector(replace(RECIPE, learning_rate=1.0), tmp_path / "parts", cache)
    assert float(read_metrics(tmp_path / "parts")[0]["loss"]) == pytest.approx(float(rows[0]["loss"]))


def create_trainer(streets: StreetCache, recipe: DetectorRecipe = RECIPE) -> Trainer[DetectorTask]:
    return Trainer(DetectorTask(recipe, streets), recipe.schedule(), make_accelerator("cpu", amp="no"))


@pytest.mark.slow
def test_training_on_one_batch_reduces_its_loss(streets: StreetCache) -> None:
    trainer = create_trainer(streets)
    batch = make_batch(streets, 0, 0, 2)
    trainer.network.train()
    losses = [trainer.step(batch)[0]["loss"] for _ in range(8)]
    assert losses[-1] < 0.7 * losses[0]


def test_a_batch_without_people_can_be_trained_on(streets: StreetCache) -> None:
    trainer = create_trainer(streets)
    trainer.network.train()
    empty = Sample(np.full((288, 384, 3), 90, np.uint8), np.zeros((0, 4), np.float32))
    metrics, images = trainer.step([empty, empty])
    assert images == 2 and all(np.isfinite(list(metrics.values()))) and metrics["loss_box_reg"] == 0


@pytest.mark.parametrize("steps", [1, 20, 50, 3200])
def test_another_number_of_steps_is_rounded_up_to_whole_epochs(steps: int) -> None:
    recipe = DetectorRecipe().with_steps(steps)
    assert steps <= recipe.steps < 1.1 * steps + 1 and recipe.steps_per_epoch <= 20


def test_a_second_stage_starts_from_the_weights_of_the_first(streets: StreetCache) -> None:
    first = DetectorTask(RECIPE, streets).model.state_dict()
    other = replace(RECIPE, seed=12)
    assert not all(
        torch.equal(first[name], tensor) for name, tensor in DetectorTask(other, streets).model.state_dict().items()
    )
    second = DetectorTask(other, streets, start=first).model.state_dict()
    assert all(torch.equal(first[name], tensor) for name, tensor in second.items())
