"""The model and the threshold that a command uses."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path


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


@dataclass(frozen=True)
class DecisionThreshold:
    """The largest distance of one person, and where it comes from."""

    distance: float | None  #: None = nothing was calibrated: results are ranked, and nothing is decided
    origin: str | None  #: For the result's file; None without a distance

    def as_json(self) -> dict[str, float | str | None]:
        """Return the entries of a JSON file."""
        return {"threshold": self.distance, "threshold_origin": self.origin}


def choose_threshold(
    threshold: float | Path | None,
    embedder: str,
    weights: str,
    metric: str,
    pairs: bool = False,
    if_missing: str = "results are ranked, and nothing is accepted or rejected; run calibrate, or give --threshold",
) -> DecisionThreshold:
    """Return the threshold of `--threshold`, or the calibrated one, with a note on stderr on its origin.

    Args:
        threshold: The option's value: a distance, or a file that `calibrate` wrote. None = look it up.
        embedder, weights, metric: What the threshold belongs to.
        pairs: Use the threshold for pairs (verification), not the one for searches in a gallery.
        if_missing: What happens if nothing was calibrated, the end of the note.

    Raises:
        UserError: The calibration is damaged or belongs to something else.
    """
    if isinstance(threshold, float):
        return DecisionThreshold(threshold, "--threshold")
    from learning_reid.embedding.operating_point import find_threshold

    found = find_threshold(embedder, weights, metric, pairs, file=threshold)
    if found is None:
        print(f"note: no threshold was calibrated for these weights: {if_missing}", file=sys.stderr)
        return DecisionThreshold(None, None)
    print(f"note: {found.note}", file=sys.stderr)
    return DecisionThreshold(found.distance, found.origin)
