"""Released weights: half precision, a card with the checksum, and the log."""

import hashlib

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import nn

from tools.weights.embedded_detector import average_weights
from tools.weights.release import current_commit, release_weights


def test_weights_card_and_log(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))
    (tmp_path / "metrics.csv").write_text("epoch,loss\n1,0.5\n")
    release_weights(model, tmp_path / "net.safetensors", {"what": "a test"}, tmp_path / "metrics.csv")
    stored = load_file(tmp_path / "net.safetensors")
    assert set(stored) == set(model.state_dict())
    assert stored["0.weight"].dtype == torch.float16
    assert stored["1.num_batches_tracked"].dtype == torch.int64
    torch.testing.assert_close(stored["0.weight"].float(), model[0].weight.data, rtol=1e-3, atol=1e-4)
    card = yaml.safe_load((tmp_path / "net.yml").read_text())
    assert card["sha256"] == hashlib.sha256((tmp_path / "net.safetensors").read_bytes()).hexdigest()
    assert card["what"] == "a test"
    assert (tmp_path / "net.log.csv").read_text() == "epoch,loss\n1,0.5\n"


def test_numbers_too_large_for_half_precision_are_refused(tmp_path):
    model = nn.Linear(2, 2)
    model.weight.data[0, 0] = 1e6
    with pytest.raises(ValueError, match="weight does not fit"):
        release_weights(model, tmp_path / "net.safetensors", {})


def test_the_commit_is_a_hash_or_unknown():
    assert current_commit() == "unknown" or int(current_commit(), 16) >= 0


def test_the_average_of_two_stages_counts_batches_like_the_second():
    first = {"weight": torch.tensor([1.0, 3.0]), "num_batches_tracked": torch.tensor(5)}
    second = {"weight": torch.tensor([3.0, 3.0]), "num_batches_tracked": torch.tensor(9)}
    average = average_weights(first, second, 0.25)
    assert average["weight"].tolist() == [1.5, 3.0] and int(average["num_batches_tracked"]) == 9
