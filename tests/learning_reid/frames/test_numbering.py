"""Frame numbers come from file names, and gaps in them are named."""

import pytest

from learning_reid.frames.numbering import describe_missing, frame_numbers, frame_positions

GAP = [f"{number:06d}.jpg" for number in (1, 2, 3, 9, 10, 11, 12)]


@pytest.mark.parametrize(
    ("names", "numbers"),
    [
        (GAP, [1, 2, 3, 9, 10, 11, 12]),
        (["101.jpg", "102.png"], [101, 102]),
        (["img_0.jpg", "img_1.jpg", "img_5.jpg"], [1, 2, 6]),  # PETS2009: image 0 is frame 1
        (["cam2_7.jpg", "cam2_9.jpg"], [7, 9]),
        (["Cam2_7.jpg", "cam2_9.JPG"], [7, 9]),
        (["0451_1.jpg", "0476_1.jpg"], [451, 476]),
        (["day1 12.jpg", "night 13.jpg"], [12, 13]),  # the last number, if the names differ in form
        (["left_1.jpg", "right_1.jpg"], [1, 2]),
        (["1.jpg", "1.png", "2.jpg"], [1, 2, 3]),
        (["first.jpg", "frame_7.jpg"], [1, 2]),
        (["frame_8.jpg"], [8]),
        (["walk.mp4#0", "walk.mp4#1", "walk.mp4#4"], [1, 2, 5]),
        ([], []),
    ],
)
def test_the_number_in_the_file_name_decides(names: list[str], numbers: list[int]) -> None:
    assert frame_numbers(names) == numbers


def test_frames_of_a_sequence_that_has_lost_its_first_images_keep_their_numbers() -> None:
    names = [f"frame_{number:04d}.jpg" for number in range(9)]
    assert frame_numbers(names[4:], range(4, 9)) == [5, 6, 7, 8, 9]
    assert frame_numbers(names[4:]) == [4, 5, 6, 7, 8]  # a folder that starts at 4
    assert frame_numbers(["door.jpg", "yard.jpg"], [3, 7]) == [4, 8]


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        ([1, 2, 3, 9, 10], "images are missing: 5 after 3.jpg"),
        ([101, 102, 104, 105], "images are missing: 1 after 102.jpg"),
        ([0, 5, 10, 20], "images are missing: 1 after 10.jpg"),
        (
            [1, 2, 4, 5, 7, 8, 10, 11, 13, 14],
            "images are missing: 1 after 2.jpg, 1 after 5.jpg, 1 after 8.jpg, further gaps: 1",
        ),
        ([1, 2, 3], ""),
        ([1], ""),
        ([], ""),
        ([90_000, 90_040, 90_079, 90_121], ""),  # milliseconds
    ],
)
def test_gaps_are_named(numbers: list[int], sentence: str) -> None:
    assert describe_missing([f"{number}.jpg" for number in numbers]) == sentence


def test_unordered_numbers_have_no_gaps() -> None:
    assert describe_missing(["a_9.jpg", "b_10.jpg", "c_2.jpg"]) == ""


@pytest.mark.parametrize(
    ("numbers", "positions"),
    [
        ([101, 102, 104, 105], [0, 1, 3, 4]),
        ([0, 5, 10, 20], [0, 1, 2, 4]),
        ([3, 9], [0, 1]),
        ([90_000, 90_040, 90_079, 90_121], [0, 1, 2, 3]),
        ([9, 10, 2], [0, 1, 2]),
        ([7], [0]),
        ([], []),
    ],
)
def test_missing_images_take_time(numbers: list[int], positions: list[float]) -> None:
    assert frame_positions(numbers) == positions
