"""Exported graphs with other input types, layouts, value ranges and outputs than this project writes."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import openvino
import pytest
import torch
from torch import Tensor, nn

from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError

SIZE = (48, 24)
MEAN, STD = (torch.tensor(values).view(1, 3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
FILES = ("onnx", "openvino", "xml")  # a .onnx file with both backends, and OpenVINO's own file


class Network(nn.Module):
    """A tiny network: (n, 3, h, w) -> features (n, 8) and logits (n, 5)."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng():
            torch.manual_seed(5)
            self.conv, self.features, self.classifier = nn.Conv2d(3, 6, 5, 4), nn.Linear(6, 8), nn.Linear(8, 5)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(self.conv(x).relu().mean(dim=(2, 3)))
        return features, self.classifier(features.relu())


class Exported(nn.Module):
    """The tiny network between other first and last operations."""

    def __init__(self, before: Callable[[Tensor], Tensor], after: Callable[[Tensor, Tensor], object]) -> None:
        super().__init__()
        self.network, self.before, self.after = Network(), before, after

    def forward(self, x: Tensor) -> object:
        return self.after(*self.network(self.before(x)))


def write(
    folder: Path,
    kind: str,
    before: Callable[[Tensor], Tensor] = lambda x: x,
    after: Callable[[Tensor, Tensor], object] = lambda features, logits: features,
    example: Tensor | None = None,
    outputs: tuple[str, ...] = ("output",),
) -> dict[str, str]:
    """Write a graph and return the arguments that open it."""
    example = torch.zeros(2, 3, *SIZE) if example is None else example
    path = folder / "graph.onnx"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            Exported(before, after).eval(), (example,), str(path), input_names=["x"], output_names=list(outputs),
            dynamic_axes={"x": {0: "n"}}, opset_version=17, dynamo=False,
        )  # fmt: skip
    if kind == "xml":
        openvino.serialize(openvino.Core().read_model(path), path.with_suffix(".xml"), path.with_suffix(".bin"))
    return {
        "weights": str(path.with_suffix(".xml") if kind == "xml" else path),
        "backend": "onnx" if kind == "onnx" else "openvino",
    }


@pytest.fixture(scope="module")
def images() -> list[np.ndarray]:
    return list(np.random.default_rng(3).integers(0, 256, (3, *SIZE, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def expected(images: list[np.ndarray]) -> np.ndarray:
    batch = torch.from_numpy(Preprocessing(*SIZE)(images))
    with torch.inference_mode():
        return l2_normalize(Network()(batch)[0].numpy())


def normalized(x: Tensor) -> Tensor:
    return (x - MEAN) / STD


def as_channels_first(x: Tensor) -> Tensor:
    return x.permute(0, 3, 1, 2)


LAST = (2, *SIZE, 3)
INPUTS: dict[str, tuple[Callable[[Tensor], Tensor], Tensor]] = {
    "float16": (lambda x: x.float(), torch.zeros(2, 3, *SIZE, dtype=torch.float16)),
    "float64": (lambda x: x.float(), torch.zeros(2, 3, *SIZE, dtype=torch.float64)),
    "uint8": (lambda x: normalized(x.float() / 255), torch.zeros(2, 3, *SIZE, dtype=torch.uint8)),
    "channels last": (as_channels_first, torch.zeros(LAST)),
    "channels last, uint8": (
        lambda x: normalized(as_channels_first(x).float() / 255),
        torch.zeros(LAST, dtype=torch.uint8),
    ),
    "channels last, 0 to 255": (lambda x: normalized(as_channels_first(x) / 255), torch.zeros(LAST)),
    "0 to 255": (lambda x: (x - 255 * MEAN) / (255 * STD), torch.zeros(2, 3, *SIZE)),
    "0 to 255, factors": (lambda x: x * (1 / (255 * STD)) + (-MEAN / STD), torch.zeros(2, 3, *SIZE)),
    "0 to 1": (normalized, torch.zeros(2, 3, *SIZE)),
    "0 to 1, float16": (lambda x: normalized(x.float()), torch.zeros(2, 3, *SIZE, dtype=torch.float16)),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", INPUTS)
def test_input_is_read_from_the_file(
    kind: str, file: str, tmp_path: Path, images: list[np.ndarray], expected: np.ndarray
) -> None:
    before, example = INPUTS[kind]
    embedder = create_embedder(**write(tmp_path, file, before, example=example), precision="float32", threads=1)
    assert (embedder.preprocessing.height, embedder.preprocessing.width) == SIZE
    assert embedder(images) == pytest.approx(expected, abs=2e-3 if "float16" in kind else 1e-5)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("scale", [1 / 255, 1 / 127.5], ids=["0 to 1 inside", "-1 to 1 inside"])
def test_other_normalization_inside_the_graph_is_kept(
    scale: float, file: str, tmp_path: Path, images: list[np.ndarray]
) -> None:
    def before(x: Tensor) -> Tensor:
        return x / 255 if scale == 1 / 255 else (x - 127.5) / 127.5

    embedder = create_embedder(**write(tmp_path, file, before), precision="float32", threads=1)
    with torch.inference_mode():
        pixels = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
        found = Network()(before(pixels))[0].numpy()
    assert embedder(images) == pytest.approx(l2_normalize(found), abs=1e-5)


def test_preprocessing_by_openvino_is_kept(tmp_path: Path, images: list[np.ndarray], expected: np.ndarray) -> None:
    write(tmp_path, "onnx")
    steps = openvino.preprocess.PrePostProcessor(openvino.Core().read_model(tmp_path / "graph.onnx"))
    steps.input().tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    steps.input().model().set_layout(openvino.Layout("NCHW"))
    mean, std = ([255 * value for value in values] for values in (IMAGENET_MEAN, IMAGENET_STD))
    steps.input().preprocess().convert_element_type(openvino.Type.f32).mean(mean).scale(std)
    openvino.serialize(steps.build(), tmp_path / "built.xml", tmp_path / "built.bin")
    embedder = create_embedder(weights=str(tmp_path / "built.xml"), backend="openvino", precision="float32", threads=1)
    assert embedder(images) == pytest.approx(expected, abs=1e-5)


OUTPUTS: dict[str, tuple[Callable[[Tensor, Tensor], object], tuple[str, ...]]] = {
    "axes of length 1": (lambda features, logits: features[..., None, None], ("output",)),
    "logits first, unnamed": (lambda features, logits: (logits, features), ("y", "z")),
    "logits by name": (lambda features, logits: (logits * 2, features * 3), ("cls_score", "output")),
    "features by name": (lambda features, logits: (features.sum(dim=1, keepdim=True), features), ("a", "bn_feat")),
    "feature maps beside": (
        lambda features, logits: (features[:, :, None, None].expand(-1, -1, 2, 2) * 1.0, features),
        ("maps", "output"),
    ),
}


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("kind", OUTPUTS)
def test_features_are_chosen_among_the_outputs(
    kind: str, file: str, tmp_path: Path, images: list[np.ndarray], expected: np.ndarray
) -> None:
    after, names = OUTPUTS[kind]
    embedder = create_embedder(**write(tmp_path, file, after=after, outputs=names), precision="float32", threads=1)
    assert embedder.dimension == 8
    assert embedder(images) == pytest.approx(expected, abs=1e-5)


def features(values: Tensor, _: Tensor) -> Tensor:
    return values


REFUSED: dict[str, tuple[dict, str]] = {
    "int8": (
        {"before": lambda x: x.float(), "example": torch.zeros(2, 3, *SIZE, dtype=torch.int8)},
        "expects int8 input",
    ),
    "int64": (
        {"before": lambda x: x.float(), "example": torch.zeros(2, 3, *SIZE, dtype=torch.int64)},
        "expects int64 input",
    ),
    "gray": ({"before": lambda x: x.expand(-1, 3, -1, -1), "example": torch.zeros(2, 1, *SIZE)}, "not a batch"),
    "BGR mean": ({"before": lambda x: (x - 255 * MEAN.flip(1)) / 58}, "BGR"),
    "BGR": ({"before": lambda x: normalized(x[:, [2, 1, 0]])}, "BGR"),
    "unknown range": ({"before": lambda x: (x + 40) / 3}, "neither pixels"),
    "only logits": ({"after": lambda features, logits: logits, "outputs": ("logits",)}, "returns class scores"),
    "probabilities": ({"after": lambda features, logits: logits.softmax(1)}, "returns class scores"),
    "several vectors": (
        {"after": lambda features, logits: (features, features * 2), "outputs": ("head", "body")},
        r"several vectors, head \(8\), body \(8\)",
    ),
    "integers": ({"after": lambda features, logits: features.int()}, "not a ReID model"),
}


@pytest.mark.parametrize("file", ["onnx", "openvino"])
@pytest.mark.parametrize("kind", REFUSED)
def test_graph_that_does_not_fit_raises_in_one_line(kind: str, file: str, tmp_path: Path) -> None:
    arguments, message = REFUSED[kind]
    with pytest.raises(UserError, match=message) as error:
        create_embedder(**write(tmp_path, file, **arguments))
    assert len(str(error.value).splitlines()) == 1
