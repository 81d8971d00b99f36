"""Drawn on first use, found again, and never mistaken for another plan's."""

import os
from dataclasses import replace

import pytest

from reid_synth.datasets import drawn
from reid_synth.datasets.drawn import drawn_once
from reid_synth.datasets.face_set import FacePlan
from reid_synth.datasets.market import MarketPlan

PEOPLE = MarketPlan(1, 1, cameras=1, crops_per_camera=2, distractors=0, junk=0)
FACES = FacePlan(train_people=1, test_people=1, pictures_each=4)


@pytest.mark.parametrize("plan", [PEOPLE, FACES])
def test_it_is_drawn_once(plan, tmp_path):
    place = drawn_once(tmp_path, plan, seed=1)
    os.utime(place / "labels.csv", (1, 1))
    assert drawn_once(tmp_path, plan, seed=1) == place
    assert (place / "labels.csv").stat().st_mtime == 1
    assert len(list(place.rglob("*.jpg"))) == plan.pictures


def test_another_plan_seed_or_way_of_drawing_has_another_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(drawn, "write_market", lambda *_, **__: None)
    places = {
        drawn_once(tmp_path, plan, seed)
        for plan, seed in (
            (PEOPLE, 1),
            (PEOPLE, 2),
            (replace(PEOPLE, spread=0.5), 1),
            (replace(PEOPLE, change_clothes=1), 1),
        )
    }
    monkeypatch.setattr(drawn, "DRAWING", drawn.DRAWING + 1)
    assert len({*places, drawn_once(tmp_path, PEOPLE, 1)}) == 5
