"""Weights files as they are published, and as they arrive damaged."""

import logging
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from learning_reid.errors import UserError
from learning_reid.models.bnneck import BNNeck
from learning_reid.models.osnet import build_osnet
from learning_reid.models.registry import create_model
from learning_reid.models.state_dict import load_strictly, load_weights


def checkpoint(state: dict[str, Tensor]) -> dict[str, Any]:
    """What torchreid saves during training; rank-1 is a NumPy number, which a plain weights_only load refuses."""
    return {
        "state_dict": state,
        "epoch": 60,
        "rank1": np.float64(0.61),
        "optimizer": {"param_groups": [{"lr": 0.0003}]},
    }


def prefixed(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + key: tensor for key, tensor in state.items()}


FORMATS: dict[str, Callable[[dict[str, Tensor]], Any]] = {
    "flat": lambda state: state,
    "state_dict": lambda state: {"state_dict": state},
    "model": lambda state: {"model": state, "epoch": 3},
    "nested": lambda state: {"model": {"state_dict": state}},
    "torchreid checkpoint": checkpoint,
    "DataParallel": lambda state: prefixed(state, "module."),
    "DataParallel in a checkpoint": lambda state: checkpoint(prefixed(state, "module.")),
    "Lightning": lambda state: {"state_dict": prefixed(state, "model."), "pytorch-lightning_version": "2.5"},
    "backbone": lambda state: {"model": prefixed(state, "backbone.")},
    "two prefixes": lambda state: prefixed(state, "module.model."),
    "torch.compile": lambda state: prefixed(state, "_orig_mod."),
    "compiled layer": lambda state: {key.replace("conv1.", "conv1._orig_mod.", 1): t for key, t in state.items()},
    "Lightning, compiled": lambda state: {"state_dict": prefixed(state, "net._orig_mod.")},
    "Lightning, unusual attribute": lambda state: {"state_dict": prefixed(state, "reid_model.encoder.")},
    "classifier beside the backbone": lambda state: {
        ("" if key.startswith("classifier") else "net.backbone.") + key: tensor for key, tensor in state.items()
    },
    "AveragedModel": lambda state: {"n_averaged": torch.tensor(7), **prefixed(state, "module.")},
    "net_dict": lambda state: {"net_dict": state, "acc": 0.9, "epoch": 4},
    "net": lambda state: {"net": state},
    "ema": lambda state: {"ema": state, "updates": 10},
    "weights and their average": lambda state: {"ema": {key: t + 1 for key, t in state.items()}, "model": state},
    "unknown name": lambda state: {"generator": state, "loss": torch.tensor(0.2), "optimizer": {"state": {}}},
    "inside itself": lambda state: _inside_itself(dict(state)),
    "far inside": lambda state: {"state_dict": {"model": {"net": {"ema": state}}}},
}


def _inside_itself(state: dict[str, Any]) -> dict[str, Any]:
    state["state_dict"] = state
    return state


def assert_loads(path: Path, state: dict[str, Tensor], tolerance: float = 0) -> None:
    model = build_osnet("osnet_x0_25", num_classes=4)
    assert model.classifier is not None
    classifier = model.classifier.weight.clone()
    report = load_weights(model, path)
    assert (report.loaded, report.total, report.identities) == (565, 565, 31)
    assert torch.equal(model.classifier.weight, classifier)
    for key, tensor in model.state_dict().items():
        if not key.startswith("classifier"):
            assert tensor.dtype == state[key].dtype
            assert (tensor - state[key]).abs().max() <= tolerance, key


@pytest.mark.parametrize("name", FORMATS)
def test_published_formats_load(name: str, state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(FORMATS[name](state_dict), tmp_path / "model.pth.tar")
    assert_loads(tmp_path / "model.pth.tar", state_dict)


def test_the_format_before_torch_1_6_loads(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(checkpoint(state_dict), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert_loads(tmp_path / "old.pth", state_dict)


def test_half_precision_safetensors_load_into_a_float_model(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    half = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state_dict.items()}
    save_file(half, tmp_path / "half.safetensors")
    assert_loads(tmp_path / "half.safetensors", state_dict, tolerance=2e-3)


def test_report_is_logged(weights_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        load_weights(build_osnet("osnet_x0_25"), weights_file)
    assert "backbone 565 of 565 tensors, classifier dropped (31 identities)" in caplog.text


def test_real_weights_load_strictly(real_data: Path) -> None:
    report = load_weights(build_osnet("osnet_x0_25"), real_data / "weights" / "osnet_x0_25_msmt17.pth")
    assert (report.loaded, report.total, report.identities) == (565, 565, 1041)


def test_weights_of_another_width_raise(weights_file: Path) -> None:
    with pytest.raises(UserError) as error:
        load_weights(build_osnet("osnet_x0_5"), weights_file)
    message = str(error.value)
    assert "conv1.conv.weight is (16, 3, 7, 7) in the file, (32, 3, 7, 7) in the model" in message
    assert message.count(" in the model") == 3
    assert "name the model that the weights were trained with" in message
    assert len(message.splitlines()) <= 2


def test_weights_of_another_family_raise(weights_file: Path) -> None:
    with pytest.raises(UserError, match=r"conv2\.0\.conv2\.0\.layers\.0\.conv1\.weight is missing"):
        load_weights(build_osnet("osnet_ain_x0_25"), weights_file)


def test_one_missing_or_unexpected_tensor_raises(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    less = {key: tensor for key, tensor in state_dict.items() if key != "fc.0.bias"}
    torch.save(less, tmp_path / "less.pth")
    torch.save({**state_dict, "conv6.weight": torch.zeros(2)}, tmp_path / "more.pth")
    with pytest.raises(UserError, match=r"1 tensor differs: fc\.0\.bias is missing"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "less.pth")
    with pytest.raises(UserError, match=r"1 tensor differs: conv6\.weight is unexpected"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "more.pth")


def test_nan_weights_raise(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({**state_dict, "fc.0.bias": torch.full((512,), torch.nan)}, tmp_path / "nan.pth")
    with pytest.raises(UserError, match=r"infinite or NaN weights \(fc\.0\.bias\)"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "nan.pth")


def test_two_networks_in_one_table_raise(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(prefixed(state_dict, "teacher.") | prefixed(state_dict, "student."), tmp_path / "both.pth")
    with pytest.raises(UserError, match=r"(teacher|student)\.conv1\.conv\.weight is unexpected"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "both.pth")


def test_compiled_bnneck_keeps_its_neck(tmp_path: Path) -> None:
    network = BNNeck(build_osnet("osnet_x0_25"), 512, 64)
    torch.save({"state_dict": prefixed(network.state_dict(), "net._orig_mod.")}, tmp_path / "compiled.pth")
    loaded = create_model("osnet_x0_25", tmp_path / "compiled.pth")
    assert isinstance(loaded, BNNeck) and loaded.dimension == 64


ODD_TENSORS = {
    "sparse": (lambda: torch.zeros(16, 3, 7, 7).to_sparse(), "sparse_coo"),
    "meta": (lambda: torch.zeros(16, 3, 7, 7, device="meta"), "no values"),
    "expanded": (lambda: torch.zeros(1).expand(1 << 40), "would unpack to"),
    "int8": (lambda: torch.zeros(16, 3, 7, 7, dtype=torch.int8), "as int8, and the model computes in floating point"),
    "complex": (lambda: torch.zeros(16, 3, 7, 7, dtype=torch.complex64), "as complex64"),
    "float8": (lambda: torch.zeros(16, 3, 7, 7).to(torch.float8_e4m3fn), "as float8"),
    "quantized": (lambda: torch.quantize_per_tensor(torch.zeros(16, 3, 7, 7), 0.1, 0, torch.qint8), "as qint8"),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ODD_TENSORS)
def test_unusual_tensor_raises_in_one_line(kind: str, state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    make, message = ODD_TENSORS[kind]
    torch.save({**state_dict, "conv1.conv.weight": make()}, tmp_path / "odd.pth")
    with pytest.raises(UserError, match=message) as error:
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "odd.pth")
    assert len(str(error.value).splitlines()) == 1


def test_weights_that_somebody_compressed_load(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state_dict, tmp_path / "plain.pth")
    with (
        zipfile.ZipFile(tmp_path / "plain.pth") as plain,
        zipfile.ZipFile(tmp_path / "packed.pth", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for name in plain.namelist():
            packed.writestr(name, plain.read(name))
    assert_loads(tmp_path / "packed.pth", state_dict)


def test_tensors_of_another_shape_are_not_read(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({**state_dict, "fc.0.bias": torch.full((2000, 1000), torch.nan)}, tmp_path / "large.pth")
    with pytest.raises(UserError, match=r"fc\.0\.bias is \(2000, 1000\) in the file"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "large.pth")


def test_file_with_a_name_that_is_not_utf_8_loads(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(state_dict, tmp_path / "plain.pth")
    path = (tmp_path / "plain.pth").rename(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.pth"))
    assert_loads(path, state_dict)


@pytest.mark.parametrize(
    ("name", "tensor", "message"),
    [
        ("stripes.reading", torch.tensor([1e9, 3.0, 0.0]), "impossible settings"),
        ("stripes.reading", torch.tensor([torch.nan, 3.0, 0.0]), "impossible settings"),
        ("stripes.reading", torch.zeros(5), "impossible settings"),
        ("neck.weight", torch.tensor(1.0), "neck"),
        ("projection.weight", torch.zeros(3), "neck"),
    ],
)
def test_impossible_settings_in_weights_raise(
    name: str, tensor: Tensor, message: str, state_dict: dict[str, Tensor], tmp_path: Path
) -> None:
    torch.save({"neck.weight": torch.zeros(512), **state_dict, name: tensor}, tmp_path / "odd.pth")
    with pytest.raises(UserError, match=message) as error:
        create_model("osnet_x0_25", tmp_path / "odd.pth")
    assert len(str(error.value).splitlines()) == 1


def test_onnx_file_raises(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"anything")
    with pytest.raises(UserError, match="use the backend onnx"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "net.onnx")


def small_network() -> nn.Sequential:
    torch.manual_seed(4)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))


def test_dropped_tensors_keep_the_models_own_values() -> None:
    target, state = small_network(), small_network().state_dict()
    before = target[3].weight.clone()
    state["3.weight"], state["3.bias"] = torch.zeros(751, 4), torch.zeros(751)
    state["0.bias"] = torch.full((4,), 9.0)
    assert load_strictly(target, state, drop_prefixes=("3.",)) == ("3.weight", "3.bias")
    assert torch.equal(target[3].weight, before) and (target[0].bias == 9).all()
    load_strictly(target, {name: tensor for name, tensor in state.items() if name[0] != "3"}, drop_prefixes=("3.",))


def test_files_without_batch_counters_load() -> None:
    state = small_network().state_dict()
    load_strictly(small_network(), {name: tensor for name, tensor in state.items() if "num_batches" not in name})


def test_each_kind_of_difference_is_listed() -> None:
    state = small_network().state_dict()
    state["tail.weight"] = state.pop("3.bias")
    state["0.weight"] = torch.zeros(5, 3, 3, 3)
    with pytest.raises(UserError) as error:
        load_strictly(small_network(), state, where="a.pth", advice="do this")
    message = str(error.value)
    assert "a.pth" in message and "3 tensors differ" in message and message.endswith("\ndo this")
    for phrase in (
        "0.weight is (5, 3, 3, 3) in the file, (4, 3, 3, 3) in the model",
        "3.bias is missing",
        "tail.weight is unexpected",
    ):
        assert phrase in message
