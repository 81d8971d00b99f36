"""The training loop on a world of six people: it learns, it is seeded, and a broken run ends where an unbroken one does."""

import csv
import os
import signal
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch

from learning_reid.errors import UserError
from learning_reid.models.osnet import build_osnet
from tools.weights.augmentation import augment
from learning_reid.training.checkpoint import StepLog, Stopper
from tools.weights.reid import ReidRecipe, batch, learning_rate, train_reid, train_step
from tools.weights.reid_crops import CropRecipe, load_crops

CROPS = CropRecipe(people=6, crops=4, cameras=4, cameras_each=2, seed=3)
RECIPE = ReidRecipe(
    crops=CROPS, steps=4, people_per_batch=4, crops_per_person=2, small=(32, 16), full=(64, 32), small_share=0.5
)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    load_crops(CROPS, folder, workers=1)
    return folder


def test_crops_are_made_once_and_repeat_with_their_seed(cache, tmp_path):
    people, numbers = np.array([0, 5]), np.array([1, 3])
    first, again = load_crops(CROPS, cache), load_crops(CROPS, tmp_path, workers=1)
    assert np.array_equal(first.pictures(people, numbers), again.pictures(people, numbers))
    assert first.cameras.shape == (6, 4)
    assert all(len(set(row)) == 2 for row in first.cameras)


def test_a_batch_is_a_function_of_seed_and_step(cache):
    crops = load_crops(CROPS, cache)
    pictures, people = batch(crops, 1, RECIPE)
    assert pictures.shape == (8, 3, 32, 16)
    assert torch.equal(pictures, batch(crops, 1, RECIPE)[0])
    assert not torch.equal(pictures, batch(crops, 0, RECIPE)[0])
    firsts, seconds = people[::2].reshape(2, 2).tolist()  # two people, and the two drawn right after them
    assert seconds == [first + 1 for first in firsts] and len({*firsts, *seconds}) == 4
    assert batch(crops, 3, RECIPE)[0].shape == (8, 3, 64, 32)


def test_the_learning_rate_warms_up_and_falls():
    rates = [learning_rate(step, ReidRecipe()) for step in range(ReidRecipe().steps)]
    top = int(np.argmax(rates))
    assert rates[top] == pytest.approx(ReidRecipe().learning_rate, rel=1e-2)
    assert all(a < b for a, b in pairwise(rates[: top + 1]))
    assert all(a > b for a, b in pairwise(rates[top:]))


def test_a_resumed_run_equals_an_unbroken_one(cache, tmp_path, monkeypatch):
    whole = train_reid(RECIPE, tmp_path / "whole", cache)

    answer = Stopper.leave_if_asked

    def stop_after_two(self):
        with (tmp_path / "broken" / "log.csv").open() as log:
            self.asked = len(log.readlines()) > 2
        answer(self)

    with monkeypatch.context() as patched:  # as if Ctrl-C came during the second step
        patched.setattr("learning_reid.training.checkpoint.StepLog.add", _flushing(StepLog.add))
        patched.setattr(Stopper, "leave_if_asked", stop_after_two)
        patched.setattr("learning_reid.training.steps.CHECKPOINT_EVERY", 1)
        with pytest.raises(KeyboardInterrupt):
            train_reid(RECIPE, tmp_path / "broken", cache)
    resumed = train_reid(RECIPE, tmp_path / "broken", cache)

    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    with (tmp_path / "broken" / "log.csv").open() as log:
        assert [row["step"] for row in csv.DictReader(log)] == ["0", "1", "2", "3"]


def _flushing(add):
    def add_and_flush(self, step, **values):
        add(self, step, **values)
        self._file.flush()

    return add_and_flush


def test_the_finished_network_answers_in_stripes(cache, tmp_path):
    network = train_reid(replace(RECIPE, steps=1, stripes=4), tmp_path, cache)
    assert network(torch.zeros(1, 3, 256, 128)).shape == (1, 4 * (96 + 128 + 128))
    assert not any(key.startswith("backbone.fc") for key in network.state_dict())


def test_steps_on_one_batch_learn_it_by_heart(cache):
    model = build_osnet(RECIPE.arch).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    pictures, people = batch(load_crops(CROPS, cache), 3, RECIPE)
    steps = [train_step(model, optimiser, pictures, people, temperature=0.2) for _ in range(40)]
    assert steps[-1].loss < 0.5 * steps[0].loss
    assert steps[-1].nearest == 1.0


def test_a_checkpoint_of_another_recipe_is_refused(cache, tmp_path):
    train_reid(replace(RECIPE, steps=1), tmp_path, cache)
    with pytest.raises(UserError, match="another recipe"):
        train_reid(replace(RECIPE, steps=2), tmp_path, cache)


def test_a_signal_becomes_a_request():
    with Stopper() as stopper:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stopper.asked
        with pytest.raises(KeyboardInterrupt):
            stopper.leave_if_asked()


def test_augmentation_keeps_range_and_changes_pictures():
    pictures = torch.rand(4, 3, 48, 24, generator=torch.Generator().manual_seed(0))
    changed = augment(pictures.clone(), 64, 32, torch.Generator().manual_seed(1))
    assert changed.shape == (4, 3, 64, 32)
    assert changed.min() >= 0 and changed.max() <= 1
    assert torch.equal(changed, augment(pictures.clone(), 64, 32, torch.Generator().manual_seed(1)))
    assert not torch.equal(changed, augment(pictures.clone(), 64, 32, torch.Generator().manual_seed(2)))
