"""Post-training quantization to int8 with nncf.

Weights and activations are rounded to 256 levels. Their range is estimated on calibration images, which should look
like those that the model will be used on, and show other people than those it is evaluated on.
"""

import logging
import os
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from learning_reid.embedding.preprocessing import Preprocessing
from learning_reid.errors import UserError
from learning_reid.registry import missing_package

MIN_IMAGES, ENOUGH_IMAGES = 16, 300  # fewer give random ranges, more do not change them


def quantize(source: Path, target: Path, images: Sequence[np.ndarray], preprocessing: Preprocessing) -> None:
    """Write a float32 ONNX file with the input `input` as one whose convolutions compute in int8."""
    os.environ.setdefault("NNCF_CI", "1")  # it would otherwise send usage statistics
    for verbose in ("nncf", "torch.utils.cpp_extension"):  # they warn about missing devices
        logging.getLogger(verbose).setLevel(logging.ERROR)
    try:
        import nncf
        from nncf.quantization.advanced_parameters import QuantizationParameters
    except ModuleNotFoundError as error:
        raise UserError(missing_package("int8", str(error.name), "fast")) from error
    import onnx

    data = nncf.Dataset([preprocessing([image]) for image in images], lambda batch: {"input": batch})
    # One scale for all channels of an activation, because ONNX Runtime cannot compute with one per channel.
    one_scale = QuantizationParameters(per_channel=False)
    advanced = nncf.AdvancedQuantizationParameters(activations_quantization_params=one_scale)
    with redirect_stdout(sys.stderr):  # nncf prints progress
        quantized = nncf.quantize(onnx.load(source), data, subset_size=len(images), advanced_parameters=advanced)
    onnx.save(quantized, target)
