"""Translate the keys of the first learning-reid, which keep working."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

VIDEO_SUFFIXES = {".mp4", ".avi", ".mov", ".mkv"}


def translate_legacy_keys(values: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Replace legacy keys by current ones; a current key that is also given takes precedence.

    Returns:
        The values under current keys, and a note "old → new" for each key that was replaced.

    >>> translate_legacy_keys({"output.save_path": "out"})
    ({'output.folder': 'out'}, ['output.save_path → output.folder'])
    """
    translated, notes = dict(values), []
    for old, translate in _LEGACY_KEYS.items():
        if (value := translated.pop(old, None)) is not None:
            translated = {**translate(value), **translated}
            notes.append(f"{old} → {', '.join(translate(value))}")
    return translated, notes


def _inception(value: Any) -> dict[str, Any]:
    return {"detector.name": "tensorflow_frcnn", "detector.weights": value}


def _reid(value: Any) -> dict[str, Any]:
    return {"embedder.name": "osnet_ain_x1_0", "embedder.weights": value}  # the only model it had


def _save_path(value: Any) -> dict[str, Any]:
    path = PurePath(str(value))
    return {"output.folder": str(path.parent) if path.suffix.lower() in VIDEO_SUFFIXES else value}


_LEGACY_KEYS = {"model.inception": _inception, "model.reid": _reid, "output.save_path": _save_path}
