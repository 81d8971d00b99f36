"""What an exported graph expects and returns: type, layout and value range of its input, and which output to take."""

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from learning_reid.embedding.graph_structure import ElementwiseStep, GraphStructure
from learning_reid.embedding.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing
from learning_reid.errors import UserError
from learning_reid.models.registry import input_size

_Color = tuple[float, float, float]

_INPUT_TYPES = ("float16", "float32", "float64", "uint8")
_LARGEST = 4096  # height, width or batch size
_REORDERINGS = ("Gather", "Reverse", "Slice", "Split", "StridedSlice", "VariadicSplit")  # of the colors
_CLASS_SCORES = re.compile(r"logit|class|cls(?!_?tok)|score|prob|softmax|pred")
_FEATURES = re.compile(r"feat|emb|reid|vector|descriptor")
_PIXELS = ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255))  # mean and std of colors that stay from 0 to 255
_UNIT_RANGE = ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0))  # from 0 to 1
_IMAGENET = (IMAGENET_MEAN, IMAGENET_STD)


@dataclass(frozen=True)
class GraphTensor:
    """An input or output of a graph."""

    name: str  #: Its name in the file, "" for none
    dtype: str  #: NumPy's name of the type, such as "float32"
    shape: tuple[int | None, ...]  #: None for a dynamic size
    key: str  #: Its name in `GraphStructure`


@dataclass(frozen=True)
class GraphInput:
    """How crops become the input of a graph."""

    preprocessing: Preprocessing
    dtype: str  #: NumPy's name of the type
    channels_last: bool  #: Whether the layout is (n, height, width, 3)
    batch_size: int | None  #: The fixed batch size; None = any

    def encode(self, batch: np.ndarray) -> np.ndarray:
        """Append black crops up to the fixed batch size to (k, 3, h, w) preprocessed ones; set layout and type."""
        if self.batch_size is not None and len(batch) < self.batch_size:
            padding = np.zeros((self.batch_size - len(batch), *batch.shape[1:]), batch.dtype)
            batch = np.concatenate([batch, padding])
        if self.channels_last:
            batch = batch.transpose(0, 2, 3, 1)  # (n, h, w, 3)
        if self.dtype == "uint8":
            batch = batch.round()
        return np.ascontiguousarray(batch, self.dtype)


def read_input(path: Path, name: str, inputs: Sequence[GraphTensor], graph: GraphStructure) -> GraphInput:
    """Determine what a graph expects.

    Args:
        path: The file, for messages.
        name: The model, whose usual input size is used if the graph accepts any height and width.
        inputs: The inputs of the graph.
        graph: Its operations, the first of which may normalize the colors.

    Raises:
        UserError: It does not take one batch of RGB images, in a known type and value range.
    """
    if len(inputs) == 2 and all(len(tensor.shape) == 4 for tensor in inputs):
        raise UserError(
            f"{path} returns similarities (export --pairs wrote it), not embeddings; export it without --pairs"
        )
    shapes = [tensor.shape for tensor in inputs]
    if len(inputs) != 1 or len(shapes[0]) != 4:
        raise UserError(f"{path} expects {shapes}, not a batch (n, 3, height, width); use another file")
    tensor, shape = inputs[0], shapes[0]
    steps, following = graph.first_steps(tensor.key)
    channels_last = shape[1] != 3 and (shape[3] == 3 or _moves_channels(steps))
    batch, *rest = shape
    height, width, channels = rest if channels_last else (*rest[1:], rest[0])
    if channels not in (3, None) or max(height or 0, width or 0, batch or 0) > _LARGEST:
        raise UserError(f"{path} expects {shapes}, not a batch (n, 3, height, width); use another file")
    if tensor.dtype not in _INPUT_TYPES:
        raise UserError(f"{path} expects {tensor.dtype} input; export it with float32, float16 or uint8 input")
    if following in _REORDERINGS or any(_is_bgr(step) for step in steps):
        raise UserError(f"{path} expects images in BGR, or reorders their colors; export it for images in RGB")
    if batch is not None:
        logging.getLogger(__name__).warning(
            "note: %s has the fixed batch size %d, which is slow; export it again with a dynamic batch size",
            path.name,
            batch,
        )
    usual_height, usual_width = input_size(name)
    mean, std = _PIXELS if tensor.dtype == "uint8" else _value_range(path, steps)
    preprocessing = Preprocessing(height or usual_height, width or usual_width, mean, std)
    return GraphInput(preprocessing, tensor.dtype, channels_last, batch)


def choose_output(
    path: Path, outputs: Sequence[GraphTensor], arrays: Sequence[np.ndarray], graph: GraphStructure
) -> int:
    """Return the index of the output that holds the embeddings.

    Args:
        path: The file, for messages.
        outputs: The outputs of the graph.
        arrays: Their values for some crops.
        graph: The operations of the graph.

    Raises:
        UserError: There are no vectors of floating-point numbers, only class scores, or several kinds of vectors.
    """
    vectors = [i for i, array in enumerate(arrays) if array.dtype.kind == "f" and as_vectors(array).ndim == 2]
    if not vectors:
        shapes = ", ".join(f"{array.dtype} {array.shape[1:]}" for array in arrays)
        raise UserError(
            f"{path} is not a ReID model: for one crop it returns {shapes} instead of a vector; use another file"
        )
    names = [tensor.name.lower() for tensor in outputs]
    features = [i for i in vectors if _FEATURES.search(names[i])] or [
        i
        for i in vectors
        if not _CLASS_SCORES.search(names[i])
        and graph.kind_of(outputs[i].key) not in ("Softmax", "LogSoftmax")
        and not any(graph.is_classified_from(outputs[i].key, outputs[j].key) for j in vectors if j != i)
    ]
    if not features:
        raise UserError(
            f"{path} returns class scores ({outputs[vectors[0]].name}), not embeddings; export it without classifier"
        )
    if len(features) > 1:
        listed = ", ".join(f"{outputs[i].name} ({as_vectors(arrays[i]).shape[1]})" for i in features)
        raise UserError(f"{path} returns several vectors, {listed}; export it with the embedding as its only output")
    return features[0]


def as_vectors(array: np.ndarray) -> np.ndarray:
    """Remove axes of length 1 behind the second one: (k, d, 1, 1) -> (k, d).

    >>> as_vectors(np.zeros((2, 5, 1, 1))).shape
    (2, 5)
    """
    while array.ndim > 2 and array.shape[-1] == 1:
        array = array[..., 0]
    return array


def _moves_channels(steps: Sequence[ElementwiseStep]) -> bool:
    return any(step.kind == "Transpose" and step.constant.tolist() == [0, 3, 1, 2] for step in steps)


def _is_bgr(step: ElementwiseStep) -> bool:
    """Return whether a step subtracts ImageNet's mean color with blue first, where it is lowest."""
    if step.kind not in ("Add", "Sub") or step.constant.size != 3:
        return False
    first, second, last = np.abs(step.constant.astype(float)).ravel()
    return bool(first < second < last and 1.1 < last / first < 1.3)


def _value_range(path: Path, steps: Sequence[ElementwiseStep]) -> tuple[_Color, _Color]:
    """Return mean and standard deviation for `Preprocessing`, which the first steps of the graph may contain already.

    The steps compute scale · x + shift. They are taken as a normalization of pixels from 0 to 255, or of values from
    0 to 1, if they center these or only scale them to 0–1.
    """
    scale, shift = 1.0, 0.0
    for step in steps:
        if step.kind in ("Cast", "Transpose"):
            continue
        constant = float(step.constant.astype(float).mean())
        if step.kind in ("Add", "Sub"):
            shift += constant if step.kind == "Add" else -constant
        else:
            factor = constant if step.kind == "Mul" else 1 / constant if constant else np.inf
            scale, shift = scale * factor, shift * factor
    if abs(scale - 1) < 1e-3 and abs(shift) < 1e-3:
        return _IMAGENET
    for largest, colors in ((255, _PIXELS), (1, _UNIT_RANGE)):
        spread = scale * largest
        only_scaled = abs(spread - 1) < 0.02 and abs(shift) < 1e-3
        centered = (0.9 < spread < 12 or 200 < spread < 300) and abs(shift + spread / 2) < 0.35 * spread
        if only_scaled or centered:
            return colors
    raise UserError(
        f"{path} scales its input by {scale:.3g} and shifts it by {shift:.3g}, which fits neither pixels from 0 to 255 "
        "nor from 0 to 1; export it without these steps"
    )
