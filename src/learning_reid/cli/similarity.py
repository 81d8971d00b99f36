"""Compare pairs of images with several models."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.io.error_collector import ErrorCollector

if TYPE_CHECKING:
    from learning_reid.visualization.similarity_table import SimilarityTable

SEVERAL_VALUES = ("--images", "--weights")
RENAMED = {"--most-pairs": "--max-pairs", "--models": "--weights"}


def run(
    images: Annotated[
        list[Path],
        typer.Option(
            help="Images of one person each, folders of them, or a folder with a folder for each person: one or more "
            "values."
        ),
    ],
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="CSV file with the columns a,b[,same]: two images, and yes, no or nothing.",
            show_default="all pairs of up to 8 images; of more, chosen by their Market-1501 names",
        ),
    ] = None,
    weights: Annotated[
        list[str] | None,
        typer.Option(
            help="Models: `embedded`, NAME.TRAINED_ON (osnet_x0_25.msmt17), NAME=FILE, or a .onnx file: one or more "
            "values.",
            show_default="embedded",
        ),
    ] = None,
    measure: Annotated[
        Literal["cosine", "euclidean", "bounded", "all"],
        typer.Option(help="Measure to print; the files contain all three."),
    ] = "cosine",
    max_pairs: Annotated[
        int, typer.Option(min=1, help="Largest number of genuine pairs, and of impostor pairs, to choose by name.")
    ] = 6,
    out: Annotated[
        Path | None, typer.Option(help="Folder for similarity.md, similarity.csv and similarity.png.")
    ] = None,
    json_file: options.Json = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Compare pairs of images with several models: cosine, Euclidean distance and 1 / (1 + distance).

    The margin is positive if one threshold separates the genuine pairs from the impostor pairs.
    """
    options.check_output_files(json_file)
    from learning_reid.datasets.pairs import choose_pairs, gather_images, measure_pairs, read_pairs
    from learning_reid.embedding.model_choice import parse_models
    from learning_reid.io.output_folder import create_folder
    from learning_reid.visualization.similarity_table import (
        MEASURES,
        SimilarityTable,
        similarity_markdown,
        similarity_values,
    )

    folder = None if out is None else create_folder(out, "--out")
    files = gather_images(images)
    chosen = choose_pairs(files, max_pairs) if pairs is None else read_pairs(pairs, files)
    named = parse_models(weights or ["embedded"])
    measured = {model.label: measure_pairs(chosen.pairs, model.open(device, threads), model.label) for model in named}
    table = SimilarityTable(chosen, measured)
    print(similarity_markdown(table, list(MEASURES) if measure == "all" else [measure]))
    with ErrorCollector() as problems:
        with problems.step():
            options.write_json_file(json_file, similarity_values(table))
        if folder is not None:
            with problems.step():
                _write_files(table, folder, "cosine" if measure == "all" else measure)


def _write_files(table: "SimilarityTable", folder: Path, measure: str) -> None:
    """Write the table as Markdown, as CSV and as a plot of one measure; print the paths."""
    from learning_reid.io.atomic_write import write_text
    from learning_reid.visualization.similarity_plot import draw_similarity_table
    from learning_reid.visualization.similarity_table import MEASURES, similarity_csv, similarity_markdown

    texts = {
        folder / "similarity.md": similarity_markdown(table, list(MEASURES)) + "\n",
        folder / "similarity.csv": similarity_csv(table),
    }
    for file, text in texts.items():
        write_text(file, text)
    plot = folder / "similarity.png"
    draw_similarity_table(plot, table, measure)
    print(*texts, plot, sep="\n")
