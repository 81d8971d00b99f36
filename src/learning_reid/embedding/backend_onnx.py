"""Embedding with ONNX Runtime, which needs no PyTorch once the ONNX file exists."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from learning_reid.embedding.embedder import EmbedderOptions, concat_features, split_batches
from learning_reid.embedding.onnx_file import check_cpu, feature_dimension, find_graph, pad_batch, read_input_shape
from learning_reid.embedding.registry import register_backend
from learning_reid.errors import UserError

# It would otherwise send usage statistics.
onnxruntime.disable_telemetry_events()


class OnnxEmbedder:
    """Run an ONNX file on the CPU, in float32."""

    def __init__(self, path: Path, options: EmbedderOptions) -> None:
        if path.suffix.lower() == ".xml":
            raise UserError(f"{path} is an OpenVINO graph, which ONNX Runtime does not read; set backend: openvino")
        session = onnxruntime.SessionOptions()
        session.intra_op_num_threads = options.threads or 0  # 0 leaves the number to the library
        try:
            self._session = onnxruntime.InferenceSession(str(path), session, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has a dozen exceptions without a common base class
            raise UserError(
                f"{path} cannot be read as an ONNX graph, it is damaged or incomplete; fetch or export it again"
            ) from error
        shapes = [
            [size if isinstance(size, int) else None for size in entry.shape] for entry in self._session.get_inputs()
        ]
        self.preprocessing, self._fixed = read_input_shape(path, options.name, shapes)
        self._input = self._session.get_inputs()[0].name
        self.batch_size = self._fixed or options.batch_size
        self.normalize = options.normalize
        self.dimension = feature_dimension(path, self._run([np.zeros((8, 4, 3), np.uint8)]))

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Embed n crops (h, w, 3) uint8 RGB -> (n, dimension) float32; see `Embedder`."""
        features = [self._run(batch) for batch in split_batches(crops, self.batch_size)]
        return concat_features(features, self.dimension, self.normalize)

    def _run(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        batch = pad_batch(self.preprocessing(crops), self._fixed)  # (k, 3, h, w)
        return self._session.run(None, {self._input: batch})[0][: len(crops)]  # (k, d)


@register_backend("onnx", about="ONNX Runtime, on the CPU.")
def create_onnx_embedder(options: EmbedderOptions) -> OnnxEmbedder:
    """Find or export the ONNX file and open it; the precision is always float32."""
    check_cpu("onnx", options.device)
    return OnnxEmbedder(find_graph(options.name, options.weights), options)
