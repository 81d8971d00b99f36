"""Compare two images."""

from pathlib import Path
from typing import Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.io.error_collector import ErrorCollector

RENAMED = {"--picture": "--plot", "--onnx": "--weights"}


def run(
    img1: Annotated[Path, typer.Option(help="Image of one person.")],
    img2: Annotated[Path, typer.Option(help="Image of one person.")],
    embedder: options.Embedder = None,
    weights: options.Weights = "embedded",
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    threshold: options.Threshold = None,
    json_file: options.Json = None,
    plot: options.Plot = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Verify whether two images show the same person (1:1): distance, similarity and decision."""
    options.check_output_files(json_file, plot)
    from learning_reid.cli._model import choose_network, choose_threshold
    from learning_reid.datasets.identification import check_images, compare_images
    from learning_reid.embedding.registry import create_embedder

    check_images([img1, img2])
    network = choose_network(embedder, weights, backend)
    limit = choose_threshold(threshold, *network[:2], metric, pairs=True)
    model = create_embedder(*network, device=device, threads=threads)
    distance, similarity = compare_images(img1, img2, model, metric)
    same = None if limit.distance is None else distance <= limit.distance
    print(f"distance    {distance:.4f} ({metric})")
    print(f"similarity  {similarity:.4f} (cosine)")
    if limit.distance is not None:
        print(f"decision    {'same person' if same else 'different persons'} (threshold {limit.distance:.4f})")
    result = {"img1": str(img1), "img2": str(img2), "metric": metric, "distance": distance, "similarity": similarity}
    with ErrorCollector() as problems:
        with problems.step():
            options.write_json_file(json_file, {**result, **limit.as_json(), "same_person": same})
        if plot is not None:
            from learning_reid.visualization.decisions import draw_pair

            with problems.step():
                draw_pair(plot, img1, img2, distance, same)
