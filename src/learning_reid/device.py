"""The compute device, its arithmetic, and the seed; NumPy and torch are imported only when a function needs them."""

import random
import re

from learning_reid.errors import UserError

DEVICES = "auto, cpu, cuda, cuda:N, or mps"
DEVICE_PATTERN = r"^(auto|cpu|cuda(:[0-9]+)?|mps)$"


def choose_device(name: str) -> str:
    """Return the device that a setting names, checked to exist.

    Args:
        name: "auto" (a CUDA GPU if there is one, otherwise the CPU), "cpu", "cuda", "cuda:N" or "mps".

    Returns:
        The name of a device that torch can use.

    Raises:
        UserError: The name is unknown, or torch finds no such device on this machine.
    """
    if not re.match(DEVICE_PATTERN, name):
        raise UserError(f"unknown device {name!r}; choose {DEVICES}")
    import torch

    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = name.partition(":")
    if kind == "cuda":
        found = torch.cuda.is_available() and int(index or 0) < torch.cuda.device_count()
    else:
        found = kind == "cpu" or torch.backends.mps.is_available()
    if not found:
        raise UserError(f"device {name!r}: torch finds no such device on this machine; choose 'auto' or 'cpu'")
    return name


def seed_everything(seed: int) -> None:
    """Seed the global random generators of Python, NumPy and torch (CPU and GPU).

    >>> seed_everything(3)
    >>> first = random.random()
    >>> seed_everything(3)
    >>> first == random.random()
    True
    """
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.manual_seed(seed)


def cpu_has_bfloat16() -> bool:
    """Return whether the CPU computes bfloat16 natively, with AVX512-BF16 or AMX instructions.

    Other CPUs emulate bfloat16, which is slower than float32.
    """
    import torch

    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()  # torch 2.9
