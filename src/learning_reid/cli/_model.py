"""The model and the threshold that a command uses."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from learning_reid.cli._options import Backend, check_threshold
from learning_reid.errors import UserError

if TYPE_CHECKING:
    from learning_reid.embedding.embedder import Embedder


def load_model(
    embedder: str, weights: str, onnx: Path | None, backend: Backend, device: str, threads: int | None
) -> tuple["Embedder", str]:
    """Load the model of `--weights` or `--onnx`.

    Returns:
        The embedder, and the weights as `embedder.weights` would name them.

    Raises:
        UserError: Both are given, or the weights cannot be loaded.
    """
    from learning_reid.embedding.registry import create_embedder
    from learning_reid.models.weights_file import GRAPH_SUFFIXES

    if onnx is not None:
        suffix = onnx.suffix.lower()
        if weights != "embedded":
            raise UserError("give either --weights or --onnx, not both")
        if suffix not in GRAPH_SUFFIXES:
            raise UserError(f"--onnx {onnx} is not a .onnx or .xml file; give other weights with --weights")
        weights = str(onnx)
        if backend == "torch":
            backend = "openvino" if suffix == ".xml" else "onnx"
    return create_embedder(embedder, weights, backend, device=device, threads=threads), weights


def find_threshold(threshold: float | None, embedder: str, weights: str, metric: str, pairs: bool) -> float | None:
    """Return the threshold of `--threshold`, or the calibrated one with a note on its error rates.

    Args:
        threshold: The option's value; None = look up the calibrated threshold.
        embedder: Model name.
        weights: As in `embedder.weights`.
        metric: "euclidean" or "cosine".
        pairs: Use the threshold for pairs (verification), not the one for searches in a gallery.

    Returns:
        A distance; None if nothing was calibrated.
    """
    if threshold is not None:
        return check_threshold(threshold)
    from learning_reid.embedding.operating_point import find_operating_point

    point = find_operating_point(embedder, weights, metric)
    if point is None:
        print("note: these weights have no calibrated threshold, so nothing is rejected; see calibrate", file=sys.stderr)
        return None
    if pairs:
        threshold = point.pair_threshold
        rates = f"{100 * point.pair_tar:.1f} % of genuine and {100 * point.pair_far:.1f} % of impostor pairs are accepted"
    else:
        threshold = point.search_threshold
        rates = (
            f"{100 * point.search_dir:.1f} % of present people are found and {100 * point.search_far:.1f} % of absent "
            "people are matched to somebody else"
        )
    print(f"note: threshold {threshold:.4f}, calibrated on {point.data}, where {rates}", file=sys.stderr)
    return threshold
