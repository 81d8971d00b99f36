"""Models by name."""

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
import torch

from learning_reid.errors import UserError
from learning_reid.models.registry import MODELS, check_model_name, create_model, list_models, register_model


def test_models_have_the_names_of_torchreid(torchreid_models: ModuleType) -> None:
    factory = vars(torchreid_models)["__model_factory"]
    names = list_models()
    assert set(names) == set(factory) and len(names) == len(factory)


def test_list_is_filtered_by_a_shell_pattern() -> None:
    assert len(list_models("osnet*")) == 9
    assert list_models("resnet50_ibn_?") == ["resnet50_ibn_a", "resnet50_ibn_b"]
    assert list_models("nothing*") == []


def test_listing_does_not_import_torch(repository: Path) -> None:
    code = (
        "from learning_reid.models import list_models; list_models('osnet*'); import sys; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_unknown_name_raises_with_similar_names() -> None:
    with pytest.raises(UserError, match="unknown model 'oznet_x0_25': did you mean 'osnet_x0_25'"):
        check_model_name("oznet_x0_25")
    with pytest.raises(UserError, match="resnet50"):
        create_model("resnet_50")


def test_a_model_can_be_registered_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    for table in ("_loaded", "_about"):
        monkeypatch.setattr(MODELS, table, dict(getattr(MODELS, table)))

    @register_model("linear_probe")
    def create_linear_probe(name: str) -> torch.nn.Module:
        return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.LazyLinear(4))

    assert list_models("linear*") == ["linear_probe"]
    assert create_model("linear_probe")(torch.zeros(2, 3, 8, 4)).shape == (2, 4)


def test_seed_determines_the_weights_and_leaves_the_global_generator_alone() -> None:
    torch.manual_seed(11)
    expected_next = torch.rand(3)
    torch.manual_seed(11)
    one, same, other = (create_model("osnet_x0_25", seed=seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(torch.rand(3), expected_next)
    assert all(torch.equal(one[key], same[key]) for key in one)
    assert not torch.equal(one["conv1.conv.weight"], other["conv1.conv.weight"])


def test_trained_weights_by_path_and_by_name(weights_file: Path, state_dict: dict[str, torch.Tensor]) -> None:
    model = create_model("osnet_x0_25", weights_file)
    assert not model.training
    assert torch.equal(model.state_dict()["conv5.conv.weight"], state_dict["conv5.conv.weight"])
    assert create_model("osnet_x0_25", "embedded")(torch.zeros(1, 3, 256, 128)).shape == (1, 5632)
    with pytest.raises(UserError, match="no weights file"):
        create_model("osnet_x0_25", "missing.pth")
