"""Video files made by the tests: order, count, rotation, and truncated files."""

import gc
import weakref
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.frames.video import VideoFrames
from tests.learning_reid.frames.video_making import FRAMES, HEIGHT, RATE, WIDTH, make_video, shade


def cut(path: Path, share: float) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    return path


@pytest.mark.parametrize(
    ("suffix", "codec"),
    [(".mp4", "libx264"), (".mkv", "libx264"), (".avi", "mpeg4"), (".ts", "libx264"), (".MOV", "libx264")],
)
def test_every_frame_once_in_order(tmp_path: Path, suffix: str, codec: str) -> None:
    source = VideoFrames(make_video(tmp_path / f"walk{suffix}", codec=codec))
    assert len(source) == FRAMES
    assert source.frames_per_second == pytest.approx(RATE)
    frames = list(source)
    assert [frame.index for frame in frames] == list(range(FRAMES))
    assert all(frame.image.shape == (HEIGHT, WIDTH, 3) and frame.image.dtype == np.uint8 for frame in frames)
    grays = [int(frame.image[-1, -1].mean()) for frame in frames]
    assert np.abs(np.array(grays) - [shade(index) % 200 for index in range(FRAMES)]).max() <= 6
    assert source.skipped == []
    assert frames[3].name == f"walk{suffix}#3"


def test_colors_are_rgb(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "red.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        red = np.full((HEIGHT, WIDTH, 3), (220, 20, 20), np.uint8)
        container.mux(stream.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        container.mux(stream.encode())
    (frame,) = VideoFrames(tmp_path / "red.mp4")
    assert np.abs(frame.image.reshape(-1, 3).mean(axis=0) - (220, 20, 20)).max() < 15


def test_iterating_again_gives_equal_frames_and_max_frames_stops(tmp_path: Path) -> None:
    file = make_video(tmp_path / "walk.mp4")
    source = VideoFrames(file, max_frames=7)
    assert len(source) == 7
    first, second = list(source), list(source)
    assert [frame.index for frame in first] == list(range(7))
    assert all(np.array_equal(one.image, other.image) for one, other in zip(first, second, strict=True))
    assert source.skipped == []
    assert len(VideoFrames(file, max_frames=99)) == FRAMES


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_rotation_is_applied_as_opencv_does(tmp_path: Path, degrees: int) -> None:
    file = make_video(tmp_path / "phone.mp4", frames=2)
    one, zero, last = (value.to_bytes(4, "big", signed=True) for value in (65536, 0, 1 << 30))
    minus = (-65536).to_bytes(4, "big", signed=True)
    matrices = {
        90: zero + one + zero + minus + zero + zero,
        180: minus + zero + zero + zero + minus + zero,
        270: zero + minus + zero + one + zero + zero,
    }
    content = file.read_bytes()
    track = content.index(b"tkhd")
    at = content.index(one + zero * 3 + one + zero * 3 + last, track)
    file.write_bytes(content[:at] + matrices[degrees] + content[at + 24 :])
    frame = next(iter(VideoFrames(file)))
    _, bgr = cv2.VideoCapture(str(file)).read()
    assert frame.image.shape == ((HEIGHT, WIDTH, 3) if degrees == 180 else (WIDTH, HEIGHT, 3))
    assert np.abs(frame.image.astype(int) - bgr[:, :, ::-1]).max() <= 6
    corners = frame.image[[2, 2, -3, -3], [2, -3, 2, -3]].mean(axis=1)
    assert np.ptp(corners) > 30  # one corner is bright: a wrong turn would show


@pytest.mark.parametrize("name", ["walk.mkv", "walk.ts"])
def test_file_without_a_frame_count_is_counted(tmp_path: Path, name: str) -> None:
    file = make_video(tmp_path / name)
    with av.open(str(file)) as container:
        assert container.streams.video[0].frames == 0  # otherwise this test checks nothing
    assert len(VideoFrames(file)) == FRAMES


@pytest.mark.parametrize(
    ("name", "options"), [("walk.mp4", {"movflags": "faststart"}), ("walk.mkv", {}), ("walk.avi", {})]
)
def test_a_truncated_file_gives_its_frames_and_reports_it(tmp_path: Path, name: str, options: dict) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    whole = list(VideoFrames(make_video(tmp_path / name, frames=60, codec=codec, **options)))
    source = VideoFrames(cut(tmp_path / name, 0.6))
    frames = list(source)
    assert 5 < len(frames) < 60
    assert np.array_equal(frames[3].image, whole[3].image)
    assert any("ends early" in line for line in source.skipped)


def test_a_damaged_part_is_reported(tmp_path: Path) -> None:
    file = make_video(tmp_path / "walk.mkv")
    content = bytearray(file.read_bytes())
    with av.open(str(file)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size and packet.is_keyframe][2]
        start, size = packet.pos, packet.size
    at = content.index(bytes(packet), start)
    content[at : at + size] = bytes(size)
    file.write_bytes(content)
    source = VideoFrames(file)
    frames = list(source)
    assert 6 <= len(frames) < FRAMES
    assert source.skipped


@pytest.mark.parametrize("content", [b"", b"a text file named like a video\n" * 40])
def test_other_files_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "fake.mp4").write_bytes(content)
    with pytest.raises(UserError, match=r"cannot read .*fake\.mp4 as a video") as raised:
        VideoFrames(tmp_path / "fake.mp4")
    assert "\n" not in str(raised.value)


def test_an_mp4_without_its_index_is_refused(tmp_path: Path) -> None:
    file = cut(make_video(tmp_path / "walk.mp4"), 0.5)  # without faststart the index stands at the end
    with pytest.raises(UserError, match="copy it again"):
        VideoFrames(file)


def test_a_file_with_only_sound_is_refused(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "song.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 44100
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    with pytest.raises(UserError, match="contains no images"):
        VideoFrames(tmp_path / "song.mp4")


def test_frames_are_not_kept_in_memory(tmp_path: Path) -> None:
    source = VideoFrames(make_video(tmp_path / "long.mp4", frames=120))
    references: list[weakref.ref] = []
    for frame in source:
        references.append(weakref.ref(frame.image))
        gc.collect(0)
        assert sum(image() is not None for image in references) <= 2
    assert len(references) == 120


def test_every_third_frame(tmp_path: Path) -> None:
    file = make_video(tmp_path / "walk.mp4")
    whole, some = list(VideoFrames(file)), list(VideoFrames(file, max_frames=10, every=3))
    assert [frame.index for frame in some] == [0, 3, 6, 9]
    for frame in some:
        np.testing.assert_array_equal(frame.image, whole[frame.index].image)
