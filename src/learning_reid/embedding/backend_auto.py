"""The fastest backend that is installed here and answers as torch does: tried out at each start, not taken on trust.

On a CPU they are asked in the order of their measured speed (`benchmarks/embedding.py`): OpenVINO, ONNX Runtime, torch.
On a GPU it is torch at once, since the others run on the CPU here.
"""

import importlib.util
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from learning_reid.device import choose_device
from learning_reid.embedding.registry import BACKENDS, register_backend
from learning_reid.embedding.embedder import Embedder
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.errors import UserError
from learning_reid.registry import missing_package

PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime", "torch": "torch"}  # what each needs; the fastest first
_READERS = {".onnx": ("openvino", "onnx"), ".xml": ("openvino",)}  # of graphs, the fastest first; torch reads none
LEAST_COSINE = 0.999  # to the reference, for each crop
_FAINTEST = 0.15  # share of the range of grey; so bfloat16 comes out as coarse as on real crops (0.998 for one network)


@register_backend("auto", about="The fastest installed backend that agrees with torch.")
def create_auto_embedder(
    name: str,
    weights: str,
    batch_size: int,
    device: str,
    threads: int | None,
    normalise: bool,
    precision: str,
) -> Embedder:
    """Choose a backend and open the network with it. The reference is torch, or for an ONNX file ONNX Runtime.

    The log (level info) tells which was chosen and why no faster one; a backend that is there but fails is told
    as a warning.

    Raises:
        UserError: the weights are missing, damaged or of another network; or they are a graph (.onnx, .xml), and no
            installed package reads it or a GPU is asked for.
    """

    def make(backend: str, precision: str = precision, device: str = "cpu") -> Embedder:
        return BACKENDS.load(backend)(name, weights, batch_size, device, threads, normalise, precision)

    able = _READERS.get(Path(weights).suffix.lower(), tuple(PACKAGES))
    if "torch" not in able and device not in ("cpu", "auto"):
        raise UserError(f"{weights} is a graph that runs on a CPU, not on {device!r}; set runtime.device: cpu")
    if "torch" in able and (chosen := choose_device(device)) != "cpu":
        _tell("torch", [f"on {chosen}, where the others do not run"])
        return make("torch", device=chosen)
    installed = [backend for backend in able if backend == "torch" or importlib.util.find_spec(PACKAGES[backend])]
    if not installed:
        raise UserError(missing_package(f"{weights}, a graph,", PACKAGES[able[-1]], "fast"))
    *faster, reference = installed
    reasons = [f"{backend} is not installed" for backend in able if backend not in installed]
    # Where bfloat16 is too coarse for a network, OpenVINO in float32 is still faster than the rest.
    precisions = {"openvino": dict.fromkeys((precision, "float32"))}
    candidates = [(backend, each) for backend in faster for each in precisions.get(backend, (precision,))]
    return _first_that_agrees(make, candidates, reference, reasons)


def _first_that_agrees(
    make: Callable[..., Embedder], candidates: Sequence[tuple[str, str]], reference: str, reasons: list[str]
) -> Embedder:
    """The first (backend, precision) that agrees with the reference, else the reference; the others are let go."""
    known = make(reference)  # first of all: what is wrong with the weights is best told by it
    failed: list[str] = []
    probes = probe_crops() if candidates else []
    expected = known(probes)  # (n, d)
    for backend, precision in candidates:
        try:
            embedder = make(backend, precision)
            cosine = lowest_cosine(embedder(probes), expected)
        except Exception as error:  # whatever the library cannot do with this network
            problem = str(error).strip().partition("\n")[0]
        else:
            if cosine >= LEAST_COSINE:  # not so where it is nan
                _tell(backend, reasons, aloud=any(other != backend for other in failed))
                return embedder
            del embedder
            problem = f"lowest cosine to {reference} {cosine:.4f}, below {LEAST_COSINE}"
        reasons.append(f"{backend} ({precision} precision) fails: {problem}")
        failed.append(backend)
    _tell(reference, reasons, aloud=bool(failed))
    return known


def lowest_cosine(features: np.ndarray, expected: np.ndarray) -> float:
    """The lowest cosine between two answers (n, d) to the same crops, row by row; nan where one is not a number.

    >>> round(lowest_cosine(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 3.0]])), 3)
    0.707
    """
    if features.shape != expected.shape:
        return float("nan")
    return float((l2_normalize(features) * l2_normalize(expected)).sum(axis=1).min())


def probe_crops(count: int = 16, seed: int = 0) -> list[np.ndarray]:
    """Pictures of large blobs of random colours, each (h, w, 3) uint8 RGB: dark and bright, strong and faint.

    Faint ones are the most telling: on real crops bfloat16 is coarser than on blobs that use the whole range of grey.

    >>> [crop.shape for crop in probe_crops(3)]
    [(128, 64, 3), (136, 66, 3), (144, 68, 3)]
    """
    random = np.random.default_rng(seed)
    crops = []
    for index in range(count):
        colours = Image.fromarray(random.integers(0, 256, (6, 3, 3), dtype=np.uint8))
        blobs = colours.resize((64 + 2 * index, 128 + 8 * index), Image.Resampling.BICUBIC)
        contrast = random.uniform(_FAINTEST, 1)
        darkest = random.uniform(0, 255 * (1 - contrast))
        crops.append((darkest + contrast * np.asarray(blobs, np.float32)).astype(np.uint8))
    return crops


def _tell(chosen: str, reasons: Sequence[str], aloud: bool = False) -> None:
    reason = f" ({'; '.join(reasons)})" if reasons else ""
    level = logging.WARNING if aloud else logging.INFO
    logging.getLogger(__name__).log(level, "note: embedder.backend auto takes %s%s", chosen, reason)
