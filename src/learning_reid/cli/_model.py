"""The model and the threshold that a command uses."""

import json
import sys

from learning_reid.cli._options import check_threshold


def choose_network(embedder: str | None, weights: str, backend: str = "torch") -> tuple[str, str, str]:
    """Return model, weights and backend of --embedder, --weights and --backend, checked without loading the model.

    Raises:
        UserError: A name is unknown, or the weights are missing.
    """
    from learning_reid.embedding.model_choice import choose_model
    from learning_reid.embedding.registry import check_embedder

    model = choose_model(embedder, weights)
    backend = model.backend if backend == "torch" else backend
    check_embedder(model.name, model.weights, backend)
    return model.name, model.weights, backend


def network_settings(embedder: str | None, weights: str | None) -> list[str]:
    """Return --embedder and --weights as overrides of the section `embedder`, for commands with settings."""
    if weights is None:
        return [] if embedder is None else [f"embedder.name={embedder}"]
    name, weights, backend = choose_network(embedder, weights)
    overrides = [f"embedder.name={name}", f"embedder.weights={json.dumps(weights)}"]
    return [*overrides, f"embedder.backend={backend}"] if backend != "torch" else overrides


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
