"""Choose the fastest installed backend whose embeddings agree with those of torch, compared at every start.

On a CPU the backends are tried in the order of their measured speed (`benchmarks/embedding.py`): OpenVINO, ONNX
Runtime, torch. On a GPU torch is used, because the others run on the CPU only.
"""

import importlib.util
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from learning_reid.device import choose_device
from learning_reid.embedding.embedder import Embedder, EmbedderOptions, Precision
from learning_reid.embedding.normalization import l2_normalize
from learning_reid.embedding.registry import BACKENDS, register_backend
from learning_reid.errors import UserError
from learning_reid.registry import missing_package

PACKAGES = {"openvino": "openvino", "onnx": "onnxruntime", "torch": "torch"}  # the package each needs; fastest first
_READERS = {".onnx": ("openvino", "onnx"), ".xml": ("openvino",)}  # backends for graphs, fastest first
LEAST_COSINE = 0.999  # similarity to the reference that every crop must reach
_LOWEST_CONTRAST = 0.15  # share of the gray levels; makes bfloat16 as inexact as on real crops (0.998 for one network)


@register_backend("auto", about="The fastest installed backend that agrees with torch.")
def create_auto_embedder(options: EmbedderOptions) -> Embedder:
    """Choose a backend and create its embedder. The reference is torch, or ONNX Runtime for an ONNX file.

    The choice and the reason against faster backends are logged at level INFO, or as a warning if an installed backend
    fails.
    """

    def make(backend: str, precision: Precision = options.precision, device: str = "cpu") -> Embedder:
        return BACKENDS.load(backend)(replace(options, precision=precision, device=device))

    able = _READERS.get(Path(options.weights).suffix.lower(), tuple(PACKAGES))
    if "torch" not in able and options.device not in ("cpu", "auto"):
        raise UserError(
            f"{options.weights} is a graph that runs on a CPU, not on {options.device!r}; set runtime.device: cpu"
        )
    if "torch" in able and (chosen := choose_device(options.device)) != "cpu":
        _log_choice("torch", [f"on {chosen}, where the others do not run"])
        return make("torch", device=chosen)
    installed = [backend for backend in able if backend == "torch" or importlib.util.find_spec(PACKAGES[backend])]
    if not installed:
        raise UserError(missing_package(f"{options.weights}, a graph,", PACKAGES[able[-1]], "fast"))
    *faster, reference = installed
    reasons = [f"{backend} is not installed" for backend in able if backend not in installed]
    # If bfloat16 is too inexact for a model, OpenVINO in float32 is still faster than the rest.
    slower: list[Precision] = ["float32"] if options.precision != "float32" else []
    precisions = {"openvino": [options.precision, *slower]}
    candidates = [(backend, each) for backend in faster for each in precisions.get(backend, [options.precision])]
    return _first_that_agrees(make, candidates, reference, reasons)


def _first_that_agrees(
    make: Callable[..., Embedder], candidates: Sequence[tuple[str, Precision]], reference: str, reasons: list[str]
) -> Embedder:
    """Return the embedder of the first (backend, precision) that agrees with the reference, or else the reference."""
    known = make(reference)  # first, because its messages about wrong weights are the clearest
    failed: list[str] = []
    probes = probe_crops() if candidates else []
    expected = known(probes)  # (n, d)
    for backend, precision in candidates:
        try:
            embedder = make(backend, precision)
            cosine = lowest_cosine(embedder(probes), expected)
        except Exception as error:  # anything the library cannot do with this model
            problem = str(error).strip().partition("\n")[0]
        else:
            if cosine >= LEAST_COSINE:  # false for NaN
                _log_choice(backend, reasons, warn=any(other != backend for other in failed))
                return embedder
            del embedder
            problem = f"lowest cosine to {reference} {cosine:.4f}, below {LEAST_COSINE}"
        reasons.append(f"{backend} ({precision} precision) fails: {problem}")
        failed.append(backend)
    _log_choice(reference, reasons, warn=bool(failed))
    return known


def lowest_cosine(embeddings: np.ndarray, expected: np.ndarray) -> float:
    """Compute the lowest cosine similarity between matching rows of two (n, d) arrays; NaN if one has a NaN.

    >>> round(lowest_cosine(np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.0], [0.0, 3.0]])), 3)
    0.707
    """
    if embeddings.shape != expected.shape:
        return float("nan")
    return float((l2_normalize(embeddings) * l2_normalize(expected)).sum(axis=1).min())


def probe_crops(count: int = 16, seed: int = 0) -> list[np.ndarray]:
    """Generate images of large blobs in random colors and of different contrasts, each (h, w, 3) uint8 RGB.

    Low contrast matters most: on real crops bfloat16 is less exact than on blobs that use all gray levels.

    >>> [crop.shape for crop in probe_crops(3)]
    [(128, 64, 3), (136, 66, 3), (144, 68, 3)]
    """
    random = np.random.default_rng(seed)
    crops = []
    for index in range(count):
        colors = Image.fromarray(random.integers(0, 256, (6, 3, 3), dtype=np.uint8))
        blobs = colors.resize((64 + 2 * index, 128 + 8 * index), Image.Resampling.BICUBIC)
        contrast = random.uniform(_LOWEST_CONTRAST, 1)
        darkest = random.uniform(0, 255 * (1 - contrast))
        crops.append((darkest + contrast * np.asarray(blobs, np.float32)).astype(np.uint8))
    return crops


def _log_choice(chosen: str, reasons: Sequence[str], warn: bool = False) -> None:
    reason = f" ({'; '.join(reasons)})" if reasons else ""
    level = logging.WARNING if warn else logging.INFO
    logging.getLogger(__name__).log(level, "note: embedder.backend auto uses %s%s", chosen, reason)
