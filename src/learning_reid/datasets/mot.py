"""People cut from the frames of sequences with ground truth in MOT challenge format."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.images import describe_unreadable, displayed_size
from learning_reid.datasets.listing import images_in, sub_folders
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.detection.crops import crop_image
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_ERRORS
from learning_reid.frames.mot import MotTable, read_mot
from learning_reid.frames.numbering import describe_missing, frame_numbers

EVERY = 10  # neighboring frames are nearly equal: using all would make a small dataset look like a large one
EXPECTED = "gt/gt.txt or gt.txt with the frames in img1/ or View_001/"


class MotSequence(NamedTuple):
    """One camera: ground-truth file, folder of frames, camera id."""

    truth: Path
    frames: Path
    camera_id: str


def find_sequences(root: Path) -> list[MotSequence]:
    """Return the sequence at `root`, or those directly below it; empty if there is no ground truth."""
    here = _sequence(root)
    return [here] if here else [found for folder in sub_folders(root) if (found := _sequence(folder))]


@register_dataset("mot", about="frames with a gt.txt of the MOT challenge")
def read_mot_crops(root: Path, found: Findings, every: int = EVERY) -> list[Sample]:
    """Read the boxes of every tenth frame, without splits; rows with score 0 are ignored.

    ::

        SEQUENCE/gt/gt.txt + SEQUENCE/img1/             as in MOT17
        SEQUENCE/gt.txt    + SEQUENCE/View_001/         as in PETS2009
        SEQUENCE/gt.txt    + images in the same folder  as written by `synth`

    The number in an image's name is its frame, as in `frame_numbers`. Several sequences in one folder are several
    cameras that share their identities.
    """
    sequences = find_sequences(root)
    if not sequences:
        raise WrongLayout(f"{root} contains no MOT sequence: {EXPECTED} was expected")
    if every > 1:
        what = f"only every {every}th frame is used, because neighboring frames are nearly equal"
        found.add("every-nth-frame", "note", what, "`data cut --every N` writes crops of other frames", count=0)
    if len(sequences) > 1:
        what = f"{len(sequences)} sequences are read as cameras of one scene, so equal ids mean the same person"
        found.add("shared-ids", "note", what, "if that is wrong, name one sequence as the root", count=0)
    return [sample for sequence in sequences for sample in _samples(sequence, found, every)]


def _sequence(folder: Path) -> MotSequence | None:
    truth = next((file for file in (folder / "gt" / "gt.txt", folder / "gt.txt") if file.is_file()), None)
    if truth is None:
        return None
    if (folder / "img1").is_dir():
        return MotSequence(truth, folder / "img1", folder.name)
    if images_in(folder):
        return MotSequence(truth, folder, folder.name)
    views = [view for view in sub_folders(folder) if view.name.lower().startswith("view")]
    if len(views) > 1:
        names = ", ".join(view.name for view in views)
        raise UserError(f"{truth} has several folders of frames beside it ({names}); give each a folder of its own")
    if not views:
        raise UserError(f"{truth} has no frames beside it; {EXPECTED} was expected")
    return MotSequence(truth, views[0], views[0].name)


def _samples(sequence: MotSequence, found: Findings, every: int) -> list[Sample]:
    images = images_in(sequence.frames)
    if not images:
        raise UserError(f"no images in {sequence.frames}, the frames of {sequence.truth}; copy them there")
    if len({image.stem for image in images}) < len(images):
        raise UserError(f"{sequence.frames} has images that differ only in their extension; remove one of each")
    names = [image.name for image in images]
    image_of = dict(zip(frame_numbers(names), images, strict=True))
    table = read_mot(sequence.truth)
    counted = table.score != 0
    if (counted & (table.person_id < 0)).any():
        raise UserError(f"{sequence.truth} has rows without an identity (id -1), so it is not ground truth; use gt.txt")
    numbers = table.frame + 1
    present = np.isin(numbers, list(image_of))
    _report_missing(sequence, names, image_of, numbers[counted], found)
    rows = np.flatnonzero(counted & present & np.isin(numbers, _every_nth(image_of, every)))
    return _boxes(sequence, image_of, table, rows, found)


def _report_missing(
    sequence: MotSequence, names: list[str], image_of: Mapping[int, Path], numbers: np.ndarray, found: Findings
) -> None:
    """Add gaps between the images, and boxes of frames without an image."""
    if gaps := describe_missing(names):
        advice = "boxes and images are matched by the number in the file name"
        found.add("missing-images", "warning", f"{sequence.frames}: {gaps}", advice, count=0)
    without = numbers[~np.isin(numbers, list(image_of))]
    if len(without) and len(without) == len(numbers):
        raise UserError(
            f"{sequence.truth} has boxes in frames {numbers.min()} to {numbers.max()}, but the images in "
            f"{sequence.frames} are numbered {min(image_of)} to {max(image_of)}; rename the images"
        )
    if len(without):
        what = f"boxes whose image is missing in {sequence.frames}"
        found.add("late-box", "warning", what, "they are left out", f"frame {without.min()}", len(without))


def _every_nth(image_of: Mapping[int, Path], every: int) -> list[int]:
    """Return the first number and each one that is at least `every` after the one before."""
    chosen: list[int] = []
    for number in sorted(image_of):
        if not chosen or number - chosen[-1] >= every:
            chosen.append(number)
    return chosen


def _boxes(
    sequence: MotSequence, image_of: Mapping[int, Path], table: MotTable, rows: np.ndarray, found: Findings
) -> list[Sample]:
    samples = []
    blank = {number: _blank(image_of[number], found) for number in sorted({*(table.frame[rows] + 1).tolist()})}
    for row in sorted(rows, key=lambda row: (table.frame[row], row)):
        number, person = int(table.frame[row]) + 1, str(table.person_id[row])
        image = blank[number]
        if image is None:
            continue
        if crop_image(image, table.boxes_xyxy[row]) is None:
            where = f"person {person} in frame {number}"
            found.add("outside-frame", "warning", "boxes completely outside their frame", "they are left out", where)
            continue
        x1, y1, x2, y2 = (float(corner) for corner in table.boxes_xyxy[row])
        samples.append(Sample(image_of[number], person, sequence.camera_id, box_xyxy=(x1, y1, x2, y2)))
    return samples


def _blank(frame: Path, found: Findings) -> np.ndarray | None:
    """Return an image of the frame's size without pixel data; None if the size cannot be read."""
    try:
        return np.empty((*displayed_size(frame), 0), np.uint8)
    except IMAGE_ERRORS as error:
        where = f"{frame.parent.name}/{frame.name} ({describe_unreadable(frame, error)})"
        found.add("unreadable", "error", "frames that cannot be read", "copy them again", where)
        return None
