"""Devices are checked before they are used; one seed makes all random generators repeatable."""

import random

import numpy as np
import pytest
import torch

from learning_reid.device import choose_device, cpu_has_bfloat16, seed_everything
from learning_reid.errors import UserError


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_auto_without_a_gpu_is_the_cpu(no_gpu: None) -> None:
    assert choose_device("auto") == choose_device("cpu") == "cpu"


def test_auto_with_a_gpu_is_cuda(two_gpus: None) -> None:
    assert choose_device("auto") == "cuda"


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "cuda:1", "cpu"])
def test_an_existing_device_is_returned(two_gpus: None, name: str) -> None:
    assert choose_device(name) == name


@pytest.mark.parametrize("name", ["cuda:2", "cuda:17"])
def test_a_gpu_number_that_does_not_exist_is_a_user_error(two_gpus: None, name: str) -> None:
    with pytest.raises(UserError, match=f"'{name}'.*no such device"):
        choose_device(name)


@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps"])
def test_a_missing_device_is_a_user_error(no_gpu: None, name: str) -> None:
    with pytest.raises(UserError, match=f"device '{name}': torch finds no such device.*choose 'auto' or 'cpu'"):
        choose_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", "cuda:-1", "CPU", ""])
def test_an_unknown_name_is_a_user_error(name: str) -> None:
    with pytest.raises(UserError, match="unknown device .*choose auto, cpu, cuda, cuda:N, or mps"):
        choose_device(name)


def draw_numbers(seed: int) -> list[float]:
    seed_everything(seed)
    return [random.random(), np.random.random(), torch.rand(1).item()]


def test_the_seed_decides_every_generator() -> None:
    first = draw_numbers(3)
    assert draw_numbers(3) == first
    assert all(a != b for a, b in zip(draw_numbers(4), first, strict=True))
    assert draw_numbers(2**40 + 3) != first


@pytest.mark.parametrize(
    ("flags", "native"),
    [({"avx512_bf16": True}, True), ({"amx_bf16": True}, True), ({"avx512_f": True, "avx512_vnni": True}, False)],
)
def test_bfloat16_needs_more_than_any_avx512(
    flags: dict[str, bool], native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: flags, raising=False)
    assert cpu_has_bfloat16() is native
