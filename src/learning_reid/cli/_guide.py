"""The rows of `zoo compare`: each network measured, and what is published of it."""

import sys
from collections.abc import Sequence
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.cli._options import recognize
from learning_reid.embedding.benchmark import benchmark_backend
from learning_reid.embedding.model_choice import NamedModel
from learning_reid.errors import UserError
from learning_reid.evaluation.dataset_evaluation import DataOptions, ModelOptions, EvaluationOptions, evaluate
from learning_reid.models.complexity import complexity_of
from learning_reid.models.registry import check_model_name
from learning_reid.visualization.model_guide import Accuracy, GuideRow
from learning_reid.zoo.cards import all_cards

TARGET = "market1501"  # the test set on which most of the zoo was published


def guide_rows(
    networks: Sequence[str],
    models: Sequence[NamedModel],
    backends: Sequence[str],
    root: Path | None,
    crops: int,
    repeats: int,
) -> list[GuideRow]:
    """Measure networks with random weights, and models with their own.

    Args:
        networks: names; random weights are as fast as trained ones.
        models: sets of weights.
        backends: on which.
        root: labelled crops on which the models' accuracy is measured; None = not.
        crops, repeats: as `benchmark_backend` takes them.

    Raises:
        UserError: no such network, a package is missing, or crops cannot be read.
    """
    for name in networks:
        check_model_name(name)
    wanted: list[tuple[str, str, str | None]] = [(name, name, None) for name in networks]
    wanted += [(model.label, model.name, model.weights) for model in models]
    rows = []
    with tqdm(total=len(wanted) * len(backends), desc="measuring", unit="network", dynamic_ncols=True) as bar:
        for label, name, weights in wanted:
            speeds = {}
            for backend in backends:
                try:
                    speeds[backend] = benchmark_backend(name, backend, weights, crops, repeats)
                except UserError as problem:  # the others are measured all the same
                    tqdm.write(f"note: {label} on {backend}: {problem}", file=sys.stderr)
                    speeds[backend] = None
                bar.update()
            cost = complexity_of(name)
            weights = weights if weights is None or any(speeds.values()) else None
            measured = accuracy_on(root, name, weights) if root is not None and weights is not None else None
            told = published_accuracy(name) if weights is None else None
            rows.append(GuideRow(label, speeds, cost.parameters, cost.multiply_adds, told, measured))
    return rows


def published_accuracy(name: str) -> Accuracy | None:
    """What was published on Market-1501: trained there too, else the best that was trained elsewhere."""
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


def accuracy_on(root: Path, name: str, weights: str) -> Accuracy:
    """Rank-1 and mAP on labelled crops, cosine."""
    data = DataOptions(recognize(None, root), root)
    figures = (
        evaluate(data, ModelOptions(name, weights, metric="cosine", device="cpu"), EvaluationOptions()).methods[0].retrieval.means
    )
    return Accuracy(figures["rank1"], figures["map"], "")
