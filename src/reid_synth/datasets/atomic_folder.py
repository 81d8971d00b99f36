"""A data set is there whole or not at all: it is written into a hidden folder and moved to its place at the end."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from reid_synth.errors import UserError

DRAFT = ".unfinished"  # hidden, so that no reader takes it for data
_QUALITY = 92


@contextmanager
def drafting(folder: Path) -> Iterator[Path]:
    """Give a hidden folder to write into; if all goes well, what it holds moves up into `folder`.

    Whatever else happens (an error, a full disk, Ctrl-C), `folder` is left as it was. What a killed run left behind is
    hidden, and removed by the next one.

    Raises:
        UserError: the folder holds files, or cannot be written.
    """
    made = [place for place in (folder, *folder.parents) if not place.exists()]  # from here on, the deepest first
    draft = folder / DRAFT
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if any(entry.name != DRAFT for entry in folder.iterdir()):
                raise UserError(f"{folder} already holds files: name another folder, or remove this one first")
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            yield draft
            for entry in sorted(draft.iterdir(), key=lambda entry: (entry.is_file(), entry.name)):
                # tables come last: where they are, everything is
                entry.rename(folder / entry.name)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
            for place in made:
                if place.is_dir() and not any(place.iterdir()):
                    place.rmdir()
    except OSError as error:
        meant = Path(*(part for part in folder.parts if part != DRAFT))
        reason = error.strerror or error
        raise UserError(f"{meant} cannot be written ({reason}): make room, or name another folder") from None


def save(folder: Path, name: str, content: bytes) -> None:
    """Write a new file `name` (with `/` for folders, which are made) below `folder`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def jpeg(image: np.ndarray) -> bytes:
    """An RGB picture (h, w, 3) uint8 as a JPEG file."""
    bgr = np.ascontiguousarray(image[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
