"""`open_frames`: what it accepts, and its errors for everything else."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from learning_reid.errors import UserError
from learning_reid.frames import sources
from learning_reid.frames.image_folder import ImageFrames
from learning_reid.frames.sources import open_frames
from learning_reid.frames.video import VideoFrames
from learning_reid.zoo.fetch import fetch_missing
from learning_reid.zoo.sources import DownloadSource
from tests.learning_reid.frames.video_making import make_video


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(np.zeros((4, 4, 3), np.uint8)).save(folder / "0.png")
    return folder


def test_folder_and_video(images: Path, tmp_path: Path) -> None:
    assert isinstance(open_frames(images), ImageFrames)
    assert isinstance(open_frames(str(images)), ImageFrames)
    video = make_video(tmp_path / "walk.MP4", frames=3)
    assert isinstance(open_frames(video), VideoFrames)
    assert [frame.index for frame in open_frames(video, max_frames=2)] == [0, 1]


def test_one_image_is_a_sequence_of_one_frame(images: Path) -> None:
    (images / "0.png").rename(images / "000451.png")
    frames = open_frames(images / "000451.png")
    assert len(frames) == 1 and [(frame.index, frame.number) for frame in frames] == [(0, 451)]
    assert frames.at(0).name == "000451.png" and frames.frames_per_second is None
    (images / "000451.png").write_text("broken")
    with pytest.raises(UserError, match=r"000451\.png cannot be read \(first: 000451\.png: not an image\)"):
        list(frames)


def test_a_missing_path_names_the_path_and_what_is_accepted(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere does not exist.*folder of images .*video .*synthetic:SEED"):
        open_frames(tmp_path / "nowhere")


def test_other_files_are_refused(images: Path) -> None:
    (images / "gt.txt").write_text("1,1,0,0,5,5,1")
    with pytest.raises(UserError, match=r"cannot read frames from .*gt\.txt; give a folder"):
        open_frames(images / "gt.txt")


def test_max_frames_below_one_is_refused(images: Path) -> None:
    with pytest.raises(UserError, match="max_frames is 0"):
        open_frames(images, max_frames=0)


def test_missing_data_that_can_be_downloaded_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tarfile.open(tmp_path / "set.tar.bz2", "w:bz2") as tar:
        for number in range(3):
            stream = io.BytesIO()
            Image.fromarray(np.full((4, 4, 3), number, np.uint8)).save(stream, "PNG")
            info = tarfile.TarInfo(f"Crowd/S2/View_001/frame_{number}.png")
            info.size = stream.tell()
            stream.seek(0)
            tar.addfile(info, stream)
    dataset = DownloadSource("set", "", "data/S2/View_001", ["http://127.0.0.1:9/"], "set.tar.bz2", "S2/View_001")
    monkeypatch.setattr(
        sources, "fetch_missing", lambda path: fetch_missing(path, root=tmp_path, sources={"set": dataset})
    )
    frames = list(open_frames(tmp_path / "data/S2/View_001"))
    assert [int(frame.image.max()) for frame in frames] == [0, 1, 2]


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.mpg", "a.webm", "folder", "synthetic:7:2"])
def test_at_gives_the_same_frame_as_iterating(name: str, tmp_path: Path) -> None:
    if name == "folder":
        (tmp_path / name).mkdir()
        for index in range(12):
            Image.new("RGB", (8, 6), (20 * index, 0, 0)).save(tmp_path / name / f"frame_{index}.png")
    elif not name.startswith("synthetic"):
        codecs = {"mp4": "libx264", "mkv": "libx264", "avi": "mpeg4", "mpg": "mpeg2video", "webm": "libvpx"}
        make_video(tmp_path / name, codec=codecs[name[2:]])
    source = open_frames(name if name.startswith("synthetic") else tmp_path / name)
    frames = list(source)
    for frame in reversed(frames):
        alone = source.at(frame.index)
        assert (alone.index, alone.name) == (frame.index, frame.name)
        np.testing.assert_array_equal(alone.image, frame.image)
    for index in (-1, frames[-1].index + 1):
        with pytest.raises(UserError, match=f"no (frame|image) {index}"):
            source.at(index)
