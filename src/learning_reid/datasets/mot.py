"""People cut from the frames of a sequence whose truth is known, as the MOT challenge writes it.

    SEQUENCE/gt/gt.txt + SEQUENCE/img1/            as MOT17 has it
    SEQUENCE/gt.txt    + SEQUENCE/View_001/        as PETS2009 has it
    SEQUENCE/gt.txt    + the pictures beside it    as `synth` writes them

A folder of several sequences is several cameras that share their identities.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from learning_reid.datasets.findings import Findings, WrongLayout
from learning_reid.datasets.layouts import register_dataset
from learning_reid.datasets.listing import pictures_in, sub_folders
from learning_reid.datasets.sample import Sample
from learning_reid.detection.crops import cut_crop
from learning_reid.errors import UserError
from learning_reid.frames.folder import UNREADABLE
from learning_reid.frames.mot import MotTable, read_mot

EVERY = 10  # neighbouring frames show the same picture: all of them would make a small set look like a large one
EXPECTED = "gt/gt.txt or gt.txt with the frames in img1/ or View_001/"


class MotSequence(NamedTuple):
    """One camera: its truth, its frames, and what it is called."""

    truth: Path
    frames: Path
    camera_id: str


def find_sequences(root: Path) -> list[MotSequence]:
    """The sequence at `root`, or those directly below it; none where there is no truth.

    Raises:
        UserError: a truth without frames, or with several folders of frames.
    """
    here = _sequence(root)
    return [here] if here else [found for folder in sub_folders(root) if (found := _sequence(folder))]


@register_dataset("mot", about="frames with a gt.txt of the MOT challenge")
def read_mot_crops(root: Path, found: Findings, every: int = EVERY) -> list[Sample]:
    """The boxes of every tenth frame, as parts of frames; rows of score 0 do not count.

    Raises:
        UserError: no sequence, or its truth is not a MOT file.
    """
    sequences = find_sequences(root)
    if not sequences:
        raise WrongLayout(f"{root} holds no MOT sequence: {EXPECTED} was expected")
    if every > 1:
        what = f"only every {every}th frame is used, since neighbouring frames show the same picture"
        found.add("every-nth-frame", "note", what, "`data cut --every N` writes crops of other frames", count=0)
    if len(sequences) > 1:
        what = f"{len(sequences)} sequences are taken as cameras of one place, so that equal ids mean the same person"
        found.add("shared-ids", "note", what, "name one sequence as the root where that is not so", count=0)
    return [sample for sequence in sequences for sample in _samples(sequence, found, every)]


def _sequence(folder: Path) -> MotSequence | None:
    truth = next((file for file in (folder / "gt" / "gt.txt", folder / "gt.txt") if file.is_file()), None)
    if truth is None:
        return None
    if (folder / "img1").is_dir():
        return MotSequence(truth, folder / "img1", folder.name)
    if pictures_in(folder):
        return MotSequence(truth, folder, folder.name)
    views = [view for view in sub_folders(folder) if view.name.lower().startswith("view")]
    if len(views) > 1:
        names = ", ".join(view.name for view in views)
        raise UserError(f"{truth} has several folders of frames beside it ({names}); give each a folder of its own")
    if not views:
        raise UserError(f"{truth} has no frames beside it; {EXPECTED} was expected")
    return MotSequence(truth, views[0], views[0].name)


def _samples(sequence: MotSequence, found: Findings, every: int) -> list[Sample]:
    frames = pictures_in(sequence.frames)
    if not frames:
        raise UserError(f"no pictures in {sequence.frames}, although {sequence.truth} is their truth; copy them there")
    table = read_mot(sequence.truth)
    counted = (table.score != 0) & (table.frame % every == 0)
    present = table.frame < len(frames)
    if late := int((counted & ~present).sum()):
        what = f"boxes of frames that {sequence.frames} does not have"
        found.add("late-box", "warning", what, "they are left out", f"frame {table.frame.max() + 1}", late)
    if (counted & (table.person_id < 0)).any():
        raise UserError(f"{sequence.truth} has rows without an identity (id -1): it is no truth; name the one that is")
    return _cut(sequence, frames, table, np.flatnonzero(counted & present), found)


def _cut(sequence: MotSequence, frames: list[Path], table: MotTable, rows: np.ndarray, found: Findings) -> list[Sample]:
    blank = np.empty((*_size(frames[0]), 0), np.uint8)  # a picture of the right size, without its pixels
    samples = []
    for row in sorted(rows, key=lambda row: (table.frame[row], row)):
        x1, y1, x2, y2 = (float(corner) for corner in table.boxes_xyxy[row])
        if cut_crop(blank, table.boxes_xyxy[row]) is None:
            where = f"person {table.person_id[row]} in frame {table.frame[row] + 1}"
            found.add("outside-frame", "warning", "boxes wholly outside their frame", "they are left out", where)
            continue
        frame = frames[table.frame[row]]
        samples.append(Sample(frame, str(table.person_id[row]), sequence.camera_id, box_xyxy=(x1, y1, x2, y2)))
    return samples


def _size(frame: Path) -> tuple[int, int]:
    """Height and width."""
    try:
        with Image.open(frame) as picture:
            return picture.height, picture.width
    except UNREADABLE:
        raise UserError(f"{frame} is not a readable picture; copy the frames again") from None
