"""What is shipped: half-precision weights, a card with the true checksum, a log of bearable length."""

import hashlib

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import nn

from tools.weights.release import copy_log, ship


def test_weights_and_card(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    ship(model, tmp_path / "net.safetensors", {"what": "a test"})
    stored = load_file(tmp_path / "net.safetensors")
    assert set(stored) == set(model.state_dict())
    assert stored["0.weight"].dtype == torch.float16
    assert stored["1.num_batches_tracked"].dtype == torch.int64
    torch.testing.assert_close(stored["0.weight"].float(), model[0].weight.data, rtol=1e-3, atol=1e-4)
    card = yaml.safe_load((tmp_path / "net.yml").read_text())
    assert card["sha256"] == hashlib.sha256((tmp_path / "net.safetensors").read_bytes()).hexdigest()
    assert card["what"] == "a test"


def test_numbers_too_large_for_half_precision_are_refused(tmp_path):
    model = nn.Linear(2, 2)
    model.weight.data[0, 0] = 1e6
    with pytest.raises(ValueError, match="weight"):
        ship(model, tmp_path / "net.safetensors", {})


def test_the_log_keeps_header_and_last_row(tmp_path):
    (tmp_path / "log.csv").write_text("step,loss\n" + "".join(f"{step},1\n" for step in range(1000)))
    copy_log(tmp_path / "log.csv", tmp_path / "short.csv", rows=100)
    lines = (tmp_path / "short.csv").read_text().splitlines()
    assert lines[0] == "step,loss" and len(lines) == 101 and lines[-1] == "999,1"
