"""Common to all detectors: order, clipping, names, and imports without heavy libraries."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from learning_reid.detection.detections import to_detections
from learning_reid.detection.registry import create_detector, list_detectors
from learning_reid.errors import UserError

SIDES = st.floats(-50, 150, width=32)
SCORES = st.sampled_from([0.1, 0.25, 0.5, 0.75])  # few values, so that ties are common


def slow_reference(boxes: np.ndarray, scores: np.ndarray, height: int, width: int, min_score: float) -> list[tuple]:
    kept = []
    for (x1, y1, x2, y2), score in zip(boxes.tolist(), scores.tolist(), strict=True):
        x1, x2 = min(max(x1, 0), width), min(max(x2, 0), width)
        y1, y2 = min(max(y1, 0), height), min(max(y2, 0), height)
        if score >= min_score and x2 > x1 and y2 > y1:
            kept.append((x1, y1, x2, y2, score))
    return sorted(kept, key=lambda row: -row[4])  # Python's sort keeps the order of ties


@given(
    st.integers(0, 8).flatmap(
        lambda n: st.tuples(arrays("f4", (n, 4), elements=SIDES), arrays("f4", n, elements=SCORES))
    )
)
def test_filtering_equals_a_slow_reference(inputs: tuple[np.ndarray, np.ndarray]) -> None:
    boxes, scores = inputs
    found = to_detections(boxes, scores, (60, 100, 3), min_score=0.25)
    rows = np.column_stack([found.xyxy, found.confidence])
    np.testing.assert_array_equal(rows, np.array(slow_reference(boxes, scores, 60, 100, 0.25), "f4").reshape(-1, 5))
    assert (found.xyxy.dtype, found.confidence.dtype) == (np.float32, np.float32)
    assert (found.class_id == 0).all() and len(found.class_id) == len(rows)


def test_boxes_with_nan_or_infinite_values_are_dropped_or_clipped() -> None:
    boxes = np.array([[0, 0, np.nan, 5], [0, 0, np.inf, 5], [1, 1, 2, 2]])
    found = to_detections(boxes, np.array([0.9, 0.8, np.nan]), (10, 20, 3), min_score=0.1)
    np.testing.assert_array_equal(found.xyxy, [[0, 0, 20, 5]])


def test_an_empty_result_has_the_usual_shapes() -> None:
    found = to_detections(np.zeros((0, 4)), np.zeros(0), (10, 20, 3), min_score=0.1)
    assert (found.xyxy.shape, found.confidence.shape, found.class_id.shape) == ((0, 4), (0,), (0,))


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UserError, match="did you mean 'yolox_onnx'"):
        create_detector("yolox_onx")
    assert list_detectors() == ["mot_file", "tensorflow_frcnn", "torchvision_frcnn", "yolox_onnx"]


@pytest.mark.parametrize("name", ["yolox_onnx", "mot_file"])
def test_a_detector_without_embedded_weights_requires_a_file(name: str) -> None:
    with pytest.raises(UserError, match=r"needs .* file; set detector\.weights"):
        create_detector(name)


@pytest.mark.parametrize("package, name", [("tensorflow", "tensorflow_frcnn"), ("onnxruntime", "yolox_onnx")])
def test_a_missing_package_names_the_install_command(repository: Path, package: str, name: str) -> None:
    code = f"""
import importlib.abc, importlib.util, sys
class HidePackage(importlib.abc.MetaPathFinder):
    def find_spec(self, fullname, path=None, target=None):
        if fullname == {package!r}: raise ModuleNotFoundError("No module named {package}", name={package!r})
sys.meta_path.insert(0, HidePackage())
from learning_reid.detection.registry import create_detector
from learning_reid.errors import UserError
try: create_detector({name!r}, "some_file")
except UserError as error: print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repository)
    assert f"{package!r}, which is not installed; run:" in done.stdout, done.stderr


def test_listing_detectors_imports_no_heavy_library(repository: Path) -> None:
    code = """
import sys
from learning_reid.detection import crop_image, list_detectors
list_detectors()
print([name for name in ("torch", "tensorflow", "onnxruntime", "supervision") if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=repository)
    assert done.stdout == "[]\n", done.stderr
