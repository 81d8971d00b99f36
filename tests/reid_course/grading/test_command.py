"""The command: its output and errors, and how it continues after it was killed."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from learning_reid.io.target_lock import lock_target
from reid_course.grading import class_grading
from reid_course.grading.progress import FILE
from reid_course.notebook import ROOT
from tests.reid_course.grading.conftest import GOOD, no_process_left, notebook
from tools import grade


@pytest.mark.slow
def test_a_killed_run_keeps_its_marks_leaves_no_process_and_is_resumed(
    tiny: Path, tmp_path: Path, seed: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marks = tmp_path / "in", tmp_path / "out" / "marks.csv"
    folder.mkdir()
    arguments = [str(folder), "--out", str(marks.parent), "--sets", str(tiny), "--seed", str(seed), "--jobs", "1"]
    (folder / "01_tiny_ada.ipynb").write_text(notebook(*GOOD))
    (folder / "01_tiny_ben.ipynb").write_text(notebook("import time\ntime.sleep(1000)"))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "tools.grade", *arguments], cwd=ROOT, env=environment)
    for _ in range(600):
        if marks.is_file():
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert no_process_left(seed)
    assert points_in(marks) == {"ada": "4"}

    (folder / "01_tiny_ben.ipynb").write_text(notebook(GOOD[0]))
    run, graded = class_grading.run_submission, []
    monkeypatch.setattr(class_grading, "run_submission", lambda *job: (graded.append(job[0]), run(*job))[1])
    grade.main(arguments)
    printed = capsys.readouterr()
    assert "2 submissions, 0 of them to be looked at" in printed.out
    assert "note: resuming a run that did not end; 1 notebooks that it graded are not run again" in printed.err
    assert points_in(marks) == {"ada": "4", "ben": "3"} and len(graded) == 1
    assert not (marks.parent / FILE).exists()  # a complete run is not resumed: the next one grades everything again


def points_in(marks: Path) -> dict[str, str]:
    with marks.open(newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row["points"] for row in csv.DictReader(file)}


def test_ctrl_c_says_how_to_continue(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "01_tiny_ada.ipynb").write_text(notebook(*GOOD))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(class_grading, "run_submission", interrupt)
    with pytest.raises(SystemExit) as end:
        grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--sets", str(tiny)])
    assert end.value.code == 130 and "the same command continues" in capsys.readouterr().err


def test_a_second_run_into_the_same_folder_is_refused(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "in" / "ada").mkdir(parents=True)
    (tmp_path / "out").mkdir()
    with (
        lock_target(tmp_path / "out", tmp_path / "out" / ".lock"),
        pytest.raises(SystemExit, match="out: another process is writing to it"),
    ):
        grade.main([str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--sets", str(tiny)])
    assert not list((tmp_path / "out").glob("*.*ml"))


def test_a_malformed_submission_does_not_affect_others(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    latin = folder / os.fsdecode(b"J\xfcrgen")  # as in archives from Windows
    for home in (latin, folder / "eve", folder / "mia"):
        home.mkdir(parents=True)
    (latin / "01_tiny.ipynb").write_text(notebook(*GOOD))
    (folder / "eve" / "homework.ipynb").write_text('{"metadata": {"otter": {"assignment_name": ["x"]}}}')
    (folder / "mia" / "01_tiny.ipynb").write_bytes(b"\xef\xbb\xbf" + notebook(r"open('/x\udcff', 'w')", *GOOD).encode())
    grade.main([str(folder), "--out", str(tmp_path / "out"), "--sets", str(tiny)])
    assert points_in(tmp_path / "out" / "marks.csv") == {"J?rgen": "4", "eve": "0", "mia": "4"}
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
