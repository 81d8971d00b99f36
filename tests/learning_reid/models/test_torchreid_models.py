"""Networks that come from torchreid: named right, quiet, and able to run on a CPU."""

import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from learning_reid.embedding.registry import create_embedder
from learning_reid.errors import UserError
from learning_reid.models.registry import OSNET_NAMES, TORCHREID_NAMES, check_name, input_size
from learning_reid.models.torchreid_models import build_torchreid


def test_the_list_is_that_of_torchreid(torchreid_models: ModuleType) -> None:
    theirs = vars(torchreid_models)["__model_factory"]
    assert set(TORCHREID_NAMES) | set(OSNET_NAMES) == set(theirs)
    assert len(TORCHREID_NAMES + OSNET_NAMES) == len(theirs)


@pytest.mark.parametrize(("name", "dimension"), [("mobilenetv2_x1_0", 1280), ("shufflenet", 960), ("pcb_p4", 8192)])
def test_one_vector_a_picture(name: str, dimension: int) -> None:
    network = build_torchreid(name)
    with torch.inference_mode():
        assert network(torch.zeros(2, 3, *input_size(name))).shape == (2, dimension)


def test_hacnn_embeds_on_a_cpu_in_silence(
    tmp_path: Path, crops: list[np.ndarray], capfd: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    state = build_torchreid("hacnn").state_dict()
    assert any(key.startswith("classifier_global") for key in state)
    torch.save({"state_dict": state}, tmp_path / "hacnn.pth.tar")
    capfd.readouterr()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        embedder = create_embedder("hacnn", str(tmp_path / "hacnn.pth.tar"))
        features = embedder(crops[:3])
    assert (embedder.preprocessing.height, embedder.preprocessing.width) == (160, 64)
    assert features.shape == (3, embedder.dimension) == (3, 1024)
    assert np.linalg.norm(features, axis=1) == pytest.approx(1)
    assert [str(warning.message) for warning in caught] == []
    assert "".join(capfd.readouterr()) == ""


@pytest.mark.parametrize("backend", ["onnx", "openvino"])
@pytest.mark.parametrize("name", ["mobilenetv2_x1_0", "shufflenet_v2_x0_5"])
def test_they_run_on_the_other_backends_too(name: str, backend: str, tmp_path: Path, crops: list[np.ndarray]) -> None:
    torch.manual_seed(0)
    torch.save(build_torchreid(name).state_dict(), tmp_path / "weights.pth")
    expected = create_embedder(name, str(tmp_path / "weights.pth"))(crops)
    features = create_embedder(name, str(tmp_path / "weights.pth"), backend, precision="float32")(crops)
    assert (features * expected).sum(axis=1).min() >= 0.9999


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UserError, match="osnet_x0_25"):
        check_name("oznet_x0_25")
    with pytest.raises(UserError, match="resnet50"):
        build_torchreid("resnet_50")
