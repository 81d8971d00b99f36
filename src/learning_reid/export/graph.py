"""Write exported graphs: a model with L2 normalization, or the similarities of two batches."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from learning_reid.embedding.onnx_file import write_graph

Pairs = Literal["1x1", "1xN", "NxM"]


class UnitFeatures(nn.Module):
    """A model with L2 normalization of its features: (n, 3, h, w) -> (n, d).

    Args:
        network: (n, 3, h, w) -> (n, d).
        size: Height and width of the crops, to find out d, which the exported graph declares.
    """

    def __init__(self, network: nn.Module, size: tuple[int, int]) -> None:
        super().__init__()
        self.network = network
        with torch.inference_mode():
            self.dimension = network(torch.zeros(1, 3, *size)).shape[1]

    def forward(self, images: Tensor) -> Tensor:
        """Compute unit vectors (n, d) from preprocessed crops (n, 3, h, w)."""
        return F.normalize(self.network(images), dim=1).reshape(-1, self.dimension)


class Similarity(nn.Module):
    """Cosine similarities between two batches of crops: (n, 3, h, w), (m, 3, h, w) -> (n, m)."""

    def __init__(self, network: nn.Module, size: tuple[int, int]) -> None:
        super().__init__()
        self.features = UnitFeatures(network, size)

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        """Compute the similarities (n, m), each from -1 to 1."""
        return self.features(a) @ self.features(b).T


def write_onnx(name: str, network: nn.Module, size: tuple[int, int], target: Path, pairs: Pairs | None = None) -> None:
    """Write a model as an ONNX file.

    Args:
        name: The model, one of `learning_reid.models.list_models()`.
        network: The model itself.
        size: Height and width of its crops.
        target: The file. Its input is `input` (batch, 3, h, w) float32, RGB scaled to 0–1 and normalized by ImageNet's
            mean and standard deviation; its output `reid_features` (batch, d) has unit length.
        pairs: Output similarities instead: inputs `a` and `b`, output `similarity`. "1x1" takes one crop each, "1xN"
            one crop and a batch, "NxM" two batches.
    """
    if pairs is None:
        write_graph(name, UnitFeatures(network, size), size, {"input": "batch"}, target)
        return
    first, second = ("a_batch" if pairs == "NxM" else None), ("b_batch" if pairs != "1x1" else None)
    write_graph(name, Similarity(network, size), size, {"a": first, "b": second}, target, output="similarity")


def write_openvino(onnx: Path, target: Path) -> None:
    """Convert an ONNX file to an OpenVINO .xml and its .bin, in the same precision."""
    import openvino

    # not openvino.convert_model, which sends usage statistics
    openvino.serialize(openvino.Core().read_model(onnx), target, target.with_suffix(".bin"))
