"""Weights files as they are published, and as they arrive damaged."""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from learning_reid.errors import UserError
from learning_reid.models.osnet import build_osnet
from learning_reid.models.state_dict import load_strictly, load_weights, read_state_dict


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
}


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


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_truncated_file_raises(kind: str, share: float, state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / ("cut.safetensors" if kind == "safetensors" else "cut.pth")
    if kind == "safetensors":
        save_file(state_dict, path)
    else:
        torch.save(state_dict, path, _use_new_zipfile_serialization=kind == "zip")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(UserError, match="damaged") as error:
        load_weights(build_osnet("osnet_x0_25"), path)
    assert len(str(error.value).splitlines()) == 1


class Trap:
    """Runs code when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_code_in_a_file_is_not_executed(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"state_dict": state_dict, "note": Trap(tmp_path / "executed")}, tmp_path / "trap.pth")
    with pytest.raises(UserError, match="run code"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "trap.pth")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [{"args": argparse.Namespace(lr=0.1)}, nn.Linear(2, 2)], ids=["options", "module"])
def test_pickled_objects_raise_with_an_explanation(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "objects.pth")
    with pytest.raises(UserError, match="Python objects"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "objects.pth")


@pytest.mark.parametrize("content", [{"epoch": 3}, [torch.zeros(2)], torch.zeros(3)], ids=["numbers", "list", "tensor"])
def test_file_without_weights_raises(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(UserError, match="holds no weights"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "odd.pth")


def test_missing_file_and_text_file_raise(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no weights file"):
        read_state_dict(tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(UserError, match="damaged"):
        read_state_dict(tmp_path / "text.pth")


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
