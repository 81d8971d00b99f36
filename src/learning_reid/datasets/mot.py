"""People cut from the frames of sequences with ground truth in MOT challenge format."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.listing import images_in, sub_folders
from learning_reid.datasets.registry import register_dataset
from learning_reid.datasets.sample import Sample
from learning_reid.detection.crops import crop_image
from learning_reid.errors import UserError
from learning_reid.frames.images import IMAGE_ERRORS
from learning_reid.frames.mot import MotTable, read_mot

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

    Several sequences in one folder are several cameras that share their identities.
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
    frames = images_in(sequence.frames)
    if not frames:
        raise UserError(f"no images in {sequence.frames}, the frames of {sequence.truth}; copy them there")
    table = read_mot(sequence.truth)
    counted = (table.score != 0) & (table.frame % every == 0)
    present = table.frame < len(frames)
    if late := int((counted & ~present).sum()):
        what = f"boxes of frames that {sequence.frames} does not have"
        found.add("late-box", "warning", what, "they are left out", f"frame {table.frame.max() + 1}", late)
    if (counted & (table.person_id < 0)).any():
        raise UserError(f"{sequence.truth} has rows without an identity (id -1), so it is not ground truth; use gt.txt")
    return _boxes(sequence, frames, table, np.flatnonzero(counted & present), found)


def _boxes(
    sequence: MotSequence, frames: list[Path], table: MotTable, rows: np.ndarray, found: Findings
) -> list[Sample]:
    blank = np.empty((*_size(frames[0]), 0), np.uint8)  # an image of the right size without pixel data
    samples = []
    for row in sorted(rows, key=lambda row: (table.frame[row], row)):
        x1, y1, x2, y2 = (float(corner) for corner in table.boxes_xyxy[row])
        if crop_image(blank, table.boxes_xyxy[row]) is None:
            where = f"person {table.person_id[row]} in frame {table.frame[row] + 1}"
            found.add("outside-frame", "warning", "boxes completely outside their frame", "they are left out", where)
            continue
        frame = frames[table.frame[row]]
        samples.append(Sample(frame, str(table.person_id[row]), sequence.camera_id, box_xyxy=(x1, y1, x2, y2)))
    return samples


def _size(frame: Path) -> tuple[int, int]:
    """Return height and width."""
    try:
        with Image.open(frame) as image:
            return image.height, image.width
    except IMAGE_ERRORS:
        raise UserError(f"{frame} is not a readable image; copy the frames again") from None
