"""The contact sheet of a synthetic dataset."""

from pathlib import Path

import pytest
from PIL import Image

from learning_reid.frames.synthetic_views import write_views
from learning_reid.visualization.contact_sheet import MAX_PEOPLE, _choose_people, draw_contact_sheet
from reid_synth.datasets.market import write_market
from reid_synth.datasets.presets import PRESETS, adjust_preset
from reid_synth.worker_pool import WorkerPool


@pytest.mark.slow
@pytest.mark.parametrize("cameras", [1, 2])
def test_people_and_views_are_drawn(tmp_path: Path, cameras: int) -> None:
    preset = adjust_preset(PRESETS["tiny"], people=4, cameras=cameras, frames=2)
    write_views(tmp_path, preset, 3, WorkerPool())
    write_market(tmp_path / "market", preset.crops, 3)
    draw_contact_sheet(tmp_path, tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width == 1400 and sheet.height > 600
        assert len(sheet.convert("RGB").getcolors(1 << 24)) > 5000


def test_half_of_the_people_shown_change_clothes() -> None:
    people = [f"{number:04d}" for number in range(1, 201)]
    shown = _choose_people(people, people[3:40:4])
    assert len(shown) <= MAX_PEOPLE and sum(person in people[3:40:4] for person in shown) >= MAX_PEOPLE // 2
    assert (
        shown == sorted(shown)
        and len(_choose_people(people, [])) == MAX_PEOPLE
        and _choose_people(people[:3], people[:3]) == people[:3]
    )
