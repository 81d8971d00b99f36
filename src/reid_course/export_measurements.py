"""What the lesson on exported networks looks at: how large, how fast, of what parts, and how far its levels reach."""

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
    """What an installed package takes on the disk, in megabytes; 0 where it is not installed.

    >>> installed_mb("no_such_package")
    0.0
    """
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    files = (path for folder in folders or () for path in Path(folder).rglob("*") if path.is_file())
    return sum(path.stat().st_size for path in files) / 1e6


def images_per_s(
    embedder: Embedder, pictures: Sequence[np.ndarray], one_by_one: bool = False, repeats: int = 3
) -> float:
    """How many pictures become vectors in a second, resizing included; the best of some tries, after one to warm up.

    Args:
        embedder: what is measured.
        pictures: (h, w, 3) uint8 RGB.
        one_by_one: a call for each picture instead of one for all.
        repeats: tries; the best is the one that other programs disturbed least.
    """
    batches = [[picture] for picture in pictures] if one_by_one else [pictures]
    embedder(pictures[:8])
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        for batch in batches:
            embedder(batch)
        seconds.append(time.perf_counter() - start)
    return len(pictures) / min(seconds)


def operators(file: Path) -> Counter[str]:
    """How often each kind of operator stands in an ONNX file."""
    import onnx

    return Counter(node.op_type for node in onnx.load(file).graph.node)


def input_range(file: Path) -> tuple[float, float]:
    """The lowest and the highest number that a quantised ONNX file can still tell at its input; others are cut off.

    Raises:
        ValueError: the input is not quantised.
    """
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(file).graph
    numbers = {entry.name: numpy_helper.to_array(entry) for entry in graph.initializer}
    for node in graph.node:
        if node.op_type == "QuantizeLinear" and node.input[0] == graph.input[0].name:
            scale, zero = (numbers[name] for name in node.input[1:3])
            reach = np.iinfo(zero.dtype)
            return float((reach.min - int(zero)) * scale), float((reach.max - int(zero)) * scale)
    raise ValueError(f"{file} does not quantise its input")


class Averaged(nn.Module):
    """The same weights, another vector: the last three maps of an OSNet, each averaged over the picture."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.backbone = next(part for part in network.modules() if isinstance(part, OSNet))

    def forward(self, x: Tensor) -> Tensor:
        """(n, 3, h, w) -> (n, d)."""
        _, *maps = self.backbone.stage_maps(x)
        return F.normalize(torch.cat([F.normalize(each.mean(dim=(2, 3))) for each in maps], dim=1))


@contextmanager
def quiet_nncf() -> Iterator[None]:
    """Without nncf's bars, which a notebook would keep."""
    import rich

    rich.reconfigure(quiet=True, force_jupyter=False)
    try:
        yield
    finally:
        rich.reconfigure()
