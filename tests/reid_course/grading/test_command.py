"""The command: its output and errors, and a restart after it was killed."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from reid_course.notebook import ROOT
from tests.reid_course.grading.conftest import GOOD, no_process_left, notebook
from tools import grade


def test_a_killed_run_leaves_no_process_and_can_be_repeated(
    tiny: Path, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    submission = tmp_path / "in" / "01_tiny_ada.ipynb"
    submission.parent.mkdir()
    arguments = [str(submission.parent), "--out", str(tmp_path / "out"), "--sets", str(tiny), "--seed", str(seed)]
    submission.write_text(notebook("open('started', 'w')\nwhile True:\n    pass"))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "tools.grade", *arguments], cwd=ROOT, env=environment)
    for _ in range(600):
        if any(tmp_path.glob("grading-*")):
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert no_process_left(seed)

    submission.write_text(notebook(*GOOD))
    grade.main(arguments)
    assert "1 submissions, 0 of them to be looked at" in capsys.readouterr().out
    assert ",4,4,1.000,marked," in (tmp_path / "out" / "marks.csv").read_text()


def test_a_malformed_submission_does_not_affect_others(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    latin = folder / os.fsdecode(b"J\xfcrgen")  # as in archives from Windows
    for home in (latin, folder / "eve", folder / "mia"):
        home.mkdir(parents=True)
    (latin / "01_tiny.ipynb").write_text(notebook(*GOOD))
    (folder / "eve" / "homework.ipynb").write_text('{"metadata": {"otter": {"assignment_name": ["x"]}}}')
    (folder / "mia" / "01_tiny.ipynb").write_bytes(b"\xef\xbb\xbf" + notebook(r"open('/x\udcff', 'w')", *GOOD).encode())
    grade.main([str(folder), "--out", str(tmp_path / "out"), "--sets", str(tiny)])
    with (tmp_path / "out" / "marks.csv").open(newline="", encoding="utf-8-sig") as file:
        points = {row["student"]: row["points"] for row in csv.DictReader(file)}
    assert points == {"J?rgen": "4", "eve": "0", "mia": "4"}
    assert "J?rgen" in (tmp_path / "out" / "class.html").read_text()


def test_results_in_the_folder_of_submissions_are_an_error(tiny: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="name a folder beside it"):
        grade.main([str(tmp_path), "--out", str(tmp_path / "grades"), "--sets", str(tiny)])
    with pytest.raises(SystemExit, match="no such folder"):
        grade.main([str(tmp_path / "none"), "--out", str(tmp_path / "grades"), "--sets", str(tiny)])
    assert not (tmp_path / "grades").exists()


@pytest.mark.parametrize("wrong", ["nan", "inf", "0"])
def test_seconds_must_be_a_positive_number(wrong: str, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        grade.main(["nowhere", "--sets", str(tiny), "--seconds", wrong])
    assert "--seconds more than 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([__file__], "a file; name the folder"),
        (["nowhere", "--memory", "²G"], "--memory ²G: write a number"),
        ([str(Path(__file__).parent), "--out", str(ROOT / "README.md")], "--out"),
        (["nowhere"], "nowhere: no such folder"),
        ([str(ROOT)], "contains the project itself"),
        (["nowhere", "--memory", "much"], "--memory much: write a number"),
        (["nowhere", "--sets", "nowhere"], "no exercise sets"),
    ],
)
def test_errors_are_one_line(arguments: list[str], message: str, tiny: Path) -> None:
    with pytest.raises(SystemExit, match=message):
        grade.main(["--sets", str(tiny), *arguments])
