"""Measurements of `zoo compare`: speed and accuracy of each model, and its published accuracy."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.cli._model_table import Accuracy, ModelRow
from learning_reid.cli._options import recognize
from learning_reid.embedding.benchmark import benchmark_backend
from learning_reid.embedding.model_choice import NamedModel
from learning_reid.errors import UserError
from learning_reid.evaluation.dataset_evaluation import evaluate_dataset
from learning_reid.evaluation.options import DataOptions, EvaluationOptions, ModelOptions
from learning_reid.models.complexity import complexity_of
from learning_reid.models.registry import check_model_name
from learning_reid.zoo.cards import all_cards

TARGET = "market1501"  # the test set of most published results


def measure_models(
    networks: Sequence[str],
    models: Sequence[NamedModel],
    backends: Sequence[str],
    root: Path | None,
    crops: int,
    repeats: int,
) -> list[ModelRow]:
    """Measure networks with random weights, and models with their trained weights.

    Args:
        networks: Model names; random weights are as fast as trained ones.
        models: Models with weights.
        backends: Inference libraries.
        root: Labelled crops on which the accuracy of `models` is measured; None = it is not measured.
        crops: Number of random images to time.
        repeats: Number of runs.

    Raises:
        UserError: A model does not exist, or the crops cannot be read.
    """
    for name in networks:
        check_model_name(name)
    jobs: list[tuple[str, str, str | None]] = [(name, name, None) for name in networks]
    jobs += [(model.label, model.name, model.weights) for model in models]
    rows = []
    with tqdm(total=len(jobs) * len(backends), desc="measuring", unit="model", dynamic_ncols=True) as bar:
        for label, name, weights in jobs:
            speeds = {}
            for backend in backends:
                try:
                    speeds[backend] = benchmark_backend(name, backend, weights, crops, repeats)
                except UserError as error:  # the other measurements go on
                    tqdm.write(f"note: {label} on {backend}: {error}", file=sys.stderr)
                    speeds[backend] = None
                bar.update()
            cost = complexity_of(name)
            loaded = weights if any(speeds.values()) else None
            measured = measured_accuracy(root, name, loaded) if root is not None and loaded is not None else None
            published = published_accuracy(name) if loaded is None else None
            rows.append(ModelRow(label, speeds, cost.parameters, cost.multiply_adds, published, measured))
    return rows


def published_accuracy(name: str) -> Accuracy | None:
    """Return the published accuracy on Market-1501: of weights trained on it, else the best of other weights."""
    found = [
        (card.datasets == (TARGET,), result.map, card, result)
        for card in all_cards().values()
        if card.architecture == name
        for result in card.results
        if result.tested_on == TARGET
    ]
    if not found:
        return None
    _, _, card, result = max(found, key=lambda row: row[:2])
    return Accuracy(result.rank1 / 100, result.map / 100, f"({card.trained_on} → {result.tested_on})")


def measured_accuracy(root: Path, name: str, weights: str) -> Accuracy:
    """Measure rank-1 and mAP on labelled crops, with the cosine distance."""
    data = DataOptions(recognize(None, root), root)
    model = ModelOptions(name, weights, metric="cosine", device="cpu")
    metrics = evaluate_dataset(data, model, EvaluationOptions()).metrics
    return Accuracy(metrics.rank1, metrics.map, "")
