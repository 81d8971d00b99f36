"""One door for all frames: a folder of pictures, a video file, or a generated scene."""

from pathlib import Path

from learning_reid.errors import UserError
from learning_reid.frames.folder import PICTURE_SUFFIXES, PictureFolder
from learning_reid.frames.frame import FrameSource
from learning_reid.frames.synthetic import SyntheticFrames, is_generated
from learning_reid.frames.video import VIDEO_SUFFIXES, VideoFile
from learning_reid.zoo.fetch import fetch_missing

PICTURES, VIDEOS = ", ".join(PICTURE_SUFFIXES), ", ".join(VIDEO_SUFFIXES)
ACCEPTED = f"a folder of pictures ({PICTURES}), a video ({VIDEOS}), or synthetic:SEED"


def open_frames(path: str | Path, max_frames: int | None = None) -> FrameSource:
    """Open a sequence of frames; nothing is decoded yet.

    Where `path` is missing but is the place of data this project knows how to download, it is downloaded.

    Args:
        path: A folder of pictures, a video file, or `synthetic:SEED`.
        max_frames: Stop after so many frames (files, in a folder), at least 1; None = all.

    Raises:
        UserError: There is nothing at `path`, or not a thing of these three kinds.
    """
    if max_frames is not None and max_frames < 1:
        raise UserError(f"max_frames is {max_frames}; give 1 or more, or leave it out for all frames")
    name = str(path)
    if is_generated(name):
        return SyntheticFrames(name, max_frames)
    place = Path(name).expanduser()
    if not place.exists() and fetch_missing(place) is None:
        raise UserError(f"there is no {place.absolute()}; name {ACCEPTED}")
    if place.is_dir():
        return PictureFolder(place, max_frames)
    if place.suffix.lower() in VIDEO_SUFFIXES:
        return VideoFile(place, max_frames)
    if place.suffix.lower() in PICTURE_SUFFIXES:
        raise UserError(f"{place} is a single picture; name the folder it is in: {place.parent}")
    raise UserError(f"cannot read frames from {place}; name {ACCEPTED}")
