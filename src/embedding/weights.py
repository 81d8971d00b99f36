"""Loading published weights without fear: nothing in the file is executed, and nothing is left out in silence.

Published files come wrapped (`state_dict`, `model`), with prefixes (`module.` from DataParallel) and with a classifier
for the people of their training set. All of that is taken off here; what remains must fit the network tensor by tensor.
"""

import logging
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from src.settings.errors import UserError

_WRAPPERS = ("state_dict", "model")
_PREFIXES = ("module.", "model.", "backbone.")
_COUNTER = "num_batches_tracked"  # bookkeeping of batch normalisation that older files lack and testing never uses

# torchreid's checkpoints note the rank-1 figure as a NumPy number; these types hold bytes and can do nothing.
_HARMLESS = [
    (np._core.multiarray.scalar, "numpy.core.multiarray.scalar"),
    (np._core.multiarray.scalar, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.int32)),
]


@dataclass(frozen=True)
class LoadReport:
    """What was taken from a weights file.

    >>> print(LoadReport(Path("a.pth"), 565, 565, 1041))
    a.pth: backbone 565 of 565 tensors, classifier dropped (1041 identities)
    """

    path: Path
    loaded: int
    total: int
    identities: int | None

    def __str__(self) -> str:
        dropped = "no classifier" if self.identities is None else f"classifier dropped ({self.identities} identities)"
        return f"{self.path.name}: backbone {self.loaded} of {self.total} tensors, {dropped}"


def load_weights(network: nn.Module, path: Path) -> LoadReport:
    """Fill a network's backbone from a file; a classifier of the network keeps the weights it has.

    Args:
        network: changed in place; half-precision files are widened to the network's own precision.
        path: .safetensors, or what torch.save writes (.pth, .pt, .pth.tar).

    Raises:
        UserError: the file is damaged, holds no weights, or is of another network (the first tensors that differ).
    """
    wanted = {key: tensor for key, tensor in network.state_dict().items() if not _is_classifier(key)}
    found = {_without_prefix(key, wanted): tensor for key, tensor in read_tensors(path).items()}
    heads = [tensor for key, tensor in found.items() if _is_classifier(key)]
    backbone = {key: tensor for key, tensor in found.items() if not _is_classifier(key)}
    if differences := _differences(wanted, backbone):
        shown = "; ".join(differences[:3]) + ("; …" if len(differences) > 3 else "")
        raise UserError(
            f"{path} is of another network than this one, {len(differences)} tensors differ: {shown}\n"
            "set embedder.name to the network the weights were trained with, or embedder.weights to a file that fits"
        )
    network.load_state_dict(backbone, strict=False)
    report = LoadReport(path, len(backbone), len(wanted), heads[0].shape[0] if heads else None)
    logging.getLogger(__name__).info("%s", report)
    return report


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Read the named tensors of a file, taken out of whatever they are wrapped in.

    Raises:
        UserError: the file is damaged, would have to execute code to be read, or holds no tensors.
    """
    content = _open(path)
    while wrapper := next((key for key in _WRAPPERS if isinstance(content.get(key), Mapping)), None):
        content = content[wrapper]
    tensors = {str(key): value for key, value in content.items() if isinstance(value, Tensor)}
    if not tensors:
        raise UserError(f"{path} holds no weights; name a state dict saved by torch.save, or a .safetensors file")
    return tensors


def _open(path: Path) -> Mapping[Any, Any]:
    if path.suffix.lower() == ".onnx":
        raise UserError(f"{path} is an ONNX file, which torch does not read; set embedder.backend to onnx or openvino")
    try:
        if path.suffix.lower() == ".safetensors":
            return load_file(path)
        with torch.serialization.safe_globals(_HARMLESS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a broken file makes the readers raise nearly anything
        if isinstance(error, pickle.UnpicklingError) and "GLOBAL" in str(error):
            raise UserError(
                f"{path} stores Python objects beside its weights, and reading those would run code from the file; it is not read\n"
                "where you trust its origin: load it with torch yourself and save its state dict with safetensors"
            ) from error
        raise UserError(
            f"{path} cannot be read as weights, it is damaged or only partly downloaded; fetch it again"
        ) from error
    return content if isinstance(content, Mapping) else {}


def _is_classifier(key: str) -> bool:
    """Whether a tensor belongs to the layer that names the training people (`classifier`, `classifier_global`, …)."""
    return key.startswith("classifier")


def _without_prefix(key: str, wanted: Mapping[str, Tensor]) -> str:
    while key not in wanted and (prefix := next((p for p in _PREFIXES if key.startswith(p)), None)):
        key = key.removeprefix(prefix)
    return key


def _differences(wanted: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    """One phrase for each tensor that keeps the file from fitting the network, in the network's order."""
    differences = []
    for key, tensor in wanted.items():
        if key not in found:
            if not key.endswith(_COUNTER):
                differences.append(f"{key} is missing")
        elif found[key].shape != tensor.shape:
            differences.append(f"{key} is {tuple(found[key].shape)} in the file, {tuple(tensor.shape)} in the network")
    return differences + [f"{key} is unexpected" for key in found if key not in wanted]
