"""The output folder and its files: tried out before any work, and replaced whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from src.settings.errors import UserError

OUTPUTS = ("annotated.mp4", "ranking.png", "rankings.csv", "resolved.yml", "summary.json")


def prepare_folder(folder: str | Path) -> Path:
    """Make the folder and try it out.

    Raises:
        UserError: it cannot be made or written, or something that is no file has the name of an output.
    """
    folder = Path(folder).expanduser()
    trial = folder / ".trial.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
    except FileExistsError:
        raise UserError(f"output.folder={folder}: there is a file of that name; choose another folder") from None
    except OSError as error:
        reason = error.strerror
        raise UserError(f"output.folder={folder}: cannot write there ({reason}); choose another folder") from None
    for name in OUTPUTS:
        if (folder / name).exists() and not (folder / name).is_file():
            raise UserError(f"{folder / name} is in the way: not a file that can be replaced; move it")
    return folder


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; if all goes well it replaces `path` in one step, else `path` stays as it was."""
    part = path.with_name(path.name + ".part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
