"""Query/gallery splits of the lessons."""

from pathlib import Path

import pytest

from learning_reid.datasets.sample import CropDataset, Sample
from reid_course import lesson_data


@pytest.fixture
def market(monkeypatch: pytest.MonkeyPatch) -> CropDataset:
    """Six test persons seen by two cameras, a distractor, and a training person."""
    samples = [
        Sample(Path(f"{person}_{camera}_{split}.jpg"), person, camera, split)
        for person in ("a", "b", "c", "d", "e", "f")
        for camera, split in (("1", "query"), ("2", "gallery"))
    ]
    samples += [Sample(Path("distractor.jpg"), None, "1", "gallery"), Sample(Path("t.jpg"), "t", "1", "train")]
    crops = CropDataset("market1501", Path("."), samples)
    monkeypatch.setattr(lesson_data, "open_people", lambda data, plan, seed: crops)
    return crops


def test_a_real_dataset_is_reduced_to_some_persons_and_keeps_its_distractors(market: CropDataset) -> None:
    split = lesson_data.lesson_split("market1501", seed=1, max_persons=2)
    assert len(split.persons) == len(split.query) == 2
    assert len(split.gallery) == 3
    assert split.gallery_labels.person.min() == -1
    again = lesson_data.lesson_split("market1501", seed=1, max_persons=2)
    assert list(split.persons) == list(again.persons)


@pytest.mark.parametrize(("data", "most"), [("market1501", None), ("market1501", 6), ("embedded", 2)])
def test_otherwise_all_persons_are_kept(market: CropDataset, data: str, most: int | None) -> None:
    split = lesson_data.lesson_split(data, seed=1, max_persons=most)
    assert (len(split.query), len(split.gallery)) == (6, 7)


def test_the_embedded_network_needs_no_download() -> None:
    assert lesson_data.lesson_embedder("embedded").dimension == 5632
