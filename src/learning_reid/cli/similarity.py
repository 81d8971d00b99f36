"""How alike do several networks find the same pairs of pictures?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperCommand

from learning_reid.cli import _options as options

MeasureChoice = Literal["cosine", "euclidean", "bounded", "all"]
OUTPUTS = ("similarity.md", "similarity.csv", "similarity.png")

app = typer.Typer(add_completion=False, rich_markup_mode=None)


def repeat_flags(arguments: Sequence[str], flags: Sequence[str]) -> list[str]:
    """Write a flag before each of the values that follow it, for a parser that takes one value for each flag.

    >>> repeat_flags(["--images", "a", "b", "--out", "c"], ["--images"])
    ['--images', 'a', '--images', 'b', '--out', 'c']
    """
    spelled: list[str] = []
    flag, taken = "", False
    for word in arguments:
        if word.startswith("-"):
            name, mark, _ = word.partition("=")
            flag, taken = name if name in flags else "", bool(mark)
        elif flag:
            spelled += [flag] if taken else []
            taken = True
        spelled.append(word)
    return spelled


class SeveralValues(TyperCommand):
    """A command whose `--images` and `--models` take any number of values: `--images a.jpg b.jpg c.jpg`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments as if each value had its own flag."""
        return super().parse_args(ctx, repeat_flags(args, ["--images", "--models"]))


@app.command(cls=SeveralValues)
def run(
    images: Annotated[
        list[Path],
        typer.Option(help="Pictures of one person each, or folders of them: one or more values.", show_default=False),
    ],
    pairs: Annotated[
        Path | None,
        typer.Option(
            help="A CSV file with the columns a,b[,same]: two pictures, and yes, no or nothing.",
            show_default="all pairs of up to 8 pictures; of more, by a rule from their Market-1501 names",
        ),
    ] = None,
    models: Annotated[
        list[str] | None,
        typer.Option(
            help="Networks: `embedded`, NAME.TRAINED_ON (osnet_x0_25.msmt17), NAME=FILE, a .onnx file; "
            "one or more values.",
            show_default="embedded",
        ),
    ] = None,
    measure: Annotated[MeasureChoice, typer.Option(help="What to print; the files hold all three.")] = "cosine",
    most_pairs: Annotated[
        int, typer.Option(min=1, help="Where a rule chooses: pairs of one person, and as many of two, at most.")
    ] = 6,
    out: Annotated[Path | None, typer.Option(help=f"A folder for {', '.join(OUTPUTS)}.", show_default=False)] = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="A file for the table.", show_default=False)] = None,
    device: options.DeviceOption = "auto",
    threads: options.Threads = None,
) -> None:
    """Compare pairs of pictures by several networks: cosine, Euclidean distance and 1 / (1 + distance).

    The margin tells whether one threshold could part the pairs of one person from those of two: it could where the
    margin is above zero.
    """
    from learning_reid.datasets.pairs import choose_pairs, gather_pictures, measure_pairs
    from learning_reid.datasets.pairs_file import read_pairs
    from learning_reid.embedding.model_choice import parse_models
    from learning_reid.io.output_folder import make_folder, write_json
    from learning_reid.visualization.similarity_table import (
        MEASURES,
        SimilarityTable,
        similarity_markdown,
        similarity_values,
    )

    options.check_folder_of(json_file)
    folder = None if out is None else make_folder(out, "--out")
    pictures = gather_pictures(images)
    chosen = choose_pairs(pictures, most_pairs) if pairs is None else read_pairs(pairs, pictures)
    named = parse_models(models or ["embedded"])
    measured = {model.label: measure_pairs(chosen.pairs, model.open(device, threads), model.label) for model in named}
    table = SimilarityTable(chosen, measured)
    print(similarity_markdown(table, list(MEASURES) if measure == "all" else [measure]))
    if json_file is not None:
        write_json(json_file, similarity_values(table))
    if folder is not None:
        for file in _write_all(table, folder, "cosine" if measure == "all" else measure):
            print(file)


def _write_all(table: Any, folder: Path, measure: str) -> list[Path]:
    """Write the table as Markdown, as CSV and as a picture of one measure."""
    from learning_reid.errors import UserError
    from learning_reid.io.output_folder import replacing
    from learning_reid.visualization.similarity_picture import draw_similarity
    from learning_reid.visualization.similarity_table import MEASURES, similarity_csv, similarity_markdown

    files = [folder / name for name in OUTPUTS]
    texts = (similarity_markdown(table, list(MEASURES)) + "\n", similarity_csv(table))
    for file, text in zip(files, texts, strict=False):
        try:
            with replacing(file) as part:
                part.write_text(text, encoding="utf-8")
        except OSError as problem:
            raise UserError(f"{file} cannot be written ({problem.strerror}); name another folder") from None
    draw_similarity(files[-1], table, measure)
    return files
