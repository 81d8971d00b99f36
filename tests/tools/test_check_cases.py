"""tools/check_cases.py tells right answers from wrong ones."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.learning_reid.datasets.dataset_files import write_images
from tools import check_cases

HEIGHT, WIDTH = 60, 20  # of a person


def write_sequence(folder: Path, numbers: list[int], people: tuple[int, int] = (1, 2)) -> Path:
    """Write frames with a red and a blue person who move, and their boxes in the frames 1 to 6."""
    rows = []
    (folder / "img1").mkdir(parents=True)
    for number in range(1, 7):
        frame = np.full((200, 300, 3), 150, np.uint8)
        for person, color, y in zip(people, (check_cases.RED, check_cases.BLUE), (10, 110), strict=True):
            x = 30 * number
            frame[y : y + HEIGHT, x : x + WIDTH] = color
            rows.append(f"{number},{person},{x},{y},{WIDTH},{HEIGHT},1")
        if number in numbers:
            Image.fromarray(frame).save(folder / f"img1/{number:06d}.jpg", quality=95)
    (folder / "gt.txt").write_text("\n".join(rows))
    return folder


@pytest.mark.slow
def test_a_sequence_with_a_gap(tmp_path: Path) -> None:
    folder = write_sequence(tmp_path / "gap", [1, 2, 5, 6])
    assert check_cases.cut_sequence(folder, tmp_path / "a", 1, 8, "missing") == ""
    assert check_cases.cut_sequence(folder, tmp_path / "b", 1, 8, "upside down") == "no note on upside down"
    swapped = write_sequence(tmp_path / "swapped", [1, 2], people=(2, 1))
    assert "of it the person" in check_cases.cut_sequence(swapped, tmp_path / "c", 1, 4)


@pytest.mark.slow
def test_a_refusal(tmp_path: Path) -> None:
    folder = write_images(tmp_path, ["bounding_box_train/0001_c1s1_000001_00.jpg"])
    assert check_cases.refused_layout(folder, "Market-1501", "query") == ""
    assert check_cases.refused_layout(folder, "MSMT17").startswith("says only: ")


@pytest.mark.parametrize(
    ("status", "stderr", "problem"),
    [
        (1, "no lists in it", ""),
        (0, "no lists in it", "status 0: no lists in it"),
        (1, "Traceback (most recent call last):\nKeyError: lists", "status 1: Traceback"),
        (1, "an error", "says only: ['an error']"),
    ],
)
def test_what_counts_as_a_refusal(status: int, stderr: str, problem: str) -> None:
    done = subprocess.CompletedProcess([], status, stdout="", stderr=stderr)
    answer = check_cases.is_refused(done, "lists")
    assert answer.startswith(problem) and bool(answer) == bool(problem)


def test_a_line_is_printed_for_each_case(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = {"one": lambda out: "" if out.is_dir() else "no folder", "two": lambda out: "says 3"}
    monkeypatch.setattr(check_cases, "cases", lambda folder: made)
    monkeypatch.setattr(sys, "argv", ["check_cases.py", str(tmp_path)])
    assert check_cases.main() == 1
    assert capsys.readouterr().out == "right  one\nwrong  two: says 3\n"
    made.pop("two")
    assert check_cases.main() == 0
    monkeypatch.setattr(sys, "argv", ["check_cases.py"])
    assert check_cases.main() == 2


def test_an_endless_command_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import time; time.sleep(60)")
    monkeypatch.setattr(check_cases, "MAIN", tmp_path / "main.py")
    monkeypatch.setattr(check_cases, "LIMIT_S", 0.2)
    assert check_cases.is_refused(check_cases.call("doctor")) == "status 124: no answer within 0.2 s"
