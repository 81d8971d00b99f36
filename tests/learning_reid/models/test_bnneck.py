"""The BNNeck that weights contain."""

import pytest
import torch
from torch import nn

from learning_reid.models.bnneck import BNNeck, add_bnneck


@pytest.mark.parametrize("reid_dim", [None, 5])
def test_neck_is_rebuilt_from_its_weights(reid_dim: int | None) -> None:
    trained = BNNeck(nn.Flatten(), 24, reid_dim).train()
    images = torch.rand(6, 3, 4, 2, generator=torch.Generator().manual_seed(0))
    trained(images)  # updates the batch statistics
    rebuilt = add_bnneck(nn.Flatten(), trained.state_dict())
    rebuilt.load_state_dict(trained.state_dict())
    features = rebuilt.eval()(images)
    assert features.shape == (6, reid_dim or 24)
    assert torch.equal(features, trained.eval()(images))


def test_weights_without_a_neck_leave_the_backbone() -> None:
    backbone = nn.Flatten()
    assert add_bnneck(backbone, {"fc.weight": torch.zeros(1)}) is backbone
