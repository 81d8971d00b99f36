"""Uploads: accepted files, sampling, limits, errors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from learning_reid.frames.sources import open_frames
from reid_store.app import uploads
from reid_store.app.uploads import write_upload_frames
from tests.learning_reid.frames.video_making import make_video
from tests.reid_store.app.conftest import scene, walk, write_video

Writer = Callable[..., list[Path]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def test_images_become_one_camera_in_natural_order(images: Writer, place: Path) -> None:
    (camera,), notes = write_upload_frames(images(11)[::-1], place)
    assert (camera.name, camera.frames_per_second, notes) == ("images", 1.0, [])
    frames = list(open_frames(camera.folder))
    assert len(frames) == 11
    for frame, written in zip(frames, walk(11), strict=True):  # yard_2 before yard_10
        assert np.abs(frame.image[30:70, 15:30].astype(int) - written[30:70, 15:30]).mean() < 12


def test_each_video_becomes_a_camera_sampled_evenly(place: Path, tmp_path: Path) -> None:
    shades = [np.full((96, 160, 3), 2 * index, np.uint8) for index in range(100)]
    files = [write_video(tmp_path / name, shades, rate=10) for name in ("gate.mp4", "=1+1 door.mkv")]
    cameras, notes = write_upload_frames(files, place)
    assert [camera.name for camera in cameras] == ["1 1 door", "gate"]
    for camera in cameras:  # 60 frames each at most: every second one
        assert camera.frames_per_second == pytest.approx(5.0)
        seen = [frame.image.mean() for frame in open_frames(camera.folder)]
        np.testing.assert_allclose(seen, np.arange(0, 200, 4), atol=3)
    assert [note for note in notes if "one frame in 2" in note] == notes


def test_frames_of_a_video_keep_their_presentation_times(place: Path, tmp_path: Path) -> None:
    times = [0, 2, 4, 4.1, 4.2, 20]
    (camera,), _ = write_upload_frames([make_video(tmp_path / "motion.mkv", times_s=times)], place)
    assert camera.times_s == times and len(open_frames(camera.folder)) == 6


def test_only_the_first_two_minutes_are_used(place: Path, tmp_path: Path) -> None:
    (camera,), notes = write_upload_frames([write_video(tmp_path / "a.mp4", walk(3) * 50, rate=1)], place)
    assert "a.mp4: only the first 120 seconds are used" in notes
    assert len(open_frames(camera.folder)) == 120


def test_large_frames_are_downscaled(place: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (4000, 1000), "red").save(tmp_path / name)
    (camera,), _ = write_upload_frames([tmp_path / "a.png", tmp_path / "b.png"], place)
    assert next(iter(open_frames(camera.folder))).image.shape == (480, 1920, 3)


def test_unreadable_images_are_skipped_with_a_note(images: Writer, place: Path, tmp_path: Path) -> None:
    (tmp_path / "yard_1b.png").write_text("not an image")
    cut = tmp_path / "yard_2b.jpg"
    Image.fromarray(scene([0, 1, 2])).save(cut)
    cut.write_bytes(cut.read_bytes()[:300])
    (camera,), notes = write_upload_frames([*images(3), tmp_path / "yard_1b.png", cut], place)
    assert len(open_frames(camera.folder)) == 3
    assert notes[0] == "yard_1b.png is skipped: not an image" and notes[1].startswith("yard_2b.jpg is skipped: ")


def test_truncated_video_gives_its_readable_frames(place: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 256, (96, 160, 3), np.uint8) for _ in range(40)]
    whole = write_video(tmp_path / "walk.mp4", frames, movflags="faststart")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (camera,), notes = write_upload_frames([whole], place)
    assert any("walk.mp4: ends early" in note for note in notes)
    assert 2 < len(open_frames(camera.folder)) < 40


def test_damaged_frame_leaves_a_gap(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = uploads.VideoFrames._frames
    monkeypatch.setattr(
        uploads.VideoFrames, "_frames", lambda self: (frame for frame in whole(self) if frame.index not in (0, 2))
    )
    (camera,), _ = write_upload_frames([write_video(tmp_path / "a.mp4", walk(5))], place)
    assert [frame.index for frame in open_frames(camera.folder)] == [1, 3, 4]


def test_unusable_uploads_raise(images: Writer, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "a.mp4").write_text("no video")
    (tmp_path / "a.jpg").write_text("not an image")
    headless = write_video(tmp_path / "head.mp4", walk(20))
    headless.write_bytes(headless.read_bytes()[:-200])
    one = [write_video(tmp_path / "one.mp4", walk(1))]
    cases: list[tuple[list[Path], str]] = [
        ([], "no file was chosen"),
        ([tmp_path / "a.txt"], "a.txt is neither an image"),
        ([tmp_path / "a.mp4"], "cannot read a.mp4 as a video"),
        ([headless], "cannot read head.mp4 as a video"),
        ([tmp_path / "a.jpg"], "no image can be read (a.jpg is skipped: not an image)"),
        (images(1), "one frame is not enough"),
        ([*images(1), tmp_path / "a.jpg"], "two or more (a.jpg is skipped: not an image)"),
        (one, "one frame is not enough"),
        ([tmp_path / f"{number}.mp4" for number in range(7)], "7 videos are too many"),
    ]
    for number in range(7):
        (tmp_path / f"{number}.mp4").write_text("x")
    for number, (files, message) in enumerate(cases):
        (place / str(number)).mkdir()
        with pytest.raises(UserError) as problem:
            write_upload_frames(files, place / str(number))
        assert message in str(problem.value) and "\n" not in str(problem.value)
        assert str(tmp_path) not in str(problem.value)
    monkeypatch.setattr(uploads, "MAX_FILE_MB", 0)
    with pytest.raises(UserError, match=r"yard_0\.png is too large"):
        write_upload_frames(images(2), place)
