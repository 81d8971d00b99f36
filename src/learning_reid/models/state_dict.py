"""Weights from files: read without executing code, loaded strictly.

A state dict is a flat table from tensor names to tensors. Files hold it as it is or inside a training checkpoint
(`state_dict`, `model`), with prefixes (`module.` from DataParallel) and with a classifier for the identities of the
training set. `load_weights` removes all of that; the remaining tensors must match the model one by one.
"""

import logging
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
from learning_reid.models.registry import input_size
from learning_reid.models.weights_file import GRAPH_SUFFIXES
from learning_reid.zoo.cards import all_cards

_WRAPPERS = ("state_dict", "model", "model_state_dict")
_DATA_PARALLEL = "module."
_PREFIXES = (_DATA_PARALLEL, "model.", "backbone.")
_CLASSIFIER = "classifier"  # also `classifier_global`, …
_IMAGENET_CLASSES = 1000

_NUMPY_SCALAR = np.float64(0).__reduce__()[0]
# torchreid's checkpoints store rank-1 as a NumPy number; these types only hold bytes and cannot execute anything.
_HARMLESS: list[Any] = [
    (_NUMPY_SCALAR, "numpy.core.multiarray.scalar"),  # its name in NumPy 1
    (_NUMPY_SCALAR, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32)),
]


@dataclass(frozen=True)
class LoadReport:
    """What `load_weights` took from a file.

    >>> print(LoadReport(Path("a.pth"), 565, 565, 1041))
    a.pth: backbone 565 of 565 tensors, classifier dropped (1041 identities)
    """

    path: Path  #: The file
    loaded: int  #: Number of tensors that were loaded into the model
    total: int  #: Number of tensors of the model, without its classifier
    identities: int | None  #: Number of identities of the dropped classifier; None if the file has no classifier

    def __str__(self) -> str:
        dropped = "no classifier" if self.identities is None else f"classifier dropped ({self.identities} identities)"
        return f"{self.path.name}: backbone {self.loaded} of {self.total} tensors, {dropped}"


def load_weights(model: nn.Module, path: str | Path) -> LoadReport:
    """Load a model's weights from a file, strictly; a classifier of the model keeps its own weights.

    Args:
        model: Changed in place. Half-precision tensors are converted to the model's own precision.
        path: .safetensors, or a file written by torch.save (.pth, .pt, .pth.tar).

    Returns:
        How many tensors were loaded and what was dropped.

    Raises:
        UserError: The file is damaged, holds no weights, or belongs to another model (some differences are listed).
    """
    path = Path(path)
    return load_tensors(model, read_weights(path), path)


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the tensors of a weights file; an exported graph (.onnx, .xml) is refused."""
    if (suffix := path.suffix.lower()) in GRAPH_SUFFIXES:
        backend = "openvino" if suffix == ".xml" else "onnx or openvino"
        raise UserError(f"{path} is an exported graph, which PyTorch cannot read; use the backend {backend}")
    return read_state_dict(path)


def load_tensors(model: nn.Module, tensors: Mapping[str, Tensor], path: Path) -> LoadReport:
    """Load the tensors of `read_weights` into a model; `path` is for messages. See `load_weights`."""
    own = model.state_dict()
    tensors = {_without_prefix(key, own): tensor for key, tensor in tensors.items()}
    broken = [key for key, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
    if broken:
        raise UserError(
            f"{path} contains infinite or NaN weights ({broken[0]}), its training diverged; use another file"
        )
    advice = "name the model that the weights were trained with as embedder, or weights that fit"
    dropped = load_strictly(model, tensors, drop_prefixes=(_CLASSIFIER,), where=path, advice=advice)
    total = sum(not key.startswith(_CLASSIFIER) for key in own)
    identities = len(tensors[dropped[0]]) if dropped else None
    report = LoadReport(path, len(tensors) - len(dropped), total, identities)
    log = logging.getLogger(__name__)
    log.log(logging.DEBUG if identities is None else logging.INFO, "%s", report)
    if identities == _IMAGENET_CLASSES and path.stem not in all_cards():  # a card has its own note
        log.warning(
            "note: %s has 1,000 classes, as ImageNet has: it was trained on objects, not on people, and ranking people "
            "with it is close to useless",
            path.name,
        )
    return report


def _without_prefix(key: str, own: Mapping[str, Tensor]) -> str:
    while key not in own and (prefix := next((p for p in _PREFIXES if key.startswith(p)), None)):
        key = key.removeprefix(prefix)
    return key


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """Read the named tensors of a file onto the CPU, out of whatever they are wrapped in.

    Args:
        path: .safetensors, or a file written by torch.save (.pth, .pt, .pth.tar).

    Raises:
        UserError: The file does not exist, is damaged, holds no tensors, or could only be read by executing its code.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(f"no weights file {path}; correct its path")
    content = _open(path)
    while wrapper := next((key for key in _WRAPPERS if isinstance(content.get(key), Mapping)), None):
        content = content[wrapper]
    tensors = {str(key).removeprefix(_DATA_PARALLEL): t for key, t in content.items() if isinstance(t, Tensor)}
    if not tensors:
        raise UserError(f"{path} holds no weights; use a state dict saved by torch.save, or a .safetensors file")
    return tensors


def read_note(path: Path, key: str) -> Any:
    """Read what a checkpoint stores under `key` beside its weights; None if it does not, or holds only tensors."""
    return None if path.suffix.lower() == ".safetensors" else _open(path).get(key)


def trained_input_size(name: str, path: Path) -> tuple[int, int]:
    """Return the crop height and width that a checkpoint was trained with, or else the usual size of the model."""
    size = read_note(path, "input_size")
    if size is None:
        return input_size(name)
    if not (isinstance(size, list | tuple) and len(size) == 2 and all(isinstance(n, int) and n > 0 for n in size)):
        raise UserError(f"{path} stores the input size {size!r}, which is not [height, width]; train it again")
    return int(size[0]), int(size[1])


def _open(path: Path) -> Mapping[Any, Any]:
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(_HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # damaged files make the readers raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise UserError(
                f"{path} stores Python objects beside its weights, and reading them would run code from the file\n"
                "if you trust its origin, load it with torch yourself and save its state dict with safetensors"
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
    advice: str = "use a file that fits",
) -> tuple[str, ...]:
    """Load a state dict in which every tensor must match, except those dropped by name.

    Args:
        module: Changed in place. Half-precision tensors are converted to the module's own precision.
        state_dict: The tensors by name.
        drop_prefixes: Tensors whose names begin with one of these are not loaded, and may be missing.
        where, advice: For the message: the file, and what to do about weights that do not fit.

    Returns:
        Names of the dropped tensors.

    Raises:
        UserError: Names or shapes differ; the first differences are listed.
    """
    drop = tuple(drop_prefixes)
    own = module.state_dict()
    kept = {name: tensor for name, tensor in state_dict.items() if not name.startswith(drop)}
    misshapen = {name for name, tensor in kept.items() if name in own and tensor.shape != own[name].shape}
    try:  # torch's modules rename what older releases called differently, so that strict=True would fail too early
        result = module.load_state_dict({k: v for k, v in kept.items() if k not in misshapen}, strict=False)
        missing, unexpected = set(result.missing_keys), result.unexpected_keys
    except RuntimeError:  # a module may refuse a name itself, as InstanceNorm2d does with batch statistics
        missing, unexpected = own.keys() - kept.keys(), [name for name in kept if name not in own]
    missing = {name for name in missing if not name.startswith(drop)} | misshapen
    differences = [_difference(name, kept.get(name), own[name]) for name in own if name in missing]
    differences += [f"{name} is unexpected" for name in unexpected]
    if differences:
        shown = "; ".join(differences[:3]) + ("; …" if len(differences) > 3 else "")
        count = f"{len(differences)} tensors differ" if len(differences) > 1 else "1 tensor differs"
        raise UserError(f"{where} holds weights of another model, {count}: {shown}\n{advice}")
    return tuple(name for name in state_dict if name not in kept)


def _difference(name: str, found: Tensor | None, expected: Tensor) -> str:
    if found is None:
        return f"{name} is missing"
    return f"{name} is {tuple(found.shape)} in the file, {tuple(expected.shape)} in the model"
