"""Run a frozen graph of TensorFlow's object detection API in its own process.

TensorFlow and PyTorch each bring their own compiler; in one process, importing the second may abort Python, depending
on versions and import order. This process imports TensorFlow but not torch, and communicates through standard input
and output. All numbers are little-endian:

    in    height, width (int32)          then height·width·3 bytes, RGB
    out   n (int32)                      then n rows of y1, x1, y2, x2 (0–1 of the image), score, class (float32)
    out   -length (int32)                then an error message, UTF-8; the process ends

Before the first image it writes n = 0: the graph is loaded.
"""

import os
import struct
import sys
from typing import Any, BinaryIO

import numpy as np

INPUT = "image_tensor:0"  # (1, h, w, 3) uint8 RGB
OUTPUTS = ("detection_boxes:0", "detection_scores:0", "detection_classes:0", "num_detections:0")


def load_graph(path: str, tf: Any) -> Any:
    """Open a session on the frozen graph.

    Raises:
        ValueError: The file is damaged or is not a detection graph; the message is for the user.
    """
    from google.protobuf.message import DecodeError

    definition = tf.compat.v1.GraphDef()
    try:
        with open(path, "rb") as file:
            definition.ParseFromString(file.read())
        graph = tf.Graph()
        with graph.as_default():
            tf.import_graph_def(definition, name="")
    except (DecodeError, ValueError, OSError) as error:
        raise ValueError(
            f"truncated, or not a frozen TensorFlow graph ({_first_line(error)}); download it again"
        ) from None
    names = {f"{operation.name}:0" for operation in graph.get_operations()}
    if missing := [name for name in (INPUT, *OUTPUTS) if name not in names]:
        raise ValueError(f"not a detection graph: it has no tensor {', '.join(missing)}; give another file")
    threads = int(os.environ.get("WORKER_THREADS", "0"))  # 0: TensorFlow decides
    config = tf.compat.v1.ConfigProto(intra_op_parallelism_threads=threads, inter_op_parallelism_threads=threads)
    return tf.compat.v1.Session(graph=graph, config=config)


def detect(session: Any, image: np.ndarray) -> np.ndarray:
    """(h, w, 3) uint8 RGB → (n, 6) float32: y1, x1, y2, x2 as fractions of the image, score, class."""
    boxes, scores, classes, count = session.run(OUTPUTS, {INPUT: image[None]})
    n = int(count[0])
    return np.column_stack([boxes[0, :n], scores[0, :n], classes[0, :n]]).astype("<f4")


def serve(path: str, source: BinaryIO, sink: BinaryIO) -> None:
    """Process image after image until the input ends."""
    try:
        import tensorflow as tf

        session = load_graph(path, tf)
        _send(sink, np.zeros((0, 6), "<f4"))
        while header := source.read(8):
            height, width = struct.unpack("<2i", header)
            pixels = np.frombuffer(source.read(height * width * 3), np.uint8)
            _send(sink, detect(session, pixels.reshape(height, width, 3)))
    except Exception as error:  # of any kind: the main process reports it
        kind = "" if isinstance(error, ValueError) else f"TensorFlow failed: {type(error).__name__}: "
        message = (kind + _first_line(error)).encode()
        sink.write(struct.pack("<i", -len(message)) + message)
        sink.flush()


def _send(sink: BinaryIO, rows: np.ndarray) -> None:
    sink.write(struct.pack("<i", len(rows)) + rows.tobytes())
    sink.flush()


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


if __name__ == "__main__":
    results = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # TensorFlow's own prints go to stderr, not between the results
    serve(sys.argv[1], sys.stdin.buffer, results)
