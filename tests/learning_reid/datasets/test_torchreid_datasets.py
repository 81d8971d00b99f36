"""Datasets read through torchreid: its splits, repeatable, without output or downloads."""

import random
from pathlib import Path

import numpy as np
import pytest

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.datasets.torchreid_datasets import TORCHREID_DATASETS
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_images


def viper(root: Path) -> Path:
    names = [f"VIPeR/cam_{camera}/{number:03d}_{camera}.bmp" for camera in "ab" for number in range(6)]
    return write_images(root, names)


def prid(root: Path) -> Path:
    names = [f"prid_2011/single_shot/cam_{camera}/person_{n:04d}.png" for camera in "ab" for n in (1, 749)]
    return write_images(root, names)


def duke_video(root: Path) -> Path:
    names = [
        f"DukeMTMC-VideoReID/{split}/{person:04d}/0001/{person:04d}_C{camera}_F{frame:04d}_X1.jpg"
        for split, person, camera in [("train", 5, 1), ("train", 9, 2), ("query", 2, 1), ("gallery", 2, 3)]
        for frame in (1, 2)
    ]
    return write_images(root, names)


@pytest.mark.parametrize("at", ["viper", "another name"])
def test_viper(tmp_path: Path, capsys: pytest.CaptureFixture[str], at: str) -> None:
    root = viper(tmp_path / at)
    assert recognize_dataset(root) == "viper"
    crops = open_dataset("viper", tmp_path if at == "viper" else root)
    by_split = {split: {sample.person_id for sample in crops.subset(split)} for split in ("train", "query", "gallery")}
    assert by_split["train"] == {"train-0", "train-1", "train-2"}
    assert by_split["query"] == by_split["gallery"] == {"0", "1", "2"}
    for sample in crops.samples:  # a.bmp and b.bmp of one number are one person
        assert sample.camera_id == {"cam_a": "1", "cam_b": "2"}[sample.path.parent.name]
    numbers = {(sample.split == "train", sample.path.name[:3]): sample.person_id for sample in crops.samples}
    assert len(numbers) == 6
    assert any("torchreid wrote splits.json" in note for note in crops.notes)
    assert capsys.readouterr().out == ""


def test_the_split_is_seeded_and_the_random_state_is_restored(tmp_path: Path) -> None:
    splits = []
    for name in ("one", "two"):
        random.seed(name)
        np.random.seed(len(splits))
        before = random.getstate(), np.random.get_state()[1].tolist()
        crops = open_dataset("viper", viper(tmp_path / name))
        assert before == (random.getstate(), np.random.get_state()[1].tolist())
        splits.append(
            [(sample.path.relative_to(tmp_path / name), sample.split, sample.person_id) for sample in crops.samples]
        )
    assert splits[0] == splits[1]


def test_a_moved_dataset_is_reported(tmp_path: Path) -> None:
    open_dataset("viper", viper(tmp_path / "viper"))
    (tmp_path / "viper").rename(tmp_path / "moved")
    with pytest.raises(UserError, match=r"12 images of the split file .*are missing.* delete splits\*.json"):
        open_dataset("viper", tmp_path / "moved")


def test_tracklets_give_a_sample_for_each_frame(tmp_path: Path) -> None:
    root = duke_video(tmp_path / "dukemtmc-vidreid")
    assert recognize_dataset(tmp_path) == "dukemtmcvidreid"
    crops = open_dataset("dukemtmcvidreid", root)
    assert [(sample.split, sample.person_id, sample.camera_id) for sample in crops.samples] == [
        *[("train", "train-0", "1")] * 2,
        *[("train", "train-1", "2")] * 2,
        *[("query", "2", "1")] * 2,
        *[("gallery", "2", "3")] * 2,
    ]
    assert sum("withdrawn by its authors in 2019" in note for note in crops.notes) == 1


def test_junk_identities_of_torchreid_are_distractors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from torchreid.reid.data.datasets import CUHK02

    monkeypatch.setattr(CUHK02, "_junk_pids", [7], raising=False)
    names = [
        f"Dataset/P{pair}/cam{view}/{person:03d}_1.png" for pair in range(1, 6) for view in (1, 2) for person in (3, 7)
    ]
    crops = open_dataset("cuhk02", write_images(tmp_path / "cuhk02", names))
    assert {sample.person_id for sample in crops.subset("gallery")} == {"3", None}
    assert len({sample.person_id for sample in crops.subset("train")}) == 8  # two people in each of four pairs
    assert len({sample.camera_id for sample in crops.samples}) == 10


def test_a_training_dataset_has_no_query(tmp_path: Path) -> None:
    names = [f"cropped_images/p{person}_s1_{number}.jpg" for person in (1, 22) for number in (1, 2)]
    crops = open_dataset("cuhksysu", write_images(tmp_path, names))
    assert {sample.split for sample in crops.samples} == {"train"} and len(crops.samples) == 4


def test_sensereid_is_for_testing_only(tmp_path: Path) -> None:
    names = ["test_probe/00001_0.jpg", "test_gallery/00001_1.jpg", "test_gallery/00005_1.jpg"]
    crops = open_dataset("sensereid", write_images(tmp_path / "SenseReID", names).parent)
    assert [(sample.split, sample.person_id, sample.camera_id) for sample in crops.samples] == [
        ("query", "0", "0"),
        ("gallery", "0", "1"),
        ("gallery", "1", "1"),
    ]


def test_university1652_uses_the_kind_of_view_as_camera(tmp_path: Path) -> None:
    names = [
        "train/drone/0001/1.jpg",
        "train/street/0001/2.jpg",
        "test/query_drone/0002/1.jpg",
        "test/gallery_satellite/0002/2.jpg",
    ]
    crops = open_dataset("university1652", write_images(tmp_path / "University-Release", names).parent)
    assert [(sample.split, sample.camera_id) for sample in crops.samples] == [
        ("train", "drone"),
        ("train", "street"),
        ("query", "drone"),
        ("gallery", "satellite"),
    ]


@pytest.mark.parametrize("name", TORCHREID_DATASETS)
def test_a_missing_dataset_is_not_downloaded(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a download was tried")

    for where in ("urllib.request.urlopen", "urllib.request.urlretrieve", "gdown.download", "socket.socket.connect"):
        monkeypatch.setattr(where, refuse)
    write_images(tmp_path, ["unrelated/a.txt.jpg"])
    (tmp_path / TORCHREID_DATASETS[name].folder).mkdir()
    with pytest.raises(
        UserError,
        match=f"does not contain {name}: .*{TORCHREID_DATASETS[name].folder}.* was expected; nothing is downloaded",
    ):
        open_dataset(name, tmp_path)
    sign = tmp_path / TORCHREID_DATASETS[name].folder / TORCHREID_DATASETS[name].sign
    sign.mkdir(parents=True)
    with pytest.raises(UserError, match=f"(is not a complete copy of {name}, torchreid reports|no labeled image)"):
        open_dataset(name, tmp_path)


def test_an_incomplete_dataset(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="images of the split file .* are missing"):
        open_dataset("prid", prid(tmp_path / "prid2011"))
