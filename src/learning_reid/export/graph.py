"""What goes into an exported file: the network with unit length at its end, or with the similarity of two batches."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.embedding.onnx_file import write_graph

Pairs = Literal["1x1", "1xN", "NxM"]


class UnitFeatures(nn.Module):
    """A network whose features have length 1: (n, 3, h, w) -> (n, d).

    Args:
        network: (n, 3, h, w) -> (n, d).
        size: height and width of the pictures; d is found by asking, so that the file can tell it.
    """

    def __init__(self, network: nn.Module, size: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        with torch.inference_mode():
            self.dimension = network(torch.zeros(1, 3, *size)).shape[1]

    def forward(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, h, w), scaled and normalised -> unit vectors (n, d)."""
        return F.normalize(self.network(pictures), dim=1).reshape(-1, self.dimension)


class Similarity(nn.Module):
    """The cosine similarity of all pictures of one batch to all of another: (n, 3, h, w), (m, 3, h, w) -> (n, m)."""

    def __init__(self, network: nn.Module, size: tuple[int, int]) -> None:
        super().__init__()
        self.features = UnitFeatures(network, size)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Two batches of pictures -> (n, m), each -1 … 1."""
        return self.features(a) @ self.features(b).T


def write_onnx(name: str, network: nn.Module, size: tuple[int, int], target: Path, pairs: Pairs | None = None) -> None:
    """Write a network as an ONNX file.

    Args:
        name: one of `learning_reid.models.registry`.
        network: of `create_model`.
        size: height and width of its pictures.
        target: the file. Its input is `input` (batch, 3, h, w) float32, RGB scaled to 0–1 and normalised by ImageNet's
            mean and deviation; its output `reid_features` (batch, d), of unit length.
        pairs: the similarity of pictures instead: inputs `a` and `b`, output `similarity`; 1x1 takes a picture each,
            1xN one picture and a batch, NxM two batches.

    Raises:
        UserError: the network has parts that ONNX lacks.
    """
    if pairs is None:
        write_graph(name, UnitFeatures(network, size), size, {"input": "batch"}, target)
        return
    first, second = ("a_batch" if pairs == "NxM" else None), ("b_batch" if pairs != "1x1" else None)
    write_graph(name, Similarity(network, size), size, {"a": first, "b": second}, target, output="similarity")
