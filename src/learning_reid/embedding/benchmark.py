"""How fast is a network on a backend, and how much memory does it take? Each measured in a process of its own.

A process of its own, because thread pools are shared within one, and because the peak of memory belongs to a process.
The ONNX file is written by another process still: the exporter's memory is not the backend's.
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
from learning_reid.models.registry import check_name
from learning_reid.models.weights_file import GRAPH_SUFFIXES


@dataclass(frozen=True)
class Speed:
    """What was measured.

    Attributes:
        images_per_s: pictures in memory → vectors: resizing (here to the same size), normalising and the network; the
            median of the repeats.
        peak_mb: the most memory that the process held, Python and the backend's libraries included.
    """

    images_per_s: float
    peak_mb: float


def measure(name: str, backend: str, weights: str | None = None, crops: int = 64, repeats: int = 3) -> Speed | None:
    """Measure one network on one backend, on the CPU.

    Args:
        name: the network.
        backend: "torch", "onnx", "openvino" or "auto".
        weights: as in `create_embedder`; None: random ones, which are as fast and as large.
        crops: how many random pictures, of the network's input size.
        repeats: how often all of them are embedded, after once to warm up.

    Returns:
        None where the network cannot be computed by this backend, such as one that ONNX cannot express; the log tells
        the reason.

    Raises:
        UserError: no such network or backend, a missing package, or weights missing, damaged or of another network.
    """
    check_name(name)
    BACKENDS.load(backend)
    with tempfile.TemporaryDirectory() as folder:
        given = _absolute(weights) if weights is not None else str(Path(folder) / "random.pth")
        is_graph = Path(given).suffix.lower() in GRAPH_SUFFIXES
        if weights is None:
            _in_a_process("save", name, given)
        elif not is_graph:
            _in_a_process("check", name, given)  # what is wrong with the weights is no fault of the backend
        if is_graph or backend not in ("onnx", "openvino"):
            return Speed(**_in_a_process("time", name, given, backend, str(crops), str(repeats)))
        exported = str(Path(folder) / "network.onnx")
        try:
            _in_a_process("export", name, given, exported)
            return Speed(**_in_a_process("time", name, exported, backend, str(crops), str(repeats)))
        except UserError as problem:
            logging.getLogger(__name__).info("%s on %s: %s", name, backend, problem)
            return None


def peak_memory_mb() -> float:
    """The most memory that this process has held so far.

    Not getrusage where it can be helped: a process inherits that figure from the one that started it.
    """
    with contextlib.suppress(OSError, StopIteration):  # Linux alone has the file
        status = Path("/proc/self/status").read_text().splitlines()
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def _save(name: str, target: str) -> dict[str, Any]:
    import torch

    from learning_reid.models.registry import create_model

    torch.save(create_model(name).state_dict(), target)
    return {}


def _check(name: str, weights: str) -> dict[str, Any]:
    from learning_reid.models.registry import create_model
    from learning_reid.models.weights_file import resolve_weights

    create_model(name, resolve_weights(name, weights))
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
    pictures = [random.integers(0, 256, (*size, 3), dtype=np.uint8) for _ in range(int(crops))]
    embedder(pictures)
    seconds = []
    for _ in range(int(repeats)):
        start = time.perf_counter()
        embedder(pictures)
        seconds.append(time.perf_counter() - start)
    return asdict(Speed(len(pictures) / statistics.median(seconds), peak_memory_mb()))


_TASKS: dict[str, Callable[..., dict[str, Any]]] = {"save": _save, "check": _check, "export": _export, "time": _time}


def _absolute(weights: str) -> str:
    path = Path(weights).expanduser()
    return str(path.resolve()) if path.is_file() else weights


def _in_a_process(task: str, *arguments: str) -> dict[str, Any]:
    """What a task answers; a UserError for whatever goes wrong in its process."""
    command = [sys.executable, "-m", "learning_reid.embedding.benchmark", task, *arguments]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True)
    if done.returncode != 0:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), f"exit {done.returncode}")
        raise UserError(f"{arguments[0]} cannot be measured: {last.strip()}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    if "error" in answer:
        raise UserError(answer["error"])
    return answer


def main() -> None:
    """One task in this process; its answer is the last line of the output."""
    task, *arguments = sys.argv[1:]
    try:
        answer = _TASKS[task](*arguments)
    except UserError as problem:
        answer = {"error": str(problem)}
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
