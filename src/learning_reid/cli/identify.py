"""Search a gallery for the person in an image."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from learning_reid.cli import _options as options
from learning_reid.io.error_collector import ErrorCollector

if TYPE_CHECKING:
    from learning_reid.datasets.identification import Candidate, Identification
    from learning_reid.datasets.sample import CropDataset

RENAMED = {"--picture": "--plot", "--nearest": "--top", "--onnx": "--weights"}


def run(
    gallery_dir: Annotated[Path, typer.Option(help="Known people: a folder for each, or any layout of `data list`.")],
    query: Annotated[list[Path], typer.Option(help="Image of one person; repeatable.")],
    dataset: options.Dataset = None,
    embedder: options.Embedder = None,
    weights: options.Weights = "embedded",
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    threshold: options.Threshold = None,
    top: Annotated[int, typer.Option(min=1, help="Number of gallery images to show for each query.")] = 5,
    json_file: options.Json = None,
    plot: options.Plot = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Identify the person in an image by searching a gallery (1:N), or report that they are not in it."""
    options.check_output_files(json_file, plot)
    from learning_reid.cli._model import choose_network, choose_threshold
    from learning_reid.datasets.identification import check_images, gallery_samples, identify
    from learning_reid.datasets.layouts import open_dataset
    from learning_reid.embedding.registry import create_embedder

    check_images(query)
    network = choose_network(embedder, weights, backend)
    limit = choose_threshold(threshold, *network[:2], metric, pairs=False)
    gallery = open_dataset(options.recognize(dataset, gallery_dir), gallery_dir)
    options.print_notes(gallery.notes)
    model = create_embedder(*network, device=device, threads=threads)
    results = identify(query, gallery, model, metric, limit.distance, top)
    for result in results:
        print(f"{result.query}: {_answer(result)}\n")
        print(_table(result, gallery), end="\n\n")
    if limit.distance is not None:
        print(f"People above the distance {limit.distance:.4f} ({metric}) are rejected.")
    values = {"metric": metric, **limit.as_json(), "gallery": len(gallery_samples(gallery))}
    with ErrorCollector() as problems:
        with problems.step():
            options.write_json_file(json_file, {**values, "answers": _values(results, gallery)})
        if plot is not None:
            from learning_reid.visualization.decisions import draw_identifications

            with problems.step():
                draw_identifications(plot, results)


def _answer(result: "Identification") -> str:
    nearest = result.candidates[0]
    if nearest.accepted is None:
        return f"not decided; the nearest is {nearest.sample.person_id or 'a distractor'}"
    return result.person or "not in the gallery"


def _table(result: "Identification", gallery: "CropDataset") -> str:
    from learning_reid.datasets.embeddings import sample_name
    from learning_reid.io.markdown import markdown_table

    def row(candidate: "Candidate") -> list[str]:
        person = candidate.sample.person_id or "(distractor)"
        decision = "" if candidate.accepted is None else "accepted" if candidate.accepted else "too far"
        numbers = (f"{candidate.distance:.4f}", f"{candidate.similarity:.4f}")
        return [sample_name(candidate.sample, gallery), person, *numbers, decision]

    header = ["nearest images", "person", "distance", "similarity", ""]
    return markdown_table(header, [row(candidate) for candidate in result.candidates])


def _values(results: Sequence["Identification"], gallery: "CropDataset") -> list[dict[str, Any]]:
    from learning_reid.datasets.embeddings import sample_name

    return [
        {
            "query": str(result.query),
            "person_id": result.person,
            "candidates": [
                {
                    "img_path": sample_name(candidate.sample, gallery),
                    "person_id": candidate.sample.person_id,
                    "distance": candidate.distance,
                    "similarity": candidate.similarity,
                    "accepted": candidate.accepted,
                }
                for candidate in result.candidates
            ],
        }
        for result in results
    ]
