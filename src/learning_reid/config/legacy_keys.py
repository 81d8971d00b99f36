"""The keys of the first learning-reid, which keep working: what each is called now."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

VIDEO_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv"}


def translate(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Replace the ancestor's dotted keys by today's; a key of today given beside them wins.

    Args:
        values: Dotted key → value, as one source gives them.

    Returns:
        The values under today's keys, and a note "old → new" for each key that was replaced.

    >>> translate({"output.save_path": "out"})
    ({'output.folder': 'out'}, ['output.save_path → output.folder'])
    """
    kept, notes = dict(values), []
    for old, new in _REPLACED.items():
        if (value := kept.pop(old, None)) is not None:
            kept = {**new(value), **kept}
            notes.append(f"{old} → {', '.join(new(value))}")
    return kept, notes


def _inception(value: Any) -> dict[str, Any]:
    return {"detector.name": "tensorflow_frcnn", "detector.weights": value}


def _reid(value: Any) -> dict[str, Any]:
    return {"embedder.name": "osnet_ain_x1_0", "embedder.weights": value}  # the only network the ancestor had


def _save_path(value: Any) -> dict[str, Any]:
    path = PurePath(str(value))
    return {"output.folder": str(path.parent) if path.suffix.lower() in VIDEO_SUFFIXES else value}


_REPLACED = {"model.inception": _inception, "model.reid": _reid, "output.save_path": _save_path}
