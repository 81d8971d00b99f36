"""ONNX files for ONNX Runtime and OpenVINO: given ones, or exported here and cached."""

import importlib.metadata
import logging
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pooch
from filelock import FileLock

from learning_reid.errors import UserError
from learning_reid.io.atomic_write import atomic_write
from learning_reid.io.logs import limit_logging
from learning_reid.models.registry import create_model
from learning_reid.models.weights_file import GRAPH_SUFFIXES, resolve_weights
from learning_reid.registry import missing_package
from learning_reid.zoo.checksums import sha256_of

if TYPE_CHECKING:
    from torch import nn

_EXPORT_VERSION = 2  # increase it when `export_onnx` writes something else
_OPSET = 18


def find_graph(name: str, weights: str) -> Path:
    """Return the ONNX file of a model with its weights, exported once into the user's cache folder.

    Weights that are a graph (.onnx, or .xml of OpenVINO) are returned as they are.

    Raises:
        UserError: The weights are missing or of another model, or the cache folder is not writable.
    """
    source = resolve_weights(name, weights)
    if source.suffix.lower() in GRAPH_SUFFIXES:
        return source
    exporter = importlib.metadata.version("torch")
    folder = Path(pooch.os_cache("learning-reid"))
    path = folder / f"{name}-{sha256_of(source)[:20]}-{_EXPORT_VERSION}-torch{exporter}.onnx"
    if not path.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(path.with_suffix(".lock")):  # another process may be exporting the same file
                if not path.is_file():
                    with atomic_write(path) as temporary:
                        export_onnx(name, source, temporary)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror}; choose a writable folder: XDG_CACHE_HOME=FOLDER"
            ) from error
    return path


def export_onnx(name: str, weights: Path, target: Path) -> None:
    """Export a model: `input` (batch, 3, h, w) float32 -> `reid_features` (batch, d), not normalized."""
    from learning_reid.models.state_dict import trained_input_size

    write_graph(name, create_model(name, weights), trained_input_size(name, weights), {"input": "batch"}, target)


def write_graph(
    name: str,
    network: "nn.Module",
    size: tuple[int, int],
    inputs: Mapping[str, str | None],
    target: Path,
    output: str = "reid_features",
) -> None:
    """Write a model, or a module around it, as an ONNX file.

    OSNet is traced, which takes a second. Tracing would turn the reshapes of some torchreid models into constants, so
    other models are captured by torch.export.

    Args:
        name: The model inside, which decides how it is exported.
        network: Takes one batch of crops for each input.
        size: Height and width of the crops.
        inputs: Names of the inputs, each with the name of its batch dimension; None = a batch of one crop.
        target: The file.
        output: Name of the output; its first dimension is the first input's.

    Raises:
        UserError: ONNX cannot express the model, or a package for exporting it is missing.
    """
    import torch

    # torch.export would take a batch of one for a constant
    examples = tuple(torch.zeros(1 if several is None else 2, 3, *size) for several in inputs.values())
    names: dict[str, Any] = {"input_names": list(inputs), "output_names": [output], "opset_version": _OPSET}
    with torch.inference_mode(), warnings.catch_warnings(), limit_logging(logging.ERROR, "torch.onnx"):
        warnings.simplefilter("ignore")  # the tracing exporter announces its successor
        try:
            if name.startswith("osnet"):
                axes = {key: {0: several} for key, several in inputs.items() if several}
                first = next(iter(inputs.values()))
                axes |= {output: {0: first}} if first else {}
                torch.onnx.export(network, examples, str(target), dynamic_axes=axes, dynamo=False, **names)
            else:
                batches = tuple({0: torch.export.Dim(several)} if several else None for several in inputs.values())
                torch.onnx.export(
                    network, examples, str(target), dynamic_shapes=batches, dynamo=True, external_data=False,
                    verbose=False, **names,
                )  # fmt: skip
        except ModuleNotFoundError as error:
            raise UserError(missing_package(f"exporting {name} to ONNX", str(error.name), "fast")) from error
        except torch.onnx.errors.OnnxExporterError as error:
            raise UserError(f"{name} cannot be exported to ONNX by this torch; use the backend torch") from error


def check_cpu(backend: str, device: str) -> None:
    """Raise a UserError if the device of a CPU-only backend is a GPU."""
    if device not in ("cpu", "auto"):
        raise UserError(f"backend {backend} runs on a CPU, not on {device!r}; use the backend torch, or the device cpu")
