"""Labelled crops: fetch, convert, cut and list them."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from tqdm.auto import tqdm

from learning_reid.datasets.csv_file import PREFERRED
from learning_reid.datasets.csv_writing import write_csv
from learning_reid.datasets.findings import Findings
from learning_reid.datasets.mot import EVERY, read_mot_crops
from learning_reid.datasets.mot_crops import write_crops
from learning_reid.datasets.registry import describe_datasets, open_crops
from learning_reid.errors import UserError

app = typer.Typer(add_completion=False, rich_markup_mode=None)

Root = Annotated[Path, typer.Option(help="Where the data lies.")]


@app.callback()
def group() -> None:
    """Labelled crops: fetch, convert, cut and list them."""


def _tell(notes: Iterable[str]) -> None:
    for note in notes:
        print(f"note: {note}", file=sys.stderr)


@app.command("list")
def list_layouts() -> None:
    """The layouts that --dataset takes, a line each."""
    for name, about in describe_datasets().items():
        print(f"{name:<17}{about}")


@app.command()
def convert(
    dataset: Annotated[str, typer.Option(help="The layout; `data list` has them.")],
    root: Root,
    out: Annotated[
        Path | None,
        typer.Option(help="The CSV file; in a folder at or above the pictures.", show_default=f"ROOT/{PREFERRED}"),
    ] = None,
) -> None:
    """Write the labels of any layout as one CSV file: img_path,person_id,camera_id,split. Pictures are not copied."""
    crops = open_crops(dataset, root)
    file = out or (root if root.is_dir() else root.parent) / PREFERRED
    write_csv(crops, file)
    _tell(crops.notes)
    print(f"{len(crops.samples):,} pictures  {file}")


@app.command()
def cut(
    root: Root,
    out: Annotated[Path, typer.Option(help="A new folder for the crops.")],
    every: Annotated[int, typer.Option(min=1, help="Use every so many frames.")] = EVERY,
) -> None:
    """Cut the people of a MOT sequence (frames with gt.txt) into a folder of crops for --dataset folder."""
    if not root.is_dir():
        raise UserError(f"{root} is no folder; name the one that has gt.txt and the frames")
    found = Findings()
    samples = read_mot_crops(root, found, every)
    if not samples:
        raise UserError(f"{root}: the truth has no person to cut out in these frames; try --every 1")
    with tqdm(total=len(samples), desc="crops", unit="crop", dynamic_ncols=True) as progress:
        shift = write_crops(samples, out, done=progress.update)
    _tell(finding.sentence() for finding in found if finding.code != "every-nth-frame")
    if shift:
        _tell([f"people are numbered from {shift}, the truth counts from 0"])
    print(f"{len(samples):,} crops  {out}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="market1501, cuhk03 or casia-webface.")],
    handle: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="Another upload of the set.", show_default="a known one")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new folder.", show_default="Kaggle's own cache")] = None,
) -> None:
    """Download a data set from Kaggle, and write its labels as a CSV file beside the pictures.

    Check first whether you may use it: these sets show real people.
    """
    from learning_reid.datasets.kaggle import fetch as fetch_from_kaggle

    fetched = fetch_from_kaggle(name, handle, out)
    _tell(fetched.notes)
    print(f"{len(fetched.crops.samples):,} pictures  {fetched.crops.root}")
    if fetched.table is not None:
        print(f"labels           {fetched.table}")
    else:
        print(f"no {PREFERRED} was written, the folder is for reading only; it is read as it is:")
    print(f"python src/main.py doctor --dataset {fetched.crops.name} --root {fetched.crops.root}")
