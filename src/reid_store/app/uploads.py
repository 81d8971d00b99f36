"""Convert uploaded videos and images to one folder of frames per camera, within limits of type, size and number."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

import cv2
import numpy as np

from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_ERRORS, IMAGE_SUFFIXES, describe_image_error, natural_sort, read_image
from learning_reid.frames.sources import IMAGE_FORMATS, VIDEO_FORMATS
from learning_reid.frames.video import VIDEO_SUFFIXES, VideoFrames
from reid_store.thumbnails import encode_jpeg

ACCEPTED_SUFFIXES = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
MAX_FILE_MB = 300
MAX_FRAMES = 120  # of all cameras together
MAX_CAMERAS = 6
MAX_VIDEO_S, MAX_DECODED_FRAMES = 120.0, 7200  # of each video
MAX_SIDE_PX = 1920  # of a frame
_QUALITY = 92


@dataclass(frozen=True)
class CameraFolder:
    """The frames of one camera.

    Attributes:
        name: Camera name.
        folder: Images `000000.jpg`, `000001.jpg`, ….
        frames_per_second: Their rate.
        times_s: Seconds of each after the first one; None = by the rate.
    """

    name: str
    folder: Path
    frames_per_second: float
    times_s: Sequence[float] | None = None


def write_upload_frames(
    files: Sequence[Path], folder: Path, progress: Callable[[float], object] = lambda share: None
) -> tuple[list[CameraFolder], list[str]]:
    """Write the frames of uploaded files.

    Each video is one camera, sampled so that all cameras together have at most 120 frames. All images together are one
    more camera, with one second between two images.

    Args:
        files: Videos and images.
        folder: An existing folder to write into.
        progress: Called with the share that is done, 0 to 1.

    Returns:
        The cameras, and one line for each thing the user should know.

    Raises:
        UserError: No file can be used, or there is too much.
    """
    videos, images = _check_files(files)
    cameras: list[CameraFolder] = []
    notes: list[str] = []
    max_frames = MAX_FRAMES // max(1, len(videos) + bool(images))
    for number, file in enumerate(videos):
        target = folder / f"video_{number}"
        target.mkdir()
        try:
            rate, times_s = _write_video(
                file, target, max_frames, notes, lambda share: progress((len(cameras) + share) / len(videos))
            )
        except UserError as error:
            raise UserError(str(error).replace(f"{file.parent}/", "")) from None
        cameras.append(CameraFolder(_camera_name(file.stem, [one.name for one in cameras]), target, rate, times_s))
    if images:
        target = folder / "images"
        target.mkdir()
        _write_images(images, target, max_frames, notes)
        cameras.append(CameraFolder(_camera_name("images", [one.name for one in cameras]), target, 1.0))
    if sum(1 for one in cameras for _ in one.folder.iterdir()) < 2:
        details = f" ({'; '.join(notes)})" if notes else ""
        raise UserError(f"one frame is not enough: people are searched in other frames; choose two or more{details}")
    return cameras, notes


def _check_files(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    """Return videos and images in natural order; equal names count once."""
    if not files:
        raise UserError("no file was chosen; choose a video, or two or more images")
    for file in files:
        if file.suffix.lower() not in ACCEPTED_SUFFIXES:
            raise UserError(f"{file.name} is neither an image ({IMAGE_FORMATS}) nor a video ({VIDEO_FORMATS})")
        if file.stat().st_size > MAX_FILE_MB * 1e6:
            raise UserError(
                f"{file.name} is too large: {file.stat().st_size / 1e6:,.0f} MB of at most {MAX_FILE_MB} MB"
            )
    by_name = {file.name: file for file in files}
    names = natural_sort(by_name)
    videos = [by_name[name] for name in names if by_name[name].suffix.lower() in VIDEO_SUFFIXES]
    images = [by_name[name] for name in names if by_name[name].suffix.lower() in IMAGE_SUFFIXES]
    if len(videos) + bool(images) > MAX_CAMERAS:
        raise UserError(f"{len(videos)} videos are too many; choose at most {MAX_CAMERAS}")
    return videos, images


def _write_video(
    file: Path, target: Path, max_frames: int, notes: list[str], progress: Callable[[float], object]
) -> tuple[float, list[float]]:
    """Write at most `max_frames` evenly spaced frames of a video; return their rate per second and their times."""
    video = VideoFrames(file)
    rate = video.frames_per_second or 25.0
    length = min(len(video), max(1, round(MAX_VIDEO_S * rate)), MAX_DECODED_FRAMES)
    step = math.ceil(length / max_frames)
    times_s: list[float] = []
    sampled = VideoFrames(file, length, every=step)
    for frame in sampled:
        progress(frame.index / length)
        while len(times_s) < frame.index // step:  # an empty file for a damaged frame
            (target / f"{len(times_s):06d}.jpg").touch()
            times_s.append(frame.time_s or 0.0)
        _save(target, len(times_s), frame.image)
        times_s.append(frame.time_s or 0.0)
    notes += sampled.skipped
    if len(video) > length:
        notes.append(f"{file.name}: only the first {length / rate:.0f} seconds are used")
    if step > 1:
        notes.append(f"{file.name}: one frame in {step} is used")
    return rate / step, times_s


def _write_images(images: Sequence[Path], target: Path, max_frames: int, notes: list[str]) -> None:
    readable = 0
    for file in images[:max_frames]:
        try:
            _save(target, readable, read_image(file))
        except IMAGE_ERRORS as error:
            notes.append(f"{file.name} is skipped: {describe_image_error(error)}")
            continue
        readable += 1
    if not readable:
        raise UserError(f"no image can be read ({'; '.join(notes[:3])}); choose others")
    if len(images) > max_frames:
        notes.append(f"only the first {max_frames} of {len(images)} images are used")


def _save(target: Path, number: int, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    if (scale := MAX_SIDE_PX / max(height, width)) < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    (target / f"{number:06d}.jpg").write_bytes(encode_jpeg(image, _QUALITY))


def _camera_name(wanted: str, taken: Sequence[str]) -> str:
    """Return a short camera name of plain characters that is not taken.

    >>> _camera_name("=HYPERLINK(1) my  yard", ["HYPERLINK 1 my yard"])
    'HYPERLINK 1 my yard 2'
    """
    name = " ".join(re.findall(r"\w[\w.-]*", wanted))[:40] or "video"
    return next(new for new in chain([name], (f"{name} {number}" for number in count(2))) if new not in taken)
