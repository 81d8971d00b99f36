"""People of a lesson: rendered once, or Market-1501 from a usual folder."""

from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_course import lesson_people
from reid_synth.datasets.market import MarketPlan, write_market

PLAN = MarketPlan(3, 4, cameras=2, crops_per_camera=2, distractors=2, junk=1)


def test_people_are_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.delenv("REID_SMOKE", raising=False)
    first = lesson_people.open_people(plan=PLAN)
    again = lesson_people.open_people(plan=PLAN)
    assert first.samples == again.samples
    assert {len({sample.person_id for sample in again.subset(split)} - {None}) for split in ("train", "query")} == {
        3,
        4,
    }


def test_a_smoke_run_ignores_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.setenv("REID_SMOKE", "1")
    monkeypatch.setattr(lesson_people, "SMOKE_PLAN", PLAN)
    found = lesson_people.open_people(plan=MarketPlan(500, 500))
    assert len(found.samples) == PLAN.images - PLAN.junk  # junk is not read


def test_market1501_is_read_from_the_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_market(tmp_path / "mine" / "Market-1501-v15.09.15", PLAN, 1)
    monkeypatch.setenv("REID_MARKET1501", str(tmp_path / "mine"))
    assert len(lesson_people.open_people("market1501").samples) == PLAN.images - PLAN.junk  # junk is not read


def test_a_named_folder_without_market1501_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_MARKET1501", str(tmp_path))
    with pytest.raises(UserError, match="is empty"):
        lesson_people.open_people("market1501")


def test_market1501_is_downloaded_if_it_is_not_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNING_REID_HOME", str(tmp_path))
    monkeypatch.setattr(lesson_people, "_MARKET_FOLDERS", ("data/market1501",))
    monkeypatch.delenv("REID_MARKET1501", raising=False)

    class DownloadRequested(Exception):
        pass

    def fetch(name: str) -> None:
        raise DownloadRequested(name)

    monkeypatch.setattr(lesson_people, "fetch_dataset", fetch)
    with pytest.raises(DownloadRequested, match="market1501"):
        lesson_people.open_people("market1501")


def test_unknown_data_are_refused() -> None:
    with pytest.raises(UserError, match='DATA is "embedded" or "market1501"'):
        lesson_people.open_people("duke")
