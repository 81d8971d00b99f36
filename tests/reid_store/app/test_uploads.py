"""What may be uploaded, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from learning_reid.frames.sources import open_frames
from reid_store.app import uploads
from reid_store.app.uploads import frames_of_uploads
from tests.reid_store.app.conftest import film, scene, walk

Writer = Callable[..., list[Path]]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "place").mkdir()
    return tmp_path / "place"


def test_pictures_are_the_frames_of_one_camera_in_natural_order(pictures: Writer, place: Path) -> None:
    (camera,), notes = frames_of_uploads(pictures(11)[::-1], place)
    assert (camera.name, camera.frames_per_second, notes) == ("pictures", 1.0, [])
    frames = list(open_frames(camera.folder))
    assert len(frames) == 11
    for frame, written in zip(frames, walk(11), strict=True):  # yard_2 before yard_10
        assert np.abs(frame.image[30:70, 15:30].astype(int) - written[30:70, 15:30]).mean() < 12


def test_each_video_is_a_camera_and_long_ones_are_sampled_evenly(place: Path, tmp_path: Path) -> None:
    shades = [np.full((96, 160, 3), 2 * index, np.uint8) for index in range(100)]
    files = [film(tmp_path / name, shades, rate=10) for name in ("gate.mp4", "=1+1 door.mkv")]
    cameras, notes = frames_of_uploads(files, place)
    assert [camera.name for camera in cameras] == ["1 1 door", "gate"]
    for camera in cameras:  # 60 frames each at most: every second one
        assert camera.frames_per_second == pytest.approx(5.0)
        seen = [frame.image.mean() for frame in open_frames(camera.folder)]
        np.testing.assert_allclose(seen, np.arange(0, 200, 4), atol=3)
    assert [note for note in notes if "one frame in 2" in note] == notes


def test_only_the_first_two_minutes_are_looked_at(place: Path, tmp_path: Path) -> None:
    (camera,), notes = frames_of_uploads([film(tmp_path / "a.mp4", walk(3) * 50, rate=1)], place)
    assert "a.mp4: only the first 120 seconds are looked at" in notes
    assert len(open_frames(camera.folder)) == 120


def test_large_frames_are_made_smaller(place: Path, tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (4000, 1000), "red").save(tmp_path / name)
    (camera,), _ = frames_of_uploads([tmp_path / "a.png", tmp_path / "b.png"], place)
    assert next(iter(open_frames(camera.folder))).image.shape == (480, 1920, 3)


def test_what_is_broken_among_others_is_told_and_left_out(pictures: Writer, place: Path, tmp_path: Path) -> None:
    (tmp_path / "yard_1b.png").write_text("no picture")
    cut = tmp_path / "yard_2b.jpg"
    Image.fromarray(scene([0, 1, 2])).save(cut)
    cut.write_bytes(cut.read_bytes()[:300])
    (camera,), notes = frames_of_uploads([*pictures(3), tmp_path / "yard_1b.png", cut], place)
    assert len(open_frames(camera.folder)) == 3
    assert notes[0] == "yard_1b.png is left out: not a picture" and notes[1].startswith("yard_2b.jpg is left out: ")


def test_a_video_whose_end_is_missing_gives_what_is_there(place: Path, tmp_path: Path) -> None:
    noise = np.random.default_rng(0)
    frames = [noise.integers(0, 256, (96, 160, 3), np.uint8) for _ in range(40)]
    whole = film(tmp_path / "walk.mp4", frames, movflags="faststart")
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    (camera,), notes = frames_of_uploads([whole], place)
    assert any("walk.mp4: ends early" in note for note in notes)
    assert 2 < len(open_frames(camera.folder)) < 40


def test_a_damaged_frame_leaves_a_gap_so_that_the_others_keep_their_time(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = uploads.VideoFrames._frames
    monkeypatch.setattr(
        uploads.VideoFrames, "_frames", lambda self: (frame for frame in whole(self) if frame.index not in (0, 2))
    )
    (camera,), _ = frames_of_uploads([film(tmp_path / "a.mp4", walk(5))], place)
    assert [frame.index for frame in open_frames(camera.folder)] == [1, 3, 4]


def test_what_cannot_be_used_is_told_in_a_line(
    pictures: Writer, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("hello")
    (tmp_path / "a.mp4").write_text("no video")
    (tmp_path / "a.jpg").write_text("no picture")
    headless = film(tmp_path / "head.mp4", walk(20))
    headless.write_bytes(headless.read_bytes()[:-200])
    one = [film(tmp_path / "one.mp4", walk(1))]
    cases: list[tuple[list[Path], str]] = [
        ([], "no file was given"),
        ([tmp_path / "a.txt"], "a.txt is neither a picture"),
        ([tmp_path / "a.mp4"], "cannot read a.mp4 as a video"),
        ([headless], "cannot read head.mp4 as a video"),
        ([tmp_path / "a.jpg"], "no picture can be read (a.jpg is left out: not a picture)"),
        (pictures(1), "one frame is too little"),
        ([*pictures(1), tmp_path / "a.jpg"], "two or more (a.jpg is left out: not a picture)"),
        (one, "one frame is too little"),
        ([tmp_path / f"{number}.mp4" for number in range(7)], "7 videos are too many"),
    ]
    for number in range(7):
        (tmp_path / f"{number}.mp4").write_text("x")
    for turn, (files, told) in enumerate(cases):
        (place / str(turn)).mkdir()
        with pytest.raises(UserError) as problem:
            frames_of_uploads(files, place / str(turn))
        assert told in str(problem.value) and "\n" not in str(problem.value)
        assert str(tmp_path) not in str(problem.value)
    monkeypatch.setattr(uploads, "LARGEST_MB", 0)
    with pytest.raises(UserError, match=r"yard_0\.png is too large"):
        frames_of_uploads(pictures(2), place)
