"""Reading CUHK03."""

import json
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_images

CUHK = ["1_001_1_01.png", "1_001_2_06.png", "2_001_1_01.png", "2_001_2_07.png", "5_010_1_02.png"]


def test_images_without_a_split_file(tmp_path: Path) -> None:
    write_images(tmp_path / "cuhk03/images_labeled", [*CUHK, "oops.png"])
    write_images(tmp_path / "cuhk03/images_detected", CUHK[:2])
    assert recognize_dataset(tmp_path) == "cuhk03"
    crops = open_dataset("cuhk03", tmp_path)
    assert [(sample.person_id, sample.camera_id, sample.split) for sample in crops.samples] == [
        ("1_001", "1", "unsplit"),
        ("1_001", "2", "unsplit"),
        ("2_001", "1", "unsplit"),  # another person than 1_001: the number counts within a pair of cameras
        ("2_001", "2", "unsplit"),
        ("5_010", "1", "unsplit"),
    ]
    notes = "\n".join(crops.notes)
    assert "the images of images_labeled are used" in notes and "images_detected is not read" in notes
    assert "there is no file with the train/query/gallery split" in notes and "oops.png" in notes


def cuhk03_json(root: Path, kind: str) -> None:
    def entries(*names: str) -> list[list]:
        return [[f"/another/disk/images_{kind}/{name}", 0, 0] for name in names]

    split = {"train": entries(*CUHK[:2]), "query": entries(CUHK[2]), "gallery": entries(CUHK[3])}
    (root / f"splits_new_{kind}.json").write_text(json.dumps([split]))


def cuhk03_matlab(root: Path, kind: str) -> None:
    files = np.array([[name] for name in CUHK], dtype=object)
    indices = {"train_idx": [[1], [2]], "query_idx": [[3]], "gallery_idx": [[4]]}  # MATLAB counts from 1
    savemat(root / f"cuhk03_new_protocol_config_{kind}.mat", {"filelist": files, "labels": [[1]] * 5, **indices})


@pytest.mark.parametrize("kind", ["labeled", "detected"])
@pytest.mark.parametrize("write", [cuhk03_json, cuhk03_matlab])
def test_splits_are_read_from_either_file(tmp_path: Path, kind: str, write) -> None:
    for folder in ("images_labeled", "images_detected"):
        write_images(tmp_path / folder, CUHK)
    write(tmp_path, kind)
    crops = open_dataset("cuhk03", tmp_path)
    assert [(sample.path.name, sample.split) for sample in crops.samples] == [
        (CUHK[0], "train"),
        (CUHK[1], "train"),
        (CUHK[2], "query"),
        (CUHK[3], "gallery"),
    ]
    assert {sample.path.parent.name for sample in crops.samples} == {f"images_{kind}"}


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '[{"train": []}]', '[{"train": [1], "query": [], "gallery": []}]', "\0"]
)
def test_invalid_split_file(tmp_path: Path, text: str) -> None:
    write_images(tmp_path / "images_labeled", CUHK)
    (tmp_path / "splits_new_labeled.json").write_text(text)
    with pytest.raises(UserError, match=r"splits_new_labeled.json is not a valid split file of CUHK03"):
        open_dataset("cuhk03", tmp_path)


def test_missing_listed_images(tmp_path: Path) -> None:
    write_images(tmp_path / "images_labeled", CUHK[:2])
    cuhk03_json(tmp_path, "labeled")
    with pytest.raises(UserError, match="missing: 2, such as 2_001_1_01.png"):
        open_dataset("cuhk03", tmp_path)


@pytest.mark.parametrize("below", [".", "cuhk03_release"])
def test_packed_original_is_refused(tmp_path: Path, below: str) -> None:
    (tmp_path / below).mkdir(exist_ok=True)
    (tmp_path / below / "cuhk-03.mat").write_bytes(b"x")
    with pytest.raises(UserError, match="is packed; let torchreid unpack it once"):
        open_dataset("cuhk03", tmp_path)
