"""Faster R-CNN as a frozen TensorFlow graph, such as `faster_rcnn_inception_v2_coco_2018_01_28`.

The graph runs in its own process, for the reason given in `tensorflow_worker.py`, for as long as the detector exists.
"""

import contextlib
import importlib.util
import struct
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import supervision as sv

from learning_reid.detection.detections import to_detections
from learning_reid.detection.registry import register_detector
from learning_reid.errors import UserError
from learning_reid.frames.frame import Frame
from learning_reid.io.paths import child_environment
from learning_reid.zoo.fetch import fetch_published

if importlib.util.find_spec("tensorflow") is None:  # only the worker imports it
    raise ModuleNotFoundError("No module named 'tensorflow'", name="tensorflow")

PUBLISHED = "faster_rcnn_inception_v2_coco_2018_01_28"  # its card
PERSON = 1  # COCO's first class, as TensorFlow counts them
MIN_SCORE = 0.5


class TensorflowFasterRCNN:
    """A frozen graph with the tensors `image_tensor`, `detection_boxes`, `…_scores`, `…_classes`, `num_detections`.

    Args:
        path: `frozen_inference_graph.pb`.
        min_score: The lowest score to keep.
        device: "cpu" hides the GPUs from TensorFlow.
        threads: CPU threads; None = TensorFlow's choice.
    """

    def __init__(
        self, path: Path, min_score: float = MIN_SCORE, device: str = "cpu", threads: int | None = None
    ) -> None:
        if not path.is_file():
            raise UserError(f"{path}: no such file; set detector.weights to a frozen_inference_graph.pb, or to coco")
        self.weights, self.min_score = path, min_score
        self.process = _start(path, device, threads)
        self._finalizer = weakref.finalize(self, _stop, self.process)  # also when Python exits
        self._receive()  # no rows once the graph is loaded, or an error

    def __call__(self, frame: Frame) -> sv.Detections:
        rows = self._detect(frame.image)
        rows = rows[rows[:, 5] == PERSON]
        height, width = frame.image.shape[:2]
        boxes_xyxy = rows[:, [1, 0, 3, 2]] * np.array([width, height, width, height], np.float32)
        return to_detections(boxes_xyxy, rows[:, 4], frame.image.shape, self.min_score)

    def close(self) -> None:
        """End the worker process; closing twice is allowed."""
        self._finalizer()

    def _detect(self, image: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 RGB → the worker's (n, 6) float32 rows."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(struct.pack("<2i", *image.shape[:2]) + np.ascontiguousarray(image).tobytes())
            self.process.stdin.flush()
        except BrokenPipeError:
            raise self._worker_died() from None
        return self._receive()

    def _receive(self) -> np.ndarray:
        (n,) = struct.unpack("<i", self._read(4))
        if n < 0:
            message = self._read(-n).decode()
            self.close()
            raise UserError(f"{self.weights}: {message}")
        return np.frombuffer(self._read(n * 24), "<f4").reshape(n, 6)

    def _read(self, length: int) -> bytes:
        assert self.process.stdout is not None
        content = self.process.stdout.read(length)
        if len(content) < length:
            raise self._worker_died()
        return content

    def _worker_died(self) -> UserError:
        status = self.process.poll()
        self.close()
        return UserError(
            f"TensorFlow's process ended unexpectedly (status {status}) while running {self.weights}; "
            "is there enough memory? Try another detector.name"
        )


def _start(path: Path, device: str, threads: int | None) -> subprocess.Popen[bytes]:
    environment = child_environment() | {"TF_CPP_MIN_LOG_LEVEL": "3", "WORKER_THREADS": str(threads or 0)}
    if device == "cpu":
        environment["CUDA_VISIBLE_DEVICES"] = "-1"
    return subprocess.Popen(
        [sys.executable, "-m", "learning_reid.detection.tensorflow_worker", str(path.resolve())],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # TensorFlow logs pages about the machine; errors come through stdout
        start_new_session=True,  # Ctrl-C reaches only the main process; the worker ends when its input does
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(BrokenPipeError):
            if stream is not None:
                stream.close()
    process.kill()  # it has nothing to save
    process.wait()


@register_detector("tensorflow_frcnn", about="Faster R-CNN as a frozen TensorFlow graph.")
def create_tensorflow_frcnn(
    weights: str, min_score: float | None, device: str, threads: int | None
) -> TensorflowFasterRCNN:
    """Create the detector from a frozen graph; `coco` and `embedded` download the published one."""
    path = fetch_published(PUBLISHED) if weights in ("coco", "embedded") else Path(weights).expanduser()
    return TensorflowFasterRCNN(path, MIN_SCORE if min_score is None else min_score, device, threads)
