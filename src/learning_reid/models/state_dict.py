"""Weights from a file into a network: nothing in the file is executed, and nothing is left out in silence.

A state dict is a flat table from a tensor's name to the tensor. Files hold it bare, or wrapped in a training checkpoint
(`state_dict`, `model`), with `module.` before every name where several GPUs trained it.
"""

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from learning_reid.errors import UserError

WRAPPERS = ("state_dict", "model", "model_state_dict")
DATA_PARALLEL = "module."

MAKE_NUMBER = np.float64(0).__reduce__()[0]
# torchreid's checkpoints note the rank-1 figure as a NumPy number; these types hold bytes and can do nothing.
HARMLESS: list[Any] = [
    (MAKE_NUMBER, "numpy.core.multiarray.scalar"),  # as NumPy 1 names it
    (MAKE_NUMBER, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32)),
]


@dataclass(frozen=True)
class LoadReport:
    """How many tensors went into the network, and which of the file were left out on purpose."""

    loaded: int
    dropped: tuple[str, ...]


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the named tensors of a file onto the CPU, taken out of whatever they are wrapped in.

    Args:
        path: .safetensors, or what torch.save writes (.pth, .pt, .pth.tar).

    Raises:
        UserError: there is no such file, it is damaged, would have to execute code to be read, or holds no tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"no weights file {path}; correct its path")
    content = _open(path)
    while wrapper := next((key for key in WRAPPERS if isinstance(content.get(key), Mapping)), None):
        content = content[wrapper]
    tensors = {str(key).removeprefix(DATA_PARALLEL): t for key, t in content.items() if isinstance(t, Tensor)}
    if not tensors:
        raise UserError(f"{path} holds no weights; name a state dict saved by torch.save, or a .safetensors file")
    return tensors


def read_note(path: Path, key: str) -> Any:
    """What a checkpoint notes beside its weights, such as `input_size`; None where it does not, or holds tensors alone.

    Raises:
        UserError: as `read_state_dict`.
    """
    return None if path.suffix.lower() == ".safetensors" else _open(path).get(key)


def _open(path: Path) -> Mapping[Any, Any]:
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken file makes the readers raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise UserError(
                f"{path} stores Python objects beside its weights, and reading those would run code from the file\n"
                "where you trust its origin: load it with torch yourself and save its state dict with safetensors"
            ) from error
        raise UserError(
            f"{path} cannot be read as weights, it is damaged or only partly downloaded; fetch it again"
        ) from error
    return content if isinstance(content, Mapping) else {}


def load_strictly(
    module: nn.Module,
    state_dict: Mapping[str, Tensor],
    drop_prefixes: Sequence[str] = (),
    where: str | Path = "the state dict",
    advice: str = "name a file that fits",
) -> LoadReport:
    """Fill `module`; every tensor must find its place, apart from those left out by name.

    Args:
        module: Changed in place; half-precision tensors are widened to its own precision.
        state_dict: Of `read_state_dict`.
        drop_prefixes: What begins with one of these is left out of the file, and keeps its values in the network.
        where: The file, for the message.
        advice: What to do about weights that do not fit, for the message.

    Raises:
        UserError: names or shapes differ; the first tensors that do are told.
    """
    apart = tuple(drop_prefixes)
    own = module.state_dict()
    kept = {name: tensor for name, tensor in state_dict.items() if not name.startswith(apart)}
    misshapen = {name for name, tensor in kept.items() if name in own and tensor.shape != own[name].shape}
    try:  # not torch's strict: its modules first rename what older releases called otherwise, and we judge what is left
        result = module.load_state_dict({k: v for k, v in kept.items() if k not in misshapen}, strict=False)
        missing, unexpected = set(result.missing_keys), result.unexpected_keys
    except RuntimeError:  # a module may refuse a name by itself, as InstanceNorm2d does with a batch's statistics
        missing, unexpected = own.keys() - kept.keys(), [name for name in kept if name not in own]
    missing = {name for name in missing if not name.startswith(apart)} | misshapen
    differences = [_difference(name, kept.get(name), own[name]) for name in own if name in missing]
    differences += [f"{name} is unexpected" for name in unexpected]
    if differences:
        shown = "; ".join(differences[:3]) + ("; …" if len(differences) > 3 else "")
        count = f"{len(differences)} tensors differ" if len(differences) > 1 else "1 tensor differs"
        raise UserError(f"{where} is of another network than this one, {count}: {shown}\n{advice}")
    return LoadReport(len(kept), tuple(name for name in state_dict if name not in kept))


def _difference(name: str, found: Tensor | None, wanted: Tensor) -> str:
    if found is None:
        return f"{name} is missing"
    return f"{name} is {tuple(found.shape)} in the file, {tuple(wanted.shape)} in the network"
