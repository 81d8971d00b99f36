"""Networks as files that run without this project: ONNX, OpenVINO, int8; none is given out unchecked."""
