"""Are these two pictures of one person?"""

from pathlib import Path
from typing import Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import find_threshold, load_model


def run(
    img1: Annotated[Path, typer.Option(help="A picture of one person.", show_default=False)],
    img2: Annotated[Path, typer.Option(help="Another picture of one person.", show_default=False)],
    embedder: options.Embedder = "osnet_x0_25",
    weights: options.Weights = "embedded",
    onnx: options.Onnx = None,
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Up to this distance they are one person.", show_default="the calibrated one"),
    ] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="A file for the answer.", show_default=False)] = None,
    picture: Annotated[Path | None, typer.Option(help="A PNG of both to write.", show_default=False)] = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Compare two pictures (1:1): distance, similarity, and the decision by the calibrated threshold."""
    from learning_reid.datasets.identification import compare
    from learning_reid.io.output_folder import write_json
    from learning_reid.visualization.answers import draw_pair

    for file in (json_file, picture):
        options.check_folder_of(file)
    network, chosen = load_model(embedder, weights, onnx, backend, device, threads)
    limit = find_threshold(threshold, embedder, chosen, metric, pairs=True)
    distance, similarity = compare(img1, img2, network, metric)
    same = None if limit is None else distance <= limit
    print(f"distance    {distance:.4f} ({metric})")
    print(f"similarity  {similarity:.4f} (cosine)")
    if limit is not None:
        print(f"decision    {'one person' if same else 'two persons'} (threshold {limit:.4f})")
    if json_file is not None:
        answer = {"img1": str(img1), "img2": str(img2), "metric": metric, "distance": distance}
        write_json(json_file, {**answer, "similarity": similarity, "threshold": limit, "same_person": same})
    if picture is not None:
        draw_pair(picture, img1, img2, distance, same)
