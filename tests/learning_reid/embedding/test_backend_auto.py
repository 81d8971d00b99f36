"""`backend: auto` uses the fastest installed backend that agrees with torch, and frees all others."""

import gc
import importlib.util
import json
import logging
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.embedding import backend_auto
from learning_reid.embedding.backend_onnx import OnnxEmbedder
from learning_reid.embedding.backend_openvino import OpenVinoEmbedder
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.embedder import Embedder, EmbedderOptions
from learning_reid.embedding.onnx_file import export_onnx
from learning_reid.embedding.registry import BACKENDS, create_embedder
from learning_reid.errors import UserError
from tests.learning_reid.cli.run_cli import run_command

Make = Callable[..., Embedder]


@pytest.fixture(scope="module")
def onnx_file(weights_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("onnx") / "x0_25.onnx"
    export_onnx("osnet_x0_25", weights_file, path)
    return path


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """The one logged line about the choice."""
    caplog.set_level(logging.INFO, "learning_reid.embedding.backend_auto")

    def line() -> str:
        (record,) = [each for each in caplog.records if each.name == "learning_reid.embedding.backend_auto"]
        return record.getMessage()

    return line


def choose(weights: Path, device: str = "cpu") -> Embedder:
    return create_embedder("osnet_x0_25", str(weights), "auto", threads=1, device=device)


def install_only(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    find = importlib.util.find_spec
    optional = {"onnxruntime", "openvino"} - set(packages)
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name in optional else find(name, *rest)
    )


class Altered:
    """An embedder with altered embeddings."""

    def __init__(self, embedder: Embedder, alter: Callable[[np.ndarray], np.ndarray]) -> None:
        self.inner, self.alter = embedder, alter
        self.preprocessing, self.dimension = embedder.preprocessing, embedder.dimension

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        return self.alter(self.inner(crops))


def replace_backends(monkeypatch: pytest.MonkeyPatch, changes: dict[str, Callable[[Make], Make]]) -> None:
    load = BACKENDS.load
    monkeypatch.setattr(BACKENDS, "load", lambda name: changes.get(name, lambda make: make)(load(name)))


def altering(alter: Callable[[np.ndarray], np.ndarray]) -> Callable[[Make], Make]:
    return lambda make: lambda *arguments: Altered(make(*arguments), alter)


def test_openvino_is_used_and_agrees_with_torch(
    weights_file: Path, crops: list[np.ndarray], log: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    embedder = choose(weights_file)
    assert isinstance(embedder, OpenVinoEmbedder)
    expected = create_embedder("osnet_x0_25", str(weights_file), "torch")(crops)
    assert backend_auto.lowest_cosine(embedder(crops), expected) >= 0.995
    assert log().startswith("note: embedder.backend auto uses openvino")
    assert caplog.records[-1].levelno == logging.INFO


@pytest.mark.parametrize(
    ("packages", "kind"), [((), TorchEmbedder), (("onnxruntime",), OnnxEmbedder), (("openvino",), OpenVinoEmbedder)]
)
def test_only_installed_backends_are_tried(
    packages: tuple[str, ...],
    kind: type,
    weights_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    log: Callable[[], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    install_only(monkeypatch, *packages)
    assert isinstance(choose(weights_file), kind)
    assert log().count("is not installed") == 2 - len(packages)
    assert caplog.records[-1].levelno == logging.INFO


@pytest.mark.parametrize(
    ("alter", "problem"),
    [
        (lambda features: features[:, ::-1], "lowest cosine to torch 0."),
        (lambda features: features * np.float32("nan"), "lowest cosine to torch nan"),
        (lambda features: features[:, :100], "lowest cosine to torch nan"),
        (lambda features: np.where(np.arange(len(features))[:, None] == 3, -features, features), "torch -"),
    ],
    ids=["wrong", "NaN", "another dimension", "one wrong crop"],
)
@pytest.mark.slow
def test_disagreeing_backend_is_skipped_with_one_warning(
    alter: Callable[[np.ndarray], np.ndarray],
    problem: str,
    weights_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    log: Callable[[], str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    replace_backends(monkeypatch, {"openvino": altering(alter)})
    assert isinstance(choose(weights_file), OnnxEmbedder)
    line = log()
    assert caplog.records[-1].levelno == logging.WARNING and "\n" not in line
    assert line.startswith("note: embedder.backend auto uses onnx (openvino ") and problem in line


def test_torch_is_used_if_all_others_fail(
    weights_file: Path, monkeypatch: pytest.MonkeyPatch, log: Callable[[], str]
) -> None:
    def failing(make: Make) -> Make:
        def fail(*arguments: object) -> Embedder:
            raise RuntimeError("no such layer\nand a page of it")

        return fail

    replace_backends(monkeypatch, {"openvino": failing, "onnx": altering(lambda features: -features)})
    assert isinstance(choose(weights_file), TorchEmbedder)
    line = log()
    assert "openvino (default precision) fails: no such layer;" in line and "onnx" in line


def test_openvino_in_float32_is_used_if_bfloat16_disagrees(
    weights_file: Path, monkeypatch: pytest.MonkeyPatch, log: Callable[[], str], caplog: pytest.LogCaptureFixture
) -> None:
    precisions: list[str] = []

    def inexact(make: Make) -> Make:
        def create(options: EmbedderOptions) -> Embedder:
            precisions.append(options.precision)
            embedder = make(options)
            return embedder if options.precision == "float32" else Altered(embedder, lambda f: f[:, ::-1])

        return create

    replace_backends(monkeypatch, {"openvino": inexact})
    assert isinstance(choose(weights_file), OpenVinoEmbedder)
    assert precisions == ["default", "float32"]
    assert "openvino (default precision) fails: lowest cosine" in log()
    assert caplog.records[-1].levelno == logging.INFO  # the backend itself is not skipped


def test_rejected_embedders_are_freed(weights_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[weakref.ref[Embedder]] = []

    def remembering(make: Make) -> Make:
        def create(*arguments: object) -> Embedder:
            embedder = make(*arguments)
            made.append(weakref.ref(embedder))
            return embedder

        return create

    replace_backends(
        monkeypatch, {"openvino": lambda make: altering(lambda f: -f)(remembering(make)), "torch": remembering}
    )
    gc.disable()  # reference counts must suffice
    try:
        chosen = choose(weights_file)
        assert [ref() is None for ref in made] == [True, True, True]  # torch, OpenVINO in two precisions
    finally:
        gc.enable()
    assert isinstance(chosen, OnnxEmbedder)


@pytest.mark.parametrize("device", ["cuda", "auto", "cuda:1"])
def test_torch_is_used_on_a_gpu(
    device: str, weights_file: Path, monkeypatch: pytest.MonkeyPatch, log: Callable[[], str]
) -> None:
    created: list[EmbedderOptions] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    replace_backends(monkeypatch, {"torch": lambda make: created.append})
    choose(weights_file, device)
    (options,) = created
    assert (options.weights, options.device) == (str(weights_file), "cuda" if device == "auto" else device)
    assert log().startswith("note: embedder.backend auto uses torch (on cuda")


@pytest.mark.slow
def test_onnx_file_is_compared_with_onnx_runtime(
    onnx_file: Path, crops: list[np.ndarray], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    loaded: list[str] = []
    load = BACKENDS.load
    monkeypatch.setattr(BACKENDS, "load", lambda name: (loaded.append(name), load(name))[1])
    embedder = choose(onnx_file)
    assert isinstance(embedder, OpenVinoEmbedder)
    assert loaded == ["auto", "onnx", "openvino"]
    assert backend_auto.lowest_cosine(embedder(crops), choose(onnx_file, "auto")(crops)) >= 0.9999
    replace_backends(monkeypatch, {"openvino": altering(lambda features: -features)})
    assert isinstance(choose(onnx_file), OnnxEmbedder)
    assert "lowest cosine to onnx -1.0000" in caplog.text


def test_onnx_file_with_one_installed_package_or_none(
    onnx_file: Path, monkeypatch: pytest.MonkeyPatch, log: Callable[[], str]
) -> None:
    with monkeypatch.context() as patch:
        install_only(patch, "openvino")
        assert isinstance(choose(onnx_file), OpenVinoEmbedder)
        assert "onnx is not installed" in log()
    install_only(monkeypatch)
    with pytest.raises(UserError, match="a graph, needs the package 'onnxruntime', which is not installed; run"):
        choose(onnx_file)


def test_openvino_graph_uses_openvino(onnx_file: Path, tmp_path: Path) -> None:
    import openvino

    openvino.save_model(openvino.Core().read_model(onnx_file), tmp_path / "net.xml")
    assert isinstance(choose(tmp_path / "net.xml"), OpenVinoEmbedder)


def test_impossible_combinations_raise(onnx_file: Path, weights_file: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"is a graph that runs on a CPU, not on 'cuda'; set runtime\.device"):
        choose(onnx_file, "cuda")
    for missing in ("none.pth", "none.onnx"):
        with pytest.raises(UserError, match="no weights file"):
            choose(tmp_path / missing)
    with pytest.raises(UserError, match="weights of another model"):
        create_embedder("osnet_ain_x0_25", str(weights_file), "auto")


def test_probe_crops_are_reproducible_and_vary_in_contrast() -> None:
    first, second = backend_auto.probe_crops(), backend_auto.probe_crops()
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert {crop.dtype for crop in first} == {np.dtype(np.uint8)}
    spreads = [float(np.ptp(crop)) for crop in first]
    assert min(spreads) < 100 and max(spreads) > 200


@pytest.mark.slow
def test_verify_command_with_backend_auto(crops: list[np.ndarray], tmp_path: Path) -> None:
    from PIL import Image

    for name, crop in (("a.png", crops[0]), ("b.png", crops[1])):
        Image.fromarray(crop).save(tmp_path / name)
    distances, file = [], tmp_path / "answer.json"
    for backend in ("auto", "torch"):
        images = ("--img1", tmp_path / "a.png", "--img2", tmp_path / "b.png")
        run_command("verify", *images, "--backend", backend, "--device", "cpu", "--json", file)
        distances.append(json.loads(file.read_text())["distance"])
    assert distances[0] == pytest.approx(distances[1], abs=0.05)
