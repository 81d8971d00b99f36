"""Write a dataset folder atomically: into a hidden folder first, moved to its place when complete."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from reid_synth.errors import UserError
from reid_synth.target_lock import lock_target

STAGING, LOCK = ".unfinished", ".lock"  # hidden, so that readers of datasets skip them
_QUALITY = 92


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield a hidden folder to write into; move its content into `folder` on success.

    On failure (an error, a full disk, Ctrl-C) `folder` is left as it was. Leftovers of a killed process stay hidden and
    are removed by the next run.

    Raises:
        UserError: The folder contains files, another process is writing to it, or it cannot be written.
    """
    created = [path for path in (folder, *folder.parents) if not path.exists()]  # deepest first
    staging = folder / STAGING
    try:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with lock_target(folder, folder / LOCK):
                yield from _stage(folder, staging)
        finally:
            for path in created:
                if path.is_dir() and not any(path.iterdir()):
                    path.rmdir()
    except OSError as error:
        target = Path(*(part for part in folder.parts if part != STAGING))
        reason = error.strerror or error
        raise UserError(f"{target} cannot be written ({reason}): free disk space, or choose another folder") from None


def _stage(folder: Path, staging: Path) -> Iterator[Path]:
    if any(entry.name not in (STAGING, LOCK) for entry in folder.iterdir()):
        raise UserError(f"{folder} already contains files: choose another folder, or delete this one first")
    try:
        shutil.rmtree(staging, ignore_errors=True)
        staging.mkdir()
        yield staging
        # files such as labels.csv come last: their presence marks a complete dataset
        for entry in sorted(staging.iterdir(), key=lambda entry: (entry.is_file(), entry.name)):
            entry.rename(folder / entry.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def write_file(folder: Path, name: str, content: bytes) -> None:
    """Write a new file `name` (`/` separates sub-folders, which are created) below `folder`."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def encode_jpeg(image: np.ndarray) -> bytes:
    """Encode an RGB image (h, w, 3) uint8 as JPEG."""
    bgr = np.ascontiguousarray(image[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1].tobytes()
