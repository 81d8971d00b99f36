"""Which network a command asks, and which threshold it decides by."""

import math
import sys
from pathlib import Path

from learning_reid.cli._options import Backend
from learning_reid.embedding.embedder import Embedder
from learning_reid.errors import UserError


def load_model(
    embedder: str, weights: str, onnx: Path | None, backend: Backend, device: str, threads: int | None
) -> tuple[Embedder, str]:
    """The network of `--weights`, or of `--onnx`; and the file's name as the setting would give it."""
    from learning_reid.embedding.registry import create_embedder
    from learning_reid.models.resolve_weights import GRAPH_SUFFIXES

    if onnx is not None:
        if weights != "embedded":
            raise UserError("give either --weights or --onnx, not both")
        if onnx.suffix.lower() not in GRAPH_SUFFIXES:
            raise UserError(f"--onnx {onnx} is no .onnx or .xml file; give other weights with --weights")
        own: Backend = "openvino" if onnx.suffix.lower() == ".xml" else "onnx"
        weights, backend = str(onnx), own if backend == "torch" else backend
    return create_embedder(embedder, weights, backend, device=device, threads=threads), weights


def find_threshold(given: float | None, embedder: str, weights: str, metric: str, pairs: bool) -> float | None:
    """The distance that was given, or the calibrated one; None where neither is there. A note says what it is worth."""
    if given is not None:
        return check_threshold(given)
    from learning_reid.embedding.operating_point import calibrated

    point = calibrated(embedder, weights, metric)
    if point is None:
        print(
            "note: no threshold was calibrated for these weights, so nobody is refused; see calibrate", file=sys.stderr
        )
        return None
    threshold, right, wrong = (
        (point.pair_threshold, point.pair_tar, point.pair_far)
        if pairs
        else (point.search_threshold, point.search_dir, point.search_far)
    )
    worth = (
        f"accepted {100 * right:.1f} % of the pairs of one person, and {100 * wrong:.1f} % of all others"
        if pairs
        else f"found {100 * right:.1f} % of those present, and named somebody for {100 * wrong:.1f} % of the absent"
    )
    print(f"note: threshold {threshold:.4f}, calibrated on {point.data}, where it {worth}", file=sys.stderr)
    return threshold


def check_threshold(given: float) -> float:
    """The distance of --threshold.

    Raises:
        UserError: it is no number.
    """
    if not math.isfinite(given):
        raise UserError(f"--threshold {given}: give a distance, a number of 0 or more")
    return given
