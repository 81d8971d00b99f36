"""`detect`: rows, video and crops; what is kept when it is interrupted or fails; errors in one line."""

import errno
import os
import signal
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import supervision as sv
from PIL import Image
from typer.testing import CliRunner

from learning_reid.cli.entry_point import app
from learning_reid.detection import registry
from learning_reid.detection.registry import create_detector
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import read_mot
from learning_reid.frames.sources import open_frames
from tests.learning_reid.cli.run_cli import run_command
from tests.learning_reid.frames.stream_server import serve
from tests.learning_reid.frames.video_making import FRAMES, make_video

ROWS = "101,-1,4,5,20,30,0.9,-1,-1,-1\n103,-1,1.5,2.25,10,20,0.5,-1,-1,-1\n101,-1,30,5,12,24,0.75,-1,-1,-1\n"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Three images of a sequence that starts at 101."""
    folder = tmp_path / "img1"
    folder.mkdir()
    for number in (101, 102, 103):
        pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:06d}.png")
    return folder


@pytest.fixture
def stored(tmp_path: Path) -> list[str]:
    """Settings of a detector that reads its boxes from a file."""
    (tmp_path / "stored.txt").write_text(ROWS)
    return ["--set", "detector.name=mot_file", "--set", f"detector.weights={tmp_path / 'stored.txt'}"]


class FakeDetector:
    """One box in each frame; at the third frame it does something."""

    weights = None

    def __init__(self, at_third: Any = None) -> None:
        self.at_third, self.count = at_third, 0

    def __call__(self, frame: Frame) -> sv.Detections:
        self.count += 1
        if self.count == 3 and self.at_third:
            self.at_third()
        return sv.Detections(np.array([[1, 2, 21, 32]], np.float32), confidence=np.array([0.5], np.float32))


def use(monkeypatch: pytest.MonkeyPatch, detector: FakeDetector) -> None:
    monkeypatch.setattr(registry, "create_detector", lambda **settings: detector)


def detect(*arguments: object) -> Any:
    return CliRunner().invoke(app, ["detect", *map(str, arguments)])


def test_rows_are_numbered_by_the_file_names_and_mot_file_reads_them(
    images: Path, stored: list[str], tmp_path: Path
) -> None:
    printed = run_command("detect", "--input", images, "--out", tmp_path / "det.txt", *stored)
    assert printed == f"{tmp_path / 'det.txt'}: 3 detections in 3 frames\n"
    assert (tmp_path / "det.txt").read_text() == (
        "101,-1,4.000,5.000,20.000,30.000,0.9,-1,-1,-1\n"
        "101,-1,30.000,5.000,12.000,24.000,0.75,-1,-1,-1\n"
        "103,-1,1.500,2.250,10.000,20.000,0.5,-1,-1,-1\n"
    )
    again, first = create_detector("mot_file", str(tmp_path / "det.txt")), create_detector("mot_file", stored[-1][17:])
    for frame in open_frames(images):
        np.testing.assert_array_equal(again(frame).xyxy, first(frame).xyxy)
        np.testing.assert_array_equal(again(frame).confidence, first(frame).confidence)


def test_frames_of_a_video_count_from_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeDetector())
    make_video(tmp_path / "walk.mp4", frames=4)
    files = ("--out", tmp_path / "det.txt", "--save-video", tmp_path / "drawn.mp4", "--save-crops", tmp_path / "crops")
    run_command("detect", "--input", tmp_path / "walk.mp4", *files)
    assert (read_mot(tmp_path / "det.txt").frame + 1).tolist() == [1, 2, 3, 4]
    crops = sorted(path.name for path in (tmp_path / "crops").iterdir())
    assert crops == [f"00000{number}_01.jpg" for number in (1, 2, 3, 4)]
    assert Image.open(tmp_path / "crops" / crops[0]).size == (20, 30)
    drawn = open_frames(tmp_path / "drawn.mp4")
    assert len(drawn) == 4 and drawn.frames_per_second == 10
    bar = drawn.at(0).image.shape[0] - 48
    edge = drawn.at(0).image[bar + 10 : bar + 28, 1:3].reshape(-1, 3).mean(axis=0)
    assert edge[2] > edge[0] + 30, "the box is drawn in blue"


def test_a_stream_is_read_without_showing_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeDetector())
    with serve(make_video(tmp_path / "walk.ts", 5)) as port:
        done = detect("--input", f"http://admin:pass%40word@127.0.0.1:{port}/1", "--out", tmp_path / "det.txt")
    assert done.exit_code == 0 and "5 detections in 5 frames" in done.output and "pass" not in done.output
    assert (read_mot(tmp_path / "det.txt").frame + 1).tolist() == [1, 2, 3, 4, 5]


def test_one_image_and_max_frames(images: Path, stored: list[str], tmp_path: Path) -> None:
    out = ("--out", tmp_path / "det.txt")
    assert "1 detections in 1 frames" in run_command("detect", "--input", images / "000103.png", *out, *stored)
    assert read_mot(tmp_path / "det.txt").frame.tolist() == [102]
    assert "2 detections in 2 frames" in run_command(
        "detect", "--input", images, *out, *stored, "--set", "input.max_frames=2"
    )


def test_memory_does_not_grow_with_the_number_of_frames(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alive: weakref.WeakSet[Frame] = weakref.WeakSet()
    most = []

    class Watching(FakeDetector):
        def __call__(self, frame: Frame) -> sv.Detections:
            alive.add(frame)
            most.append(len(alive))
            return super().__call__(frame)

    use(monkeypatch, Watching())
    files = ("--out", tmp_path / "det.txt", "--save-video", tmp_path / "drawn.mp4")
    run_command("detect", "--input", make_video(tmp_path / "walk.mp4"), *files)
    assert len(most) == FRAMES and max(most) <= 2


def test_no_detection_gives_an_empty_file(images: Path, stored: list[str], tmp_path: Path) -> None:
    run_command("detect", "--input", images, "--out", tmp_path / "det.txt", *stored, "--set", "detector.min_score=1.0")
    assert (tmp_path / "det.txt").read_text() == ""


def test_the_rest_of_a_truncated_video_is_kept_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeDetector())
    video = make_video(tmp_path / "walk.mp4", movflags="faststart")
    video.write_bytes(video.read_bytes()[: int(video.stat().st_size * 0.6)])
    printed = run_command("detect", "--input", video, "--out", tmp_path / "det.txt")
    assert "note: walk.mp4: ends early" in printed
    assert 5 < len(read_mot(tmp_path / "det.txt")) < FRAMES


def test_ctrl_c_keeps_the_detections_so_far(images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeDetector(lambda: os.kill(os.getpid(), signal.SIGINT)))
    for number in range(104, 110):
        (images / f"{number:06d}.png").write_bytes((images / "000101.png").read_bytes())
    files = ("--out", tmp_path / "det.txt", "--save-video", tmp_path / "drawn.mp4")
    done = detect("--input", images, *files)
    assert done.exit_code == 130 and "keeping the detections so far" in done.output
    assert (read_mot(tmp_path / "det.txt").frame + 1).tolist() == [101, 102, 103]
    assert len(open_frames(tmp_path / "drawn.mp4")) == 3


def no_space() -> None:
    raise UserError(f"drawn.mp4 cannot be written ({os.strerror(errno.ENOSPC)}); free some space")


@pytest.mark.parametrize("error", [no_space, lambda: 1 / 0], ids=["user error", "fault"])
def test_an_error_keeps_the_detections_so_far(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Any
) -> None:
    use(monkeypatch, FakeDetector(error))
    done = detect("--input", images, "--out", tmp_path / "det.txt", "--save-video", tmp_path / "drawn.mp4")
    assert done.exit_code == 1 and isinstance(done.exception, UserError | ZeroDivisionError)
    assert (read_mot(tmp_path / "det.txt").frame + 1).tolist() == [101, 102]
    assert f"{tmp_path / 'det.txt'}: 2 detections in 2 frames" in done.output


def test_a_crop_that_does_not_fit_on_the_disk_is_deleted(
    images: Path, stored: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole = Path.write_bytes

    def write_half(file: Path, content: bytes) -> int:
        if file.suffix != ".jpg":
            return write_whole(file, content)
        with file.open("wb") as stream:
            stream.write(content[:50])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", write_half)
    with pytest.raises(UserError, match=r"000101_01\.jpg cannot be written \(No space left"):
        run_command(
            "detect", "--input", images, "--out", tmp_path / "det.txt", "--save-crops", tmp_path / "c", *stored[:4]
        )
    assert list((tmp_path / "c").glob("*.jpg")) == [] and len(read_mot(tmp_path / "det.txt")) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--input", "empty", "--out", "det.txt"], "no images in the folder empty"),
        (["--input", "nowhere", "--out", "det.txt"], "nowhere does not exist"),
        (["--input", "notes.txt", "--out", "det.txt"], "cannot read frames from notes.txt"),
        (["--input", "sound.mp4", "--out", "det.txt"], "cannot read sound.mp4 as a video"),
        (["--input", "broken.png", "--out", "det.txt"], "broken.png cannot be read"),
        (["--input", "img1", "--out", "nowhere/det.txt"], "nowhere/det.txt cannot be written there"),
        (["--input", "img1", "--out", "empty"], "empty cannot be written there"),
        (["--input", "img1", "--out", "det.txt", "--save-crops", "notes.txt"], "a file has this name"),
        (["--input", "img1", "--out", "a.mp4", "--save-video", "a.mp4"], "a.mp4 is named twice"),
        (["--input", "img1/000101.png", "--out", "img1/000101.png"], "000101.png is named twice"),
        (["--input", "img1", "--out", "det.txt", "--set", "detector.name=yolox"], "did you mean 'yolox_onnx'?"),
        (["--input", "img1", "--out", "det.txt", "--set", "detector.min_score=2"], "detector.min_score: expected"),
    ],
)
def test_a_problem_is_reported_in_one_line_and_leaves_no_file(
    arguments: list[str], message: str, images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    for name in ("notes.txt", "sound.mp4", "broken.png"):
        (tmp_path / name).write_text("no image")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UserError) as error:
        run_command("detect", *arguments)
    assert message in str(error.value) and str(error.value).count("\n") == 0
    assert sorted(tmp_path.rglob("*")) == before
