"""Compare two images."""

from pathlib import Path
from typing import Annotated

import typer

from learning_reid.cli import _options as options

RENAMED = {"--picture": "--plot"}


def run(
    img1: Annotated[Path, typer.Option(help="Image of one person.")],
    img2: Annotated[Path, typer.Option(help="Image of one person.")],
    embedder: options.Embedder = "osnet_x0_25",
    weights: options.Weights = "embedded",
    onnx: options.Onnx = None,
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Largest distance of the same person.", show_default="the calibrated one"),
    ] = None,
    json_file: options.Json = None,
    plot: options.Plot = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Verify whether two images show the same person (1:1): distance, similarity and decision."""
    options.check_output_files(json_file, plot)
    from learning_reid.cli._model import choose_threshold, load_model
    from learning_reid.datasets.identification import compare_images

    model, weights = load_model(embedder, weights, onnx, backend, device, threads)
    threshold = choose_threshold(threshold, embedder, weights, metric, pairs=True)
    distance, similarity = compare_images(img1, img2, model, metric)
    same = None if threshold is None else distance <= threshold
    print(f"distance    {distance:.4f} ({metric})")
    print(f"similarity  {similarity:.4f} (cosine)")
    if threshold is not None:
        print(f"decision    {'same person' if same else 'different persons'} (threshold {threshold:.4f})")
    result = {"img1": str(img1), "img2": str(img2), "metric": metric, "distance": distance, "similarity": similarity}
    options.write_json_file(json_file, {**result, "threshold": threshold, "same_person": same})
    if plot is not None:
        from learning_reid.visualization.decisions import draw_pair

        draw_pair(plot, img1, img2, distance, same)
