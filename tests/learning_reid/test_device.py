"""The device that a setting names: there, or told in one line."""

import pytest
import torch

from learning_reid.device import choose_device
from learning_reid.errors import UserError


def test_the_cpu_is_always_there():
    assert choose_device("cpu") == "cpu"


@pytest.mark.parametrize(("gpu", "device"), [(True, "cuda"), (False, "cpu")])
def test_auto_is_a_gpu_where_there_is_one(monkeypatch, gpu, device):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpu)
    assert choose_device("auto") == device


@pytest.mark.parametrize("name", ["cuda", "cuda:1", "mps"])
def test_a_device_that_is_not_there(monkeypatch, name):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(UserError, match=f"runtime.device is '{name}'.*set it to 'auto' or 'cpu'"):
        choose_device(name)
