"""The ReID recipe on six persons: it learns, and resumed runs equal uninterrupted ones."""

import os
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch

from learning_reid.errors import UserError
from learning_reid.training.accelerator import make_accelerator
from learning_reid.training.log import read_metrics
from learning_reid.training.trainer import Trainer
from tools.weights.augmentation import augment
from tools.weights.reid import EmbeddedReidTask, ReidRecipe, make_batch, train_reid
from tools.weights.reid_crops import CropRecipe, load_crops

CROPS = CropRecipe(people=6, crops=4, cameras=4, cameras_each=2, seed=3)
RECIPE = ReidRecipe(
    crops=CROPS, epochs=2, steps_per_epoch=2, warmup_epochs=1, persons_per_batch=4, crops_per_person=2,
    small=(32, 16), full=(64, 32), small_share=0.5,
)  # fmt: skip


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    load_crops(CROPS, folder, workers=1)
    return folder


def test_crops_are_generated_once_and_repeat_with_their_seed(cache, tmp_path):
    persons, numbers = np.array([0, 5]), np.array([1, 3])
    first, again = load_crops(CROPS, cache), load_crops(CROPS, tmp_path, workers=1)
    assert np.array_equal(first.images(persons, numbers), again.images(persons, numbers))
    assert first.cameras.shape == (6, 4)
    assert all(len(set(row)) == 2 for row in first.cameras)


def test_a_batch_is_a_function_of_seed_and_step(cache):
    crops = load_crops(CROPS, cache)
    images, persons, step = make_batch(crops, 1, RECIPE)
    assert images.shape == (8, 3, 32, 16) and step == 1
    assert torch.equal(images, make_batch(crops, 1, RECIPE).images)
    assert not torch.equal(images, make_batch(crops, 0, RECIPE).images)
    firsts, seconds = persons[::2].reshape(2, 2).tolist()  # two persons, and those generated right after them
    assert seconds == [first + 1 for first in firsts] and len({*firsts, *seconds}) == 4
    assert make_batch(crops, 3, RECIPE).images.shape == (8, 3, 64, 32)


@pytest.mark.parametrize("interrupted_step", [1, 3])
@pytest.mark.slow
def test_an_interrupted_and_resumed_training_equals_an_uninterrupted_one(
    interrupted_step, cache, tmp_path, monkeypatch
):
    whole = train_reid(RECIPE, tmp_path / "whole", cache).state_dict()
    step, count = Trainer.step, 0

    def interrupted(self, batch):
        nonlocal count
        count += 1
        if count == interrupted_step:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(self, batch)

    with monkeypatch.context() as patched:
        patched.setattr(Trainer, "step", interrupted)
        with pytest.raises(KeyboardInterrupt):
            train_reid(RECIPE, tmp_path / "parts", cache)
    resumed = train_reid(RECIPE, tmp_path / "parts", cache).state_dict()
    for name, tensor in whole.items():
        assert torch.equal(tensor, resumed[name]), name
    assert [row["epoch"] for row in read_metrics(tmp_path / "parts")] == ["1", "2"]


def test_the_finished_network_pools_in_stripes(cache, tmp_path):
    network = train_reid(replace(RECIPE.with_steps(1), stripes=4), tmp_path, cache)
    assert network(torch.zeros(1, 3, 256, 128)).shape == (1, 4 * (96 + 128 + 128))
    assert not any(key.startswith("backbone.fc") for key in network.state_dict())


@pytest.mark.slow
def test_training_on_one_batch_overfits(cache):
    crops, recipe = load_crops(CROPS, cache), replace(RECIPE, learning_rate=1e-3, ema_decay=None, mixstyle=0.0)
    trainer = Trainer(EmbeddedReidTask(recipe, crops), recipe.schedule(), make_accelerator("cpu", amp="no"))
    trainer.network.train()
    batch = make_batch(crops, 3, recipe)
    metrics = [trainer.step(batch)[0] for _ in range(40)]
    assert metrics[-1]["loss"] < 0.5 * metrics[0]["loss"]
    assert metrics[-1]["nearest"] == 1.0


def test_a_checkpoint_of_another_recipe_is_refused(cache, tmp_path):
    train_reid(RECIPE.with_steps(1), tmp_path, cache)
    with pytest.raises(UserError, match="other settings: recipe.epochs was 1, is 2"):
        train_reid(replace(RECIPE, steps_per_epoch=1), tmp_path, cache)
    train_reid(replace(RECIPE, steps_per_epoch=1), tmp_path, cache, resume=False)


def test_augmentation_changes_images_and_keeps_their_range():
    images = torch.rand(4, 3, 48, 24, generator=torch.Generator().manual_seed(0))
    before = images.clone()
    changed = augment(images, 64, 32, torch.Generator().manual_seed(1))
    assert torch.equal(images, before)
    assert changed.shape == (4, 3, 64, 32)
    assert changed.min() >= 0 and changed.max() <= 1
    assert torch.equal(changed, augment(images, 64, 32, torch.Generator().manual_seed(1)))
    assert not torch.equal(changed, augment(images, 64, 32, torch.Generator().manual_seed(2)))
