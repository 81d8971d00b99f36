"""Faces of a lesson."""

from pathlib import Path

import pytest

from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError
from reid_course import lesson_faces
from reid_synth.datasets.face_dataset import FacePlan


def test_faces_are_rendered_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.delenv("REID_SMOKE", raising=False)
    plan = FacePlan(train_people=2, test_people=0, images_each=4)
    first = lesson_faces.open_faces("embedded", plan, seed=1)
    assert len(first.samples) == plan.images
    assert {sample.split for sample in first.samples} == {"train"}
    assert lesson_faces.open_faces("embedded", plan, seed=1).samples == first.samples


def test_a_smoke_run_is_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.setattr(lesson_faces, "SMOKE_FACES", FacePlan(train_people=1, test_people=1, images_each=4))
    monkeypatch.setenv("REID_SMOKE", "1")
    assert len(lesson_faces.open_faces().samples) == 8


def test_real_faces_are_downloaded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crops = CropDataset("identities", tmp_path, [])

    class Fetched:
        def __init__(self, name: str) -> None:
            assert name == "casia-webface"
            self.dataset = crops

    monkeypatch.setattr(lesson_faces, "fetch_dataset", Fetched)
    assert lesson_faces.open_faces("casia-webface") is crops


def test_unknown_data_are_refused() -> None:
    with pytest.raises(UserError, match="casia-webface"):
        lesson_faces.open_faces("lfw")
