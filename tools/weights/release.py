"""Release trained weights: half-precision tensors, a card that describes them, and the log of the training."""

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import Any

import yaml
from safetensors.torch import save_file
from torch import nn


def release_weights(model: nn.Module, weights: Path, card: dict[str, Any], log: Path | None = None) -> None:
    """Write weights, card and log side by side.

    Args:
        model: The trained network; floating-point tensors are stored in half precision.
        weights: The `.safetensors` file; the card becomes `.yml`, the log `.log.csv`.
        card: Content of the card; sha256 and size are added.
        log: metrics.csv of the training.

    Raises:
        ValueError: A number does not fit into half precision.
    """
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    overflowed = [
        name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()
    ]
    if overflowed:
        raise ValueError(f"{overflowed[0]} does not fit into half precision")
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, weights)
    write_card(weights, card)
    if log is not None:
        shutil.copyfile(log, weights.with_suffix(".log.csv"))


def write_card(weights: Path, card: dict[str, Any]) -> None:
    """Write the card of a weights file, with its size and sha256."""
    data = weights.read_bytes()
    facts = {
        "file": weights.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "precision": "float16",
    }
    text = yaml.safe_dump({**facts, **card}, sort_keys=False, allow_unicode=True, width=110)
    weights.with_suffix(".yml").write_text(text, encoding="utf-8")


def current_commit() -> str:
    """Return the git commit of the checkout, for the card; "unknown" outside of a git repository."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
