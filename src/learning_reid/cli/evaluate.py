"""How good is a network on labelled people?"""

import sys
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.errors import UserError
from learning_reid.metrics.protocol import PROTOCOLS


class Expansion(StrEnum):
    """Query expansion, plain or weighted."""

    aqe = "aqe"
    alpha_qe = "alpha-qe"


def run(
    root: Annotated[
        Path | None,
        typer.Option(
            help="Where the labelled crops lie: a folder, or a CSV file.", show_default="needed without --exp"
        ),
    ] = None,
    exp: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="Examine a training run: its best weights, its data.", show_default=False),
    ] = None,
    dataset: options.Dataset = None,
    embedder: options.Embedder = "osnet_x0_25",
    weights: options.Weights = "embedded",
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    query_camera: options.QueryCamera = None,
    protocol: Annotated[
        list[str] | None,
        typer.Option(
            help=f"What counts as an answer: {', '.join(PROTOCOLS)}, or all of them side by side with `all`; may be "
            "given many times.",
            show_default="market1501",
        ),
    ] = None,
    verification: Annotated[bool, typer.Option("--verification", help="Also EER and TAR at FAR, on pairs.")] = False,
    rerank: Annotated[bool, typer.Option("--rerank", help="Also with k-reciprocal re-ranking.")] = False,
    expand: Annotated[
        list[Expansion] | None,
        typer.Option(help="Also with query expansion; may be given twice.", show_default=False),
    ] = None,
    ap: Annotated[Literal["precisions", "interpolated"], typer.Option(help="Which average precision.")] = "precisions",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="A file for all figures.", show_default=False)
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option(help="A folder for tables and pictures; made if missing.", show_default=False),
    ] = None,
    against: Annotated[
        Path | None,
        typer.Option(help="A JSON file of another model on the same data, to test against.", show_default=False),
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Leave features as long as the network gave them, not of unit length.")
    ] = False,
    features: Annotated[
        Path | None,
        typer.Option(help="An .npz file of features computed elsewhere, instead of a network.", show_default=False),
    ] = None,
    save_features: Annotated[
        Path | None, typer.Option(help="An .npz file to keep the features in.", show_default=False)
    ] = None,
    batch_size: options.BatchSize = 64,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Measure how well a network finds people again: CMC, mAP, mINP and more, under a named protocol.

    Tables go to stdout, notes and progress to stderr. Try --protocol all once: the same features, five very different
    figures.
    """
    from learning_reid.datasets.features import write_features
    from learning_reid.evaluation.comparison import compare_with, comparison_text, read_earlier
    from learning_reid.evaluation.evaluate import DataChoice, ModelChoice, Wanted, evaluate
    from learning_reid.evaluation.result import result_as_json
    from learning_reid.evaluation.tables import result_text
    from learning_reid.io.output_folder import make_folder, write_json

    for file in (json_file, save_features):
        options.check_folder_of(file)
    if report is not None:
        make_folder(report, "--report")
    if against is not None:
        read_earlier(against)  # a wrong file is told before the long work
    if exp is not None:
        if root is not None or dataset is not None or (embedder, weights) != ("osnet_x0_25", "embedded"):
            raise UserError(
                "--exp RUN brings its own data and weights; leave out --root, --dataset, --embedder and so on"
            )
        from learning_reid.cli._run import choices_of_run

        data, model, usual = choices_of_run(exp, query_camera or [])
        verification, protocol = True, protocol or [usual]
    elif root is not None:
        data = DataChoice(options.recognise(dataset, root), root, query_camera or [])
        model = ModelChoice(embedder, weights)
    else:
        raise UserError("name the crops with --root DIR, or a training run with --exp RUN")
    model = replace(
        model, backend=backend, batch_size=batch_size, device=device, threads=threads, metric=metric, raw=raw,
        features=features,
    )  # fmt: skip
    named = list(dict.fromkeys(protocol or ["market1501"]))
    protocols = list(
        dict.fromkeys([one for one in named if one != "all"] + (list(PROTOCOLS) if "all" in named else []))
    )
    result = evaluate(data, model, Wanted(protocols, ap, rerank, expand or [], verification))
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
    print(result_text(result))
    if save_features is not None:
        task = result.task
        write_features(save_features, task.contest.samples, task.all_features, task.contest.crops)
    if json_file is not None:
        write_json(json_file, result_as_json(result))
    if report is not None:
        from learning_reid.evaluation.folder import write_evaluation

        for file in write_evaluation(report, result):
            print(file)
    if against is not None:
        print(comparison_text(compare_with(against, result), against))
