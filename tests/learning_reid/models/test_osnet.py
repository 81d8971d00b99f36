"""OSNet compared with torchreid's: the same weights must give the same features."""

from types import ModuleType

import pytest
import torch
from torch import nn

from learning_reid.models.osnet import FEATURE_DIM, VARIANTS, build_osnet
from learning_reid.models.registry import list_models

REPRESENTATIVES = ("osnet_x0_25", "osnet_ibn_x1_0", "osnet_ain_x0_25")


def randomized(module: nn.Module) -> nn.Module:
    """Change all weights in place, so that no layer is the identity."""
    generator = torch.Generator().manual_seed(5)
    for key, tensor in module.state_dict().items():
        if key.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        elif tensor.ndim == 1:
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.2 + float(key.endswith("weight")))
    return module


def test_every_variant_is_registered() -> None:
    assert set(list_models("osnet*")) == set(VARIANTS)


@pytest.mark.parametrize(
    "name", [name if name in REPRESENTATIVES else pytest.param(name, marks=pytest.mark.matrix) for name in VARIANTS]
)
def test_features_and_logits_equal_torchreid(name: str, torchreid_models: ModuleType) -> None:
    peer = randomized(torchreid_models.build_model(name, num_classes=5, loss="triplet", pretrained=False)).eval()
    ours = build_osnet(name, num_classes=5).eval()
    ours.load_state_dict(peer.state_dict(), strict=True)
    images = torch.randn(2, 3, 128, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = peer(images)
        assert expected.abs().max() > 0.1  # otherwise the comparison would mean nothing
        assert (ours(images) - expected).abs().max() <= 1e-5
        expected_logits, expected_features = peer.train()(images)
        logits, features = ours.train()(images)
    assert (logits - expected_logits).abs().max() <= 1e-5
    assert (features - expected_features).abs().max() <= 1e-5


@pytest.mark.parametrize("name", REPRESENTATIVES)
def test_gradients_equal_torchreid(name: str, torchreid_models: ModuleType) -> None:
    peer = randomized(torchreid_models.build_model(name, num_classes=5, loss="triplet", pretrained=False)).train()
    ours = build_osnet(name, num_classes=5).train()
    ours.load_state_dict(peer.state_dict())
    images = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(1))
    for network in (peer, ours):
        logits, features = network(images)
        (logits.square().sum() + features.square().sum()).backward()
    expected = dict(peer.named_parameters())
    largest = max(parameter.grad.abs().max() for parameter in expected.values())
    for key, parameter in ours.named_parameters():
        assert (parameter.grad - expected[key].grad).abs().max() <= 1e-5 * largest, key


def test_shapes_at_the_usual_size() -> None:
    network = build_osnet("osnet_x0_5").eval()
    with torch.inference_mode():
        images = torch.zeros(1, 3, 256, 128)
        assert network.feature_maps(images).shape == (1, 256, 16, 8)
        assert network.features(images).shape == (1, FEATURE_DIM)


def test_without_classes_there_is_no_classifier() -> None:
    network = build_osnet("osnet_ain_x0_25").train()
    assert network(torch.randn(2, 3, 64, 32)).shape == (2, FEATURE_DIM)
    assert not [key for key in network.state_dict() if key.startswith("classifier")]


def test_initial_weights_have_the_distribution_of_torchreid(torchreid_models: ModuleType) -> None:
    torch.manual_seed(0)
    peer = torchreid_models.build_model("osnet_ain_x0_5", num_classes=700, pretrained=False).state_dict()
    ours = build_osnet("osnet_ain_x0_5", num_classes=700).state_dict()
    for key, tensor in peer.items():
        if tensor.numel() > 4000:
            assert ours[key].std() == pytest.approx(tensor.std().item(), rel=0.1), key
            assert ours[key].mean().item() == pytest.approx(0, abs=tensor.std().item() / 10), key
        elif tensor.ndim == 1 and "fc1" not in key:
            assert torch.equal(ours[key], tensor), key
