"""The network as an ONNX file, which ONNX Runtime and OpenVINO read: a given one, or one written here and kept."""

import importlib.metadata
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pooch

from src.embedding.locate import locate_weights
from src.embedding.names import OSNET_NAMES, input_size
from src.embedding.preprocessing import Preprocessing
from src.settings.errors import UserError
from src.zoo.checksums import sha256_of

_EXPORT_VERSION = 1  # raise it when the file that `export_onnx` writes changes
_OPSET = 17


def find_onnx(name: str, weights: str) -> Path:
    """The ONNX file for a network and its weights, exported at the first call and kept in the user's cache folder.

    Args:
        name: one of the networks of `src.embedding.names`; not looked at where `weights` is itself an ONNX file.
        weights: as in `locate_weights`.

    Raises:
        UserError: as `locate_weights` and `build_network`; or the cache folder cannot be written.
    """
    if Path(weights).suffix.lower() == ".onnx":
        return locate_weights(name, weights)
    source = locate_weights(name, weights)
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

    The batch is of any size for OSNet and 1 for all others: tracing turns their own reshapes into constants.

    Raises:
        UserError: the weights are damaged or of another network, or the network has parts that ONNX lacks.
    """
    import torch

    from src.embedding.networks import build_network
    from src.embedding.weights import picture_size

    network = build_network(name, weights)
    any_batch = name in OSNET_NAMES
    example = torch.zeros(1, 3, *picture_size(name, weights))  # (batch, 3, h, w)
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracing exporter (which needs no further package) announces its successor
        try:
            torch.onnx.export(
                network,
                (example,),
                str(target),
                input_names=["input"],
                output_names=["reid_features"],
                dynamic_axes={"input": {0: "batch"}, "reid_features": {0: "batch"}} if any_batch else None,
                opset_version=_OPSET,
                dynamo=False,
            )
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
    if len(shapes) != 1 or len(shapes[0]) != 4 or shapes[0][1] not in (3, None):
        raise UserError(
            f"{path} takes {[tuple(shape) for shape in shapes]}, not one batch (n, 3, height, width); name another file"
        )
    batch, _, height, width = shapes[0]
    usual_height, usual_width = input_size(name)
    return Preprocessing(height or usual_height, width or usual_width), batch


def fill_up(batch: np.ndarray, size: int | None) -> np.ndarray:
    """Append empty pictures to (k, 3, h, w) until a file with a fixed batch size accepts it."""
    if size is None or len(batch) == size:
        return batch
    return np.concatenate([batch, np.zeros((size - len(batch), *batch.shape[1:]), batch.dtype)])
