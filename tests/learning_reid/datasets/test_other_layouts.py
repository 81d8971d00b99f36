"""MSMT17, CUHK03, folders by identity, and MOT sequences."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from learning_reid.datasets.images import read_crop
from learning_reid.datasets.mot_crops import write_crops
from learning_reid.datasets.layouts import recognize_dataset, open_dataset
from learning_reid.errors import UserError
from tests.learning_reid.datasets.crop_making import write_all, write_picture

MSMT_LISTS = {
    "list_train.txt": ["0000/0000_000_01_0303morning_0015_0.jpg 0"],
    "list_val.txt": ["0001/0001_000_05_0303noon_0015_1.jpg 1"],
    "list_query.txt": ["0000/0000_000_02_0303morning_0019_0.jpg 0"],
    "list_gallery.txt": ["0000/0000_001_14_0303morning_0022_0.jpg 0", "0001/0001_000_01_0303noon_0022_0.jpg 1", ""],
}


def msmt17(root: Path, train: str = "train", test: str = "test") -> Path:
    for name, lines in MSMT_LISTS.items():
        folder = root / (train if name in ("list_train.txt", "list_val.txt") else test)
        write_all(folder, [line.split()[0] for line in lines if line])
        (root / name).write_text("\n".join(lines))
    return root


@pytest.mark.parametrize(("below", "folders"), [("MSMT17_V1", ()), ("MSMT17_V2", ("mask_train_v2", "mask_test_v2"))])
def test_msmt17_keeps_train_and_test_people_apart(tmp_path: Path, below: str, folders: tuple[str, ...]) -> None:
    msmt17(tmp_path / below, *folders)
    assert recognize_dataset(tmp_path) == "msmt17"
    crops = open_dataset("msmt17", tmp_path)
    assert [(sample.split, sample.person_id, sample.camera_id) for sample in crops.samples] == [
        ("train", "train-0", "01"),
        ("train", "train-1", "05"),
        ("query", "0", "02"),
        ("gallery", "0", "14"),
        ("gallery", "1", "01"),
    ]
    assert all(sample.path.is_file() for sample in crops.samples)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "0000/0000_009_01_none.jpg 0",
            r"listed pictures that are missing: 1, such as list_query.txt line 2 \(0000/0000_009",
        ),
        (
            "../train/0000/0000_000_01_0303morning_0015_0.jpg 0",
            "listed paths that leave the data set: 1, such as list_query.txt line 2",
        ),
        ("/etc/a_b_01_c.jpg 0", "listed paths that leave the data set"),
        ("0000/0000.jpg 0", "not of its form"),
        ("0000/0000_000_02_0303morning_0019_0.jpg x", "not of its form"),
        ("nonsense", r"not of its form: 1, such as list_query.txt line 2 \(nonsense\)"),
    ],
)
def test_msmt17_lists_that_are_wrong(tmp_path: Path, line: str, told: str) -> None:
    msmt17(tmp_path)
    with (tmp_path / "list_query.txt").open("a") as stream:
        stream.write(f"\n{line}\n")
    with pytest.raises(UserError, match=told):
        open_dataset("msmt17", tmp_path)


CUHK = ["1_001_1_01.png", "1_001_2_06.png", "2_001_1_01.png", "2_001_2_07.png", "5_010_1_02.png"]


def test_cuhk03_without_a_split(tmp_path: Path) -> None:
    write_all(tmp_path / "cuhk03/images_labeled", [*CUHK, "oops.png"])
    write_all(tmp_path / "cuhk03/images_detected", CUHK[:2])
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
    assert "the pictures of images_labeled are used" in notes and "images_detected lies beside" in notes
    assert "no file divides train, query and gallery" in notes and "oops.png" in notes


def cuhk03_json(root: Path, kind: str) -> None:
    def entries(*names: str) -> list[list]:
        return [[f"/somebody/elses/disk/images_{kind}/{name}", 0, 0] for name in names]

    split = {"train": entries(*CUHK[:2]), "query": entries(CUHK[2]), "gallery": entries(CUHK[3])}
    (root / f"splits_new_{kind}.json").write_text(json.dumps([split]))


def cuhk03_matlab(root: Path, kind: str) -> None:
    files = np.array([[name] for name in CUHK], dtype=object)
    indices = {"train_idx": [[1], [2]], "query_idx": [[3]], "gallery_idx": [[4]]}  # MATLAB counts from 1
    savemat(root / f"cuhk03_new_protocol_config_{kind}.mat", {"filelist": files, "labels": [[1]] * 5, **indices})


@pytest.mark.parametrize("kind", ["labeled", "detected"])
@pytest.mark.parametrize("write", [cuhk03_json, cuhk03_matlab])
def test_cuhk03_divided_by_the_file_that_is_there(tmp_path: Path, kind: str, write) -> None:
    for folder in ("images_labeled", "images_detected"):
        write_all(tmp_path / folder, CUHK)
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
def test_cuhk03_with_a_split_that_is_none(tmp_path: Path, text: str) -> None:
    write_all(tmp_path / "images_labeled", CUHK)
    (tmp_path / "splits_new_labeled.json").write_text(text)
    with pytest.raises(UserError, match=r"splits_new_labeled.json does not divide CUHK03"):
        open_dataset("cuhk03", tmp_path)


def test_cuhk03_with_listed_pictures_missing(tmp_path: Path) -> None:
    write_all(tmp_path / "images_labeled", CUHK[:2])
    cuhk03_json(tmp_path, "labeled")
    with pytest.raises(UserError, match="not there: 2, such as 2_001_1_01.png"):
        open_dataset("cuhk03", tmp_path)


@pytest.mark.parametrize("below", [".", "cuhk03_release"])
def test_cuhk03_still_packed(tmp_path: Path, below: str) -> None:
    (tmp_path / below).mkdir(exist_ok=True)
    (tmp_path / below / "cuhk-03.mat").write_bytes(b"x")
    with pytest.raises(UserError, match="is packed; let torchreid unpack it once"):
        open_dataset("cuhk03", tmp_path)


def test_one_folder_for_each_person(tmp_path: Path) -> None:
    names = [
        "Ben/a_c2.jpg",
        "Ben/holiday.jpg",
        "Anna/door/1.jpg",
        "Anna/yard/far/2.jpg",
        "Anna/yard/x_c7s1_3.jpg",
        "stray.jpg",
    ]
    write_all(tmp_path, names)
    (tmp_path / ".cache").mkdir()
    write_picture(tmp_path / "Anna/.trash/3.jpg")
    (tmp_path / "stray.jpg").rename(tmp_path / "stray.png")
    assert recognize_dataset(tmp_path) == "identities"
    crops = open_dataset("identities", tmp_path)
    assert {(sample.path.name, sample.person_id, sample.camera_id) for sample in crops.samples} == {
        ("a_c2.jpg", "Ben", "2"),
        ("holiday.jpg", "Ben", ""),
        ("1.jpg", "Anna", "door"),
        ("2.jpg", "Anna", "yard"),
        ("x_c7s1_3.jpg", "Anna", "7"),
    }
    assert "lie in no person's folder: 1, such as stray.png" in crops.notes[0]


ROWS = ["1,1,2,3,4,10,1,-1,-1,-1", "1,2,5,5,4,9,0,-1,-1,-1", "11,1,3,3,4,10,1,-1,-1,-1", "11,2,900,900,5,5,1,-1,-1,-1"]
ROWS += ["12,1,3,3,4,10,1,-1,-1,-1", "99,1,3,3,4,10,1,-1,-1,-1", "21,7,-2,-2,6,8,1,-1,-1,-1"]


def sequence(folder: Path, truth: str, frames: str, rows: list[str] = ROWS) -> Path:
    write_all(folder / frames, [f"frame_{number}.png" for number in range(21)])
    (folder / truth).parent.mkdir(parents=True, exist_ok=True)
    (folder / truth).write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize(
    ("truth", "frames", "camera"),
    [("gt/gt.txt", "img1", "MOT17-02"), ("gt.txt", "View_001", "View_001"), ("gt.txt", ".", "MOT17-02")],
)
def test_people_cut_from_every_tenth_frame(tmp_path: Path, truth: str, frames: str, camera: str) -> None:
    root = sequence(tmp_path / "MOT17-02", truth, frames)
    assert recognize_dataset(root) == "mot"
    crops = open_dataset("mot", root)
    assert [(sample.path.name, sample.person_id, sample.camera_id, sample.box_xyxy) for sample in crops.samples] == [
        ("frame_0.png", "1", camera, (2, 3, 6, 13)),  # the score-0 row does not count
        ("frame_10.png", "1", camera, (3, 3, 7, 13)),  # natural order: the eleventh file
        ("frame_20.png", "7", camera, (-2, -2, 4, 6)),
    ]
    notes = "\n".join(crops.notes)
    assert "only every 10th frame" in notes
    assert "boxes wholly outside their frame: 1, such as person 2 in frame 11" in notes
    frame = np.asarray(Image.open(root / frames / "frame_10.png"))
    assert np.array_equal(read_crop(crops.samples[1]), frame[3:13, 3:7])
    assert read_crop(crops.samples[2]).shape == (6, 4, 3)


def test_boxes_of_frames_that_are_not_there(tmp_path: Path) -> None:
    root = sequence(tmp_path, "gt.txt", "View_001", ["1,1,2,3,4,10,1", "31,1,3,3,4,10,1"])
    assert any("boxes of frames that" in note and ": 1" in note for note in open_dataset("mot", root).notes)


def test_several_sequences_are_several_cameras(tmp_path: Path) -> None:
    for name in ("left", "right"):
        sequence(tmp_path / name, "gt/gt.txt", "img1")
    (tmp_path / "other").mkdir()
    crops = open_dataset("mot", tmp_path)
    assert {sample.camera_id for sample in crops.samples} == {"left", "right"} and len(crops.samples) == 6
    assert any("2 sequences are taken as cameras of one place" in note for note in crops.notes)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda root: shutil.rmtree(root / "View_001"), "has no frames beside it"),
        (lambda root: (root / "View_002").mkdir(), r"several folders of frames beside it \(View_001, View_002\)"),
        (lambda root: (root / "gt.txt").write_text("a,b\n"), "gt.txt:1: not a MOT row"),
        (lambda root: (root / "gt.txt").write_text("1,-1,2,3,4,10,1\n"), r"rows without an identity \(id -1\)"),
        (lambda root: (root / "gt.txt").unlink(), "holds no MOT sequence"),
        (lambda root: (root / "View_001/frame_0.png").write_bytes(b""), "frame_0.png is not a readable picture"),
        (lambda root: [file.unlink() for file in (root / "View_001").iterdir()], "no pictures in .*View_001"),
    ],
)
def test_sequences_that_are_wrong(tmp_path: Path, change, told: str) -> None:
    change(sequence(tmp_path, "gt.txt", "View_001"))
    with pytest.raises(UserError, match=told):
        open_dataset("mot", tmp_path)


def test_the_real_sequence(real_data: Path) -> None:
    root = real_data / "frames/pets2009_s2l1"
    crops = open_dataset(recognize_dataset(root), root)
    assert (crops.name, len(crops.samples), {sample.camera_id for sample in crops.samples}) == (
        "mot",
        111,
        {"View_001"},
    )
    assert len({sample.path for sample in crops.samples}) == 20  # of 200 frames
    assert read_crop(crops.samples[0]).shape == (75, 31, 3)


def test_crops_are_written_under_market_names_and_read_back(tmp_path: Path) -> None:
    for name in ("left", "right"):
        sequence(tmp_path / "in" / name, "gt.txt", "img1", ["1,0,2,3,4,10,1", "11,5,3,3,4,10,1", "11,6,4,4,4,10,1"])
    samples = open_dataset("mot", tmp_path / "in").samples
    assert write_crops(samples, tmp_path / "out") == 1  # 0000 would be a stranger
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
