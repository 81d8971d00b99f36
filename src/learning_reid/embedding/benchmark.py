"""Measure the speed and memory of a model on a backend, each in a process of its own.

Thread pools are shared within a process, and peak memory can only be measured for a whole process. The ONNX file is
exported by yet another process, so that the exporter's memory is not counted.
"""

import contextlib
import json
import logging
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from learning_reid.embedding.registry import BACKENDS, create_embedder
from learning_reid.errors import UserError
from learning_reid.io.paths import child_environment
from learning_reid.models.registry import check_model_name, create_model
from learning_reid.models.weights_file import GRAPH_SUFFIXES


@dataclass(frozen=True)
class Speed:
    """Speed and memory of a model on a backend."""

    #: Crops in memory → embeddings, with preprocessing (here without a change of size); the median of the repeats
    images_per_s: float
    peak_mb: float  #: Peak memory of the process, with Python and the libraries of the backend


def benchmark_backend(
    name: str, backend: str, weights: str | None = None, crops: int = 64, repeats: int = 3
) -> Speed | None:
    """Measure one model on one backend, on the CPU.

    Args:
        name: The model.
        backend: "torch", "onnx", "openvino" or "auto".
        weights: See `create_embedder`; None for random weights, which have the same speed and size.
        crops: Number of random crops of the model's input size.
        repeats: Number of timed passes over all crops, after one to warm up.

    Returns:
        None if the backend cannot run the model, for example because ONNX cannot express it; the reason is logged.

    Raises:
        UserError: The name or backend is unknown, a package is missing, or the weights are missing, damaged or of
            another model.
    """
    check_model_name(name)
    BACKENDS.load(backend)
    with tempfile.TemporaryDirectory() as folder:
        file = _absolute(weights) if weights is not None else str(Path(folder) / "random.pth")
        is_graph = Path(file).suffix.lower() in GRAPH_SUFFIXES
        if weights is None:
            _run_in_process("save", name, file)
        elif not is_graph:
            _run_in_process("check", name, file)  # so that wrong weights are not blamed on the backend
        if is_graph or backend not in ("onnx", "openvino"):
            return Speed(**_run_in_process("time", name, file, backend, str(crops), str(repeats)))
        exported = str(Path(folder) / "network.onnx")
        try:
            _run_in_process("export", name, file, exported)
            return Speed(**_run_in_process("time", name, exported, backend, str(crops), str(repeats)))
        except UserError as error:
            logging.getLogger(__name__).info("%s on %s: %s", name, backend, error)
            return None


def peak_memory_mb() -> float:
    """Return the peak memory of this process so far, in MB.

    On Linux it is read from /proc, because a process inherits the number of getrusage from its parent.
    """
    with contextlib.suppress(OSError, StopIteration):
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def _save(name: str, target: str) -> dict[str, Any]:
    import torch

    torch.save(create_model(name).state_dict(), target)
    return {}


def _check(name: str, weights: str) -> dict[str, Any]:
    create_model(name, weights)
    return {}


def _export(name: str, weights: str, target: str) -> dict[str, Any]:
    from learning_reid.embedding.onnx_file import export_onnx
    from learning_reid.models.weights_file import resolve_weights

    export_onnx(name, resolve_weights(name, weights), Path(target))
    return {}


def _time(name: str, weights: str, backend: str, crops: str, repeats: str) -> dict[str, Any]:
    embedder = create_embedder(name, weights, backend)
    size = embedder.preprocessing.height, embedder.preprocessing.width
    random = np.random.default_rng(0)
    images = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(int(crops))]
    embedder(images)
    seconds = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        embedder(images)
        seconds.append(time.perf_counter() - start)
    return asdict(Speed(len(images) / statistics.median(seconds), peak_memory_mb()))


_TASKS: dict[str, Callable[..., dict[str, Any]]] = {"save": _save, "check": _check, "export": _export, "time": _time}


def _absolute(weights: str) -> str:
    path = Path(weights).expanduser()
    return str(path.resolve()) if path.is_file() else weights


def _run_in_process(task: str, *arguments: str) -> dict[str, Any]:
    """Run a task in a new process and return its result; any failure there is a UserError here."""
    command = [sys.executable, "-m", "learning_reid.embedding.benchmark", task, *arguments]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    if done.returncode != 0:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), f"exit {done.returncode}")
        raise UserError(f"{arguments[0]} cannot be measured: {last.strip()}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "error" in result:
        raise UserError(result["error"])
    return result


def main() -> None:
    """Run one task in this process and print its result as the last line."""
    task, *arguments = sys.argv[1:]
    try:
        result = _TASKS[task](*arguments)
    except UserError as error:
        result = {"error": str(error)}
    print(json.dumps(result))


if __name__ == "__main__":
    main()
