"""The faces of a lesson."""

from pathlib import Path

import pytest

from learning_reid.datasets.sample import CropDataset
from learning_reid.errors import UserError
from reid_course import lesson_faces as faces
from reid_synth.datasets.face_dataset import FacePlan


def test_faces_are_drawn_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.delenv("REID_SMOKE", raising=False)
    plan = FacePlan(train_people=2, test_people=0, images_each=4)
    first = faces.open_faces("embedded", plan, seed=1)
    assert len(first.samples) == plan.images
    assert {sample.split for sample in first.samples} == {"train"}
    assert faces.open_faces("embedded", plan, seed=1).samples == first.samples


def test_smoke_draws_a_handful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REID_GENERATED", str(tmp_path))
    monkeypatch.setattr(faces, "SMOKE_FACES", FacePlan(train_people=1, test_people=1, images_each=4))
    monkeypatch.setenv("REID_SMOKE", "1")
    assert len(faces.open_faces().samples) == 8


def test_real_faces_are_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crops = CropDataset("identities", tmp_path, [])

    class Fetched:
        def __init__(self, name: str) -> None:
            assert name == "casia-webface"
            self.dataset = crops

    monkeypatch.setattr(faces, "fetch_dataset", Fetched)
    assert faces.open_faces("casia-webface") is crops


def test_other_names_are_refused() -> None:
    with pytest.raises(UserError, match="casia-webface"):
        faces.open_faces("lfw")
