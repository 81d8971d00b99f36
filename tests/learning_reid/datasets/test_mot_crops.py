"""Writing the people of MOT sequences as crops."""

from pathlib import Path

import pytest

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.layouts import open_dataset
from learning_reid.datasets.mot import read_mot_crops
from learning_reid.datasets.mot_crops import write_crops
from learning_reid.errors import UserError
from tests.learning_reid.datasets.test_mot import boxes, numbered, sequence


def test_crops_get_market_names_and_are_read_back(tmp_path: Path) -> None:
    for name in ("left", "right"):
        sequence(tmp_path / "in" / name, "gt.txt", "img1", ["1,0,2,3,4,10,1", "11,5,3,3,4,10,1", "11,6,4,4,4,10,1"])
    samples = open_dataset("mot", tmp_path / "in").samples
    assert write_crops(samples, tmp_path / "out") == 1  # 0000 would be a distractor
    crops = open_dataset("folder", tmp_path / "out")
    assert [sample.path.name for sample in crops.samples] == [
        "0001_c1s1_000001_01.jpg",
        "0001_c2s1_000001_01.jpg",
        "0006_c1s1_000011_01.jpg",
        "0006_c2s1_000011_01.jpg",
        "0007_c1s1_000011_02.jpg",
        "0007_c2s1_000011_02.jpg",
    ]
    assert read_crop(crops.samples[0]).shape == (10, 4, 3)
    with pytest.raises(UserError, match="is not empty"):
        write_crops(samples, tmp_path / "out")


def test_crops_keep_the_number_of_their_frame(tmp_path: Path) -> None:
    root = numbered(tmp_path / "in", [101, 102, 109], boxes(range(101, 110)))
    write_crops(read_mot_crops(root, Findings(), every=1), tmp_path / "out")
    names = [path.name for path in sorted((tmp_path / "out").iterdir())]
    assert names == [f"0007_c1s1_{number:06d}_01.jpg" for number in (101, 102, 109)]
