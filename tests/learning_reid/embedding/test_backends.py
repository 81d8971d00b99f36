"""Embeddings must not depend on the backend, nor on how crops are batched."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.models.registry import create_model
from learning_reid.models.torchreid_models import quiet

BACKENDS = ("torch", "onnx", "openvino")


@pytest.fixture(scope="module", params=BACKENDS)
def embedder(request: pytest.FixtureRequest, weights_file: Path) -> Embedder:
    return create_embedder(
        "osnet_x0_25", str(weights_file), request.param, batch_size=4, threads=1, precision="float32"
    )


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (l2_normalize(a) * l2_normalize(b)).sum(axis=1)


def test_embeddings_are_unit_vectors_in_float32(embedder: Embedder, crops: list[np.ndarray]) -> None:
    features = embedder(crops)
    assert features.shape == (len(crops), embedder.dimension) == (len(crops), 512)
    assert features.dtype == np.float32
    assert np.linalg.norm(features, axis=1) == pytest.approx(1, abs=1e-5)
    assert embedder.preprocessing == Preprocessing(256, 128)


def test_no_crops_give_an_empty_array(embedder: Embedder) -> None:
    features = embedder([])
    assert features.shape == (0, 512)
    assert features.dtype == np.float32


def test_batching_does_not_change_embeddings(embedder: Embedder, crops: list[np.ndarray]) -> None:
    expected = embedder(crops)
    assert np.concatenate([embedder([crop]) for crop in crops]) == pytest.approx(expected, abs=2e-6)
    assert embedder(crops[::-1]) == pytest.approx(expected[::-1], abs=2e-6)


def test_embeddings_equal_the_plain_model(embedder: Embedder, crops: list[np.ndarray], weights_file: Path) -> None:
    network = create_model("osnet_x0_25", weights_file)
    expected = np.concatenate([network(torch.from_numpy(Preprocessing()([crop]))).detach().numpy() for crop in crops])
    assert embedder(crops) == pytest.approx(expected / np.sqrt((expected**2).sum(axis=1, keepdims=True)), abs=1e-5)


@pytest.mark.parametrize("shape", [(50, 20), (50, 20, 4), (50, 0, 3)], ids=["gray", "RGBA", "no area"])
def test_invalid_crop_raises_and_the_next_call_works(
    embedder: Embedder, shape: tuple[int, ...], crops: list[np.ndarray]
) -> None:
    with pytest.raises(ValueError, match="must be RGB"):
        embedder([*crops[:5], np.zeros(shape, np.uint8)])
    assert embedder(crops[:2]) == pytest.approx(embedder(crops)[:2], abs=2e-6)


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
@pytest.mark.slow
def test_backends_agree_on_real_crops(backend: str, real_data: Path, real_crops: list[np.ndarray]) -> None:
    weights = str(real_data / "weights" / "osnet_x0_25_msmt17.pth")
    expected = create_embedder("osnet_x0_25", weights)(real_crops)
    exact = create_embedder("osnet_x0_25", weights, backend, precision="float32")(real_crops)
    fast = create_embedder("osnet_x0_25", weights, backend)(real_crops)
    assert cosine(exact, expected).min() >= 0.9999
    assert cosine(fast, expected).min() >= 0.998  # bfloat16 where the CPU computes in it


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_exported_instance_normalization_agrees_with_torch(
    backend: str, crops: list[np.ndarray], tmp_path: Path
) -> None:
    for name in ("osnet_ibn_x1_0", "osnet_ain_x0_25"):
        torch.save(create_model(name).state_dict(), tmp_path / "weights.pth")
        expected = create_embedder(name, str(tmp_path / "weights.pth"), normalize=False)(crops[:3])
        features = create_embedder(name, str(tmp_path / "weights.pth"), backend, normalize=False, precision="float32")(
            crops[:3]
        )
        assert np.abs(features - expected).max() <= 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_export_by_another_program_agrees_with_torch(
    backend: str, real_data: Path, real_crops: list[np.ndarray]
) -> None:
    folder = real_data / "weights"
    ours = create_embedder("osnet_x0_25", str(folder / "osnet_x0_25_msmt17.pth"), normalize=False)
    theirs = create_embedder(
        "osnet_x0_25", str(folder / "osnet_x0_25_msmt17.onnx"), backend, normalize=False, precision="float32"
    )
    assert np.abs(ours(real_crops) - theirs(real_crops)).max() <= 1e-4


def _export(network: torch.nn.Module, inputs: tuple[torch.Tensor, ...], path: Path) -> None:
    with quiet():
        torch.onnx.export(network, inputs, str(path), opset_version=17, dynamo=False)


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
@pytest.mark.slow
def test_graph_with_fixed_batch_size_accepts_any_number_of_crops(
    backend: str, tmp_path: Path, crops: list[np.ndarray]
) -> None:
    network = create_model("osnet_x0_25").eval()
    _export(network, (torch.zeros(3, 3, 64, 32),), tmp_path / "three.onnx")
    embedder = create_embedder(weights=str(tmp_path / "three.onnx"), backend=backend, precision="float32")
    assert embedder.preprocessing == Preprocessing(64, 32)
    assert cosine(embedder(crops), TorchEmbedder(network, Preprocessing(64, 32))(crops)).min() >= 0.9999


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_invalid_onnx_file_raises_in_one_line(backend: str, tmp_path: Path) -> None:
    _export(torch.nn.PairwiseDistance(), (torch.zeros(1, 3), torch.zeros(1, 3)), tmp_path / "pair.onnx")
    _export(torch.nn.Conv2d(3, 4, 3), (torch.zeros(1, 3, 64, 32),), tmp_path / "maps.onnx")  # like a detector
    (tmp_path / "cut.onnx").write_bytes((tmp_path / "pair.onnx").read_bytes()[:100])
    for file, problem in (
        ("pair.onnx", "not a batch"),
        ("maps.onnx", "is not a ReID model"),
        ("cut.onnx", "damaged"),
        ("none.onnx", "no weights file"),
    ):
        with pytest.raises(UserError, match=problem) as error:
            create_embedder(weights=str(tmp_path / file), backend=backend)
        assert len(str(error.value).splitlines()) == 1


def test_export_is_cached_by_content(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed, name in ((21, "a.pth"), (22, "b.pth")):
        torch.save(create_model("osnet_x0_25", seed=seed).state_dict(), tmp_path / name)
    shutil.copy(tmp_path / "a.pth", tmp_path / "copy of a.pth")
    calls = _count_exports(monkeypatch)
    crop = [np.random.default_rng(0).integers(0, 256, (80, 30, 3), dtype=np.uint8)]
    a, again, b = (
        create_embedder(weights=str(tmp_path / f), backend="onnx")(crop) for f in ("a.pth", "copy of a.pth", "b.pth")
    )
    assert len(calls) == 2
    assert np.array_equal(a, again)
    assert not np.allclose(a, b, atol=1e-3)
    assert not list(cache.rglob("*.part"))


def _count_exports(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    from learning_reid.embedding import onnx_file

    calls: list[Path] = []
    export: Callable[[str, Path, Path], None] = onnx_file.export_onnx
    monkeypatch.setattr(
        onnx_file, "export_onnx", lambda name, weights, target: (calls.append(target), export(name, weights, target))
    )
    return calls


def test_torch_runs_in_eval_mode_without_gradients(weights_file: Path, crops: list[np.ndarray]) -> None:
    embedder = create_embedder(weights=str(weights_file), batch_size=4)
    seen = []
    embedder.network.register_forward_hook(
        lambda net, _, out: seen.append((net.training, torch.is_grad_enabled(), len(out)))
    )
    before = {key: tensor.clone() for key, tensor in embedder.network.state_dict().items()}
    embedder(crops)
    assert seen == [(False, False, 4), (False, False, 4), (False, False, 3)]  # eleven crops in three batches
    assert all(torch.equal(tensor, before[key]) for key, tensor in embedder.network.state_dict().items())


def test_impossible_combinations_raise(weights_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(UserError, match="no such device"):
        create_embedder(weights=str(weights_file), device="cuda")
    with pytest.raises(UserError, match="runs on a CPU"):
        create_embedder(weights=str(weights_file), backend="openvino", device="cuda")
    (tmp_path / "net.onnx").write_bytes(b"onnx")
    with pytest.raises(UserError, match="use the backend onnx"):
        create_embedder(weights=str(tmp_path / "net.onnx"), backend="torch")


def test_l2_normalize_keeps_zeros_and_nan() -> None:
    features = l2_normalize(np.array([[0, 0], [3, 4], [np.nan, 1]]), np.float32)
    assert features == pytest.approx(np.array([[0, 0], [0.6, 0.8], [np.nan, np.nan]]), nan_ok=True)
    assert features.dtype == np.float32
