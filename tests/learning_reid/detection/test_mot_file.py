"""Boxes from a file: by frame, by score, inside the image."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.detection.registry import create_detector
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import read_mot

ROWS = """1,1,10,20,30,40,0.5
1,2,50,10,5,5,0.9
1,3,10,10,5,5,0
2,1,-10,-5,30,20,1
2,2,90,50,30,30,1
2,3,120,10,30,30,1
2,4,10,10,0,30,1
2,5,10,10,-3,30,1
4,1,0,0,10,10,-1.5
"""


def frame(index: int) -> Frame:
    return Frame(index, "", np.zeros((60, 100, 3), np.uint8))


@pytest.fixture
def file(tmp_path: Path) -> str:
    (tmp_path / "det.txt").write_text(ROWS)
    return str(tmp_path / "det.txt")


def test_boxes_of_a_frame_by_descending_score_without_score_zero(file: str) -> None:
    found = create_detector("mot_file", file)(frame(0))
    np.testing.assert_array_equal(found.xyxy, [[50, 10, 55, 15], [10, 20, 40, 60]])
    np.testing.assert_array_equal(found.confidence, np.array([0.9, 0.5], np.float32))
    assert found.xyxy.dtype == np.float32 and found.class_id.tolist() == [0, 0]


def test_boxes_are_clipped_and_empty_ones_dropped(file: str) -> None:
    found = create_detector("mot_file", file)(frame(1))
    np.testing.assert_array_equal(found.xyxy, [[0, 0, 20, 15], [90, 50, 100, 60]])


def test_min_score_and_frames_without_rows(file: str) -> None:
    assert len(create_detector("mot_file", file, min_score=0.6)(frame(0))) == 1
    detector = create_detector("mot_file", file)
    assert len(detector(frame(2))) == len(detector(frame(99))) == 0
    assert len(detector(frame(3))) == 1  # scores below 0 are scores too


def test_the_number_of_a_frame_decides_and_not_its_position(file: str) -> None:
    detector, image = create_detector("mot_file", file), np.zeros((60, 100, 3), np.uint8)
    np.testing.assert_array_equal(detector(Frame(1, "000004.jpg", image, number=4)).xyxy, [[0, 0, 10, 10]])
    assert len(detector(Frame(0, "000101.jpg", image, number=101))) == 0


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"absent\.txt: no such file"):
        create_detector("mot_file", str(tmp_path / "absent.txt"))
    (tmp_path / "det.txt").write_text("1,1,2,3,4\n")
    with pytest.raises(UserError, match=r"det\.txt:1"):
        create_detector("mot_file", str(tmp_path / "det.txt"))


def test_real_ground_truth_as_detections(real_data: Path) -> None:
    path = real_data / "frames/pets2009_s2l1/gt.txt"
    table, detector = read_mot(path), create_detector("mot_file", str(path))
    for index in (0, 57, 199):
        found = detector(Frame(index, "", np.zeros((576, 768, 3), np.uint8)))
        rows = table.at(index)
        expected = rows.boxes_xyxy[rows.score != 0].clip(0, [768, 576, 768, 576])
        np.testing.assert_array_equal(found.xyxy, expected)  # all scores are 1: file order
