"""Export to ONNX and OpenVINO, in float32 or int8, verified for parity and accuracy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
