"""What somebody uploads becomes folders of frames, one for each camera: bounded in type, size, length and number."""

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
from learning_reid.frames.images import IMAGE_SUFFIXES, IMAGE_ERRORS, natural_sort, read_image, describe_image_error
from learning_reid.frames.sources import IMAGE_FORMATS, VIDEO_FORMATS
from learning_reid.frames.video import VIDEO_SUFFIXES, VideoFrames
from reid_store.thumbnails import encode_jpeg

ACCEPTED_SOURCES = (*IMAGE_SUFFIXES, *VIDEO_SUFFIXES)
LARGEST_MB = 300  # a file
MOST_FRAMES = 120  # of all cameras together
MOST_CAMERAS = 6
LONGEST_S, MOST_DECODED = 120.0, 7200  # seconds and frames that are looked at of a video
LONGEST_SIDE = 1920  # pixels of a frame
_QUALITY = 92


@dataclass(frozen=True)
class CameraFolder:
    """The frames of one camera.

    Attributes:
        name: of the camera.
        folder: of pictures, `000000.jpg` …
        frames_per_second: of the pictures.
    """

    name: str
    folder: Path
    frames_per_second: float


def frames_of_uploads(
    files: Sequence[Path], folder: Path, progress: Callable[[float], object] = lambda share: None
) -> tuple[list[CameraFolder], list[str]]:
    """Write the frames of uploaded files.

    Each video is a camera, of which so many frames are taken that all cameras together have 120; all pictures together
    are one more camera, a second apart.

    Args:
        files: videos and pictures.
        folder: an existing one, to write into.
        progress: told the share that is done.

    Returns:
        The cameras; and a line for each thing that the reader should know.

    Raises:
        UserError: nothing can be used, or too much was given.
    """
    videos, pictures = _sorted_out(files)
    cameras: list[CameraFolder] = []
    notes: list[str] = []
    each = MOST_FRAMES // max(1, len(videos) + bool(pictures))
    for number, file in enumerate(videos):
        place = folder / f"video_{number}"
        place.mkdir()
        try:
            rate = _film(file, place, each, notes, lambda share: progress((len(cameras) + share) / len(videos)))
        except UserError as problem:
            raise UserError(str(problem).replace(f"{file.parent}/", "")) from None
        cameras.append(CameraFolder(_camera_name(file.stem, [one.name for one in cameras]), place, rate))
    if pictures:
        place = folder / "pictures"
        place.mkdir()
        _album(pictures, place, each, notes)
        cameras.append(CameraFolder(_camera_name("pictures", [one.name for one in cameras]), place, 1.0))
    if sum(1 for one in cameras for _ in one.folder.iterdir()) < 2:
        told = f" ({'; '.join(notes)})" if notes else ""
        raise UserError(f"one frame is too little: people are looked for in the other frames; give two or more{told}")
    return cameras, notes


def _sorted_out(files: Sequence[Path]) -> tuple[list[Path], list[Path]]:
    if not files:
        raise UserError("no file was given; choose a video, or two or more pictures")
    for file in files:
        if file.suffix.lower() not in ACCEPTED_SOURCES:
            raise UserError(f"{file.name} is neither a picture ({IMAGE_FORMATS}) nor a video ({VIDEO_FORMATS})")
        if file.stat().st_size > LARGEST_MB * 1e6:
            raise UserError(f"{file.name} is too large: {file.stat().st_size / 1e6:,.0f} of at most {LARGEST_MB} MB")
    by_name = {file.name: file for file in files}  # a name that was given twice counts once
    names = natural_sort(by_name)
    videos = [by_name[name] for name in names if by_name[name].suffix.lower() in VIDEO_SUFFIXES]
    pictures = [by_name[name] for name in names if by_name[name].suffix.lower() in IMAGE_SUFFIXES]
    if len(videos) + bool(pictures) > MOST_CAMERAS:
        raise UserError(f"{len(videos)} videos are too many: at most {MOST_CAMERAS} cameras are looked at")
    return videos, pictures


def _film(file: Path, place: Path, most: int, notes: list[str], progress: Callable[[float], object]) -> float:
    """Write at most so many frames of a video, evenly spread; returns how many a second they are."""
    whole = VideoFrames(file)
    rate = whole.frames_per_second or 25.0
    length = min(len(whole), max(1, round(LONGEST_S * rate)), MOST_DECODED)
    step, wanted = math.ceil(length / most), -1
    film = VideoFrames(file, length, every=step)
    for frame in film:
        progress(frame.index / length)
        wanted = frame.index // step
        _save(place, wanted, frame.image)
    for number in range(wanted):
        (place / f"{number:06d}.jpg").touch()  # a damaged frame leaves a gap, so that the others keep their time
    notes += film.skipped
    if len(whole) > length:
        notes.append(f"{file.name}: only the first {length / rate:.0f} seconds are looked at")
    if step > 1:
        notes.append(f"{file.name}: one frame in {step} is looked at")
    return rate / step


def _album(pictures: Sequence[Path], place: Path, most: int, notes: list[str]) -> None:
    readable = 0
    for file in pictures[:most]:
        try:
            _save(place, readable, read_image(file))
        except IMAGE_ERRORS as problem:
            notes.append(f"{file.name} is left out: {describe_image_error(problem)}")
            continue
        readable += 1
    if not readable:
        raise UserError(f"no picture can be read ({'; '.join(notes[:3])}); choose others")
    if len(pictures) > most:
        notes.append(f"only the first {most} of {len(pictures)} pictures are looked at")


def _save(place: Path, number: int, image: np.ndarray) -> None:
    height, width = image.shape[:2]
    if (shrink := LONGEST_SIDE / max(height, width)) < 1:
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    (place / f"{number:06d}.jpg").write_bytes(encode_jpeg(image, _QUALITY))


def _camera_name(wish: str, taken: Sequence[str]) -> str:
    """A name for a camera that is short, plain and not taken.

    >>> _camera_name("=HYPERLINK(1) my  yard", ["HYPERLINK 1 my yard"])
    'HYPERLINK 1 my yard 2'
    """
    name = " ".join(re.findall(r"\w[\w.-]*", wish))[:40] or "video"
    return next(new for new in chain([name], (f"{name} {number}" for number in count(2))) if new not in taken)
