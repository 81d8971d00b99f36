"""Who of a gallery is on this picture, or nobody?"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import find_threshold, load_model


def run(
    gallery_dir: Annotated[
        Path,
        typer.Option(help="Known people: a folder for each, or any layout of `data list`.", show_default=False),
    ],
    query: Annotated[
        list[Path], typer.Option(help="A picture of one person; may be given many times.", show_default=False)
    ],
    dataset: options.Dataset = None,
    embedder: options.Embedder = "osnet_x0_25",
    weights: options.Weights = "embedded",
    onnx: options.Onnx = None,
    backend: options.BackendOption = "torch",
    metric: options.MetricOption = "euclidean",
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Beyond this distance nobody is named.", show_default="the calibrated one"),
    ] = None,
    nearest: Annotated[int, typer.Option(min=1, help="How many gallery pictures to show.")] = 5,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="A file for the answers.", show_default=False)
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="A PNG of queries and answers to write.", show_default=False)
    ] = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Search a gallery for a person (1:N); beyond the calibrated threshold the answer is "not in the gallery"."""
    from learning_reid.datasets.features import picture_name
    from learning_reid.datasets.identification import Identification, identify, known_people
    from learning_reid.datasets.registry import open_crops
    from learning_reid.io.markdown import markdown_table
    from learning_reid.io.output_folder import write_json
    from learning_reid.visualization.answers import draw_identifications

    for file in (json_file, picture):
        options.check_folder_of(file)
    gallery = open_crops(options.recognise(dataset, gallery_dir), gallery_dir)
    for note in gallery.notes:
        print(f"note: {note}", file=sys.stderr)
    network, chosen = load_model(embedder, weights, onnx, backend, device, threads)
    limit = find_threshold(threshold, embedder, chosen, metric, pairs=False)
    answers = identify(query, gallery, network, metric, limit, nearest)

    def row(answer: Identification, place: int) -> list[str]:
        one = answer.candidates[place]
        person = one.sample.person_id or "(stranger)"
        verdict = "" if limit is None else "accepted" if one.accepted else "too far"
        return [picture_name(one.sample, gallery), person, f"{one.distance:.4f}", f"{one.similarity:.4f}", verdict]

    for answer in answers:
        print(f"{answer.query}: {answer.person or 'not in the gallery'}\n")
        rows = [row(answer, place) for place in range(len(answer.candidates))]
        print(markdown_table(["nearest pictures", "person", "distance", "similarity", ""], rows), end="\n\n")
    if limit is not None:
        print(f"Up to {limit:.4f} ({metric}) somebody is named.")
    if json_file is not None:
        keys = ("img_path", "person_id", "distance", "similarity", "accepted")
        found = [
            {
                "query": str(answer.query),
                "person_id": answer.person,
                "candidates": [
                    dict(
                        zip(
                            keys,
                            (
                                picture_name(one.sample, gallery),
                                one.sample.person_id,
                                one.distance,
                                one.similarity,
                                one.accepted,
                            ),
                            strict=True,
                        )
                    )
                    for one in answer.candidates
                ],
            }
            for answer in answers
        ]
        write_json(
            json_file, {"metric": metric, "threshold": limit, "gallery": len(known_people(gallery)), "answers": found}
        )
    if picture is not None:
        draw_identifications(picture, answers)
