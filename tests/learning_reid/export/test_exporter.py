"""Exported files: parity at any batch size, int8, similarities, the accuracy gate, and invalid input."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from learning_reid.datasets.identity_split import select_identities
from learning_reid.datasets.images import sample_images
from learning_reid.datasets.layouts import open_dataset
from learning_reid.embedding.backend_torch import TorchEmbedder
from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.export.exporter import ExportConfig, export_model
from learning_reid.models.registry import create_model, input_size
from learning_reid.zoo.cards import all_cards

SAMPLE = ("osnet_x0_25", "osnet_ain_x0_25", "mobilenetv2_x1_0")
MATRIX = sorted(({card.architecture for card in all_cards().values()} | {"resnet50mid", "densenet121"}) - set(SAMPLE))
Weights = Callable[[str], Path]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*SAMPLE, *(pytest.param(name, marks=pytest.mark.matrix) for name in MATRIX)])
def test_export_with_random_weights_agrees_with_torch(name: str, weights_of: Weights, tmp_path: Path) -> None:
    report = export_model(ExportConfig(name, str(weights_of(name)), tmp_path / "net.onnx", verify=True))
    (parity,) = report.parities
    assert set(parity.difference) == {1, 2, 17} and max(parity.difference.values()) <= 1e-4
    session = onnxruntime.InferenceSession(tmp_path / "net.onnx")
    (image,), (features,) = session.get_inputs(), session.get_outputs()
    assert (image.name, image.shape[0], image.shape[1:]) == ("input", "batch", [3, *input_size(name)])
    assert (features.name, features.shape) == ("reid_features", ["batch", report.dimension])
    output = session.run(None, {"input": np.random.default_rng(0).normal(size=(5, 3, *input_size(name))).astype("f4")})
    assert np.linalg.norm(output[0], axis=1) == pytest.approx(1, abs=1e-5)
    assert [file.name for file in tmp_path.iterdir()] == ["net.onnx"], "no other files are left"


def test_exported_graph_declares_the_dimension(tmp_path: Path) -> None:
    export_model(ExportConfig("osnet_x0_25", "embedded", tmp_path / "net.onnx", verify=True))
    (features,) = onnxruntime.InferenceSession(tmp_path / "net.onnx").get_outputs()
    assert features.shape == ["batch", 5632]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["osnet_x0_25", "shufflenet"])
def test_openvino_export_runs_in_the_openvino_backend(name: str, weights_of: Weights, tmp_path: Path) -> None:
    report = export_model(
        ExportConfig(name, str(weights_of(name)), tmp_path / "net.xml", format="openvino", verify=True)
    )
    assert {file.name for file in report.files} == {"net.xml", "net.bin"}
    assert max(report.parities[0].difference.values()) <= 1e-4
    with pytest.raises(UserError, match="ONNX Runtime does not read"):
        create_embedder(name, str(tmp_path / "net.xml"), "onnx")
    with pytest.raises(UserError, match="use the backend openvino"):
        create_embedder(name, str(tmp_path / "net.xml"), "torch")


@pytest.mark.slow
@pytest.mark.parametrize(("pairs", "shapes"), [("1x1", (1, 1)), ("1xN", (1, 5)), ("NxM", (3, 5))])
def test_pairs_output_similarities(
    pairs: str, shapes: tuple[int, int], weights_of: Weights, calibration: list[np.ndarray], tmp_path: Path
) -> None:
    weights = weights_of("osnet_x0_25")
    export_model(ExportConfig("osnet_x0_25", str(weights), tmp_path / "pairs.onnx", pairs=pairs))  # type: ignore[arg-type]
    n, m = shapes
    session = onnxruntime.InferenceSession(tmp_path / "pairs.onnx")
    batch = Preprocessing()(calibration[: n + m])
    (similarity,) = session.run(["similarity"], {"a": batch[:n], "b": batch[n:]})
    features = TorchEmbedder(create_model("osnet_x0_25", weights), Preprocessing())(calibration[: n + m])
    assert similarity == pytest.approx(features[:n] @ features[n:].T, abs=1e-4) and similarity.shape == shapes


@pytest.mark.slow
def test_pairs_of_a_torchreid_model_have_dynamic_batches(weights_of: Weights, tmp_path: Path) -> None:
    export_model(ExportConfig("shufflenet", str(weights_of("shufflenet")), tmp_path / "pairs.onnx", pairs="1xN"))
    session = onnxruntime.InferenceSession(tmp_path / "pairs.onnx")
    assert [entry.shape[0] for entry in session.get_inputs()] == [1, "b_batch"]


def halves(market: Path) -> tuple[list[np.ndarray], object]:
    """Images of half of the people to calibrate on, labeled crops of the others to evaluate on."""
    return sample_images(market / "bounding_box_train", 32), open_dataset("market1501", market)


@pytest.mark.slow
def test_int8_of_the_embedded_model_passes_the_gate(market: Path, tmp_path: Path) -> None:
    images, crops = halves(market)
    config = ExportConfig("osnet_x0_25", "embedded", tmp_path / "net.onnx", calibration=images, crops=crops, gate=1.5)  # type: ignore[arg-type]
    report = export_model(config)
    assert report.accuracy is not None and report.accuracy.loss <= 1.5
    operators = {node.op_type for node in onnx.load(tmp_path / "net.onnx").graph.node}
    assert "QuantizeLinear" in operators


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "backends"),
    [
        ("mobilenetv2_x1_0", ["onnx", "openvino"]),
        ("shufflenet", ["onnx"]),  # OpenVINO 2026.4 is wrong on CPUs with AMX: cosine 0.75 to the float model
    ],
)
def test_int8_of_depthwise_models_agrees_with_float32(
    name: str, backends: list[str], weights_of: Weights, calibration: list[np.ndarray], tmp_path: Path
) -> None:
    weights, file = str(weights_of(name)), tmp_path / "net.onnx"
    report = export_model(ExportConfig(name, weights, file, calibration=calibration, verify=True, images=calibration))
    assert [parity.kind for parity in report.parities] == ["random", "real"]
    exact = create_embedder(name, weights)(calibration[:4])
    for backend in backends:
        assert (create_embedder(name, str(file), backend)(calibration[:4]) * exact).sum(axis=1).min() > 0.95


@pytest.mark.slow
def test_bad_calibration_fails_the_gate(market: Path, tmp_path: Path) -> None:
    _, crops = halves(market)
    gray = [np.full((128, 64, 3), 124, np.uint8)] * 16  # uniform images give far too small ranges
    config = ExportConfig("osnet_x0_25", "embedded", tmp_path / "net.onnx", calibration=gray, crops=crops, gate=1.5)  # type: ignore[arg-type]
    with pytest.raises(UserError, match="mAP fell by"):
        export_model(config)
    assert list(tmp_path.iterdir()) == [], "a file that fails is not kept"


@pytest.mark.slow
def test_int8_keeps_accuracy_on_people_it_was_not_calibrated_on(real_data: Path, tmp_path: Path) -> None:
    crops = open_dataset("folder", real_data / "crops/pku_reid")
    persons = sorted({str(sample.person_id) for sample in crops.samples})
    from learning_reid.datasets.images import read_crop

    half = frozenset(persons[::2])
    images = [read_crop(sample) for sample in select_identities(crops, half).samples][:100]
    config = ExportConfig(
        "osnet_x0_25", str(real_data / "weights/osnet_x0_25_msmt17.pth"), tmp_path / "net.onnx",
        calibration=images, verify=True, images=images,
        crops=select_identities(crops, frozenset(persons) - half), gate=1.5,
    )  # fmt: skip
    report = export_model(config)
    print(report)  # docs/export.md has its mAP
    assert report.accuracy is not None and report.accuracy.before > 0.5


def test_export_agrees_with_a_third_party_export(real_data: Path, tmp_path: Path) -> None:
    weights, theirs = (real_data / "weights" / f"osnet_x0_25_msmt17{suffix}" for suffix in (".pth", ".onnx"))
    export_model(ExportConfig("osnet_x0_25", str(weights), tmp_path / "ours.onnx"))
    images = sample_images(real_data / "crops/pku_reid", 17)
    ours, other = (
        create_embedder("osnet_x0_25", str(file), "onnx")(images) for file in (tmp_path / "ours.onnx", theirs)
    )
    assert np.abs(ours - other).max() <= 1e-4


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": "nowhere.pth"}, "no weights file"),
        ({"name": "oznet_x0_25"}, "osnet_x0_25"),
        ({"calibration": []}, "too few to calibrate"),
        ({"pairs": "1x1", "verify": True}, "leave out --pairs"),
    ],
)
def test_invalid_config_raises_and_leaves_nothing(change: dict[str, object], message: str, tmp_path: Path) -> None:
    valid: dict[str, object] = {"name": "osnet_x0_25", "weights": "embedded", "target": tmp_path / "net.onnx"}
    with pytest.raises(UserError, match=message):
        export_model(ExportConfig(**(valid | change)))  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_checkpoint_with_code_raises(tmp_path: Path) -> None:
    import torch

    torch.save({"state_dict": {}, "hook": print}, tmp_path / "evil.pth")
    with pytest.raises(UserError, match="would run code"):
        export_model(ExportConfig("osnet_x0_25", str(tmp_path / "evil.pth"), tmp_path / "net.onnx"))


@pytest.mark.slow
def test_graph_with_batch_size_one_works_with_a_note(
    weights_of: Weights, calibration: list[np.ndarray], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from learning_reid.embedding.onnx_file import write_graph

    network = create_model("osnet_x0_25", weights_of("osnet_x0_25"))
    write_graph("osnet_x0_25", network, (256, 128), {"input": None}, tmp_path / "one.onnx")
    expected = TorchEmbedder(network, Preprocessing())(calibration[:5])
    for backend in ("onnx", "openvino"):
        caplog.clear()
        features = create_embedder("osnet_x0_25", str(tmp_path / "one.onnx"), backend, precision="float32")(
            calibration[:5]
        )
        assert features == pytest.approx(expected, abs=1e-4)
        assert caplog.text.count("one.onnx has the fixed batch size 1") == 1


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
def test_damaged_file_and_wrong_input_shape_raise(backend: str, tmp_path: Path) -> None:
    from onnx import TensorProto, helper

    (tmp_path / "broken.onnx").write_bytes(b"\x08\x07 not a network")
    with pytest.raises(UserError, match="damaged or incomplete"):
        create_embedder("osnet_x0_25", str(tmp_path / "broken.onnx"), backend)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", 7]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "other", values[:1], values[1:])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "other.onnx"
    )
    with pytest.raises(UserError, match="not a batch"):
        create_embedder("osnet_x0_25", str(tmp_path / "other.onnx"), backend)
