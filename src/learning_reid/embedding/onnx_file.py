"""The network as a file that ONNX Runtime and OpenVINO read: a given one, or an ONNX file written here and kept."""

import importlib.metadata
import logging
import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pooch

from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.io.logs import logged_from
from learning_reid.models.registry import OSNET_NAMES, input_size
from learning_reid.models.weights_file import GRAPH_SUFFIXES, resolve_weights
from learning_reid.registry import missing_package
from learning_reid.zoo.checksums import sha256_of

if TYPE_CHECKING:
    from torch import nn

_EXPORT_VERSION = 2  # raise it when the file that `export_onnx` writes changes
_OPSET = 18


def find_graph(name: str, weights: str) -> Path:
    """The ONNX file for a network and its weights, exported at the first call and kept in the user's cache folder.

    Args:
        name: one of the networks of `learning_reid.models.registry`; not looked at where `weights` is itself an ONNX file, or
            OpenVINO's .xml.
        weights: as in `resolve_weights`.

    Raises:
        UserError: as `resolve_weights` and `create_model`; or the cache folder cannot be written.
    """
    if Path(weights).suffix.lower() in GRAPH_SUFFIXES:
        return resolve_weights(name, weights)
    source = resolve_weights(name, weights)
    exporter = importlib.metadata.version("torch")
    folder = Path(pooch.os_cache("learning-reid"))
    path = folder / f"{name}-{sha256_of(source)[:20]}-{_EXPORT_VERSION}-torch{exporter}.onnx"
    if not path.is_file():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            unfinished = path.with_suffix(f".{os.getpid()}.part")  # another process may be writing the same file
            export_onnx(name, source, unfinished)
            unfinished.replace(path)
        except OSError as error:
            raise UserError(
                f"cannot write {path}: {error.strerror}; name a folder that can be written: XDG_CACHE_HOME=FOLDER"
            ) from error
    return path


def feature_dimension(path: Path, features: np.ndarray) -> int:
    """The length d of the vectors that a network answered one crop with.

    Raises:
        UserError: the answer is not (1, d): the file holds another kind of network, such as a detector.
    """
    if features.ndim != 2:
        raise UserError(
            f"{path} is no ReID network: it answers one crop with {features.shape[1:]} numbers instead of one vector; "
            "set embedder.weights to another file"
        )
    return int(features.shape[1])


def export_onnx(name: str, weights: Path, target: Path) -> None:
    """Write a network: `input` (batch, 3, h, w) float32 -> `reid_features` (batch, d), not yet of unit length.

    Raises:
        UserError: the weights are damaged or of another network, or the network has parts that ONNX lacks.
    """
    from learning_reid.models.state_dict import trained_input_size
    from learning_reid.models.registry import create_model

    write_graph(name, create_model(name, weights), trained_input_size(name, weights), {"input": "batch"}, target)


def write_graph(
    name: str,
    network: "nn.Module",
    size: tuple[int, int],
    inputs: Mapping[str, str | None],
    target: Path,
    output: str = "reid_features",
) -> None:
    """Write a network, or one built around it, as an ONNX file.

    OSNet is traced, which takes a second. The reshapes in some networks of torchreid would be traced into constants, so
    those are captured by torch.export.

    Args:
        name: of the network, one of `learning_reid.models.registry`.
        network: takes one batch of pictures for each input.
        size: height and width of the pictures.
        inputs: the inputs' names, each with the name of its number of pictures; None = one picture.
        target: the file.
        output: the output's name; its first size is that of the first input.

    Raises:
        UserError: the network has parts that ONNX lacks, or a package for capturing it is missing.
    """
    import torch

    # torch.export would take a batch of one for "always one"
    examples = tuple(torch.zeros(1 if several is None else 2, 3, *size) for several in inputs.values())
    names: dict[str, Any] = {"input_names": list(inputs), "output_names": [output], "opset_version": _OPSET}
    with torch.inference_mode(), warnings.catch_warnings(), logged_from(logging.ERROR, "torch.onnx"):
        warnings.simplefilter("ignore")  # the tracing exporter announces its successor
        try:
            if name in OSNET_NAMES:
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
            raise UserError(missing_package(f"writing {name} as ONNX", str(error.name), "fast")) from error
        except torch.onnx.errors.OnnxExporterError as error:
            raise UserError(f"{name} cannot be written as ONNX by this torch; set embedder.backend: torch") from error


def check_cpu(backend: str, device: str) -> None:
    """Refuse a GPU: these backends are here for CPUs.

    Raises:
        UserError: `device` is neither "cpu" nor "auto".
    """
    if device not in ("cpu", "auto"):
        raise UserError(
            f"backend {backend} runs on a CPU, not on {device!r}; set embedder.backend: torch or runtime.device: cpu"
        )


def read_input_shape(path: Path, name: str, shapes: Sequence[Sequence[int | None]]) -> tuple[Preprocessing, int | None]:
    """What an ONNX file takes in.

    Args:
        path: the file, for messages.
        name: the network, whose usual size counts where the file leaves height and width open.
        shapes: of each input of the file; None where a size is open.

    Returns:
        The preprocessing, and the number of pictures per run (None: any).

    Raises:
        UserError: the file does not take one batch of RGB pictures.
    """
    if len(shapes) == 2 and all(len(shape) == 4 for shape in shapes):
        raise UserError(f"{path} compares pictures (export --pairs wrote it) and gives no features; export it without")
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (3, None):
        raise UserError(
            f"{path} takes {[tuple(shape) for shape in shapes]}, not one batch (n, 3, height, width); name another file"
        )
    batch, _, height, width = shapes[0]
    if batch is not None:
        logging.getLogger(__name__).warning(
            "note: %s takes %d picture%s at a time, however many there are; export it again with a dynamic batch",
            path.name, batch, "s" * (batch != 1),
        )  # fmt: skip
    usual_height, usual_width = input_size(name)
    return Preprocessing(height or usual_height, width or usual_width), batch


def fill_up(batch: np.ndarray, size: int | None) -> np.ndarray:
    """Append empty pictures to (k, 3, h, w) until a file with a fixed batch size accepts it."""
    if size is None or len(batch) == size:
        return batch
    return np.concatenate([batch, np.zeros((size - len(batch), *batch.shape[1:]), batch.dtype)])
