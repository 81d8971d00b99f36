"""Measurements and table of `zoo compare`: speed, memory, size and accuracy of models."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.cli._options import recognize
from learning_reid.embedding.benchmark import Speed, benchmark_backend
from learning_reid.embedding.model_choice import NamedModel
from learning_reid.errors import UserError
from learning_reid.evaluation.dataset_evaluation import evaluate_dataset
from learning_reid.evaluation.options import DataOptions, EvaluationOptions, ModelOptions
from learning_reid.io.markdown import markdown_table, percent
from learning_reid.models.complexity import complexity_of
from learning_reid.models.registry import check_model_name
from learning_reid.zoo.cards import all_cards

TARGET = "market1501"  # the test set of most published results
TITLES = {"torch": "torch", "onnx": "ONNX Runtime", "openvino": "OpenVINO"}
_DASH = "–"


@dataclass(frozen=True)
class Accuracy:
    """Rank-1 and mAP as fractions (0–1), and the data they were measured on."""

    rank1: float
    map: float
    tested_on: str

    def __str__(self) -> str:
        return f"{percent(self.rank1)} / {percent(self.map)} {self.tested_on}".rstrip()


@dataclass(frozen=True)
class ModelRow:
    """One model."""

    name: str  #: Name of the model or of its weights
    #: Speed by backend; None if the backend cannot run the model
    speeds: Mapping[str, Speed | None] = field(default_factory=dict)
    parameters: int | None = None  #: Number of parameters
    multiply_adds: int | None = None  #: Multiply-adds for one image
    published: Accuracy | None = None  #: Published accuracy
    measured: Accuracy | None = None  #: Accuracy measured on this machine


def measure_models(
    networks: Sequence[str],
    models: Sequence[NamedModel],
    backends: Sequence[str],
    root: Path | None,
    crops: int,
    repeats: int,
) -> list[ModelRow]:
    """Measure networks with random weights, which are as fast as trained ones, and models with their trained weights.

    The accuracy of `models` is measured on the labeled crops at `root`, if there are any.
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
    """Measure rank-1 and mAP on labeled crops, with the cosine distance."""
    data = DataOptions(recognize(None, root), root)
    model = ModelOptions(name, weights, metric="cosine", device="cpu")
    metrics = evaluate_dataset(data, model, EvaluationOptions()).metrics
    return Accuracy(metrics.rank1, metrics.map, "")


def model_table(rows: Sequence[ModelRow]) -> str:
    """Format the table; a column without any value is left out.

    >>> row = ModelRow("osnet_x0_25", {"torch": Speed(235.4, 412.0), "onnx": None}, 203_568, 82_316_000)
    >>> print(model_table([row]))
    | model       | parameters, M | multiply-adds, G | torch, images/s | torch, peak MB |
    |:------------|--------------:|-----------------:|----------------:|---------------:|
    | osnet_x0_25 |          0.20 |             0.08 |             235 |            412 |
    """
    columns: dict[str, list[str]] = {
        "model": [row.name for row in rows],
        "parameters, M": [_scaled(row.parameters, 1e6) for row in rows],
        "multiply-adds, G": [_scaled(row.multiply_adds, 1e9) for row in rows],
    }
    backends = list(dict.fromkeys(backend for row in rows for backend in row.speeds))
    speeds = {backend: [row.speeds.get(backend) for row in rows] for backend in backends}
    for backend, of_backend in speeds.items():
        columns[f"{TITLES.get(backend, backend)}, images/s"] = [_images(speed) for speed in of_backend]
    for backend, of_backend in speeds.items():
        columns[f"{TITLES.get(backend, backend)}, peak MB"] = [
            _DASH if speed is None else f"{speed.peak_mb:.0f}" for speed in of_backend
        ]
    columns["published rank-1 / mAP"] = [str(row.published or _DASH) for row in rows]
    columns["measured rank-1 / mAP"] = [str(row.measured or _DASH) for row in rows]
    filled = {title: cells for title, cells in columns.items() if title == "model" or set(cells) - {_DASH}}
    return markdown_table(list(filled), list(zip(*filled.values(), strict=True)))


def _scaled(number: int | None, unit: float) -> str:
    return _DASH if number is None else f"{number / unit:.2f}"


def _images(speed: Speed | None) -> str:
    """Format three digits; measurements on a shared machine are not more precise."""
    if speed is None:
        return _DASH
    return f"{speed.images_per_s:.0f}" if speed.images_per_s >= 100 else f"{speed.images_per_s:.3g}"
