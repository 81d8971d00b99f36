"""Models of torchreid: output shapes, no warnings, and the other backends."""

import copy
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.embedding.registry import create_embedder
from learning_reid.models.registry import create_model, input_size, list_models

DIMENSIONS = {"mobilenetv2_x1_0": 1280, "shufflenet": 960, "pcb_p4": 8192}
SAMPLE = ("mobilenetv2_x1_0", "shufflenet_v2_x0_5", "pcb_p4")
OTHERS = [name for name in list_models() if not name.startswith("osnet") and name not in SAMPLE]


@pytest.mark.parametrize("name", [*SAMPLE, *(pytest.param(name, marks=pytest.mark.matrix) for name in OTHERS)])
def test_one_vector_per_crop(name: str) -> None:
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("error")
        features = create_model(name)(torch.zeros(2, 3, *input_size(name)))
    assert features.ndim == 2 and len(features) == 2
    assert features.shape[1] == DIMENSIONS.get(name, features.shape[1])


def test_hacnn_embeds_on_a_cpu_without_output(
    tmp_path: Path, crops: list[np.ndarray], capfd: pytest.CaptureFixture[str]
) -> None:
    state = create_model("hacnn").state_dict()
    assert any(key.startswith("classifier_global") for key in state)
    torch.save({"state_dict": state}, tmp_path / "hacnn.pth.tar")
    capfd.readouterr()
    with warnings.catch_warnings(record=True) as error:
        warnings.simplefilter("always")
        embedder = create_embedder("hacnn", str(tmp_path / "hacnn.pth.tar"))
        features = embedder(crops[:3])
    assert (embedder.preprocessing.height, embedder.preprocessing.width) == (160, 64)
    assert features.shape == (3, embedder.dimension) == (3, 1024)
    assert np.linalg.norm(features, axis=1) == pytest.approx(1)
    assert [str(warning.message) for warning in error] == []
    assert "".join(capfd.readouterr()) == ""


def test_copy_of_hacnn_uses_its_own_weights() -> None:
    model = create_model("hacnn")
    average = copy.deepcopy(model)
    images = torch.rand(1, 3, 160, 64)
    with torch.no_grad():
        before = average(images)
        for parameter in model.parameters():
            parameter.zero_()
        assert torch.equal(average(images), before)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mobilenetv2_x1_0", "shufflenet_v2_x0_5"])
def test_other_backends_agree(name: str, tmp_path: Path, crops: list[np.ndarray]) -> None:
    torch.save(create_model(name).state_dict(), tmp_path / "weights.pth")
    expected = create_embedder(name, str(tmp_path / "weights.pth"))(crops)
    for backend in ("onnx", "openvino"):  # the second finds the file that the first has exported
        features = create_embedder(name, str(tmp_path / "weights.pth"), backend, precision="float32")(crops)
        assert (features * expected).sum(axis=1).min() >= 0.9999, backend
