"""Weights files of every shape that is met in the wild, and the messages where they do not fit."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from learning_reid.errors import UserError
from learning_reid.models.state_dict import load_strictly, read_state_dict


def network(width: int = 4) -> nn.Sequential:
    torch.manual_seed(width)
    return nn.Sequential(nn.Conv2d(3, width, 3), nn.BatchNorm2d(width), nn.Flatten(), nn.Linear(width, 2))


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda state: state,
        lambda state: {"state_dict": state, "epoch": 3},
        lambda state: {"model": state, "optimizer": {"lr": 0.1}},
        lambda state: {"model": {"state_dict": state}},
        lambda state: {f"module.{name}": tensor for name, tensor in state.items()},
        # what torchreid's engine saves: the figure is a NumPy number, which a plain weights_only load refuses
        lambda state: {
            "state_dict": {f"module.{n}": t for n, t in state.items()},
            "rank1": np.float64(0.5),
            "epoch": 1,
        },
    ],
)
def test_every_wrapping_gives_the_same_tensors(tmp_path: Path, wrap) -> None:
    state = network().state_dict()
    torch.save(wrap(state), tmp_path / "w.pth")
    assert same(read_state_dict(tmp_path / "w.pth"), dict(state))


def test_half_precision_safetensors_fill_a_float_network(tmp_path: Path) -> None:
    state = {name: tensor.half() for name, tensor in network().state_dict().items()}
    save_file(state, tmp_path / "w.safetensors")
    target = network(4)
    nn.init.zeros_(target[0].weight)
    report = load_strictly(target, read_state_dict(tmp_path / "w.safetensors"))
    assert target[0].weight.dtype == torch.float32
    assert torch.equal(target[0].weight, state["0.weight"].float())
    assert (report.loaded, report.dropped) == (len(state), ())


def test_dropped_names_keep_the_networks_own_values() -> None:
    target, state = network(), network().state_dict()
    before = target[3].weight.clone()
    state["3.weight"], state["3.bias"] = torch.zeros(751, 4), torch.zeros(751)
    state["0.bias"] = torch.full((4,), 9.0)
    report = load_strictly(target, state, drop_prefixes=("3.",))
    assert report.dropped == ("3.weight", "3.bias")
    assert torch.equal(target[3].weight, before) and (target[0].bias == 9).all()
    load_strictly(target, {name: tensor for name, tensor in state.items() if name[0] != "3"}, drop_prefixes=("3.",))


def test_files_from_before_batch_counting_load() -> None:
    load_strictly(network(), {n: t for n, t in network().state_dict().items() if "num_batches" not in n})


def test_each_kind_of_difference_is_told() -> None:
    state = network().state_dict()
    state["tail.weight"] = state.pop("3.bias")
    state["0.weight"] = torch.zeros(5, 3, 3, 3)
    with pytest.raises(UserError) as caught:
        load_strictly(network(), state, where="a.pth", advice="do this")
    told = str(caught.value)
    assert "a.pth" in told and "3 tensors differ" in told and told.endswith("\ndo this")
    for phrase in (
        "0.weight is (5, 3, 3, 3) in the file, (4, 3, 3, 3) in the network",
        "3.bias is missing",
        "tail.weight is unexpected",
    ):
        assert phrase in told


def test_missing_truncated_and_foreign_files_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no weights file"):
        read_state_dict(tmp_path / "absent.pth")
    torch.save(network().state_dict(), tmp_path / "w.pth")
    save_file(dict(network().state_dict()), tmp_path / "w.safetensors")
    for whole in (tmp_path / "w.pth", tmp_path / "w.safetensors"):
        content = whole.read_bytes()
        for share in (0, 0.5, 0.95):
            cut = tmp_path / f"cut{whole.suffix}"
            cut.write_bytes(content[: int(len(content) * share)])
            with pytest.raises(UserError, match="damaged") as caught:
                read_state_dict(cut)
            assert "\n" not in str(caught.value)
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(UserError, match="damaged"):
        read_state_dict(tmp_path / "text.pth")
    torch.save({"epoch": 1}, tmp_path / "empty.pth")
    with pytest.raises(UserError, match="holds no weights"):
        read_state_dict(tmp_path / "empty.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(UserError, match="holds no weights"):
        read_state_dict(tmp_path / "list.pth")


def test_code_in_a_file_is_never_run(tmp_path: Path) -> None:
    torch.save(network(), tmp_path / "whole_module.pth")
    with pytest.raises(UserError, match="Python objects"):
        read_state_dict(tmp_path / "whole_module.pth")
