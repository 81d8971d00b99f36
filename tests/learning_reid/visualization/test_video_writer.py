"""Written videos: content, format, playback in a browser, and interrupted writing."""

import base64
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from learning_reid.visualization.video_writer import VideoWriter, fit_into


def make_image(shade: int, width: int = 64, height: int = 48) -> np.ndarray:
    image = np.full((height, width, 3), shade, np.uint8)
    image[:, : width // 2] = (200, 40, 30)  # red on the left, so that swapped channels show
    return image


def decoded(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def test_frames_rate_and_format(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 12.5) as video:
        for shade in range(0, 250, 25):
            video.write(make_image(shade))
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.average_rate, stream.frames) == (12.5, 10)
    for shade, frame in zip(range(0, 250, 25), decoded(tmp_path / "a.mp4"), strict=True):
        assert np.abs(frame.astype(int) - make_image(shade)).mean() < 6
    head = (tmp_path / "a.mp4").read_bytes()
    assert 0 < head.find(b"moov") < head.find(b"mdat")  # the index comes first, so that playback can start at once
    assert not (tmp_path / "a.mp4.part").exists()


def test_frames_keep_the_times_they_are_given(tmp_path: Path) -> None:
    times = [0, 2, 4, 4.1, 4.1, 40_000]
    with VideoWriter(tmp_path / "a.mp4", 25) as video:
        for time_s in times:
            video.write(make_image(90), time_s)
    with av.open(str(tmp_path / "a.mp4")) as container:
        shown = [float(frame.time) for frame in container.decode(video=0)]
    assert shown == pytest.approx(times, abs=0.0011)


def test_odd_sizes_are_padded_and_other_sizes_fitted(tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 7) as video:
        video.write(make_image(90, 61, 43))
        video.write(make_image(90, 30, 90))
        video.write(make_image(90, 400, 100))
    frames = decoded(tmp_path / "a.mp4")
    assert [frame.shape for frame in frames] == [(44, 62, 3)] * 3
    assert frames[1][:, :18].mean() < 12 and frames[2][:12].mean() < 12  # black beside and above


def test_fitting_keeps_the_aspect_ratio() -> None:
    fitted = fit_into(np.full((10, 20, 3), 255, np.uint8), (100, 100))[:, :, 0] > 0
    assert (fitted.any(axis=0).sum(), fitted.any(axis=1).sum()) == (100, 50)


def test_an_error_leaves_a_playable_video(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), VideoWriter(tmp_path / "a.mp4", 7) as video:
        for _ in range(4):
            video.write(make_image(80))
        raise KeyboardInterrupt
    assert len(decoded(tmp_path / "a.mp4")) == 4


def test_without_frames_an_older_video_stays(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"older")
    with VideoWriter(tmp_path / "a.mp4", 7):
        pass
    assert [p.name for p in tmp_path.iterdir()] == ["a.mp4"]
    assert (tmp_path / "a.mp4").read_bytes() == b"older"


@pytest.mark.slow
def test_plays_in_a_browser(browser: Any, tmp_path: Path) -> None:
    with VideoWriter(tmp_path / "a.mp4", 10) as video:
        for shade in range(30):
            video.write(make_image(8 * shade, 320, 240))
    data = base64.b64encode((tmp_path / "a.mp4").read_bytes()).decode()
    page = browser.new_page()
    page.set_content(f'<video muted src="data:video/mp4;base64,{data}"></video>')
    page.evaluate("document.querySelector('video').play()")
    page.wait_for_function("document.querySelector('video').currentTime > 0.3", timeout=30_000)
    found = page.evaluate("(v => [v.duration, v.videoWidth, v.videoHeight, v.error])(document.querySelector('video'))")
    page.close()
    assert found == [pytest.approx(3.0, abs=0.05), 320, 240, None]
