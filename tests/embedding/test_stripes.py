"""Striped reading: what it computes, what it tells apart, and that weights bring it along."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from src.embedding.networks import build_network
from src.embedding.osnet import build_osnet
from src.embedding.stripes import StripedOSNet, Stripes
from src.settings.errors import UserError


def test_stripes_are_the_generalised_mean_of_rows_from_head_to_foot():
    maps = torch.rand(2, 3, 8, 4, generator=torch.Generator().manual_seed(0))
    pooled = Stripes(4, 3.0)(maps).numpy()
    for picture in range(2):
        for stripe in range(4):
            rows = maps[picture, :, 2 * stripe : 2 * stripe + 2].numpy().astype(float)
            slow = [np.mean(rows[channel] ** 3) ** (1 / 3) for channel in range(3)]
            assert pooled[picture, 3 * stripe : 3 * stripe + 3] == pytest.approx(slow, rel=1e-4)


def test_power_one_is_the_average_and_a_high_power_nearly_the_maximum():
    maps = torch.rand(1, 2, 4, 4, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(Stripes(1, 1.0)(maps), maps.mean(dim=(2, 3)))
    assert torch.allclose(Stripes(1, 200.0)(maps), maps.amax(dim=(2, 3)), atol=0.03)


def test_top_and_bottom_exchanged_look_alike_to_the_average_but_not_to_stripes():
    maps = torch.rand(1, 4, 8, 4, generator=torch.Generator().manual_seed(2))
    turned = maps.flip(2)
    assert torch.allclose(maps.mean(dim=(2, 3)), turned.mean(dim=(2, 3)), atol=1e-6)
    assert (Stripes(4, 3.0)(maps) - Stripes(4, 3.0)(turned)).abs().max() > 0.05


def test_weights_say_by_themselves_how_they_are_read(tmp_path):
    network = StripedOSNet(build_osnet("osnet_x0_25", seed=1), Stripes(8, 3.0)).eval()
    save_file(network.state_dict(), tmp_path / "striped.safetensors")
    again = build_network("osnet_x0_25", tmp_path / "striped.safetensors")
    pictures = torch.rand(2, 3, 256, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        features = again(pictures)
        assert features.shape == (2, network.feature_dim) == (2, 8 * 128)
        assert torch.equal(features, network(pictures))


def test_stripes_for_another_kind_of_network_are_refused(tmp_path):
    network = StripedOSNet(build_osnet("osnet_x0_25"), Stripes(2, 3.0))
    save_file(network.state_dict(), tmp_path / "striped.safetensors")
    with pytest.raises(UserError, match="read in stripes"):
        build_network("resnet50", tmp_path / "striped.safetensors")
