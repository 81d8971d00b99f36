"""Measurements of the lesson on export: sizes, speed, operators and the input range of quantised files."""

import importlib.util
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.embedding.embedder import Embedder
from learning_reid.models.osnet import OSNet


def installed_mb(package: str) -> float:
    """Return the size of an installed package in megabytes; 0 if it is not installed.

    >>> installed_mb("no_such_package")
    0.0
    """
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    files = (path for folder in folders or () for path in Path(folder).rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6


def images_per_s(embedder: Embedder, crops: Sequence[np.ndarray], one_by_one: bool = False, repeats: int = 3) -> float:
    """Measure how many images are embedded per second, resizing included.

    Args:
        embedder: The embedder to measure.
        crops: (h, w, 3) uint8 RGB images.
        one_by_one: Call the embedder once per image instead of once for all.
        repeats: Number of measurements after a warm-up. The best counts, because other programs disturb it least.
    """
    batches = [[crop] for crop in crops] if one_by_one else [crops]
    embedder(crops[:8])
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        for batch in batches:
            embedder(batch)
        seconds.append(time.perf_counter() - start)
    return len(crops) / min(seconds)


def count_operators(file: Path) -> Counter[str]:
    """Count the operators of an ONNX file by type."""
    import onnx

    return Counter(node.op_type for node in onnx.load(file).graph.node)


def input_range(file: Path) -> tuple[float, float]:
    """Return the lowest and the highest input value that a quantised ONNX file represents; others are clipped.

    Raises:
        ValueError: The input is not quantised.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    constants = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] == graph.input[0].name:
            scale, zero = (constants[name] for name in node.input[1:3])
            levels = np.iinfo(zero.dtype)
            return float((levels.min - int(zero)) * scale), float((levels.max - int(zero)) * scale)
    raise ValueError(f"{file} does not quantise its input")


class AveragedFeatures(nn.Module):
    """Another embedding from the same weights: the averages of the last three feature maps of an OSNet."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.backbone = next(part for part in network.modules() if isinstance(part, OSNet))

    def forward(self, x: Tensor) -> Tensor:
        """Embed images: (n, 3, h, w) -> (n, d)."""
        _, *maps = self.backbone.stage_maps(x)
        return F.normalize(torch.cat([F.normalize(each.mean(dim=(2, 3))) for each in maps], dim=1))


@contextmanager
def quiet_nncf() -> Iterator[None]:
    """Hide nncf's progress bars, which would stay in a notebook's outputs."""
    import rich

    rich.reconfigure(quiet=True, force_jupyter=False)
    try:
        yield
    finally:
        rich.reconfigure()
