"""YOLOX (Ge et al. 2021, arXiv:2107.08430) from an ONNX file, run by ONNX Runtime.

Three steps surround the network: letterboxing (scale with the aspect ratio kept, pad with gray), decoding (the outputs
are in units of the network's grid), and non-maximum suppression (one box for each person).
"""

import math
from pathlib import Path

import cv2
import numpy as np
import onnxruntime as ort
import supervision as sv

from learning_reid.detection.detections import to_detections
from learning_reid.detection.registry import register_detector
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame

STRIDES = (8, 16, 32)  # pixels for each grid cell, finest grid first
GRAY = 114  # the padding used in training
PERSON = 0  # COCO's first class
MIN_SCORE = 0.35
NMS_IOU = 0.45


class YoloxOnnx:
    """A YOLOX network with one person class or COCO's 80, for the input size its file was exported with.

    Args:
        path: ONNX file with input (1, 3, h, w) and output (1, cells, 5 + classes), not decoded.
        min_score: Lowest objectness × class probability.
        threads: CPU threads of one inference; None = all.
    """

    def __init__(self, path: str | Path, min_score: float = MIN_SCORE, threads: int | None = None) -> None:
        self.weights, self.min_score = Path(path), min_score
        self.session = _open_session(path, threads)
        self.input_name, self.input_size = _check_shapes(self.session, path)
        self.cells_xy, self.strides = grid_cells(self.input_size)

    def __call__(self, frame: Frame) -> sv.Detections:
        image, scale, margin = letterbox(frame.image, self.input_size)
        # RGB → BGR, 0–255: the network was trained on images as OpenCV reads them
        blob = image[:, :, ::-1].transpose(2, 0, 1)[None].astype(np.float32)  # (1, 3, h, w)
        (output,) = self.session.run(None, {self.input_name: blob})  # (1, cells, 5 + classes)
        boxes, scores = decode(output[0], self.cells_xy, self.strides)
        likely = scores >= self.min_score
        boxes, scores = boxes[likely], scores[likely]
        kept = suppress(boxes, scores)
        in_frame = (boxes[kept] - np.tile(margin, 2)) / scale
        return to_detections(in_frame, scores[kept], frame.image.shape, self.min_score)


def letterbox(image: np.ndarray, size: tuple[int, int]) -> tuple[np.ndarray, float, tuple[int, int]]:
    """Scale an image to fit into `size` with its aspect ratio kept, and center it on gray.

    Shrinking averages over areas: bilinear interpolation skips pixels, and distant people are only a few pixels wide.

    Args:
        image: (height, width, 3) uint8.
        size: (height, width) of the result.

    Returns:
        The padded image, uint8; the scale factor from the original to it; its (left, top) margin.
    """
    height, width = image.shape[:2]
    scale = min(size[0] / height, size[1] / width)
    inner_height, inner_width = max(1, round(height * scale)), max(1, round(width * scale))
    interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    resized = cv2.resize(image, (inner_width, inner_height), interpolation=interpolation)
    top, left = (size[0] - inner_height) // 2, (size[1] - inner_width) // 2
    canvas = np.full((*size, 3), GRAY, dtype=np.uint8)
    canvas[top : top + inner_height, left : left + inner_width] = resized
    return canvas, scale, (left, top)


def grid_cells(size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Return column and row of each cell of the three grids, (cells, 2), and its stride in pixels, (cells, 1), float32.

    >>> cells_xy, strides = grid_cells((32, 64))
    >>> len(cells_xy), cells_xy[9].tolist(), strides[[0, -1], 0].tolist()
    (42, [1.0, 1.0], [8.0, 32.0])
    """
    cells, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: size[0] // stride, : size[1] // stride]
        cells.append(np.stack([columns.ravel(), rows.ravel()], axis=1))
        strides.append(np.full((rows.size, 1), stride))
    return np.concatenate(cells).astype(np.float32), np.concatenate(strides).astype(np.float32)


def decode(output: np.ndarray, cells_xy: np.ndarray, strides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert the network's output to boxes in pixels of its input.

    Each cell predicts the box center relative to its own corner, in cells, and the logarithm of the box size in cells.

    Args:
        output: (cells, 5 + classes): x, y, log w, log h, objectness, class probabilities.
        cells_xy, strides: From `grid_cells`.

    Returns:
        Boxes xyxy (cells, 4), and scores of "person" (cells,) = objectness × class probability.
    """
    centers = (output[:, 0:2] + cells_xy) * strides
    half_sizes = np.exp(np.minimum(output[:, 2:4], 20)) * strides / 2  # 20: no overflow in cells without a person
    return np.concatenate([centers - half_sizes, centers + half_sizes], axis=1), output[:, 4] * output[:, 5 + PERSON]


def suppress(boxes_xyxy: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return the indices of boxes that do not overlap a better one by more than `NMS_IOU`, by descending score."""
    if len(boxes_xyxy) == 0:
        return np.zeros(0, dtype=np.int64)
    xywh = np.concatenate([boxes_xyxy[:, :2], boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]], axis=1)
    return np.asarray(cv2.dnn.NMSBoxes(xywh.tolist(), scores.tolist(), 0.0, NMS_IOU), dtype=np.int64)


def _open_session(path: str | Path, threads: int | None) -> ort.InferenceSession:
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file; set detector.weights to a YOLOX ONNX file")
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads or 0
    options.log_severity_level = 4  # problems are reported by the exceptions below
    try:
        return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's exceptions share no public base class
        reason = str(error).splitlines()[0][-120:]
        raise UserError(f"{path}: truncated, or not an ONNX file ({reason}); download or export it again") from None


def _check_shapes(session: ort.InferenceSession, path: str | Path) -> tuple[str, tuple[int, int]]:
    """Return the input's name and (height, width), after checking that this is a YOLOX network."""
    inputs, outputs = session.get_inputs(), session.get_outputs()
    in_shape, out_shape = inputs[0].shape, outputs[0].shape
    plausible = len(inputs) == len(outputs) == 1 and len(in_shape) == 4 and in_shape[1] == 3 and len(out_shape) == 3
    if plausible and all(isinstance(side, int) and side % STRIDES[-1] == 0 for side in in_shape[2:]):
        cells = sum(math.prod(side // stride for side in in_shape[2:]) for stride in STRIDES)
        if out_shape[1] == cells and isinstance(out_shape[2], int) and out_shape[2] > 5:
            return inputs[0].name, (in_shape[2], in_shape[3])
    raise UserError(
        f"{path}: not a YOLOX network: {[i.shape for i in inputs]} → {[o.shape for o in outputs]}; "
        "needed: (1, 3, h, w) → (1, cells of strides 8, 16 and 32, 5 + classes), not decoded"
    )


@register_detector("yolox_onnx", about="YOLOX from an ONNX file.")
def create_yolox_onnx(weights: str, min_score: float | None, device: str, threads: int | None) -> YoloxOnnx:
    """Create the detector, which runs on the CPU."""
    if weights == "embedded":
        raise UserError("detector yolox_onnx needs an ONNX file; set detector.weights to one, such as yolox_nano.onnx")
    return YoloxOnnx(weights, MIN_SCORE if min_score is None else min_score, threads)
