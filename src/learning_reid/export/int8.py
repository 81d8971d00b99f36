"""Eight bits instead of thirty-two: post-training quantisation with nncf, its ranges taken from pictures.

Weights and what flows between layers are rounded to 256 levels. How far the levels must reach is read off calibration
pictures: they should look like those the network will meet, and be of people it will not be judged on.
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

FEWEST, ENOUGH = 16, 300  # calibration pictures: with fewer the ranges are chance, with more nothing changes


def quantise(source: Path, target: Path, pictures: Sequence[np.ndarray], preprocessing: Preprocessing) -> None:
    """Write an ONNX file whose convolutions compute in int8.

    Args:
        source: an ONNX file in float32 with one input, `input`.
        target: the file to write.
        pictures: for calibration, (h, w, 3) uint8 RGB.
        preprocessing: the network's own.

    Raises:
        UserError: nncf is not installed.
    """
    os.environ.setdefault("NNCF_CI", "1")  # it would otherwise report how it is used
    for talkative in ("nncf", "torch.utils.cpp_extension"):  # of devices that are not there
        logging.getLogger(talkative).setLevel(logging.ERROR)
    try:
        import nncf
        from nncf.quantization.advanced_parameters import QuantizationParameters
    except ModuleNotFoundError as error:
        raise UserError(missing_package("int8", str(error.name), "fast")) from error
    import onnx

    data = nncf.Dataset([preprocessing([picture]) for picture in pictures], lambda batch: {"input": batch})
    # One scale for all channels that flow between layers: ONNX Runtime cannot compute with one for each.
    one_scale = QuantizationParameters(per_channel=False)
    advanced = nncf.AdvancedQuantizationParameters(activations_quantization_params=one_scale)
    with redirect_stdout(sys.stderr):  # where progress belongs
        quantised = nncf.quantize(onnx.load(source), data, subset_size=len(pictures), advanced_parameters=advanced)
    onnx.save(quantised, target)
