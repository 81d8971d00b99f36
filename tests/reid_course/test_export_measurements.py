"""Measurements of the lesson on export."""

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from learning_reid.embedding.onnx_file import write_graph
from learning_reid.models.registry import create_model
from reid_course.export_measurements import (
    AveragedFeatures,
    count_operators,
    images_per_s,
    input_range,
    installed_mb,
    quiet_nncf,
)

onnx = pytest.importorskip("onnx", reason="pip install '.[fast]'")


class Counting:
    """Embedder that returns zeros and counts its calls."""

    dimension = 2

    def __init__(self) -> None:
        self.calls: list[int] = []

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        self.calls.append(len(crops))
        return np.zeros((len(crops), 2), np.float32)


def test_speed_counts_images_and_not_calls() -> None:
    images = [np.zeros((8, 4, 3), np.uint8)] * 10
    batched, single = Counting(), Counting()
    assert images_per_s(batched, images, repeats=2) > 0 and images_per_s(single, images, True, repeats=2) > 0
    assert batched.calls == [8, 10, 10] and single.calls == [8, *[1] * 20]


def test_a_package_has_a_size() -> None:
    assert installed_mb("torch") > 10 * installed_mb("yaml") > 0


def test_operators_are_counted(tmp_path: Path) -> None:
    write_graph("osnet_x0_25", create_model("osnet_x0_25"), (64, 32), {"input": "batch"}, tmp_path / "a.onnx")
    convolutions = sum(isinstance(part, torch.nn.Conv2d) for part in create_model("osnet_x0_25").modules())
    assert count_operators(tmp_path / "a.onnx")["Conv"] >= convolutions
    with pytest.raises(ValueError, match="does not quantise"):
        input_range(tmp_path / "a.onnx")


@pytest.mark.parametrize(("kind", "zero", "ends"), [(np.uint8, 100, (-50.0, 77.5)), (np.int8, 0, (-64.0, 63.5))])
def test_input_range_of_a_quantised_file(kind: type, zero: int, ends: tuple[float, float], tmp_path: Path) -> None:
    from onnx import TensorProto, helper, numpy_helper

    out = TensorProto.UINT8 if kind is np.uint8 else TensorProto.INT8
    graph = helper.make_graph(
        [helper.make_node("QuantizeLinear", ["input", "scale", "zero"], ["y"])],
        "levels",
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", out, [1])],
        [
            numpy_helper.from_array(np.float32(0.5), "scale"),
            numpy_helper.from_array(np.array(zero, kind), "zero"),
        ],
    )
    onnx.save(helper.make_model(graph), tmp_path / "levels.onnx")
    assert input_range(tmp_path / "levels.onnx") == ends


def test_averaged_features_have_unit_length() -> None:
    network = create_model("osnet_x0_25").eval()
    averaged = AveragedFeatures(torch.nn.Sequential(network))
    with torch.inference_mode():
        found = averaged(torch.rand(2, 3, 64, 32))
    assert found.shape == (2, sum(network.map_channels[1:]))
    assert torch.allclose(found.norm(dim=1), torch.ones(2), atol=1e-5)


def test_progress_bars_are_hidden() -> None:
    rich_progress = pytest.importorskip("rich.progress")
    output = io.StringIO()
    with contextlib.redirect_stdout(output), quiet_nncf():
        assert list(rich_progress.track([1, 2, 3])) == [1, 2, 3]
    assert output.getvalue() == ""
