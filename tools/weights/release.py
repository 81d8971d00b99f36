"""From a trained network to what the repository carries: half-precision weights, a card that explains them, a log."""

import hashlib
from pathlib import Path
from typing import Any

import torch
import yaml
from safetensors.torch import save_file
from torch import nn


def ship(model: nn.Module, weights: Path, card: dict[str, Any]) -> None:
    """Write weights and their card side by side.

    Args:
        model: the trained network; floating-point tensors are stored in half precision.
        weights: the `.safetensors` file; the card goes beside it as `.yml`.
        card: what to say; sha256 and size are added here.
    """
    tensors = {
        name: (tensor.half() if tensor.is_floating_point() else tensor).contiguous()
        for name, tensor in model.state_dict().items()
    }
    unfit = [
        name for name, tensor in tensors.items() if tensor.dtype == torch.half and not torch.isfinite(tensor).all()
    ]
    if unfit:
        raise ValueError(f"does not fit into half precision: {unfit[0]}")
    weights.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, weights)
    write_card(weights, card)


def write_card(weights: Path, card: dict[str, Any]) -> None:
    """Write the card of a weights file, with its size and sha256."""
    data = weights.read_bytes()
    facts = {
        "file": weights.name,
        "sha256": hashlib.sha256(data).hexdigest(),
        "bytes": len(data),
        "precision": "float16",
    }
    weights.with_suffix(".yml").write_text(
        yaml.safe_dump({**facts, **card}, sort_keys=False, allow_unicode=True, width=110)
    )


def copy_log(log: Path, target: Path, rows: int = 200) -> None:
    """Keep about `rows` evenly spread rows of a run's log beside its weights."""
    header, *lines = log.read_text().splitlines()
    every = max(1, len(lines) // rows)
    kept = lines[every - 1 :: every]
    target.write_text("\n".join([header, *kept]) + "\n")
