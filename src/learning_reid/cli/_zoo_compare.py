"""Measurements and table of `zoo compare`: speed, memory, size and accuracy of models."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tqdm.auto import tqdm

from learning_reid.cli._options import recognize
from learning_reid.datasets.layouts import open_dataset
from learning_reid.embedding.benchmark import Speed, benchmark_backend
from learning_reid.embedding.model_choice import NamedModel
from learning_reid.embedding.registry import BACKENDS
from learning_reid.evaluation.dataset_evaluation import evaluate_dataset
from learning_reid.evaluation.options import DataOptions, EvaluationOptions, ModelOptions
from learning_reid.export.verify import check_crops
from learning_reid.io.markdown import markdown_table, percent
from learning_reid.metrics.protocol import get_protocol
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


def check_comparison(networks: Sequence[str], backends: Sequence[str], root: Path | None, protocol: str) -> None:
    """Raise a UserError for anything that would fail after minutes of measurements."""
    for name in networks:
        check_model_name(name)
    for backend in backends:
        BACKENDS.check(backend)
    get_protocol(protocol)
    if root is not None:
        check_crops(open_dataset(recognize(None, root), root), protocol)


def measure_models(
    networks: Sequence[str],
    models: Sequence[NamedModel],
    backends: Sequence[str],
    root: Path | None,
    protocol: str,
    crops: int,
    repeats: int,
) -> Iterator[ModelRow]:
    """Measure networks with random weights, which are as fast as trained ones, and models with their trained weights.

    The accuracy of `models` is measured on the labeled crops at `root`, if there are any. What fails is reported in a
    note, and the other measurements go on.
    """
    jobs: list[tuple[str, str, NamedModel | None]] = [(name, name, None) for name in networks]
    jobs += [(model.label, model.name, model) for model in models]
    with tqdm(total=len(jobs) * len(backends), desc="measuring", unit="model", dynamic_ncols=True) as bar:
        for label, name, model in jobs:
            weights = None if model is None else model.weights
            speeds: dict[str, Speed | None] = {}
            for backend in backends:
                with _note_failure(f"{label} on {backend}"):
                    speeds[backend] = None
                    speeds[backend] = benchmark_backend(name, backend, weights, crops, repeats)
                bar.update()
            row = ModelRow(label, speeds)
            if model is None:
                row = replace(row, published=published_accuracy(name))
            elif root is not None and any(speeds.values()):
                with _note_failure(f"accuracy of {label}"):
                    row = replace(row, measured=measured_accuracy(root, model, protocol))
            if model is None or model.backend == "torch":  # a graph may be of any model
                with _note_failure(f"size of {label}"):
                    cost = complexity_of(name)
                    row = replace(row, parameters=cost.parameters, multiply_adds=cost.multiply_adds)
            yield row


@contextmanager
def _note_failure(what: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # libraries that cannot run a model raise nearly anything
        tqdm.write(f"note: {what}: {str(error).partition(chr(10))[0] or type(error).__name__}", file=sys.stderr)


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


def measured_accuracy(root: Path, model: NamedModel, protocol: str) -> Accuracy:
    """Measure rank-1 and mAP on labeled crops, with the cosine distance."""
    data = DataOptions(recognize(None, root), root)
    options = ModelOptions(model.name, model.weights, model.backend, metric="cosine", device="cpu")
    metrics = evaluate_dataset(data, options, EvaluationOptions((protocol,))).metrics
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
