"""From ONNX to OpenVINO's own two files: the graph (.xml) and its weights (.bin)."""

from pathlib import Path

import openvino


def write_openvino(onnx: Path, target: Path) -> None:
    """Convert an ONNX file, at the precision it has.

    Args:
        onnx: the file to read.
        target: the .xml to write; the .bin goes beside it.
    """
    # not openvino.convert_model, which reports how it is used
    openvino.serialize(openvino.Core().read_model(onnx), target, target.with_suffix(".bin"))
