"""Write the people of MOT sequences as a folder of crops with names of Market-1501."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from PIL import Image

from learning_reid.datasets.identity_split import camera_ids
from learning_reid.datasets.images import read_crop
from learning_reid.datasets.listing import images_in
from learning_reid.datasets.sample import Sample
from learning_reid.errors import UserError
from learning_reid.frames.numbering import frame_numbers

JPEG_QUALITY = 95


def write_crops(samples: Sequence[Sample], out: Path, on_written: Callable[[], object] = lambda: None) -> int:
    """Cut each sample out of its frame and write it as `0002_c1s1_000451_01.jpg`.

    If the ground truth counts identities from 0, each is numbered one higher, because 0000 means a distractor. Cameras
    are numbered in natural order of their names; frames keep the number in their file name, as in `frame_numbers`.

    Returns:
        The number added to each identity: 0 or 1.

    Raises:
        UserError: The folder is not empty or cannot be written, or a frame cannot be read.
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
            Image.fromarray(read_crop(sample)).save(out / name, quality=JPEG_QUALITY)
            on_written()
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}); name another folder") from None
    return shift


def _frame_numbers(samples: Sequence[Sample]) -> dict[Path, int]:
    numbers: dict[Path, int] = {}
    for folder in dict.fromkeys(sample.path.parent for sample in samples):
        images = images_in(folder)
        numbers |= zip(images, frame_numbers([image.name for image in images]), strict=True)
    return numbers
