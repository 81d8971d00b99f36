"""Part pooling: its definition, what it distinguishes, and its settings in the weights."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from learning_reid.errors import UserError
from learning_reid.models.part_pooling import PartPooledOSNet, PartPooling
from learning_reid.models.registry import create_model


def test_parts_are_generalized_means_of_rows_from_top_to_bottom():
    maps = torch.rand(2, 3, 8, 4, generator=torch.Generator().manual_seed(0))
    pooled = PartPooling(4, 3.0)(maps).numpy()
    weights = np.sin(np.pi * np.array([1, 3, 5, 7]) / 8)
    for image in range(2):
        for part in range(4):
            rows = maps[image, :, 2 * part : 2 * part + 2].numpy().astype(float)
            slow = [np.average((rows[channel] ** 3).mean(0), weights=weights) ** (1 / 3) for channel in range(3)]
            assert pooled[image, 3 * part : 3 * part + 3] == pytest.approx(slow, rel=1e-4)


def test_power_1_is_the_average_and_a_high_power_nearly_the_maximum():
    column = torch.rand(1, 2, 4, 1, generator=torch.Generator().manual_seed(1))  # one column has no weights
    assert torch.allclose(PartPooling(1, 1.0)(column), column.mean(dim=(2, 3)))
    assert torch.allclose(PartPooling(1, 200.0)(column), column.amax(dim=(2, 3)), atol=0.03)


def test_columns_at_the_side_weigh_less_than_in_the_middle():
    maps = torch.ones(1, 1, 4, 8)
    side, middle = maps.clone(), maps.clone()
    side[..., 0], middle[..., 4] = 3.0, 3.0
    assert 1 < PartPooling(2, 1.0)(side)[0, 0] < PartPooling(2, 1.0)(middle)[0, 0] - 0.1


def test_mean_share_removes_what_all_parts_have_in_common():
    maps = torch.rand(1, 4, 8, 4, generator=torch.Generator().manual_seed(2))
    redder = maps + torch.tensor([0.5, 0.0, 0.0, 0.0]).view(1, 4, 1, 1)
    shift = {
        share: (PartPooling(4, 1.0, share)(redder) - PartPooling(4, 1.0, share)(maps)).abs().max() for share in (0, 1)
    }
    assert shift[0] > 0.4 and shift[1] < 1e-5
    half = PartPooling(4, 1.0, 0.5)(maps)
    assert torch.allclose(half, (PartPooling(4, 1.0, 0)(maps) + PartPooling(4, 1.0, 1)(maps)) / 2, atol=1e-6)


def test_swapped_top_and_bottom_have_the_same_average_but_other_parts():
    maps = torch.rand(1, 4, 8, 4, generator=torch.Generator().manual_seed(2))
    turned = maps.flip(2)
    assert torch.allclose(maps.mean(dim=(2, 3)), turned.mean(dim=(2, 3)), atol=1e-6)
    assert (PartPooling(4, 3.0)(maps) - PartPooling(4, 3.0)(turned)).abs().max() > 0.05


def test_settings_are_stored_in_the_weights(tmp_path):
    network = PartPooledOSNet(create_model("osnet_x0_25", seed=1), PartPooling(8, 3.0, 0.5)).eval()
    save_file(network.state_dict(), tmp_path / "pooled.safetensors")
    again = create_model("osnet_x0_25", tmp_path / "pooled.safetensors")
    images = torch.rand(2, 3, 256, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = again(images)
        assert features.shape == (2, network.feature_dim) == (2, 8 * (96 + 128 + 128))
        assert torch.equal(features, network(images))


def test_each_map_has_unit_length():
    network = PartPooledOSNet(create_model("osnet_x0_25", seed=1), PartPooling(2, 3.0)).eval()
    with torch.no_grad():
        features = network(torch.rand(1, 3, 64, 32))[0]
    parts = features.split([2 * 96, 2 * 128, 2 * 128])
    assert [float(part.norm()) for part in parts] == pytest.approx([1, 1, 1], rel=1e-5)


def test_part_pooling_of_another_model_raises(tmp_path):
    network = PartPooledOSNet(create_model("osnet_x0_25"), PartPooling(2, 3.0))
    save_file(network.state_dict(), tmp_path / "pooled.safetensors")
    with pytest.raises(UserError, match="an OSNet with part pooling"):
        create_model("resnet50", tmp_path / "pooled.safetensors")
