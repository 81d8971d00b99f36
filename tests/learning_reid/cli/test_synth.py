"""`synth`: streets with their truth, crops, faces; the same bytes for the same seed; whole or not at all."""

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

MAIN = Path(__file__).resolve().parents[3] / "src" / "main.py"


def synth(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(MAIN), "synth", *arguments], capture_output=True, text=True)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, str]:
    folder = tmp_path_factory.mktemp("synth") / "tiny"
    done = synth("--out", str(folder), "--preset", "tiny", "--seed", "3", "--preview")
    assert done.returncode == 0, done.stderr
    return folder, done.stdout


@pytest.fixture(scope="module")
def tiny(made) -> Path:
    return made[0]


def test_what_was_written_is_told_line_by_line(made):
    folder, told = made
    lines = [line.split()[:3] for line in told.strip().splitlines()]
    assert [line[:2] for line in lines[:-1]] == [["12", "frames"], ["12", "frames"], ["54", "crops"], ["16", "faces"]]
    assert all(Path(line[2]).exists() for line in lines[:-1]) and (folder / "preview.png").exists()
    names = {path.name for path in folder.iterdir()}
    films = {"View_001.mp4", "View_002.mp4"}
    assert names == {"View_001", "View_002", *films, "timetable.tsv", "market", "faces", "preview.png"}


def test_each_view_can_be_read_back_with_its_truth_and_its_film(tiny):
    for view in ("View_001", "View_002"):
        frames, film = open_frames(tiny / view), open_frames(tiny / f"{view}.mp4")
        assert len(list(frames)) == len(list(film)) == 12
        assert len(read_mot(tiny / view / "gt.txt"))


def test_the_doctor_passes_all_of_it(tiny):
    for part, layout in {"market": "market1501", "faces": "csv", ".": "mot"}.items():
        report = check_dataset(tiny / part)
        assert report.dataset == layout
        assert not [finding for finding in report.findings if finding.severity == "error"]
    assert not [finding for finding in check_dataset(tiny / "market").findings if finding.severity != "note"]


def test_the_faces_are_there(tiny):
    crops = open_dataset("csv", tiny / "faces")
    assert [len(crops.subset(split)) for split in ("train", "query", "gallery")] == [8, 4, 4]


def test_who_walks_the_street_is_in_the_tables(tiny):
    with (tiny / "market/attributes.csv").open(encoding="utf-8", newline="") as stream:
        described = {int(row["person_id"]) for row in csv.DictReader(stream)}
    walking = {
        int(person) for view in ("View_001", "View_002") for person in read_mot(tiny / view / "gt.txt").person_id
    }
    assert walking <= described


def test_same_seed_same_bytes_with_one_process_and_two(tiny, tmp_path):
    command.run(tmp_path / "two", "tiny", 3, preview=True, workers=2)
    assert contents(tmp_path / "two") == contents(tiny)


def test_one_camera_is_told(tmp_path):
    done = synth("--out", str(tmp_path / "one"), "--preset", "tiny", "--cameras", "1", "--people", "4", "--frames", "2")
    assert done.returncode == 0 and "note: with one camera nobody is seen by a second one" in done.stdout
    assert not (tmp_path / "one/View_002").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--preset", "tyny"], "no preset 'tyny': did you mean 'tiny'?"),
        (["--people", "0"], "0 people make no data set: take 2 or more"),
        (["--cameras", "0"], "0 cameras take no pictures: take 1 or more"),
        (["--frames", "0"], "0 frames make no world: take 1 or more"),
        (["--change-clothes", "3"], "3.0 is no share of the people"),
        (["--weather", "rian"], "no weather 'rian': did you mean 'rain'?"),
    ],
)
def test_numbers_that_make_nothing_are_told_in_one_line(tmp_path, arguments, told):
    done = synth("--out", str(tmp_path / "out"), *arguments)
    assert done.returncode == 1 and told in done.stderr and len(done.stderr.strip().splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten(tiny):
    before = contents(tiny)
    again = synth("--out", str(tiny), "--preset", "tiny")
    assert again.returncode == 1 and again.stderr.strip().startswith(f"{tiny} already holds files: name another folder")
    assert len(again.stderr.strip().splitlines()) == 1 and contents(tiny) == before


def run_tiny(out: Path) -> None:
    command.run(out, "tiny", 3, people=4, frames=2, workers=1)


@pytest.mark.parametrize("part", ["frames.views", "synthetic.sets.market", "synthetic.sets.face_set"])
def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch, part):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(f"src.{part}.save", full)
    with pytest.raises(UserError, match=r"cannot be written \(No space left on device\): make room") as told:
        run_tiny(tmp_path / "out")
    assert len(str(told.value).splitlines()) == 1 and not (tmp_path / "out").exists()


def test_a_full_disk_while_the_film_is_written(tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("learning_reid.visualization.video_writer.VideoWriter.write", full)
    with pytest.raises(UserError, match="No space left on device"):
        run_tiny(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_without_rights(tmp_path, monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "mkdir", refuse)  # an administrator, as in CI, may write anywhere
    with pytest.raises(UserError, match=r"cannot be written \(Permission denied\)"):
        run_tiny(tmp_path / "out")


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UserError, match="cannot be written"):
        run_tiny(tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_run_that_is_broken_off_leaves_nothing(tmp_path, number):
    out = tmp_path / "out"
    line = [sys.executable, str(MAIN), "synth", "--out", str(out), "--preset", "demo", "--workers", "2"]
    heard = partial(signal.signal, number, signal.SIG_DFL)  # a shell's background jobs, and so their children, are deaf
    running = subprocess.Popen(line, stderr=subprocess.PIPE, text=True, preexec_fn=heard)
    deadline = time.monotonic() + 60
    while not list(out.rglob("*.jpg")) and time.monotonic() < deadline:
        time.sleep(0.05)
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    assert running.returncode == 130 and not out.exists()
    assert told.strip().splitlines()[-1] == "broken off: nothing of it is left" and "Traceback" not in told
