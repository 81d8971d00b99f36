"""Embedding with ONNX Runtime, which needs no PyTorch once the ONNX file exists."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnxruntime

from learning_reid.embedding.embedder import EmbedderOptions, concat_features, split_batches
from learning_reid.embedding.graph_signature import GraphTensor, as_vectors, choose_output, read_input
from learning_reid.embedding.graph_structure import read_onnx_structure
from learning_reid.embedding.onnx_file import check_cpu, find_graph
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
        graph = read_onnx_structure(path)
        self._input = read_input(path, options.name, [_tensor(each) for each in self._session.get_inputs()], graph)
        self._input_name = self._session.get_inputs()[0].name
        self.preprocessing = self._input.preprocessing
        self.batch_size = self._input.batch_size or options.batch_size
        self.normalize = options.normalize
        outputs = [_tensor(each) for each in self._session.get_outputs()]
        arrays = self._session.run(None, {self._input_name: self._encode([np.zeros((8, 4, 3), np.uint8)])})
        chosen = choose_output(path, outputs, arrays, graph)
        self._output_name = outputs[chosen].name
        self.dimension = as_vectors(arrays[chosen]).shape[1]

    def _encode(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        return self._input.encode(self.preprocessing(crops))

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Embed n crops (h, w, 3) uint8 RGB -> (n, dimension) float32; see `Embedder`."""
        features = [self._run(batch) for batch in split_batches(crops, self.batch_size)]
        return concat_features(features, self.dimension, self.normalize)

    def _run(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        features = self._session.run([self._output_name], {self._input_name: self._encode(crops)})[0]
        return as_vectors(features[: len(crops)])  # (k, d)


def _tensor(entry: onnxruntime.NodeArg) -> GraphTensor:
    kind = entry.type.removeprefix("tensor(").removesuffix(")")
    shape = tuple(size if isinstance(size, int) else None for size in entry.shape)
    return GraphTensor(entry.name, {"float": "float32", "double": "float64"}.get(kind, kind), shape, entry.name)


@register_backend("onnx", about="ONNX Runtime, on the CPU.")
def create_onnx_embedder(options: EmbedderOptions) -> OnnxEmbedder:
    """Find or export the ONNX file and open it; the precision is always float32."""
    check_cpu("onnx", options.device)
    return OnnxEmbedder(find_graph(options.name, options.weights), options)
