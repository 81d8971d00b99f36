"""The command: what it prints, and that it can be killed and started again."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reid_course.grading.sandbox_config import ROOT
from tests.reid_course.grading.conftest import GOOD, nobody_left, notebook
from tools import mark


def test_killed_in_the_middle_it_leaves_nothing_running_and_can_start_again(
    tiny: Path, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    submission = tmp_path / "in" / "01_tiny_ada.ipynb"
    submission.parent.mkdir()
    arguments = [str(submission.parent), "--out", str(tmp_path / "out"), "--sets", str(tiny), "--seed", str(seed)]
    submission.write_text(notebook("open('started', 'w')\nwhile True:\n    pass"))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, str(ROOT / "tools" / "mark.py"), *arguments], env=environment)
    for _ in range(600):
        if any(tmp_path.glob("marking-*")):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert nobody_left(seed)

    submission.write_text(notebook(*GOOD))
    mark.main(arguments)
    assert "1 submissions, 0 of them to be looked at" in capsys.readouterr().out
    assert ",4,4,1.000,marked," in (tmp_path / "out" / "marks.csv").read_text()


def test_one_odd_hand_in_spoils_no_other(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    latin = folder / os.fsdecode(b"J\xfcrgen")  # as archives from Windows leave it
    for home in (latin, folder / "eve", folder / "mia"):
        home.mkdir(parents=True)
    (latin / "01_tiny.ipynb").write_text(notebook(*GOOD))
    (folder / "eve" / "homework.ipynb").write_text('{"metadata": {"otter": {"assignment_name": ["x"]}}}')
    (folder / "mia" / "01_tiny.ipynb").write_bytes(b"\xef\xbb\xbf" + notebook(r"open('/x\udcff', 'w')", *GOOD).encode())
    mark.main([str(folder), "--out", str(tmp_path / "out"), "--sets", str(tiny)])
    with (tmp_path / "out" / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        points = {row["student"]: row["points"] for row in csv.DictReader(file)}
    assert points == {"J?rgen": "4", "eve": "0", "mia": "4"}
    assert "J?rgen" in (tmp_path / "out" / "class.html").read_text()


def test_results_do_not_lie_among_submissions(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="name a place beside it"):
        mark.main([str(tmp_path), "--out", str(tmp_path / "marks"), "--sets", str(tiny)])
    with pytest.raises(SystemExit, match="no such folder"):
        mark.main([str(tmp_path / "none"), "--out", str(tmp_path / "marks"), "--sets", str(tiny)])
    assert not (tmp_path / "marks").exists()


@pytest.mark.parametrize("wrong", ["nan", "inf", "0"])
def test_seconds_are_a_number(wrong: str, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        mark.main(["nowhere", "--sets", str(tiny), "--seconds", wrong])
    assert "--seconds is more than 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([__file__], "a file; name the folder"),
        (["nowhere", "--memory", "²G"], "--memory ²G: write a number"),
        ([str(Path(__file__).parent), "--out", str(ROOT / "README.md")], "--out"),
        (["nowhere"], "nowhere: no such folder"),
        ([str(ROOT)], "holds the project itself"),
        (["nowhere", "--memory", "much"], "--memory much: write a number"),
        (["nowhere", "--sets", "nowhere"], "no set of exercises there"),
    ],
)
def test_what_cannot_be_done_is_told_in_a_line(arguments: list[str], told: str, tiny: Path) -> None:
    with pytest.raises(SystemExit, match=told):
        mark.main(["--sets", str(tiny), *arguments])
