"""Dataset checks that open every file: unreadable files, odd sizes, and files with equal content."""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

from learning_reid.datasets.content_hash import BAR_DELAY_S
from learning_reid.datasets.findings import Findings, Severity
from learning_reid.datasets.images import describe_unreadable
from learning_reid.datasets.sample import Sample
from learning_reid.frames.images import IMAGE_ERRORS, read_image
from learning_reid.zoo.checksums import sha256_of

MIN_SIDE, MAX_SIDE = 16, 4096  # pixels of the shorter and of the longer side
MAX_HEIGHT_TO_WIDTH, MAX_WIDTH_TO_HEIGHT = 6.0, 2.0  # a crop of a standing person is within these
CHUNK = 256  # files submitted to the threads at once


class ImageCheck(NamedTuple):
    """Size of an image file in pixels, or why it could not be read."""

    path: Path
    height: int
    width: int
    problem: str | None


def check_files(samples: Sequence[Sample], found: Findings, progress: bool = True) -> None:
    """Add unreadable files, odd sizes and equal files to `found`."""
    by_file: dict[Path, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_file[sample.path].append(sample)
    readable = []
    for checked in _check_images(list(by_file), progress):
        if checked.problem:
            where = f"{_short(checked.path)} ({checked.problem})"
            found.add("unreadable", "error", "files that cannot be read", "copy them again or remove them", where)
        else:
            readable.append(checked.path)
            _check_size(checked, by_file[checked.path], found)
    for copies in _equal_files(readable, progress):
        _add_copies([by_file[path] for path in copies], found)


def _check_images(files: list[Path], progress: bool) -> Iterator[ImageCheck]:
    with (
        ThreadPoolExecutor(os.cpu_count()) as threads,  # Pillow releases the GIL while it decodes
        tqdm(
            total=len(files), desc="reading", unit="file", delay=BAR_DELAY_S, dynamic_ncols=True, disable=not progress
        ) as bar,
    ):
        for start in range(0, len(files), CHUNK):
            for checked in threads.map(_check_image, files[start : start + CHUNK]):
                bar.update()
                yield checked


def _check_image(path: Path) -> ImageCheck:
    try:
        height, width = read_image(path).shape[:2]
    except IMAGE_ERRORS as error:
        return ImageCheck(path, 0, 0, describe_unreadable(path, error))
    return ImageCheck(path, height, width, None)


def _check_size(checked: ImageCheck, samples: Sequence[Sample], found: Findings) -> None:
    for sample in samples if samples[0].box_xyxy else samples[:1]:
        height, width = float(checked.height), float(checked.width)
        if sample.box_xyxy:
            x1, y1, x2, y2 = sample.box_xyxy
            height, width = min(y2, height) - max(y1, 0), min(x2, width) - max(x1, 0)
        where = f"{_short(checked.path)} ({width:.0f} x {height:.0f})"
        if min(height, width) < MIN_SIDE:
            advice = "a person is not recognizable at this size; leave them out, or crop from a larger image"
            found.add("tiny", "warning", f"images with a side below {MIN_SIDE} pixels", advice, where)
        elif max(height, width) > MAX_SIDE:
            advice = "crops of one person are expected; check that these are not whole frames"
            found.add("huge", "warning", f"images with a side above {MAX_SIDE:,} pixels", advice, where)
        elif height > MAX_HEIGHT_TO_WIDTH * width or width > MAX_WIDTH_TO_HEIGHT * height:
            advice = "resizing to the model's input size distorts them; check that the crop shows one person"
            found.add("odd-shape", "warning", "images much taller or wider than a person", advice, where)


def _equal_files(files: Iterable[Path], progress: bool) -> list[list[Path]]:
    """Group files with equal content; only files of equal size are hashed."""
    by_size: dict[int, list[Path]] = defaultdict(list)
    for path in files:
        by_size[path.stat().st_size].append(path)
    candidates = [path for group in by_size.values() if len(group) > 1 for path in group]
    by_content: dict[str, list[Path]] = defaultdict(list)
    bar = {"desc": "comparing", "unit": "file", "delay": BAR_DELAY_S, "dynamic_ncols": True, "disable": not progress}
    for path in tqdm(candidates, **bar):
        try:
            by_content[sha256_of(path)].append(path)
        except OSError:  # deleted since it was read
            continue
    return [group for group in by_content.values() if len(group) > 1]


def _add_copies(copies: Sequence[Sequence[Sample]], found: Findings) -> None:
    """Add one group of equal files under its most severe consequence."""
    samples = [sample for group in copies for sample in group]
    splits = {sample.split for sample in samples}
    severity: Severity
    if samples[0].box_xyxy:
        code, severity = "equal-frames", "note"
        what, advice = "groups of equal frames", "check that the video is not frozen"
    elif len({sample.person_id for sample in samples}) > 1:
        code, severity = "copies-of-two-people", "error"
        what, advice = "groups of equal files with different identities", "correct the labels, keep one of each group"
    elif "train" in splits and splits & {"query", "gallery"}:
        code, severity = "copies-across-train-and-test", "error"
        what = "groups of equal files in train and in test"
        advice = "remove one of each group: a model must not be tested on its training images"
    elif {"query", "gallery"} <= splits:
        code, severity = "copies-across-query-and-gallery", "warning"
        what = "groups of equal files in query and in gallery"
        advice = "remove one of each group: an image always matches itself"
    else:
        code, severity, what, advice = "copies", "note", "groups of equal files", "keep one of each group"
    found.add(code, severity, what, advice, " = ".join(_short(group[0].path) for group in copies[:3]))


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
