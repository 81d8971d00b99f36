"""`synth`: streets with ground truth, crops and faces; reproducible, and complete or absent."""

import csv
import errno
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from learning_reid.cli import synth as command
from learning_reid.datasets.doctor import check_dataset
from learning_reid.datasets.layouts import open_dataset
from learning_reid.errors import UserError
from learning_reid.frames.mot import read_mot
from learning_reid.frames.sources import open_frames
from tests.learning_reid.cli.run_cli import run_command

pytestmark = pytest.mark.slow

MAIN = Path(__file__).resolve().parents[3] / "src" / "main.py"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("synth") / "tiny"
    return folder, run_command("synth", "--out", folder, "--preset", "tiny", "--seed", 3, "--preview")


@pytest.fixture(scope="module")
def tiny(made) -> Path:
    return made[0]


def test_each_output_has_a_line(made):
    folder, printed = made
    lines = [line.split()[:3] for line in printed.strip().splitlines()]
    assert [line[:2] for line in lines[:-1]] == [["12", "frames"], ["12", "frames"], ["54", "crops"], ["16", "faces"]]
    assert all(Path(line[2]).exists() for line in lines[:-1]) and (folder / "preview.png").exists()
    names = {path.name for path in folder.iterdir()}
    videos = {"View_001.mp4", "View_002.mp4"}
    assert names == {"View_001", "View_002", *videos, "timetable.tsv", "market", "faces", "preview.png"}


def test_each_view_has_ground_truth_and_a_video(tiny):
    for view in ("View_001", "View_002"):
        frames, video = open_frames(tiny / view), open_frames(tiny / f"{view}.mp4")
        assert len(list(frames)) == len(list(video)) == 12
        assert len(read_mot(tiny / view / "gt.txt"))


def test_the_doctor_finds_no_problems(tiny):
    for part, layout in {"market": "market1501", "faces": "csv", ".": "mot"}.items():
        report = check_dataset(tiny / part)
        assert report.dataset == layout
        assert not [finding for finding in report.findings if finding.severity == "error"]
    assert not [finding for finding in check_dataset(tiny / "market").findings if finding.severity != "note"]


def test_the_faces_are_split(tiny):
    crops = open_dataset("csv", tiny / "faces")
    assert [len(crops.subset(split)) for split in ("train", "query", "gallery")] == [8, 4, 4]


def test_people_in_the_street_are_in_the_attribute_table(tiny):
    with (tiny / "market/attributes.csv").open(encoding="utf-8", newline="") as stream:
        described = {int(row["person_id"]) for row in csv.DictReader(stream)}
    walking = {
        int(person) for view in ("View_001", "View_002") for person in read_mot(tiny / view / "gt.txt").person_id
    }
    assert walking <= described


def test_the_same_seed_gives_the_same_bytes_with_one_process_and_two(tiny, tmp_path):
    command.run(tmp_path / "two", "tiny", 3, preview=True, workers=2)
    assert contents(tmp_path / "two") == contents(tiny)


def test_one_camera_gives_a_note(tmp_path):
    tiny = ("--preset", "tiny", "--cameras", 1, "--people", 4, "--frames", 2)
    printed = run_command("synth", "--out", tmp_path / "one", *tiny)
    assert "note: with one camera there are no matches across cameras" in printed
    assert not (tmp_path / "one/View_002").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--preset", "tyny"], "no preset 'tyny': did you mean 'tiny'?"),
        (["--people", "0"], "0 people: use 2 or more"),
        (["--cameras", "0"], "0 cameras: use 1 or more"),
        (["--frames", "0"], "0 frames: use 1 or more"),
        (["--change-clothes", "3"], "3.0 is not a share"),
        (["--weather", "rian"], "unknown weather 'rian': did you mean 'rain'?"),
    ],
)
def test_impossible_numbers_are_reported_in_one_line(tmp_path, arguments, message):
    with pytest.raises(UserError) as error:
        run_command("synth", "--out", tmp_path / "out", *arguments)
    assert message in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tiny):
    before = contents(tiny)
    with pytest.raises(UserError) as error:
        run_command("synth", "--out", tiny, "--preset", "tiny")
    assert str(error.value).startswith(f"{tiny} already contains files: choose another folder")
    assert "\n" not in str(error.value) and contents(tiny) == before


def run_tiny(out: Path) -> None:
    command.run(out, "tiny", 3, people=4, frames=2, workers=1)


@pytest.mark.parametrize(
    "part", ["learning_reid.frames.synthetic_views", "reid_synth.datasets.market", "reid_synth.datasets.face_dataset"]
)
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, part):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(f"{part}.write_file", full)
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\): free disk space") as error:
        run_tiny(tmp_path / "out")
    assert len(str(error.value).splitlines()) == 1 and not (tmp_path / "out").exists()


def test_a_full_disk_while_the_video_is_written(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("learning_reid.visualization.video_writer.VideoWriter.write", full)
    with pytest.raises(UserError, match="No space left on device"):
        run_tiny(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_write_permission(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)  # an administrator, as in CI, may write anywhere
    with pytest.raises(UserError, match=r"cannot be written \(Permission denied\)"):
        run_tiny(tmp_path / "out")


def test_a_file_of_this_name_is_kept(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="cannot be written"):
        run_tiny(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_an_interrupted_run_leaves_nothing(tmp_path, number):
    out = tmp_path / "out"
    line = [sys.executable, str(MAIN), "synth", "--out", str(out), "--preset", "demo", "--workers", "2"]
    restore = partial(signal.signal, number, signal.SIG_DFL)  # background jobs of a shell start with it ignored
    running = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, preexec_fn=restore)
    deadline = time.monotonic() + 60
    while not list(out.rglob("*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(number)
    _, printed = running.communicate(timeout=60)
    assert running.returncode == 130 and not out.exists()
    assert printed.strip().splitlines()[-1] == "interrupted" and "Traceback" not in printed
    assert "stopping; nothing is kept" in printed
