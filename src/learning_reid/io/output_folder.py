"""The output folder and its files: tried out before any work, and replaced whole or not at all."""

import json
import math
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write

OUTPUTS = ("annotated.mp4", "ranking.png", "rankings.csv", "resolved.yml", "summary.json")


def make_folder(folder: str | Path, option: str) -> Path:
    """Make the folder and try it out.

    Args:
        folder: to be made where it is missing.
        option: what named it, for messages.

    Raises:
        UserError: it cannot be made or written.
    """
    folder = Path(folder).expanduser()
    trial = folder / ".trial.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
    except FileExistsError:
        raise UserError(f"{option}={folder}: there is a file of that name; choose another folder") from None
    except OSError as error:
        raise UserError(f"{option}={folder}: cannot write there ({error.strerror}); choose another folder") from None
    return folder


def prepare_folder(folder: str | Path) -> Path:
    """Make the output folder of the walk-through and try it out.

    Raises:
        UserError: it cannot be made or written, or something that is no file has the name of an output.
    """
    folder = make_folder(folder, "output.folder")
    for name in OUTPUTS:
        if (folder / name).exists() and not (folder / name).is_file():
            raise UserError(f"{folder / name} is in the way: not a file that can be replaced; move it")
    return folder


def plain_json(value: Any) -> Any:
    """The same value as JSON can hold it: a number that could not be computed (NaN, infinite) is null.

    >>> plain_json({"map": float("nan"), "cmc": (0.5, 1.0)})
    {'map': None, 'cmc': [0.5, 1.0]}
    """
    if isinstance(value, dict):
        return {key: plain_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, values: Any) -> None:
    """Write or replace a JSON file.

    Raises:
        UserError: it cannot be written.
    """
    text = json.dumps(plain_json(values), indent=2, ensure_ascii=False) + "\n"
    with atomic_write(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
