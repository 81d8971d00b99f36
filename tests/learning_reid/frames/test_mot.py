"""MOT files: frames from 1 in the file and from 0 in the table; corners from left, top, width and height."""

from pathlib import Path

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.frames.mot import MotTable, format_mot, read_mot


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "gt.txt"
    path.write_text(text)
    return path


def test_columns_become_corners_and_frames_count_from_zero(tmp_path: Path) -> None:
    table = read_mot(written(tmp_path, "1,7,10.5,20,30,40,1,-1,-1,-1\n\n3, -1, 0, 0, 5, 6, 0.25\n"))
    assert table.frame.tolist() == [0, 2]
    assert table.person_id.tolist() == [7, -1]
    np.testing.assert_array_equal(table.boxes_xyxy, np.array([[10.5, 20, 40.5, 60], [0, 0, 5, 6]], np.float32))
    np.testing.assert_array_equal(table.score, np.array([1, 0.25], np.float32))
    kinds = (table.frame.dtype, table.person_id.dtype, table.boxes_xyxy.dtype, table.score.dtype)
    assert kinds == (np.int64, np.int64, np.float32, np.float32)


def test_at_keeps_the_rows_of_one_frame_in_file_order(tmp_path: Path) -> None:
    table = read_mot(written(tmp_path, "2,5,0,0,1,1,1\n1,4,0,0,1,1,1\n2,3,0,0,1,1,1\n"))
    assert table.at(1).person_id.tolist() == [5, 3]
    assert table.at(0).person_id.tolist() == [4]
    assert len(table.at(9)) == 0
    assert table.at(9).boxes_xyxy.shape == (0, 4)


def test_rows_are_matched_with_frames_by_number(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    table = read_mot(written(tmp_path, "3,5,0,0,1,1,1\n9,4,0,0,1,1,1\n4,3,0,0,1,1,1\n3,2,0,0,1,1,0\n"))
    matched = table.match_frames([1, 2, 3, 9, 10], "gt.txt")
    assert matched.frame.tolist() == [2, 3, 2] and matched.person_id.tolist() == [5, 4, 2]
    assert matched.boxes_xyxy.shape == (3, 4) and matched.score.tolist() == [1, 1, 0]
    assert not caplog.records
    assert len(table.match_frames(range(101, 121), "gt.txt")) == 0
    (record,) = caplog.records
    assert "frames 3 to 9, and the images are numbered 101 to 120" in record.getMessage()


@pytest.mark.parametrize("text", ["", "\n\n"])
def test_empty_file_is_an_empty_table(tmp_path: Path, text: str) -> None:
    table = read_mot(written(tmp_path, text))
    assert len(table) == 0
    assert table.boxes_xyxy.shape == (0, 4)


def test_a_formatted_table_reads_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    left_top = rng.uniform(-20, 700, (50, 2))
    boxes = np.concatenate([left_top, left_top + rng.uniform(1, 200, (50, 2))], axis=1).astype(np.float32)
    table = MotTable(rng.integers(0, 9, 50), rng.integers(-1, 9, 50), boxes, rng.random(50, dtype=np.float32))
    (tmp_path / "out.txt").write_text(format_mot(table))
    back = read_mot(tmp_path / "out.txt")
    np.testing.assert_array_equal(back.frame, table.frame)
    np.testing.assert_array_equal(back.person_id, table.person_id)
    np.testing.assert_allclose(back.boxes_xyxy, table.boxes_xyxy, atol=2e-3)
    np.testing.assert_allclose(back.score, table.score, rtol=1e-5)
    assert format_mot(table).startswith(f"{table.frame[0] + 1},{table.person_id[0]},")


@pytest.mark.parametrize(
    "row",
    [
        "1,2,3",
        "1,2,3,4,5,6",
        "1,2,x,4,5,6,1",
        "0,2,3,4,5,6,1",
        "1.5,2,3,4,5,6,1",
        "1,2.5,3,4,5,6,1",
        "1,2,nan,4,5,6,1",
        "inf,2,3,4,5,6,1",
    ],
)
def test_bad_row_names_file_and_line(tmp_path: Path, row: str) -> None:
    path = written(tmp_path, f"1,2,3,4,5,6,1\n{row}\n")
    with pytest.raises(UserError, match=r"gt\.txt:2") as error:
        read_mot(path)
    assert len(str(error.value).splitlines()) <= 2


def test_missing_and_binary_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        read_mot(tmp_path / "absent.txt")
    binary = tmp_path / "image.jpg"
    binary.write_bytes(b"\xff\xd8\xff\xe0\x00")
    with pytest.raises(UserError, match=r"image\.jpg"):
        read_mot(binary)
    with pytest.raises(UserError, match="cannot be read"):
        read_mot(tmp_path)


def test_real_ground_truth(real_data: Path) -> None:
    path = real_data / "frames/pets2009_s2l1/gt.txt"
    table = read_mot(path)
    frame, person_id, x, y, w, h, score = (float(value) for value in path.read_text().split("\n")[0].split(",")[:7])
    np.testing.assert_allclose(table.boxes_xyxy[0], [x, y, x + w, y + h], rtol=1e-6)
    assert (table.frame[0], table.person_id[0], table.score[0]) == (frame - 1, person_id, score)
    assert table.frame.min() == 0 and table.frame.max() == 199
