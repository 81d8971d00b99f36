"""The contests of the lessons."""

from pathlib import Path

import pytest

from learning_reid.datasets.sample import CropDataset, Sample
from reid_course import lesson_data as contests


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> CropDataset:
    """Six people whom two cameras saw, a stranger, and somebody of the training part."""
    samples = [
        Sample(Path(f"{person}_{camera}_{split}.jpg"), person, camera, split)
        for person in ("a", "b", "c", "d", "e", "f")
        for camera, split in (("1", "query"), ("2", "gallery"))
    ]
    samples += [Sample(Path("stranger.jpg"), None, "1", "gallery"), Sample(Path("t.jpg"), "t", "1", "train")]
    crops = CropDataset("market1501", Path("."), samples)
    monkeypatch.setattr(contests, "open_people", lambda data, plan, seed: crops)
    return crops


def test_a_real_set_is_cut_down_to_some_people_and_keeps_its_strangers(market: CropDataset) -> None:
    contest = contests.lesson_split("market1501", seed=1, most_people=2)
    assert len(contest.persons) == len(contest.query) == 2
    assert len(contest.gallery) == 3
    assert contest.gallery_labels.person.min() == -1
    again = contests.lesson_split("market1501", seed=1, most_people=2)
    assert list(contest.persons) == list(again.persons)


@pytest.mark.parametrize(("data", "most"), [("market1501", None), ("market1501", 6), ("embedded", 2)])
def test_otherwise_everybody_takes_part(market: CropDataset, data: str, most: int | None) -> None:
    contest = contests.lesson_split(data, seed=1, most_people=most)
    assert (len(contest.query), len(contest.gallery)) == (6, 7)


def test_the_embedded_network_needs_no_download() -> None:
    assert contests.lesson_embedder("embedded").dimension == 5632
