"""Output folders, checked before any work, and JSON files."""

import json
import math
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import write_text

PIPELINE_OUTPUTS = ("annotated.mp4", "ranking.png", "rankings.csv", "resolved.yml", "summary.json")


def create_folder(folder: str | Path, option: str) -> Path:
    """Create a folder if it is missing, and check that files can be written to it.

    `option` is the option or setting that named it. The returned path has its `~` expanded.

    Raises:
        UserError: The folder cannot be created or written to.
    """
    folder = Path(folder).expanduser()
    trial = folder / ".trial.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        trial.write_bytes(b"")
        trial.unlink()
    except FileExistsError:
        raise UserError(f"{option}={folder}: a file has this name; choose another folder") from None
    except OSError as error:
        raise UserError(f"{option}={folder}: cannot write there ({error.strerror}); choose another folder") from None
    return folder


def prepare_folder(folder: str | Path) -> Path:
    """Create and check the output folder of the pipeline."""
    folder = create_folder(folder, "output.folder")
    for name in PIPELINE_OUTPUTS:
        if (folder / name).exists() and not (folder / name).is_file():
            raise UserError(f"{folder / name} is a folder where a file is to be written; move it")
    return folder


def to_json_value(value: Any) -> Any:
    """Return a value as JSON can represent it: NaN and infinite numbers become None.

    >>> to_json_value({"map": float("nan"), "cmc": (0.5, 1.0)})
    {'map': None, 'cmc': [0.5, 1.0]}
    """
    if isinstance(value, dict):
        return {key: to_json_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [to_json_value(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def write_json(path: Path, values: Any) -> None:
    """Write a JSON file atomically; NaN becomes null."""
    text = json.dumps(to_json_value(values), indent=2, ensure_ascii=False) + "\n"
    write_text(path, text)
