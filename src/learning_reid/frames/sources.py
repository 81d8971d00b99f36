"""Open an image folder, an image, a video, a network stream or the synthetic scene."""

from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.frames.frame import FrameSource
from learning_reid.frames.image_folder import ImageFrames
from learning_reid.frames.images import IMAGE_SUFFIXES
from learning_reid.frames.stream import STREAM_PROTOCOLS, StreamFrames, is_stream
from learning_reid.frames.synthetic import SyntheticFrames, is_synthetic
from learning_reid.frames.video import VIDEO_SUFFIXES, VideoFrames
from learning_reid.zoo.fetch import fetch_missing

IMAGE_FORMATS, VIDEO_FORMATS = ", ".join(IMAGE_SUFFIXES), ", ".join(VIDEO_SUFFIXES)
ACCEPTED_SOURCES = (
    f"a folder of images or one image ({IMAGE_FORMATS}), a video ({VIDEO_FORMATS}), a stream "
    f"({', '.join(STREAM_PROTOCOLS)}), or synthetic:SEED"
)


def open_frames(path: str | Path, max_frames: int | None = None) -> FrameSource:
    """Open a sequence of frames without decoding any yet.

    If `path` does not exist but is the location of data that this project can download, it is downloaded.

    Args:
        path: A folder of images, one image, a video file, the address of a stream, or `synthetic:SEED`.
        max_frames: Stop after so many frames (files, in a folder), at least 1; None = all.

    Raises:
        UserError: `path` does not exist, cannot be reached or is none of these.

    Example:
        ::

            for frame in open_frames("synthetic:7", max_frames=10):
                print(frame.index, frame.image.shape)
    """
    if max_frames is not None and max_frames < 1:
        raise UserError(f"max_frames is {max_frames}; give 1 or more, or leave it out for all frames")
    name = str(path)
    if is_synthetic(name):
        return SyntheticFrames(name, max_frames)
    if is_stream(name):
        return StreamFrames(name, max_frames)
    source = Path(name).expanduser()
    if not source.exists() and fetch_missing(source) is None:
        raise UserError(f"{source.absolute()} does not exist; give {ACCEPTED_SOURCES}")
    if source.is_dir() or source.suffix.lower() in IMAGE_SUFFIXES:
        return ImageFrames(source, max_frames)
    if source.suffix.lower() in VIDEO_SUFFIXES:
        return VideoFrames(source, max_frames)
    raise UserError(f"cannot read frames from {source}; give {ACCEPTED_SOURCES}")
