"""Weights files that cannot be read: damaged, hostile, or of another kind."""

import argparse
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from learning_reid.errors import UserError
from learning_reid.models.weights_reader import read_state_dict


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
        read_state_dict(path)
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
        read_state_dict(tmp_path / "trap.pth")
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("content", [{"args": argparse.Namespace(lr=0.1)}, nn.Linear(2, 2)], ids=["options", "module"])
def test_pickled_objects_raise_with_an_explanation(content: Any, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "objects.pth")
    with pytest.raises(UserError, match="Python objects"):
        read_state_dict(tmp_path / "objects.pth")


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({"epoch": 3, "acc": 0.5}, "only 'epoch', 'acc'"),
        ({}, "only an empty table"),
        ({"student": {"a": torch.zeros(2)}, "teacher": {"a": torch.zeros(2)}}, "only 'student', 'teacher'"),
        ([torch.zeros(2)], "but a list"),
        (torch.zeros(3), "but a Tensor"),
    ],
    ids=["numbers", "empty", "two networks", "list", "tensor"],
)
def test_file_without_weights_raises_with_what_it_holds(content: Any, found: str, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "odd.pth")
    with pytest.raises(UserError, match=f"holds no weights.* {found}"):
        read_state_dict(tmp_path / "odd.pth")


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("kind", ["TorchScript", "torch.export"])
def test_program_with_weights_raises_with_its_kind(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "program.pt"
    if kind == "TorchScript":
        torch.jit.script(nn.Linear(2, 2)).save(str(path))
    else:
        with zipfile.ZipFile(path, "w") as program:  # as torch.export.save writes it, which takes seconds
            program.writestr("program/archive_format", "pt2")
    with pytest.raises(UserError, match=f"is a .*{kind}") as error:
        read_state_dict(path)
    assert len(str(error.value).splitlines()) == 2


def test_file_that_unpacks_to_far_more_raises_before_it_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.save({"conv1.conv.weight": torch.zeros(1)}, tmp_path / "small.pth")
    with (
        zipfile.ZipFile(tmp_path / "small.pth") as small,
        zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in small.namelist():
            bomb.writestr(name, small.read(name))
        bomb.writestr("bomb/data/1", bytes(101_000_000))
    monkeypatch.setattr(torch, "load", lambda *_, **__: pytest.fail("was unpacked"))
    with pytest.raises(UserError, match="would unpack to 101 MB"):
        read_state_dict(tmp_path / "bomb.pth")


def test_missing_file_and_text_file_raise(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no weights file"):
        read_state_dict(tmp_path / "absent.pth")
    (tmp_path / "text.pth").write_text("hello")
    with pytest.raises(UserError, match="damaged"):
        read_state_dict(tmp_path / "text.pth")
