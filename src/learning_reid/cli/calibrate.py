"""Choose the distance up to which two crops count as the same person."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.errors import UserError
from learning_reid.io.error_collector import ErrorCollector
from learning_reid.io.output_folder import create_folder

USED_BY_DEFAULT = "verify, identify, search, identities and app use it for these weights from now on"
RENAMED = {"--picture": "--plot"}


def run(
    root: options.Root,
    dataset: options.Dataset = None,
    embedder: options.Embedder = None,
    weights: options.Weights = "embedded",
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    query_camera: options.QueryCamera = None,
    far: Annotated[float, typer.Option(min=1e-6, max=0.5, help="Share of impostor pairs to accept.")] = 0.01,
    search_far: Annotated[
        float, typer.Option(min=1e-6, max=0.5, help="Share of searches for an absent person to accept.")
    ] = 0.1,
    protocol: Annotated[
        Literal["market1501", "single-camera"],
        typer.Option(help="Across cameras (`market1501`) or within one (`single-camera`)."),
    ] = "market1501",
    out: Annotated[
        Path | None,
        typer.Option(help="YAML file for the thresholds.", show_default="found by all commands, see below"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="PNG file for the distance histograms.", show_default="beside the thresholds")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split of the persons into two halves.")] = 0,
    batch_size: options.BatchSize = 64,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Calibrate the thresholds for "same person" and for "not in the gallery".

    One half of the persons chooses the thresholds, the other half measures their error rates. The pipeline uses them
    with ranking.reject_above=calibrated. Calibrate on people that the model was not trained on, from cameras like
    yours.

    Without --out they are stored beside the weights or, if that folder is shared or read-only, in your own
    data/thresholds; either way, all commands find them. With --out, commands use them by --threshold FILE.
    """
    from learning_reid.cli._model import choose_network
    from learning_reid.embedding.operating_point import (
        default_operating_point_file,
        find_operating_point,
        write_operating_point,
    )
    from learning_reid.evaluation.calibration import calibrate
    from learning_reid.evaluation.dataset_evaluation import prepare_task
    from learning_reid.evaluation.options import DataOptions, ModelOptions
    from learning_reid.evaluation.tables import calibration_text
    from learning_reid.metrics.protocol import get_protocol
    from learning_reid.models.weights_file import resolve_weights
    from learning_reid.visualization.curves import draw_distance_histograms
    from learning_reid.zoo.checksums import sha256_of

    embedder, weights, resolved_backend = choose_network(embedder, weights, backend)
    file = resolve_weights(embedder, weights)
    target = out or default_operating_point_file(file)
    plot = plot or target.with_suffix(".png")
    if out is None:
        create_folder(target.parent, "--out")
    options.check_output_files(target, plot)
    if plot.resolve() == target.resolve():
        raise UserError(f"--plot {plot} is the file of the thresholds; name another one")
    layout = options.recognize(dataset, root)
    model = ModelOptions(embedder, weights, resolved_backend, batch_size, device, threads, metric)
    task, digest, _ = prepare_task(DataOptions(layout, root, query_camera or []), model, [get_protocol(protocol)])
    options.print_notes(task.split.dataset.notes)
    point, pairs = calibrate(
        task,
        far,
        search_far,
        embedder=embedder,
        weights_sha256=sha256_of(file),
        data=f"{layout} {digest}, {protocol}",
        same_camera=protocol == "single-camera",
        seed=seed,
    )
    print(calibration_text(point))
    with ErrorCollector() as problems:
        with problems.step():
            write_operating_point(target, point)
            is_default = find_operating_point(file) == target.absolute()
            print(target)
            options.print_notes([USED_BY_DEFAULT if is_default else f"use it with --threshold {target}"])
        with problems.step():
            draw_distance_histograms(plot, pairs, point)
            print(plot)
