"""Evaluate a model on labeled crops."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.errors import UserError
from learning_reid.io.error_collector import ErrorCollector

if TYPE_CHECKING:
    from learning_reid.evaluation.options import DataOptions, ModelOptions
    from learning_reid.evaluation.result import EvaluationResult


class Expansion(StrEnum):
    """Query expansion, average or alpha-weighted."""

    aqe = "aqe"
    alpha_qe = "alpha-qe"


def run(
    root: Annotated[
        Path | None, typer.Option(help="Labeled crops: a folder or a CSV file.", show_default="required without --exp")
    ] = None,
    exp: Annotated[
        str | None, typer.Option(metavar="RUN", help="Evaluate the best weights of a training run on its data.")
    ] = None,
    dataset: options.Dataset = None,
    embedder: options.Embedder = None,
    weights: options.Weights = "embedded",
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    query_camera: options.QueryCamera = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help="Evaluation protocol, or `all` to compare them; `protocols` explains them. Repeatable.",
            show_default="market1501",
        ),
    ] = None,
    verification: Annotated[bool, typer.Option("--verification", help="Also report EER and TAR at FAR.")] = False,
    rerank: Annotated[bool, typer.Option("--rerank", help="Also evaluate with k-reciprocal re-ranking.")] = False,
    expand: Annotated[
        list[Expansion] | None, typer.Option(help="Also evaluate with query expansion; repeatable.")
    ] = None,
    ap: Annotated[
        Literal["precisions", "interpolated"], typer.Option(help="Definition of average precision.")
    ] = "precisions",
    json_file: options.Json = None,
    report: Annotated[Path | None, typer.Option(help="Folder for tables and plots; created if missing.")] = None,
    against: Annotated[
        Path | None, typer.Option(help="JSON file of another model on the same data, for a significance test.")
    ] = None,
    raw: Annotated[bool, typer.Option("--raw", help="Skip L2 normalization of the embeddings.")] = False,
    features: Annotated[
        Path | None, typer.Option(help="Embeddings computed elsewhere (.npz), instead of a model.")
    ] = None,
    save_features: Annotated[Path | None, typer.Option(help="File for the embeddings (.npz).")] = None,
    batch_size: options.BatchSize = 64,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Evaluate re-identification on labeled crops: CMC, mAP, mINP and more, under a named protocol.

    Tables are printed on stdout, notes and progress on stderr. Try --protocol all once: the same embeddings give five
    very different results.
    """
    options.check_output_files(json_file, save_features)
    from learning_reid.cli._model import choose_network
    from learning_reid.evaluation.comparison import read_evaluation
    from learning_reid.evaluation.dataset_evaluation import evaluate_dataset
    from learning_reid.evaluation.options import DataOptions, EvaluationOptions, ModelOptions
    from learning_reid.io.output_folder import create_folder

    if report is not None:
        create_folder(report, "--report")
    if against is not None:
        read_evaluation(against)  # a wrong file is reported before the long work
    if exp is not None:
        if root is not None or dataset is not None or embedder is not None or weights != "embedded":
            raise UserError(
                "--exp RUN has its own data and weights; leave out --root, --dataset, --embedder, --weights"
            )
        data, model, default_protocol = _options_of_run(exp, query_camera or [])
        model = replace(model, backend=backend)
        verification, protocol = True, protocol or [default_protocol]
    elif root is not None:
        model = ModelOptions(*choose_network(embedder, weights, backend)) if features is None else ModelOptions()
        data = DataOptions(options.recognize(dataset, root), root, query_camera or [])
    else:
        raise UserError("name the crops with --root DIR, or a training run with --exp RUN")
    model = replace(
        model, batch_size=batch_size, device=device, threads=threads, metric=metric, raw=raw,
        features=features,
    )  # fmt: skip
    result = evaluate_dataset(
        data, model, EvaluationOptions(_protocols(protocol), ap, rerank, expand or [], verification)
    )
    _write(result, json_file, report, save_features, against)


def _options_of_run(name: str, query_cameras: Sequence[str]) -> "tuple[DataOptions, ModelOptions, str]":
    """Return data and best model of a training run, on people it was not trained on, and the protocol that fits."""
    from learning_reid.datasets.identity_split import select_identities
    from learning_reid.datasets.layouts import open_dataset
    from learning_reid.evaluation.options import DataOptions, ModelOptions
    from learning_reid.models.weights_reader import read_note
    from learning_reid.training.runs import find_run, load_run_settings
    from learning_reid.training.training_data import evaluation_identities, locate_data

    run = find_run(name)
    settings = load_run_settings(run)
    weights = run / "weights" / "best.pt"
    if not weights.is_file():
        raise UserError(f"{run} has no weights/best.pt yet; let it train for an epoch with validation")
    dataset, root = locate_data(settings)
    persons = evaluation_identities(settings, str(read_note(weights, "data")))
    cameras = {sample.camera_id for sample in select_identities(open_dataset(dataset, root), persons).samples}
    data = DataOptions(dataset, root, query_cameras, persons)
    protocol = "market1501" if len(cameras) > 1 else "single-camera"
    return data, ModelOptions(settings.model.arch, str(weights)), protocol


def _protocols(named: list[str] | None) -> list[str]:
    """Return the protocols to evaluate: each once, and those of `all` after those named."""
    from learning_reid.metrics.protocol import PROTOCOLS

    named = named or ["market1501"]
    everything = list(PROTOCOLS) if "all" in named else []
    return list(dict.fromkeys([*(name for name in named if name != "all"), *everything]))


def _write(
    result: "EvaluationResult",
    json_file: Path | None,
    report: Path | None,
    save_features: Path | None,
    against: Path | None,
) -> None:
    """Print the result and write the files that were requested."""
    from learning_reid.datasets.embeddings import save_embeddings
    from learning_reid.evaluation.comparison import compare_results, comparison_text
    from learning_reid.evaluation.result import result_to_json
    from learning_reid.evaluation.tables import result_text

    options.print_notes(result.notes)
    print(result_text(result))
    with ErrorCollector() as problems:
        if save_features is not None:
            task = result.task
            with problems.step():
                save_embeddings(save_features, task.split.samples, task.all_features, task.split.dataset)
        with problems.step():
            options.write_json_file(json_file, result_to_json(result))
        if report is not None:
            from learning_reid.evaluation.evaluation_folder import write_evaluation

            with problems.step():
                print(*write_evaluation(report, result), sep="\n")
        if against is not None:
            with problems.step():
                print(comparison_text(compare_results(against, result), against))
