"""Choose the distance up to which two crops count as one person."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from learning_reid.cli import _options as options


def run(
    root: options.Root,
    dataset: options.Dataset = None,
    embedder: options.Embedder = "osnet_x0_25",
    weights: options.Weights = "embedded",
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    query_camera: options.QueryCamera = None,
    far: Annotated[float, typer.Option(min=1e-6, max=0.5, help="Wanted share of impostor pairs accepted.")] = 0.01,
    search_far: Annotated[
        float, typer.Option(min=1e-6, max=0.5, help="Wanted share of searches for an absent person that name somebody.")
    ] = 0.1,
    protocol: Annotated[
        Literal["market1501", "single-camera"],
        typer.Option(help="Across cameras (`market1501`), or within one (`single-camera`)."),
    ] = "market1501",
    picture: Annotated[
        Path | None,
        typer.Option(help="The histogram to write.", show_default="beside the weights, as NAME.threshold.png"),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the division of the persons in two halves.")] = 0,
    batch_size: options.BatchSize = 64,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Pick the threshold for "the same person" and for "not in the gallery", and keep it beside the weights.

    Half of the persons choose it, the other half tell what it is worth. Afterwards ranking.reject_above=calibrated
    uses it in the walk-through. Calibrate on people whom the network was not trained on, seen by cameras like yours.
    """
    from learning_reid.embedding.operating_point import operating_point_file, write_operating_point
    from learning_reid.errors import UserError
    from learning_reid.evaluation.calibration import calibrate
    from learning_reid.evaluation.evaluate import DataChoice, ModelChoice, choose_protocol, prepare
    from learning_reid.evaluation.operating_point_text import operating_point_text
    from learning_reid.models.resolve_weights import locate_weights
    from learning_reid.visualization.curves import draw_distances
    from learning_reid.zoo.checksums import sha256_of

    file = locate_weights(embedder, weights)
    target = operating_point_file(file)
    drawn = picture or target.with_suffix(".png")
    options.check_folder_of(drawn)
    if drawn.resolve() == target.resolve():
        raise UserError(f"--picture {drawn} is the file of the thresholds; name another one")
    layout = options.recognise(dataset, root)
    model = ModelChoice(embedder, weights, backend, batch_size, device, threads, metric)
    task, digest, _ = prepare(DataChoice(layout, root, query_camera or []), model, [choose_protocol(protocol)])
    for note in task.contest.crops.notes:
        print(f"note: {note}", file=sys.stderr)
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
    write_operating_point(target, point)
    draw_distances(drawn, pairs, point)
    print(operating_point_text(point))
    print(target, drawn, sep="\n")
