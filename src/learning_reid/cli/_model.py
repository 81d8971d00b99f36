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
    """Load the model of `--weights` or `--onnx`; also return the weights as `embedder.weights` would name them."""
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


def choose_threshold(
    threshold: float | None,
    embedder: str,
    weights: str,
    metric: str,
    pairs: bool = False,
    if_missing: str = "so nothing is rejected; see calibrate",
) -> float | None:
    """Return the threshold of `--threshold`, or the calibrated one with a note on its error rates, if there is one.

    Args:
        threshold: The option's value; None = look up the calibrated threshold.
        embedder, weights, metric: What the threshold belongs to.
        pairs: Use the threshold for pairs (verification), not the one for searches in a gallery.
        if_missing: What happens if nothing was calibrated, the end of the note.
    """
    if threshold is not None:
        return check_threshold(threshold)
    from learning_reid.embedding.operating_point import find_threshold

    found = find_threshold(embedder, weights, metric, pairs)
    if found is None:
        print(f"note: these weights have no calibrated threshold, {if_missing}", file=sys.stderr)
        return None
    correct, wrong = f"{100 * found.accepted_correctly:.1f} %", f"{100 * found.accepted_wrongly:.1f} %"
    if pairs:
        rates = f"{correct} of genuine and {wrong} of impostor pairs are accepted"
    else:
        rates = f"{correct} of present people are found and {wrong} of absent people are matched to another person"
    print(f"note: threshold {found.distance:.4f}, calibrated on {found.data}, where {rates}", file=sys.stderr)
    return found.distance
