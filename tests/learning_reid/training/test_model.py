"""Backbone, BN neck and classifier: their outputs in training and in inference."""

from pathlib import Path

import pytest
import torch

from learning_reid.config.training import ModelSettings
from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS
from learning_reid.models.registry import create_model
from learning_reid.models.state_dict import trained_input_size
from learning_reid.training.checkpoint import save_weights
from learning_reid.training.model import build_training_model


@pytest.mark.parametrize(
    ("arch", "reid_dim", "dimension"),
    [("osnet_x0_25", 64, 64), ("osnet_x0_25", None, 512), ("resnet18", 32, 32), ("shufflenet", None, 960)],
)
def test_training_returns_features_before_the_neck_and_logits_after_it(
    arch: str, reid_dim: int | None, dimension: int
) -> None:
    settings = ModelSettings(arch=arch, reid_dim=reid_dim, input_size=[64, 32])
    model = build_training_model(settings, classes=5, seed=0).train()
    images = torch.randn(4, 3, 64, 32)
    before, logits = model(images)
    assert before.shape == (4, dimension) and logits.shape == (4, 5)
    torch.testing.assert_close(model.classifier(model.neck(before)), logits)
    assert any(layer.training for layer in model.backbone.modules())  # norms use this batch
    model.eval()
    torch.testing.assert_close(model(images), model.neck(model.before_neck(images)))


def test_the_neck_has_no_trainable_bias() -> None:
    model = build_training_model(ModelSettings(arch="osnet_x0_25", input_size=[64, 32]), classes=5, seed=0)
    assert not model.neck.bias.requires_grad and model.classifier.bias is None


def test_the_weights_depend_on_the_seed_alone() -> None:
    settings = ModelSettings(arch="osnet_x0_25", input_size=[64, 32])
    torch.manual_seed(1)
    state = torch.get_rng_state()
    first, again, other = (build_training_model(settings, 5, seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)


@pytest.mark.parametrize("arch", ["osnet_x0_25", "resnet18"])
def test_the_weights_file_contains_neck_and_input_size(arch: str, tmp_path: Path) -> None:
    model = build_training_model(ModelSettings(arch=arch, reid_dim=16, input_size=[64, 32]), classes=5, seed=0).eval()
    save_weights(tmp_path / "a.pt", model, input_size=[64, 32], epoch=3)
    network = create_model(arch, tmp_path / "a.pt")
    images = torch.randn(2, 3, 64, 32)
    torch.testing.assert_close(network(images), model(images))
    assert trained_input_size(arch, tmp_path / "a.pt") == (64, 32)


def test_an_invalid_input_size_in_a_weights_file_is_reported(tmp_path: Path) -> None:
    torch.save({"state_dict": {"a": torch.ones(1)}, "input_size": [0, "x"]}, tmp_path / "a.pt")
    with pytest.raises(UserError, match="input size"):
        trained_input_size("osnet_x0_25", tmp_path / "a.pt")


def test_training_can_start_from_embedded_weights() -> None:
    settings = ModelSettings(arch="osnet_x0_25", weights="embedded", input_size=[64, 32])
    without = settings.model_copy(update={"weights": None})
    started, random = (build_training_model(each, 5, 0) for each in (settings, without))
    embedded = create_model("osnet_x0_25", EMBEDDED_WEIGHTS / "reid.safetensors").state_dict()
    name = "backbone.conv1.conv.weight"
    torch.testing.assert_close(started.backbone.state_dict()[name], embedded[name])
    assert not torch.equal(random.backbone.state_dict()["conv1.conv.weight"], embedded[name])


def test_training_can_start_from_an_earlier_run(tmp_path: Path) -> None:
    settings = ModelSettings(arch="osnet_x0_25", reid_dim=16, input_size=[64, 32])
    earlier = build_training_model(settings, classes=5, seed=0)
    save_weights(tmp_path / "a.pt", earlier, input_size=[64, 32])
    model = build_training_model(settings.model_copy(update={"weights": str(tmp_path / "a.pt")}), classes=7, seed=1)
    name = "conv1.conv.weight"
    torch.testing.assert_close(model.backbone.state_dict()[name], earlier.backbone.state_dict()[name])
    assert model.classifier.weight.shape == (7, 16)
