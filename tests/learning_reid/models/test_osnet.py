"""Our OSNet against torchreid's: the same weights must give the same numbers."""

from types import ModuleType

import pytest
import torch
from torch import nn

from learning_reid.models.registry import OSNET_NAMES
from learning_reid.models.osnet import FEATURE_DIM, VARIANTS, build_osnet


def lively(module: nn.Module) -> nn.Module:
    generator = torch.Generator().manual_seed(5)
    for key, tensor in module.state_dict().items():
        if key.endswith("running_var"):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        elif tensor.ndim == 1:
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.2 + float(key.endswith("weight")))
    return module


def test_names_are_the_variants() -> None:
    assert set(OSNET_NAMES) == set(VARIANTS)


@pytest.mark.parametrize("name", OSNET_NAMES)
def test_same_weights_give_the_numbers_of_torchreid(name: str, torchreid_models: ModuleType) -> None:
    peer = lively(torchreid_models.build_model(name, num_classes=5, loss="triplet", pretrained=False)).eval()
    ours = build_osnet(name, num_classes=5).eval()
    ours.load_state_dict(peer.state_dict(), strict=True)
    pictures = torch.randn(2, 3, 128, 64, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        expected = peer(pictures)
        assert expected.abs().max() > 0.1  # there is something to compare
        assert (ours(pictures) - expected).abs().max() <= 1e-5
        expected_logits, expected_features = peer.train()(pictures)
        logits, features = ours.train()(pictures)
    assert (logits - expected_logits).abs().max() <= 1e-5
    assert (features - expected_features).abs().max() <= 1e-5


@pytest.mark.parametrize("name", ["osnet_x0_25", "osnet_ibn_x1_0", "osnet_ain_x0_25"])
def test_gradients_are_those_of_torchreid(name: str, torchreid_models: ModuleType) -> None:
    peer = lively(torchreid_models.build_model(name, num_classes=5, loss="triplet", pretrained=False)).train()
    ours = build_osnet(name, num_classes=5).train()
    ours.load_state_dict(peer.state_dict())
    pictures = torch.randn(2, 3, 64, 32, generator=torch.Generator().manual_seed(1))
    for network in (peer, ours):
        logits, features = network(pictures)
        (logits.square().sum() + features.square().sum()).backward()
    expected = dict(peer.named_parameters())
    largest = max(parameter.grad.abs().max() for parameter in expected.values())
    for key, parameter in ours.named_parameters():
        assert (parameter.grad - expected[key].grad).abs().max() <= 1e-5 * largest, key


def test_shapes_at_the_usual_size() -> None:
    network = build_osnet("osnet_x0_5").eval()
    with torch.inference_mode():
        pictures = torch.zeros(1, 3, 256, 128)
        assert network.feature_maps(pictures).shape == (1, 256, 16, 8)
        assert network.features(pictures).shape == (1, FEATURE_DIM)


def test_without_classes_training_gives_features_and_there_is_no_classifier() -> None:
    network = build_osnet("osnet_ain_x0_25").train()
    assert network(torch.randn(2, 3, 64, 32)).shape == (2, FEATURE_DIM)
    assert not [key for key in network.state_dict() if key.startswith("classifier")]


def test_the_seed_decides_the_weights_and_leaves_the_generator_alone() -> None:
    torch.manual_seed(11)
    expected_next = torch.rand(3)
    torch.manual_seed(11)
    one, same, other = (build_osnet("osnet_x0_25", seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected_next)
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["conv1.conv.weight"], other["conv1.conv.weight"])


def test_initial_weights_are_spread_as_those_of_torchreid(torchreid_models: ModuleType) -> None:
    torch.manual_seed(0)
    peer = torchreid_models.build_model("osnet_ain_x0_5", num_classes=700, pretrained=False).state_dict()
    ours = build_osnet("osnet_ain_x0_5", num_classes=700).state_dict()
    for key, tensor in peer.items():
        if tensor.numel() > 4000:
            assert ours[key].std() == pytest.approx(tensor.std().item(), rel=0.1), key
            assert ours[key].mean().item() == pytest.approx(0, abs=tensor.std().item() / 10), key
        elif tensor.ndim == 1 and "fc1" not in key:
            assert torch.equal(ours[key], tensor), key
