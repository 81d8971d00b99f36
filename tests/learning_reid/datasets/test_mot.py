"""Crops from MOT sequences."""

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from learning_reid.datasets.findings import Findings
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.layouts import open_dataset, recognize_dataset
from learning_reid.datasets.mot import read_mot_crops
from learning_reid.errors import UserError
from tests.learning_reid.datasets.dataset_files import write_images

ROWS = ["1,1,2,3,4,10,1,-1,-1,-1", "1,2,5,5,4,9,0,-1,-1,-1", "11,1,3,3,4,10,1,-1,-1,-1", "11,2,900,900,5,5,1,-1,-1,-1"]
ROWS += ["12,1,3,3,4,10,1,-1,-1,-1", "99,1,3,3,4,10,1,-1,-1,-1", "21,7,-2,-2,6,8,1,-1,-1,-1"]


def sequence(folder: Path, truth: str, frames: str, rows: list[str] = ROWS) -> Path:
    write_images(folder / frames, [f"frame_{number}.png" for number in range(21)])
    (folder / truth).parent.mkdir(parents=True, exist_ok=True)
    (folder / truth).write_text("\n".join(rows))
    return folder


@pytest.mark.parametrize(
    ("truth", "frames", "camera"),
    [("gt/gt.txt", "img1", "MOT17-02"), ("gt.txt", "View_001", "View_001"), ("gt.txt", ".", "MOT17-02")],
)
def test_boxes_of_every_tenth_frame(tmp_path: Path, truth: str, frames: str, camera: str) -> None:
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
    assert "boxes completely outside their frame: 1, such as person 2 in frame 11" in notes
    frame = np.asarray(Image.open(root / frames / "frame_10.png"))
    assert np.array_equal(read_crop(crops.samples[1]), frame[3:13, 3:7])
    assert read_crop(crops.samples[2]).shape == (6, 4, 3)


def numbered(folder: Path, numbers: Sequence[int], rows: list[str]) -> Path:
    """A sequence whose images are named by number, each with one brightness."""
    (folder / "img1").mkdir(parents=True)
    for number in numbers:
        Image.new("L", (20, 30), number).save(folder / f"img1/{number:06d}.png")
    (folder / "gt.txt").write_text("\n".join(rows))
    return folder


def boxes(numbers: Sequence[int]) -> list[str]:
    return [f"{number},7,2,2,5,9,1" for number in numbers]


@pytest.mark.parametrize(
    ("images", "rows", "numbers"),
    [
        ([1, 2, 3, 9, 10, 11], range(1, 12), [1, 2, 3, 9, 10, 11]),  # 4 to 8 are missing
        (range(101, 106), range(101, 106), [101, 102, 103, 104, 105]),
        (range(5, 100, 10), range(1, 100), list(range(5, 100, 10))),  # every tenth image was kept
        (range(0, 4), range(1, 5), [0, 1, 2, 3]),  # image 0 is frame 1
    ],
)
def test_boxes_belong_to_the_image_with_their_number(
    tmp_path: Path, images: Sequence[int], rows: Sequence[int], numbers: list[int]
) -> None:
    samples = read_mot_crops(numbered(tmp_path, images, boxes(rows)), Findings(), every=1)
    assert [read_crop(sample)[0, 0, 0] for sample in samples] == numbers


@pytest.mark.parametrize(
    ("images", "numbers"),
    [(range(101, 126), [101, 111, 121]), (range(5, 100, 25), [5, 30, 55, 80]), ([1, 2, 12, 13, 22], [1, 12, 22])],
)
def test_every_tenth_frame_by_number(tmp_path: Path, images: Sequence[int], numbers: list[int]) -> None:
    crops = open_dataset("mot", numbered(tmp_path, images, boxes(images)))
    assert [int(sample.path.stem) for sample in crops.samples] == numbers


def test_a_gap_and_the_boxes_in_it_are_reported(tmp_path: Path) -> None:
    root = numbered(tmp_path, [1, 2, 3, 9, 10, 11], boxes(range(1, 14)))
    notes = "\n".join(open_dataset("mot", root).notes)
    assert "images are missing: 5 after 000003.png" in notes
    assert re.search("boxes whose image is missing in .*img1: 7, such as frame 4; they are left out", notes)


def test_two_images_of_one_frame_are_refused(tmp_path: Path) -> None:
    root = numbered(tmp_path, [1, 2, 3], boxes([1, 2, 3]))
    Image.new("L", (20, 30)).save(root / "img1/000002.jpg")
    with pytest.raises(UserError, match="differ only in their extension"):
        open_dataset("mot", root)


def test_ground_truth_of_other_frames_is_refused(tmp_path: Path) -> None:
    root = numbered(tmp_path, range(101, 104), boxes(range(1, 4)))
    with pytest.raises(UserError, match=r"boxes in frames 1 to 3, but the images in .*img1 are numbered 101 to 103"):
        open_dataset("mot", root)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
def test_boxes_are_in_the_rotated_frame(tmp_path: Path, orientation: int) -> None:
    folder = numbered(tmp_path, [1], ["1,7,2,22,5,7,1", "1,8,24,2,5,7,1"])
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    Image.new("L", (20, 30)).save(folder / "img1/000001.png", exif=exif)  # 30 × 20 in orientations 6 and 8
    assert [sample.person_id for sample in open_dataset("mot", folder).samples] == ["8" if orientation > 4 else "7"]


def test_several_sequences_are_several_cameras(tmp_path: Path) -> None:
    for name in ("left", "right"):
        sequence(tmp_path / name, "gt/gt.txt", "img1")
    (tmp_path / "other").mkdir()
    crops = open_dataset("mot", tmp_path)
    assert {sample.camera_id for sample in crops.samples} == {"left", "right"} and len(crops.samples) == 6
    assert any("2 sequences are read as cameras of one scene" in note for note in crops.notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: shutil.rmtree(root / "View_001"), "has no frames beside it"),
        (lambda root: (root / "View_002").mkdir(), r"several folders of frames beside it \(View_001, View_002\)"),
        (lambda root: (root / "gt.txt").write_text("a,b\n"), "gt.txt:1: not a MOT row"),
        (lambda root: (root / "gt.txt").write_text("1,-1,2,3,4,10,1\n"), r"rows without an identity \(id -1\)"),
        (lambda root: (root / "gt.txt").unlink(), "contains no MOT sequence"),
        (
            lambda root: (root / "View_001/frame_0.png").write_bytes(b""),
            r"frames that cannot be read: 1, such as View_001/frame_0.png \(empty, 0 bytes\)",
        ),
        (lambda root: [file.unlink() for file in (root / "View_001").iterdir()], "no images in .*View_001"),
    ],
)
def test_invalid_sequences(tmp_path: Path, change, message: str) -> None:
    change(sequence(tmp_path, "gt.txt", "View_001"))
    with pytest.raises(UserError, match=message):
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
