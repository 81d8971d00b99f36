"""The faces of a lesson."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from src.reid_data.sample import LabelledCrops
from src.settings.errors import UserError
from src.synthetic.sets.face_set import FacePlan
from src.teaching import faces


def test_faces_are_drawn_once_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "ROOT", tmp_path)
    monkeypatch.delenv("REID_SMOKE", raising=False)
    plan = FacePlan(train_people=2, test_people=0, pictures_each=4)
    first = faces.open_faces("embedded", plan, seed=1)
    assert len(first.samples) == plan.pictures
    assert {sample.split for sample in first.samples} == {"train"}

    def never(*_: object, **__: object) -> int:
        raise AssertionError("drawn a second time")

    monkeypatch.setattr(faces, "write_faces", never)
    assert faces.open_faces("embedded", plan, seed=1).samples == first.samples


def test_smoke_draws_a_handful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces, "ROOT", tmp_path)
    monkeypatch.setattr(faces, "SMOKE_FACES", FacePlan(train_people=1, test_people=1, pictures_each=4))
    monkeypatch.setenv("REID_SMOKE", "1")
    assert len(faces.open_faces().samples) == 8


def test_real_faces_are_fetched(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    crops = LabelledCrops("identities", tmp_path, [])

    class Fetched:
        def __init__(self, name: str) -> None:
            assert name == "casia-webface"
            self.crops = crops

    monkeypatch.setattr(faces, "fetch", Fetched)
    assert faces.open_faces("casia-webface") is crops


def test_other_names_are_refused() -> None:
    with pytest.raises(UserError, match="casia-webface"):
        faces.open_faces("lfw")


def test_faces_are_shown_with_words(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[Figure, str]] = []
    monkeypatch.setattr(faces, "show", lambda figure, words: shown.append((figure, words)))
    picture = np.zeros((8, 8, 3), np.uint8)
    faces.show_faces([[picture] * 3, [picture] * 3], "two rows", [["a", "b", "c"], [""] * 3], [True, None])
    [(figure, words)] = shown
    assert words == "two rows"
    assert [cell.get_title() for cell in figure.axes[:3]] == ["a", "b", "c"]
    frames = [cell.spines["left"].get_edgecolor() for cell in (figure.axes[0], figure.axes[3])]
    assert frames == [to_rgba(faces.RIGHT), to_rgba(faces.UNKNOWN)]
    plt.close(figure)
