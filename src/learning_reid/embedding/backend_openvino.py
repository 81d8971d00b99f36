"""Embedding with OpenVINO, the fastest backend on a CPU: parallel requests, and bfloat16 where the CPU has it."""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino

from learning_reid.embedding.embedder import EmbedderOptions, concat_features, split_batches
from learning_reid.embedding.graph_signature import GraphTensor, as_vectors, choose_output, read_input
from learning_reid.embedding.graph_structure import openvino_name, read_openvino_structure
from learning_reid.embedding.onnx_file import check_cpu, find_graph
from learning_reid.embedding.registry import register_backend
from learning_reid.errors import UserError

# A request of a few crops stays in the CPU cache, and while one is prepared others are computed.
_CROPS_PER_REQUEST = 8


class OpenVinoEmbedder:
    """Run an ONNX file or an OpenVINO graph on the CPU, with as many parallel requests as OpenVINO recommends."""

    def __init__(self, path: Path, options: EmbedderOptions) -> None:
        core = openvino.Core()
        try:
            model = core.read_model(path)
        except RuntimeError as error:
            kind = "an OpenVINO graph (its .bin must be beside it)" if path.suffix == ".xml" else "an ONNX graph"
            raise UserError(
                f"{path} cannot be read as {kind}, it is damaged or incomplete; fetch or export it again"
            ) from error
        graph = read_openvino_structure(model)
        self._input = read_input(path, options.name, [_tensor(each) for each in model.inputs], graph)
        self.preprocessing = self._input.preprocessing
        hints: dict[str, Any] = {"PERFORMANCE_HINT": "THROUGHPUT"}
        if options.precision == "float32":
            hints["INFERENCE_PRECISION_HINT"] = "f32"
        if options.threads is not None:
            hints["INFERENCE_NUM_THREADS"] = options.threads
        compiled = core.compile_model(model, "CPU", hints)
        in_flight = compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        # Not an AsyncInferQueue: its callbacks run Python in OpenVINO's threads, and deleting the network while a
        # callback is still returning is a deadlock.
        self._requests = [compiled.create_infer_request() for _ in range(in_flight)]
        self.batch_size = self._input.batch_size or min(options.batch_size, _CROPS_PER_REQUEST)
        self.normalize = options.normalize
        request = self._requests[0]
        request.infer({0: self._encode([np.zeros((8, 4, 3), np.uint8)])})
        arrays = [output.data for output in request.output_tensors]
        self._output = choose_output(path, [_tensor(each) for each in model.outputs], arrays, graph)
        self.dimension = as_vectors(arrays[self._output]).shape[1]

    def _encode(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        return self._input.encode(self.preprocessing(crops))

    def __call__(self, crops: Sequence[np.ndarray]) -> np.ndarray:
        """Embed n crops (h, w, 3) uint8 RGB -> (n, dimension) float32; see `Embedder`."""
        features = self._run(list(split_batches(crops, self.batch_size)))
        return concat_features(features, self.dimension, self.normalize)

    def _run(self, batches: Sequence[Sequence[np.ndarray]]) -> list[np.ndarray]:
        features: list[np.ndarray] = []
        waiting: deque[tuple[openvino.InferRequest, int]] = deque()  # with the number of crops, oldest first

        def collect() -> None:
            request, count = waiting.popleft()
            request.wait()
            features.append(as_vectors(request.get_output_tensor(self._output).data[:count].copy()))  # (k, d)

        try:
            for position, crops in enumerate(batches):
                batch = self._encode(crops)
                if len(waiting) == len(self._requests):
                    collect()
                request = self._requests[position % len(self._requests)]
                request.start_async({0: batch})
                waiting.append((request, len(crops)))
        finally:
            while waiting:  # also after an invalid crop: no request may still run when the next call begins
                collect()
        return features


def _tensor(output: Any) -> GraphTensor:
    shape = tuple(None if size.is_dynamic else size.get_length() for size in output.partial_shape)
    name = min(output.get_names(), default="")
    return GraphTensor(name, np.dtype(output.element_type.to_dtype()).name, shape, openvino_name(output))


@register_backend("openvino", about="OpenVINO, on the CPU.")
def create_openvino_embedder(options: EmbedderOptions) -> OpenVinoEmbedder:
    """Find or export the ONNX file and compile it."""
    check_cpu("openvino", options.device)
    return OpenVinoEmbedder(find_graph(options.name, options.weights), options)
