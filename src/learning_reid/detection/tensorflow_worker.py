"""Runs a frozen detection graph of TensorFlow's object detection API, in a process of its own.

TensorFlow and PyTorch each bring a compiler of their own, and in one process the second may abort the whole of it while
being imported (whether it does depends on versions and order). Two processes cannot meet: this one knows TensorFlow and
nothing of torch, and talks through its standard input and output. The talk, all numbers little-endian:

    in    height, width (int32)          then height·width·3 bytes, RGB
    out   n (int32)                      then n rows of y1, x1, y2, x2 (0–1 of the picture), score, class (float32)
    out   -length (int32)                then the text of an error, UTF-8; the process ends

Before the first picture it answers once with n = 0: the graph is loaded.
"""

import os
import struct
import sys
from typing import Any, BinaryIO

import numpy as np

INPUT = "image_tensor:0"  # (1, h, w, 3) uint8 RGB
OUTPUTS = ("detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0")


def load_graph(path: str, tf: Any) -> Any:
    """A session on the frozen graph; raises ValueError in words for the reader."""
    from google.protobuf.message import DecodeError

    definition = tf.compat.v1.GraphDef()
    try:
        with open(path, "rb") as file:
            definition.ParseFromString(file.read())
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(definition, name="")
    except (DecodeError, ValueError, OSError) as error:
        raise ValueError(f"cut off, or not a frozen TensorFlow graph ({_first_line(error)}); fetch it again") from None
    names = {f"{operation.name}:0" for operation in graph.get_operations()}
    if missing := [name for name in (INPUT, *OUTPUTS) if name not in names]:
        raise ValueError(f"not a detection graph: it has no tensor {', '.join(missing)}; name another file")
    threads = int(os.environ.get("WORKER_THREADS", "0"))  # 0: TensorFlow decides
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    return tf.compat.v1.Session(graph=graph, config=config)


def detect(session: Any, image: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 RGB → (n, 6) float32: y1, x1, y2, x2 as shares of the picture, score, class."""
    boxes, scores, classes, count = session.run(OUTPUTS, {INPUT: image[None]})
    n = int(count[0])
    return np.column_stack([boxes[0, :n], scores[0, :n], classes[0, :n]]).astype("<f4")


def serve(path: str, source: BinaryIO, sink: BinaryIO) -> None:
    """Answer picture after picture until the input ends."""
    try:
        import tensorflow as tf

        session = load_graph(path, tf)
        _answer(sink, np.zeros((0, 6), "<f4"))
        while header := source.read(8):
            height, width = struct.unpack("<2i", header)
            pixels = np.frombuffer(source.read(height * width * 3), np.uint8)
            _answer(sink, detect(session, pixels.reshape(height, width, 3)))
    except Exception as error:  # whatever it is, the other process tells it to the reader
        kind = "" if isinstance(error, ValueError) else f"TensorFlow failed: {type(error).__name__}: "
        message = (kind + _first_line(error)).encode()
        sink.write(struct.pack("<i", -len(message)) + message)
        sink.flush()


def _answer(sink: BinaryIO, rows: np.ndarray) -> None:
    sink.write(struct.pack("<i", len(rows)) + rows.tobytes())
    sink.flush()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


if __name__ == "__main__":
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what TensorFlow prints must not get between the answers
    serve(sys.argv[1], sys.stdin.buffer, answers)
