"""Read the named tensors of a weights file, without executing code from it and in bounded memory.

A state dict is a flat table from tensor names to tensors. Files hold it as it is or inside a training checkpoint
(`state_dict`, `model`, …), and PyTorch's wrappers (DataParallel, torch.compile, AveragedModel) add to its names.
`read_state_dict` removes all of that. Values are read when they are used, so that a file that is much larger than its
model costs no memory.
"""

import os
import pickle
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from learning_reid.errors import UserError

# In this order: the weights themselves before their moving average.
_WRAPPERS = (
    "state_dict", "model_state_dict", "model", "net_dict", "net", "network", "weights", "params",
    "state_dict_ema", "ema_state_dict", "model_ema", "ema",
)  # fmt: skip
_DEEPEST = 4  # wrappers inside each other; a dict may even contain itself
# Parts of a name that come from PyTorch's own wrappers around a model or one of its layers
_WRAPPER_PARTS = {"module", "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module"}
_NUM_AVERAGED = "n_averaged"  # of torch.optim.swa_utils.AveragedModel
_SHOWN_KEYS = 8

# torch.save does not compress. Weights that others compressed shrink a little, but never tenfold.
_LARGEST_RATIO, _SMALL_BYTES = 10, 100_000_000

_NUMPY_SCALAR = np.float64(0).__reduce__()[0]
# torchreid's checkpoints store rank-1 as a NumPy number; these types only hold bytes and cannot execute anything.
_HARMLESS: list[Any] = [
    (_NUMPY_SCALAR, "numpy.core.multiarray.scalar"),  # its name in NumPy 1
    (_NUMPY_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32)),
]


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the named tensors of a file onto the CPU, out of whatever they are wrapped in.

    Args:
        path: .safetensors, or a file written by torch.save (.pth, .pt, .pth.tar).

    Raises:
        UserError: The file does not exist, is damaged, holds no tensors or unusual ones (sparse, without values), needs
            far more memory than its size, or could only be read by executing its code.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"no weights file {path}; correct its path")
    tensors = _without_wrapper_parts(_find_tensors(_open(path), path))
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_meta:
            kind = "no values for it" if tensor.is_meta else f"it as a {str(tensor.layout).removeprefix('torch.')} one"
            raise UserError(f"{path} cannot be loaded: {name} should be a dense tensor, and the file has {kind}")
    _check_size(path, sum(tensor.numel() * tensor.element_size() for tensor in tensors.values()))
    return tensors


def read_note(path: Path, key: str) -> Any:
    """Read what a checkpoint stores under `key` beside its weights; None if it does not, or holds only tensors."""
    content = {} if path.suffix.lower() == ".safetensors" else _open(path)
    return content.get(key) if isinstance(content, Mapping) else None


def _find_tensors(content: Any, path: Path) -> dict[str, Tensor]:
    """Return the state dict in a checkpoint: under a known name, or else the only table of tensors in it."""
    if not isinstance(content, Mapping):
        raise UserError(
            f"{path} holds no weights but a {type(content).__name__}; use a state dict saved by torch.save, or a "
            ".safetensors file"
        )
    if known := _below_known_names(content, _DEEPEST):
        return known
    tables = [table for value in (content, *content.values()) if (table := _tensors_of(value))]
    tables.sort(key=len, reverse=True)
    if tables and (len(tables) == 1 or len(tables[0]) > 2 * len(tables[1])):
        return tables[0]
    keys = ", ".join([repr(str(key)[:40]) for key in content][:_SHOWN_KEYS] + ["…"] * (len(content) > _SHOWN_KEYS))
    raise UserError(
        f"{path} holds no weights under a usual name, only {keys or 'an empty table'}\n"
        "save the state dict of the model alone, with torch.save(model.state_dict(), FILE)"
    )


def _below_known_names(content: Mapping[Any, Any], depth: int) -> dict[str, Tensor]:
    for key in _WRAPPERS if depth else ():
        inner = content.get(key)
        if isinstance(inner, Mapping) and (found := _below_known_names(inner, depth - 1) or _tensors_of(inner)):
            return found
    return {}


def _tensors_of(content: Any) -> dict[str, Tensor]:
    if not isinstance(content, Mapping):
        return {}
    return {str(key): value for key, value in content.items() if isinstance(value, Tensor)}


def _without_wrapper_parts(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Remove what PyTorch's wrappers added to a state dict, unless two names would become the same."""
    renamed = {".".join(part for part in name.split(".") if part not in _WRAPPER_PARTS): name for name in tensors}
    if len(renamed) < len(tensors):
        return tensors
    return {name: tensors[original] for name, original in renamed.items() if name != _NUM_AVERAGED}


def _open(path: Path) -> Any:
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        mapped = _check_archive(path)
        with torch.serialization.safe_globals(_HARMLESS), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about sparse tensors, which are refused, and old kinds of storage
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except UserError:
        raise
    except Exception as error:  # damaged files make the readers raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise UserError(
                f"{path} stores Python objects beside its weights, and reading them would run code from the file\n"
                "if you trust its origin, load it with torch yourself and save its state dict with safetensors"
            ) from error
        raise UserError(
            f"{path} cannot be read as weights, it is damaged or only partly downloaded; fetch it again"
        ) from error


def _check_archive(path: Path) -> bool:
    """Check a zip file, as torch.save writes it, before it is unpacked; return whether it can be mapped into memory."""
    if not zipfile.is_zipfile(path):  # the format before torch 1.6
        return False
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = {entry.filename.rpartition("/")[2] for entry in entries}
    if "constants.pkl" in names:
        raise UserError(
            f"{path} is a TorchScript program, whose weights come with code; if you trust its origin, save them "
            "alone:\ntorch.save(torch.jit.load(FILE).state_dict(), 'weights.pth')"
        )
    if "archive_format" in names:
        raise UserError(
            f"{path} is a program of torch.export, whose weights come with code; if you trust its origin, save them "
            "alone:\ntorch.save(torch.export.load(FILE).state_dict, 'weights.pth')"
        )
    _check_size(path, sum(entry.file_size for entry in entries))
    is_utf8 = os.fspath(path) == os.fsencode(path).decode(errors="replace")  # others cannot be mapped
    return is_utf8 and all(entry.compress_type == zipfile.ZIP_STORED for entry in entries)


def _check_size(path: Path, unpacked: int) -> None:
    """Raise a UserError if the tensors of a file are far larger than the file."""
    packed = path.stat().st_size
    if unpacked > max(_LARGEST_RATIO * packed, _SMALL_BYTES):
        raise UserError(
            f"{path} has {packed / 1e6:,.1f} MB and would unpack to {unpacked / 1e6:,.0f} MB, which weights never do; "
            "use another file"
        )
