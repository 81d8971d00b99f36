"""Cached datasets: generated on first use, then reused; a folder for each plan."""

import os
from dataclasses import replace

import pytest

from reid_synth.datasets import dataset_cache as drawn
from reid_synth.datasets.dataset_cache import cached_dataset
from reid_synth.datasets.face_dataset import FacePlan
from reid_synth.datasets.market import MarketPlan

PEOPLE = MarketPlan(1, 1, cameras=1, crops_per_camera=2, distractors=0, junk=0)
FACES = FacePlan(train_people=1, test_people=1, images_each=4)


@pytest.mark.parametrize("plan", [PEOPLE, FACES])
def test_a_dataset_is_generated_once(plan, tmp_path):
    position = cached_dataset(tmp_path, plan, seed=1)
    os.utime(position / "labels.csv", (1, 1))
    assert cached_dataset(tmp_path, plan, seed=1) == position
    assert (position / "labels.csv").stat().st_mtime == 1
    assert len(list(position.rglob("*.jpg"))) == plan.images


def test_plan_seed_and_renderer_version_select_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn, "write_market", lambda *_, **__: None)
    positions = {
        cached_dataset(tmp_path, plan, seed)
        for plan, seed in (
            (PEOPLE, 1),
            (PEOPLE, 2),
            (replace(PEOPLE, spread=0.5), 1),
            (replace(PEOPLE, change_clothes=1), 1),
        )
    }
    monkeypatch.setattr(drawn, "RENDERER_VERSION", drawn.RENDERER_VERSION + 1)
    assert len({*positions, cached_dataset(tmp_path, PEOPLE, 1)}) == 5
