"""The doctor's look into every file: can it be read, is it of a size that makes sense, is it there twice?"""

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from tqdm.auto import tqdm

from learning_reid.datasets.findings import Findings, Severity
from learning_reid.datasets.content_hash import PATIENCE_S, hash_file
from learning_reid.datasets.images import why_unreadable
from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_ERRORS, read_image

TINY, HUGE = 16, 4096  # pixels of the shorter and of the longer side
TALLEST, WIDEST = 6.0, 2.0  # height over width, width over height: beyond it a box shows no standing person
AT_ONCE = 256  # files handed to the threads in one go


class Look(NamedTuple):
    """What opening a file showed: its size in pixels, or why it could not be opened."""

    path: Path
    height: int
    width: int
    problem: str | None


def check_files(samples: Sequence[Sample], found: Findings, progress: bool = True) -> None:
    """Tell unreadable files, odd sizes and files of the same content.

    Args:
        samples: of one data set.
        found: where it is told.
        progress: show bars where something takes longer than two seconds.
    """
    by_file: dict[Path, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_file[sample.path].append(sample)
    readable = []
    for look in _looks(by_file, progress):
        if look.problem:
            where = f"{_short(look.path)} {look.problem}"
            found.add("unreadable", "error", "files that cannot be read", "copy them again or remove them", where)
        else:
            readable.append(look.path)
            _check_size(look, by_file[look.path], found)
    for copies in _copies(readable, progress):
        _tell_copies([by_file[path] for path in copies], found)


def _looks(files: Iterable[Path], progress: bool) -> Iterator[Look]:
    listed = list(files)
    with (
        ThreadPoolExecutor(os.cpu_count()) as threads,  # Pillow lets other threads run while it decodes
        tqdm(
            total=len(listed), desc="reading", unit="file", delay=PATIENCE_S, dynamic_ncols=True, disable=not progress
        ) as bar,
    ):
        for start in range(0, len(listed), AT_ONCE):
            for look in threads.map(_look, listed[start : start + AT_ONCE]):
                bar.update()
                yield look


def _look(path: Path) -> Look:
    try:
        height, width = read_image(path).shape[:2]
    except IMAGE_ERRORS as problem:
        return Look(path, 0, 0, why_unreadable(path, problem))
    return Look(path, height, width, None)


def _check_size(look: Look, samples: Sequence[Sample], found: Findings) -> None:
    for sample in samples if samples[0].box_xyxy else samples[:1]:
        height, width = float(look.height), float(look.width)
        if sample.box_xyxy:
            x1, y1, x2, y2 = sample.box_xyxy
            height, width = min(y2, height) - max(y1, 0), min(x2, width) - max(x1, 0)
        where = f"{_short(look.path)} ({width:.0f} x {height:.0f})"
        if min(height, width) < TINY:
            advice = "so few pixels show nobody; leave them out, or crop from a larger picture"
            found.add("tiny", "warning", f"pictures with a side below {TINY} pixels", advice, where)
        elif max(height, width) > HUGE:
            advice = "a crop of one person is meant; check that these are no whole frames"
            found.add("huge", "warning", f"pictures with a side above {HUGE:,} pixels", advice, where)
        elif height > TALLEST * width or width > WIDEST * height:
            advice = "they become distorted when scaled to the network's input; check that the crop shows one person"
            found.add("odd-shape", "warning", "pictures much taller or wider than a person", advice, where)


def _copies(files: Iterable[Path], progress: bool) -> list[list[Path]]:
    """Files of the same content, in groups; only files of equal size are read."""
    by_size: dict[int, list[Path]] = defaultdict(list)
    for path in files:
        by_size[path.stat().st_size].append(path)
    suspects = [path for group in by_size.values() if len(group) > 1 for path in group]
    by_content: dict[str, list[Path]] = defaultdict(list)
    bar = {"desc": "comparing", "unit": "file", "delay": PATIENCE_S, "dynamic_ncols": True, "disable": not progress}
    for path in tqdm(suspects, **bar):
        try:
            by_content[hash_file(path)].append(path)
        except UserError:  # gone since it was looked at
            continue
    return [group for group in by_content.values() if len(group) > 1]


def _tell_copies(copies: Sequence[Sequence[Sample]], found: Findings) -> None:
    """Tell one group of equal files by the worst of it."""
    samples = [sample for one in copies for sample in one]
    where = " = ".join(_short(one[0].path) for one in copies[:3])
    splits = {sample.split for sample in samples}
    severity: Severity
    if samples[0].box_xyxy:
        code, severity, what, advice = (
            "equal-frames",
            "note",
            "groups of equal frames",
            "check that the video did not stand still",
        )
    elif len({sample.person_id for sample in samples}) > 1:
        code, severity, what, advice = (
            "copies-of-two-people",
            "error",
            "groups of equal files that carry different identities",
            "look who it is, and keep one of each group",
        )
    elif "train" in splits and splits & {"query", "gallery"}:
        code, severity, what, advice = (
            "copies-across-train-and-test",
            "error",
            "groups of equal files that lie in train and in test",
            "remove one of each group: a network must not be tested on pictures it has learned",
        )
    elif {"query", "gallery"} <= splits:
        code, severity, what, advice = (
            "copies-across-query-and-gallery",
            "warning",
            "groups of equal files that lie in query and in gallery",
            "remove one of each group, since a picture always finds itself",
        )
    else:
        code, severity, what, advice = ("copies", "note", "groups of equal files", "keep one of each group")
    found.add(code, severity, what, advice, where)


def _short(path: Path) -> str:
    """Enough of a path to find the file by, below a root that the reader knows."""
    return f"{path.parent.name}/{path.name}"
