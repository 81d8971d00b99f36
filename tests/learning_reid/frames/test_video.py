"""Video files made by the tests: order, count, times, orientation, and truncated files."""

import gc
import weakref
from fractions import Fraction
from pathlib import Path

import av
import av.filter
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


ORIENTATIONS = {  # a, b, c, d of the display matrix by FFmpeg's filters
    "null": (1, 0, 0, 1),
    "hflip": (-1, 0, 0, 1),
    "vflip": (1, 0, 0, -1),
    "hflip,vflip": (-1, 0, 0, -1),
    "transpose=clock": (0, 1, -1, 0),
    "transpose=cclock": (0, -1, 1, 0),
    "transpose=cclock_flip": (0, 1, 1, 0),
    "transpose=clock_flip": (0, -1, -1, 0),
}


def set_display_matrix(file: Path, matrix: tuple[int, int, int, int]) -> Path:
    a, b, c, d, zero = ((65536 * value).to_bytes(4, "big", signed=True) for value in (*matrix, 0))
    content = file.read_bytes()
    identity = b"".join(n.to_bytes(4, "big") for n in (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30))
    at = content.index(identity, content.index(b"tkhd"))
    file.write_bytes(content[:at] + a + b + zero + c + d + zero + content[at + 24 :])
    return file


def filtered(file: Path, filters: str) -> np.ndarray:
    """Return the first frame after FFmpeg's filters."""
    with av.open(str(file)) as container:
        graph, stream = av.filter.Graph(), container.streams.video[0]
        steps = [step.partition("=") for step in (*filters.split(","), "format=rgb24")]
        chain = [graph.add_buffer(template=stream), *(graph.add(name, value) for name, _, value in steps)]
        graph.link_nodes(*chain, graph.add("buffersink")).configure()
        graph.push(next(container.decode(stream)))
        return graph.pull().to_ndarray()


@pytest.mark.parametrize("filters", ORIENTATIONS)
def test_rotated_and_mirrored_videos_look_as_in_ffmpeg(tmp_path: Path, filters: str) -> None:
    file = set_display_matrix(make_video(tmp_path / "phone.mp4", frames=2), ORIENTATIONS[filters])
    image = next(iter(VideoFrames(file))).image
    np.testing.assert_array_equal(image, filtered(file, filters))
    corners = image[[2, 2, -3, -3], [2, -3, 2, -3]].mean(axis=1)
    assert np.ptp(corners) > 30  # one corner is bright: a wrong turn would show
    if filters in {"null", "hflip,vflip", "transpose=clock", "transpose=cclock"}:  # OpenCV does not mirror
        _, bgr = cv2.VideoCapture(str(file)).read()
        assert np.abs(image.astype(int) - bgr[:, :, ::-1]).max() <= 6


@pytest.mark.parametrize(("ratio", "width"), [("3/2", 96), ("16/15", 68), ("1/2", 32), ("200/1", 64), ("1", 64)])
def test_pixels_that_are_not_square_are_scaled(tmp_path: Path, ratio: str, width: int) -> None:
    file = make_video(tmp_path / "dvd.mp4", frames=2, aspect_ratio=Fraction(ratio))
    set_display_matrix(file, ORIENTATIONS["transpose=clock"])
    image = next(iter(VideoFrames(file))).image
    assert image.shape == (width, HEIGHT, 3)
    expected = filtered(file, f"scale={width}:{HEIGHT},transpose=clock")
    assert np.abs(image.astype(int) - expected).mean() < 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_times_are_the_presentation_timestamps(tmp_path: Path, suffix: str, caplog: pytest.LogCaptureFixture) -> None:
    times = [0, 2, 4, 6, 8, 8.1, 8.2, 8.3, 20, 20.5]
    source = VideoFrames(make_video(tmp_path / f"motion{suffix}", times_s=times))
    assert [frame.time_s for frame in source] == times
    assert [source.at(index).time_s for index in (9, 4, 0)] == [20.5, 8, 0]
    assert [frame.time_s for frame in VideoFrames(source.file, every=4)] == [0, 8, 20]
    assert not caplog.records


@pytest.mark.parametrize(
    ("name", "codec"),
    [("a.avi", "mpeg4"), ("a.flv", "flv"), ("a.wmv", "wmv2"), ("a.mkv", "libx264"), ("a.mp4", "mpeg4")],
)
def test_a_complete_video_does_not_end_early(tmp_path: Path, name: str, codec: str) -> None:
    source = VideoFrames(
        make_video(tmp_path / name, codec=codec, times_s=[0, 0.1, 0.2, 0.7, 0.8], tick_s=Fraction(1, 10))
    )
    assert [frame.time_s for frame in source] == pytest.approx([0, 0.1, 0.2, 0.7, 0.8], abs=0.001)
    assert source.skipped == []


def test_a_joined_video_continues_where_its_timestamps_start_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = make_video(tmp_path / "walk.ts", frames=10).read_bytes()
    (tmp_path / "twice.ts").write_bytes(content + content)
    source = VideoFrames(tmp_path / "twice.ts")
    times = [frame.time_s for frame in source]
    assert len(times) >= 19 and np.allclose(np.diff(times), 0.1) and len(caplog.records) == 1


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_frame_rate_is_the_average_one(tmp_path: Path, suffix: str) -> None:
    source = VideoFrames(make_video(tmp_path / f"motion{suffix}", times_s=[0, 2, 4, 4.1, 4.2, 10]))
    assert 0.4 < source.frames_per_second < 0.8  # the last frame's duration is not certain
    assert VideoFrames(make_video(tmp_path / f"walk{suffix}")).frames_per_second == RATE


def test_the_first_frame_has_time_zero(tmp_path: Path) -> None:
    source = VideoFrames(make_video(tmp_path / "walk.ts", frames=3))  # its timestamps start at 0.2 s
    assert [frame.time_s for frame in source] == [0, 0.1, 0.2]


def test_missing_timestamps_follow_the_frame_rate_and_are_noted_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    make_video(tmp_path / "walk.h264", frames=5).rename(tmp_path / "walk.avi")  # a stream without a container
    source = VideoFrames(tmp_path / "walk.avi")
    rate = source.frames_per_second
    assert [frame.time_s for frame in source] == pytest.approx([index / rate for index in range(5)], abs=1e-5)
    assert [frame.time_s for frame in source] == pytest.approx([source.at(index).time_s for index in range(5)])
    (record,) = caplog.records
    assert "walk.avi lacks timestamps" in record.getMessage()


def test_a_damaged_frame_does_not_shift_the_times(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = make_video(tmp_path / "walk.mkv")
    whole = [frame.time_s for frame in VideoFrames(file)]
    damage_key_frame(file, 2)
    times = [frame.time_s for frame in VideoFrames(file)]
    assert len(times) < FRAMES and set(times) < set(whole) and times[-1] == whole[-1]
    assert not caplog.records


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


def damage_key_frame(file: Path, number: int) -> None:
    content = bytearray(file.read_bytes())
    with av.open(str(file)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size and packet.is_keyframe][number]
        start, size = packet.pos, packet.size
    at = content.index(bytes(packet), start)
    content[at : at + size] = bytes(size)
    file.write_bytes(content)


def test_a_damaged_part_is_reported(tmp_path: Path) -> None:
    file = make_video(tmp_path / "walk.mkv")
    damage_key_frame(file, 2)
    source = VideoFrames(file)
    frames = list(source)
    assert 6 <= len(frames) < FRAMES
    assert source.skipped


@pytest.mark.parametrize(
    ("name", "codec", "former"),
    [("walk.mp4", "libx264", b"avc1"), ("walk.mkv", "libx264", b"V_MPEG4/ISO/AVC"), ("walk.avi", "mpeg4", b"FMP4")],
)
def test_an_unknown_codec_is_refused_in_one_line(tmp_path: Path, name: str, codec: str, former: bytes) -> None:
    file = make_video(tmp_path / name, codec=codec)
    file.write_bytes(file.read_bytes().replace(former, former[:-3] + b"XXX"))
    with pytest.raises(
        UserError, match=r"has an unknown video codec or is damaged; copy it again or convert"
    ) as raised:
        VideoFrames(file)
    assert "\n" not in str(raised.value)


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
