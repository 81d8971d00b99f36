"""Weights files as they are published, and as they arrive broken."""

import argparse
import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from learning_reid.errors import UserError
from learning_reid.models.state_dict import load_weights
from learning_reid.models.osnet import build_osnet


def checkpoint(state: dict[str, Tensor]) -> dict[str, Any]:
    """As torchreid saves while it trains."""
    return {
        "state_dict": state,
        "epoch": 60,
        "rank1": np.float64(0.61),
        "optimizer": {"param_groups": [{"lr": 0.0003}]},
    }


def prefixed(state: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {prefix + key: tensor for key, tensor in state.items()}


FORMATS = {
    "flat": lambda state: state,
    "state_dict": lambda state: {"state_dict": state},
    "model": lambda state: {"model": state, "epoch": 3},
    "torchreid checkpoint": checkpoint,
    "DataParallel": lambda state: prefixed(state, "module."),
    "DataParallel in a checkpoint": lambda state: checkpoint(prefixed(state, "module.")),
    "Lightning": lambda state: {"state_dict": prefixed(state, "model."), "pytorch-lightning_version": "2.5"},
    "backbone": lambda state: {"model": prefixed(state, "backbone.")},
    "two prefixes": lambda state: prefixed(state, "module.model."),
}


def check(path: Path, state: dict[str, Tensor], tolerance: float = 0) -> None:
    network = build_osnet("osnet_x0_25", num_classes=4)
    classifier = network.classifier.weight.clone()
    report = load_weights(network, path)
    assert (report.loaded, report.total, report.identities) == (565, 565, 31)
    assert torch.equal(network.classifier.weight, classifier)
    for key, tensor in network.state_dict().items():
        if not key.startswith("classifier"):
            assert tensor.dtype == state[key].dtype
            assert (tensor - state[key]).abs().max() <= tolerance, key


@pytest.mark.parametrize("name", FORMATS)
def test_published_formats(name: str, state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(FORMATS[name](state_dict), tmp_path / "model.pth.tar")
    check(tmp_path / "model.pth.tar", state_dict)


def test_the_format_of_before_torch_1_6(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(checkpoint(state_dict), tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    check(tmp_path / "old.pth", state_dict)


def test_half_precision_safetensors(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    half = {key: tensor.half() if tensor.is_floating_point() else tensor for key, tensor in state_dict.items()}
    save_file(half, tmp_path / "half.safetensors")
    check(tmp_path / "half.safetensors", state_dict, tolerance=2e-3)


def test_the_report_is_said(weights_file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        load_weights(build_osnet("osnet_x0_25"), weights_file)
    assert "backbone 565 of 565 tensors, classifier dropped (31 identities)" in caplog.text


def test_real_weights_load_strictly(real_data: Path) -> None:
    report = load_weights(build_osnet("osnet_x0_25"), real_data / "weights" / "osnet_x0_25_msmt17.pth")
    assert (report.loaded, report.total, report.identities) == (565, 565, 1041)


def test_weights_of_another_width_are_refused(weights_file: Path) -> None:
    with pytest.raises(UserError) as caught:
        load_weights(build_osnet("osnet_x0_5"), weights_file)
    message = str(caught.value)
    assert "conv1.conv.weight is (16, 3, 7, 7) in the file, (32, 3, 7, 7) in the network" in message
    assert message.count(" in the network") == 3
    assert "embedder.name" in message
    assert len(message.splitlines()) <= 2


def test_weights_of_another_family_are_refused(weights_file: Path) -> None:
    with pytest.raises(UserError, match=r"conv2\.0\.conv2\.0\.layers\.0\.conv1\.weight is missing"):
        load_weights(build_osnet("osnet_ain_x0_25"), weights_file)


def test_one_tensor_too_few_or_too_many(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    less = {key: tensor for key, tensor in state_dict.items() if key != "fc.0.bias"}
    torch.save(less, tmp_path / "less.pth")
    torch.save({**state_dict, "conv6.weight": torch.zeros(2)}, tmp_path / "more.pth")
    with pytest.raises(UserError, match=r"1 tensor differs: fc\.0\.bias is missing"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "less.pth")
    with pytest.raises(UserError, match=r"1 tensor differs: conv6\.weight is unexpected"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "more.pth")


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_truncated_file(kind: str, share: float, state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    path = tmp_path / ("cut.safetensors" if kind == "safetensors" else "cut.pth")
    if kind == "safetensors":
        save_file(state_dict, path)
    else:
        torch.save(state_dict, path, _use_new_zipfile_serialization=kind == "zip")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(UserError, match="damaged") as caught:
        load_weights(build_osnet("osnet_x0_25"), path)
    assert len(str(caught.value).splitlines()) == 1


class Trap:
    """Runs code when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.target,)


def test_nothing_in_a_file_is_executed(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"state_dict": state_dict, "note": Trap(tmp_path / "sprung")}, tmp_path / "trap.pth")
    with pytest.raises(UserError, match="run code"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "trap.pth")
    assert not (tmp_path / "sprung").exists()


def test_pickled_options_are_explained(state_dict: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"state_dict": state_dict, "args": argparse.Namespace(lr=0.1)}, tmp_path / "args.pth")
    with pytest.raises(UserError, match="Python objects"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "args.pth")


@pytest.mark.parametrize("content", [{"epoch": 3}, [torch.zeros(2)], torch.zeros(3)], ids=["numbers", "list", "tensor"])
def test_a_file_without_weights(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(UserError, match="holds no weights"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "odd.pth")


def test_onnx_is_not_for_torch(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"anything")
    with pytest.raises(UserError, match=r"embedder\.backend"):
        load_weights(build_osnet("osnet_x0_25"), tmp_path / "net.onnx")
