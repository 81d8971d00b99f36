"""Streams served on this machine: frames, times, credentials, and streams that end."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from learning_reid.errors import UserError
from learning_reid.frames.sources import open_frames
from learning_reid.frames.stream import StreamFrames
from learning_reid.frames.video import VideoFrames
from tests.learning_reid.frames.stream_server import serve
from tests.learning_reid.frames.video_making import make_video

LOGIN = "admin:pass%40word"


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("streams") / "walk.ts", 14)


@pytest.mark.parametrize("protocol", ["http", "rtsp"])
def test_a_stream_has_the_frames_of_its_video_in_each_iteration(walk: Path, protocol: str) -> None:
    expected = list(VideoFrames(walk))
    with serve(walk) as port:
        source = open_frames(f"{protocol}://{LOGIN}@127.0.0.1:{port}/1")
        first = list(source)
    second = list(source)  # the server is gone
    assert isinstance(source, StreamFrames) and len(source) == 0
    assert len(expected) - 1 <= len(first) == len(second)  # the last RTP packet may be incomplete
    for frame, again, frame_of_file in zip(first, second, expected, strict=False):
        assert frame.index == again.index and frame.name == again.name
        assert frame.time_s == again.time_s == frame_of_file.time_s
        np.testing.assert_array_equal(frame.image, frame_of_file.image)
        np.testing.assert_array_equal(frame.image, again.image)
    np.testing.assert_array_equal(source.at(5).image, first[5].image)


def test_a_stream_that_is_left_early_gives_the_same_frames_again(walk: Path) -> None:
    with serve(walk) as port:
        limited = open_frames(f"http://{LOGIN}@127.0.0.1:{port}/1", max_frames=4)
        assert [len(list(limited)), len(list(limited)), len(limited)] == [4, 4, 4] and limited.skipped == []
        source = open_frames(f"http://{LOGIN}@127.0.0.1:{port}/1")
        reading = iter(source)
        images = [next(reading).image for _ in range(6)]
    again = [frame.image for frame in source]
    assert len(again) >= 6
    np.testing.assert_array_equal(images, again[:6])


def test_a_stream_that_is_joined_between_key_frames_starts_at_the_next_one(walk: Path) -> None:
    content = walk.read_bytes()
    with serve(content[len(content) // 3 // 188 * 188 :]) as port:
        source = open_frames(f"http://{LOGIN}@127.0.0.1:{port}/1")
        frames = list(source)
    assert 2 <= len(frames) < 14 and frames[0].index == 0 and frames[0].time_s == 0
    assert not any("damaged" in line for line in source.skipped)


def refuse_credentials(port: int) -> str:
    return f"rtsp://admin:wrong%40word@127.0.0.1:{port}/1"


def refuse_connection(port: int) -> str:
    return "rtsp://admin:wrong%40word@127.0.0.1:1/1"


def serve_no_video(port: int) -> str:
    return f"http://{LOGIN}@127.0.0.1:{port}/1"


@pytest.mark.parametrize(
    ("address", "content", "reason"),
    [
        (refuse_credentials, b"", "401 Unauthorized"),
        (refuse_connection, b"", "Connection refused"),
        (serve_no_video, b"<html>a page</html>" * 20, "as a video"),
    ],
)
def test_a_stream_that_cannot_be_opened_is_one_line_without_credentials(
    address: Callable[[int], str], content: bytes, reason: str
) -> None:
    with serve(content) as port, pytest.raises(UserError, match=reason) as raised:
        open_frames(address(port))
    message = str(raised.value)
    assert "://***@127.0.0.1" in message and "\n" not in message
    assert not any(word in message for word in ("admin", "wrong", "pass%40word"))
