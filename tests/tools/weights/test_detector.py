"""The detector's training: three steps on four tiny streets; broken off and resumed equals unbroken; the log."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.detection.slim_frcnn import build_slim_frcnn
from learning_reid.errors import UserError
from learning_reid.training import steps
from tools.weights import detector
from tools.weights.detector import DetectorRecipe, learning_rate, train_detector, train_step
from tools.weights.detector_data import Sample, load_streets, make_batch

RECIPE = DetectorRecipe(steps=3, batch_size=2, warmup=2, streets=4, sprites=6, seed=11)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    load_streets(folder, RECIPE.streets, RECIPE.sprites, RECIPE.seed, workers=1)
    return folder


@pytest.fixture(autouse=True)
def in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def batches(streets, seed: int, first: int, last: int, size: int) -> Iterator[list[Sample]]:  # type: ignore[no-untyped-def]
        return (make_batch(streets, seed, step, size) for step in range(first, last))

    monkeypatch.setattr(detector, "batches", batches)


def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def test_resumed_equals_unbroken_bit_for_bit(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unbroken = weights_of(train_detector(RECIPE, tmp_path / "whole", cache))
    monkeypatch.setattr(steps, "CHECKPOINT_EVERY", 1)
    broken_off = steps.save_checkpoint

    def save_then_break(path: Path, model: torch.nn.Module, optimiser: object, recipe: object, step: int) -> None:
        broken_off(path, model, optimiser, recipe, step)  # type: ignore[arg-type]
        if step == 2:
            raise RuntimeError("power cut")

    monkeypatch.setattr(steps, "save_checkpoint", save_then_break)
    with pytest.raises(RuntimeError, match="power cut"):
        train_detector(RECIPE, tmp_path / "parts", cache)
    monkeypatch.setattr(steps, "save_checkpoint", broken_off)
    resumed = weights_of(train_detector(RECIPE, tmp_path / "parts", cache))
    assert unbroken.keys() == resumed.keys()
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)
    with (tmp_path / "parts" / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [0, 1, 2]
    assert {"loss_classifier", "loss_box_reg", "loss_objectness", "loss_rpn_box_reg"} < set(rows[0])
    assert all(float(row["loss_classifier"]) > 0 and float(row["images_per_second"]) > 0 for row in rows)
    with pytest.raises(UserError, match="another recipe"):
        train_detector(replace(RECIPE, learning_rate=1.0), tmp_path / "parts", cache)


def test_a_step_teaches_something(cache: Path) -> None:
    torch.manual_seed(0)
    streets = load_streets(cache, RECIPE.streets, RECIPE.sprites, RECIPE.seed)
    batch = make_batch(streets, 0, 0, 2)
    model = build_slim_frcnn()
    recipe = replace(RECIPE, steps=100)
    optimiser = torch.optim.AdamW(model.parameters())
    losses = [sum(train_step(model, optimiser, batch, recipe, step).values()) for step in range(8)]
    assert losses[-1] < 0.7 * losses[0]
    assert optimiser.param_groups[0]["lr"] == learning_rate(recipe, 7)


def test_a_batch_without_anybody_can_be_learnt_from() -> None:
    model = build_slim_frcnn()
    empty = Sample(np.full((288, 384, 3), 90, np.uint8), np.zeros((0, 4), np.float32))
    losses = train_step(model, torch.optim.AdamW(model.parameters()), [empty, empty], RECIPE, 0)
    assert all(np.isfinite(list(losses.values()))) and losses["loss_box_reg"] == 0


def test_the_learning_rate_rises_then_falls() -> None:
    rates = [learning_rate(DetectorRecipe(), step) for step in range(DetectorRecipe().steps)]
    top = int(np.argmax(rates))
    assert (np.diff(rates[: top + 1]) > 0).all() and (np.diff(rates[top:]) < 0).all()
    assert rates[top] == pytest.approx(DetectorRecipe().learning_rate, rel=0.01) and rates[-1] < 0.011 * rates[top]
