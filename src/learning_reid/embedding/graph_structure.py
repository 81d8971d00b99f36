"""The operations of an exported graph, in the same form for ONNX and OpenVINO files."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from learning_reid.errors import UserError
from learning_reid.registry import missing_package

if TYPE_CHECKING:
    import openvino

_ONNX_KINDS = {  # OpenVINO's name → ONNX's
    "Add": "Add",
    "Convert": "Cast",
    "Divide": "Div",
    "MatMul": "MatMul",
    "Multiply": "Mul",
    "Subtract": "Sub",
    "Transpose": "Transpose",
}
_SAME_VALUES = ("Cast", "Identity")  # operations that only pass a tensor on


class Operation(NamedTuple):
    """One operation; tensors are called by name."""

    kind: str  #: As ONNX calls it
    inputs: Sequence[str]
    output: str


class ElementwiseStep(NamedTuple):
    """An operation with a constant on every pixel: "Add", "Sub", "Mul", "Div", "Transpose" or "Cast"."""

    kind: str
    constant: np.ndarray  #: The other operand, or the permutation of the axes; empty for "Cast"


@dataclass(frozen=True)
class GraphStructure:
    """Operations of a graph, and its constants by name, which are read on use."""

    operations: Sequence[Operation]
    constants: Mapping[str, Callable[[], np.ndarray]]

    def constant(self, name: str) -> np.ndarray | None:
        """Return the value of a tensor that is constant, or None."""
        while (operation := self._producers.get(name)) is not None and operation.kind in _SAME_VALUES:
            name = operation.inputs[0]
        return self.constants[name]() if name in self.constants else None

    def first_steps(self, name: str) -> tuple[list[ElementwiseStep], str]:
        """Follow an input of the graph through operations with constants.

        Returns:
            The steps, and the kind of the first other operation ("" if the input has several users).
        """
        steps: list[ElementwiseStep] = []
        while True:
            users = [operation for operation in self.operations if name in operation.inputs]
            if len(users) != 1:
                return steps, ""
            step = self._step(users[0], name)
            if step is None:
                return steps, users[0].kind
            steps.append(step)
            name = users[0].output

    def is_classified_from(self, output: str, features: str) -> bool:
        """Return whether `output` is computed from `features` through a fully connected layer, as logits are."""
        waiting, seen = [(output, False)], set()
        while waiting:
            name, connected = waiting.pop()
            if name == features and connected:
                return True
            operation = self._producers.get(name)
            if operation is None or (name, connected) in seen:
                continue
            seen.add((name, connected))
            connected = connected or operation.kind in ("Gemm", "MatMul")
            waiting += [(before, connected) for before in operation.inputs]
        return False

    def kind_of(self, output: str) -> str:
        """Return the kind of the operation that computes a tensor; "" for an input or a constant."""
        operation = self._producers.get(output)
        return "" if operation is None else operation.kind

    @cached_property
    def _producers(self) -> dict[str, Operation]:
        return {operation.output: operation for operation in self.operations}

    def _step(self, operation: Operation, name: str) -> ElementwiseStep | None:
        kind, inputs = operation.kind, operation.inputs
        if kind in _SAME_VALUES:
            return ElementwiseStep("Cast", np.empty(0))
        second = len(inputs) == 2 and inputs[0] == name
        if kind in ("Add", "Mul") or (kind in ("Sub", "Div", "Transpose") and second):
            constant = self.constant(inputs[1] if second else inputs[0])
            return None if constant is None else ElementwiseStep(kind, constant)
        return None


def read_onnx_structure(path: Path) -> GraphStructure:
    """Read the operations of a .onnx file, without its large weights."""
    try:
        import onnx
    except ModuleNotFoundError as error:
        raise UserError(missing_package(f"reading {path}", str(error.name), "fast")) from error
    graph = onnx.load(path, load_external_data=False).graph
    constants: dict[str, Callable[[], np.ndarray]] = {
        tensor.name: _reader(onnx.numpy_helper.to_array, tensor) for tensor in graph.initializer
    }
    operations = []
    for node in graph.node:
        attributes = {attribute.name: attribute for attribute in node.attribute}
        if node.op_type == "Constant" and "value" in attributes:
            constants[node.output[0]] = _reader(onnx.numpy_helper.to_array, attributes["value"].t)
            continue
        inputs = list(node.input)
        if node.op_type == "Transpose" and "perm" in attributes:  # an attribute here, an operand in OpenVINO
            inputs.append(f"{node.output[0]}/perm")
            constants[inputs[-1]] = _reader(np.asarray, list(attributes["perm"].ints))
        operations += [Operation(node.op_type, inputs, output) for output in node.output if output]
    return GraphStructure(operations, constants)


def read_openvino_structure(model: "openvino.Model") -> GraphStructure:
    """Read the operations of a graph that OpenVINO loaded; the tensors are called as `openvino_name` calls them."""
    constants: dict[str, Callable[[], np.ndarray]] = {}
    operations = []
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        if kind == "Constant":
            constants[openvino_name(node.output(0))] = _reader(getattr, node, "data")
        elif kind not in ("Parameter", "Result"):
            inputs = [openvino_name(value) for value in node.input_values()]
            kind = _ONNX_KINDS.get(kind, kind)
            operations += [Operation(kind, inputs, openvino_name(output)) for output in node.outputs()]
    return GraphStructure(operations, constants)


def openvino_name(output: Any) -> str:
    """Return a unique name of an output of an operation; of a graph's output, the name of what it returns."""
    node = output.get_node()
    if node.get_type_name() == "Result":
        return openvino_name(node.input_value(0))
    return f"{node.get_friendly_name()}:{output.get_index()}"


def _reader(function: Callable[..., Any], *arguments: Any) -> Callable[[], np.ndarray]:
    return lambda: np.asarray(function(*arguments))
