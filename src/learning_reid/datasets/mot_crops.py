"""Writing the people of a MOT sequence as a folder of crops, named as Market-1501 names them."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from learning_reid.datasets.images import read_sample
from learning_reid.datasets.listing import pictures_in
from learning_reid.datasets.sample import Sample
from learning_reid.datasets.split import camera_ids
from learning_reid.errors import UserError

QUALITY = 95


def write_crops(samples: Sequence[Sample], out: Path, done: Callable[[], object] = lambda: None) -> int:
    """Cut each sample out of its frame and write it as `0002_c1s1_000451_01.jpg`.

    Person N of the truth becomes person N + 1 where the truth counts from 0, since 0000 stands for strangers. Cameras
    are numbered in natural order of their names, frames from 1 in order of their files.

    Args:
        samples: boxes of one or several sequences, in the order of `read_mot_crops`.
        out: a new or empty folder.
        done: called after each picture, for a progress bar.

    Returns:
        By how much people were renumbered: 0 or 1.

    Raises:
        UserError: the folder holds something or cannot be written, or a frame cannot be read.
    """
    shift = int(any(int(sample.person_id or 0) == 0 for sample in samples))
    cameras = {camera: number for number, camera in enumerate(camera_ids(samples), 1)}
    frames = _frame_numbers(samples)
    boxes: Counter[Path] = Counter()
    try:
        out.mkdir(parents=True, exist_ok=True)
        if any(out.iterdir()):
            raise UserError(f"{out} is not empty; name another folder, or empty this one first")
        for sample in samples:
            boxes[sample.path] += 1
            person, camera = int(sample.person_id or 0) + shift, cameras[sample.camera_id]
            name = f"{person:04d}_c{camera}s1_{frames[sample.path]:06d}_{boxes[sample.path]:02d}.jpg"
            Image.fromarray(read_sample(sample)).save(out / name, quality=QUALITY)
            done()
    except OSError as problem:
        raise UserError(f"{out} cannot be written ({problem.strerror}); name another folder") from None
    return shift


def _frame_numbers(samples: Sequence[Sample]) -> dict[Path, int]:
    numbers: dict[Path, int] = {}
    for folder in dict.fromkeys(sample.path.parent for sample in samples):
        numbers |= {picture: number for number, picture in enumerate(pictures_in(folder), 1)}
    return numbers
