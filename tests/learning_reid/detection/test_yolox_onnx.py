"""YOLOX: letterboxing, decoding and suppression compared with slow references; and the real network."""

import math
from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from learning_reid.detection.registry import create_detector
from learning_reid.detection.yolox_onnx import NMS_IOU, decode, grid_cells, letterbox, suppress
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.frames.mot import read_mot
from learning_reid.metrics.detection import detection_metrics

CELLS = 64 + 16 + 4  # of a 64 × 64 input


@pytest.mark.parametrize("height, width", [(576, 768), (768, 576), (100, 100), (20, 30), (3, 900)])
def test_letterbox_keeps_the_aspect_ratio_and_can_be_inverted(height: int, width: int) -> None:
    image = np.full((height, width, 3), 200, np.uint8)
    canvas, scale, (left, top) = letterbox(image, (96, 128))
    assert canvas.shape == (96, 128, 3) and canvas.dtype == np.uint8
    rows, columns = np.nonzero((canvas == 200).all(axis=2))
    assert (canvas[(canvas != 200).any(axis=2)] == 114).all()
    assert (rows.min(), columns.min()) == (top, left)
    inner = rows.max() + 1 - top, columns.max() + 1 - left
    np.testing.assert_allclose(np.array(inner) / scale, [height, width], atol=0.51 / scale + 0.5 / scale)
    assert inner[0] == 96 or inner[1] == 128  # fills one side
    assert abs(2 * top + inner[0] - 96) <= 1 and abs(2 * left + inner[1] - 128) <= 1  # and is centered


def slow_decode(output: np.ndarray, height: int, width: int) -> list[tuple[float, ...]]:
    rows, cell = [], 0
    for stride in (8, 16, 32):
        for row in range(height // stride):
            for column in range(width // stride):
                x, y, log_w, log_h, objectness, person = output[cell, :6].tolist()
                center_x, center_y = (x + column) * stride, (y + row) * stride
                w, h = math.exp(log_w) * stride, math.exp(log_h) * stride
                rows.append(
                    (center_x - w / 2, center_y - h / 2, center_x + w / 2, center_y + h / 2, objectness * person)
                )
                cell += 1
    return rows


@pytest.mark.parametrize("height, width", [(64, 64), (96, 160)])
def test_decoding_equals_a_slow_reference(height: int, width: int) -> None:
    cells_xy, strides = grid_cells((height, width))
    output = np.random.default_rng(0).normal(size=(len(cells_xy), 85)).astype(np.float32)
    boxes, scores = decode(output, cells_xy, strides)
    expected = np.array(slow_decode(output, height, width))
    np.testing.assert_allclose(np.column_stack([boxes, scores]), expected, rtol=1e-4, atol=1e-4)


def overlap(a: list[float], b: list[float]) -> float:
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    shared = max(width, 0) * max(height, 0)
    return shared / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - shared)


def test_suppression_equals_a_slow_reference() -> None:
    rng = np.random.default_rng(1)
    for _ in range(20):
        corners = rng.uniform(0, 60, (40, 2))
        boxes = np.concatenate([corners, corners + rng.uniform(10, 40, (40, 2))], axis=1).astype(np.float32)
        scores = rng.permutation(40).astype(np.float32) / 40 + 0.01
        kept: list[int] = []
        for i in sorted(range(40), key=lambda i: -scores[i]):
            if all(overlap(boxes[i].tolist(), boxes[j].tolist()) <= NMS_IOU for j in kept):
                kept.append(i)
        assert suppress(boxes, scores).tolist() == kept
    assert suppress(np.zeros((0, 4), np.float32), np.zeros(0, np.float32)).shape == (0,)


def save_network(path: Path, cells: int = CELLS, side: int = 64) -> Path:
    """Save an ONNX file in YOLOX's format: one person in cell 9, with the brightness of channel 1 as score (255 = 1)."""
    base, mask = np.zeros((1, cells, 85), np.float32), np.zeros((1, cells, 85), np.float32)
    base[0, :, 5], base[0, 9, :4] = 1, [0.5, 0.25, 0, math.log(2)]  # center (12, 10), 8 wide, 16 high
    mask[0, 9, 4] = 1 / 255
    numbers = {"base": base, "mask": mask, "start": [0], "end": [1], "axis": [1], "shape": [1, 1, 1], "plane": [2, 3]}
    tensors = [
        numpy_helper.from_array(np.asarray(v, np.float32 if name in ("base", "mask") else np.int64), name)
        for name, v in numbers.items()
    ]
    nodes = [
        helper.make_node("ReduceMax", ["images", "plane"], ["brightest"], keepdims=1),
        helper.make_node("Slice", ["brightest", "start", "end", "axis"], ["first"]),
        helper.make_node("Reshape", ["first", "shape"], ["first3"]),
        helper.make_node("Mul", ["first3", "mask"], ["sure"]),
        helper.make_node("Add", ["sure", "base"], ["output"]),
    ]
    graph = helper.make_graph(
        nodes,
        "yolox",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, cells, 85])],
        tensors,
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def test_boxes_are_in_frame_pixels_and_input_is_bgr(tmp_path: Path) -> None:
    detector = create_detector("yolox_onnx", str(save_network(tmp_path / "yolox.onnx")), threads=1)
    image = np.zeros((64, 128, 3), np.uint8)  # scale 1/2, margin 16 rows
    image[:, :, 2] = 204
    found = detector(Frame(0, "", image))
    # rows 2–18 of the network's input; the part above row 16 is margin and clipped
    np.testing.assert_allclose(found.xyxy, [[16, 0, 32, 4]], atol=1e-3)
    np.testing.assert_allclose(found.confidence, [0.8], atol=1e-5)
    red = np.ascontiguousarray(image[:, :, ::-1])
    assert len(create_detector("yolox_onnx", str(tmp_path / "yolox.onnx"), min_score=0.5)(Frame(0, "", red))) == 0
    assert len(create_detector("yolox_onnx", str(tmp_path / "yolox.onnx"), min_score=0.9)(Frame(0, "", image))) == 0


def test_bad_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no such file"):
        create_detector("yolox_onnx", str(tmp_path / "absent.onnx"))
    (tmp_path / "text.onnx").write_text("hello")
    whole = save_network(tmp_path / "yolox.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    for name in ("text.onnx", "cut.onnx"):
        with pytest.raises(UserError, match=f"{name}: truncated, or not an ONNX file"):
            create_detector("yolox_onnx", str(tmp_path / name))
    for cells, side in [(CELLS + 1, 64), (CELLS, 96)]:
        with pytest.raises(UserError, match=r"not a YOLOX network: \[\[1, 3, \d+, \d+\]\]"):
            create_detector("yolox_onnx", str(save_network(tmp_path / "other.onnx", cells, side)))


def test_a_reid_network_is_refused(real_data: Path) -> None:
    with pytest.raises(UserError, match="not a YOLOX network"):
        create_detector("yolox_onnx", str(real_data / "weights/osnet_x0_25_msmt17.onnx"))


@pytest.mark.slow
def test_recall_and_precision_on_real_frames(real_data: Path) -> None:
    scene = real_data / "frames/pets2009_s2l1"
    detector = create_detector(
        "yolox_onnx", str(real_data / "detectors/yolox_nano_coco.onnx"), min_score=0.35, threads=1
    )
    table, found, truth, ignored = read_mot(scene / "gt.txt"), [], [], []
    for index, file in enumerate(sorted((scene / "View_001").glob("*.jpg"))):
        people = detector(Frame(index, file.name, cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)))
        rows = table.at(index)
        found.append((people.xyxy, people.confidence))
        truth.append(rows.boxes_xyxy[rows.score != 0])
        ignored.append(rows.boxes_xyxy[rows.score == 0])
    at = detection_metrics(found, truth, ignored).at(0.35)
    print(f"YOLOX-nano on {len(found)} real frames: recall {at.recall:.3f}, precision {at.precision:.3f}")
    assert len(found) == 200 and at.recall >= 0.85 and at.precision >= 0.74
