"""The people of a lesson: drawn once, or Market-1501 wherever it lies."""

from pathlib import Path

import pytest

from learning_reid.errors import UserError
from reid_course import lesson_people as people
from reid_synth.datasets.market import MarketPlan, write_market

PLAN = MarketPlan(3, 4, cameras=2, crops_per_camera=2, distractors=2, junk=1)


def test_people_are_drawn_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.delenv("REID_SMOKE", raising=False)
    first = people.open_people(plan=PLAN)
    again = people.open_people(plan=PLAN)
    assert first.samples == again.samples
    assert {len({sample.person_id for sample in again.subset(split)} - {None}) for split in ("train", "query")} == {3, 4}


def test_a_smoke_run_is_small_whatever_was_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.setenv("REID_SMOKE", "1")
    monkeypatch.setattr(people, "SMOKE", PLAN)
    assert (
        len(people.open_people(plan=MarketPlan(500, 500)).samples) == PLAN.images - PLAN.junk
    )  # which the reader leaves out


def test_market1501_is_found_where_the_reader_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_market(tmp_path / "mine" / "Market-1501-v15.09.15", PLAN, 1)
    monkeypatch.setenv("REID_MARKET1501", str(tmp_path / "mine"))
    assert len(people.open_people("market1501").samples) == PLAN.images - PLAN.junk  # which the reader leaves out


def test_a_named_folder_without_it_is_not_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_MARKET1501", str(tmp_path))
    with pytest.raises(UserError, match="is empty"):
        people.open_people("market1501")


def test_market1501_is_fetched_where_it_is_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "ROOT", tmp_path)
    monkeypatch.setattr(people, "_USUAL_PLACES", ("data/market1501",))
    monkeypatch.delenv("REID_MARKET1501", raising=False)

    class Asked(Exception):
        pass

    def fetch(name: str) -> None:
        raise Asked(name)

    monkeypatch.setattr(people, "fetch_dataset", fetch)
    with pytest.raises(Asked, match="market1501"):
        people.open_people("market1501")


def test_other_data_are_refused() -> None:
    with pytest.raises(UserError, match='DATA is "embedded" or "market1501"'):
        people.open_people("duke")
