"""Files that are whole or not there: a full disk or a pulled plug leaves the one before as it was."""

import os
from pathlib import Path
from typing import Any

import torch

from learning_reid.errors import UserError


def write_whole(path: Path, content: dict[str, Any]) -> None:
    """Write beside the file, make sure it is on the disk, then put it in the file's place.

    Raises:
        UserError: it cannot be written; the file before stays as it was.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as stream:
            torch.save(content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(part, path)
    except (OSError, RuntimeError) as problem:
        part.unlink(missing_ok=True)
        reason = getattr(problem, "strerror", None) or str(problem).splitlines()[0]
        raise UserError(f"{path} cannot be written ({reason}); make room, the last good one is kept") from None
