"""Fetch, convert, cut and list labeled crops."""

from pathlib import Path
from typing import Annotated

import typer

from learning_reid.cli._options import print_notes
from learning_reid.cli.commands import OPTIONS
from learning_reid.errors import UserError

app = typer.Typer(**OPTIONS, help="Labeled crops: fetch, convert, cut and list them.")

Root = Annotated[Path, typer.Option(help="Folder or file of the dataset.")]


@app.command("list")
def list_layouts() -> None:
    """List the dataset layouts that --dataset accepts."""
    from learning_reid.datasets.layouts import describe_datasets

    for name, about in describe_datasets().items():
        print(f"{name:<17}{about}")


@app.command()
def convert(
    dataset: Annotated[str, typer.Option(help="Layout; `data list` lists them.")],
    root: Root,
    out: Annotated[
        Path | None, typer.Option(help="CSV file, in a folder at or above the images.", show_default="ROOT/labels.csv")
    ] = None,
) -> None:
    """Write the labels of any layout as one CSV file: img_path,person_id,camera_id,split. Images are not copied."""
    from learning_reid.datasets.csv_file import LABELS_FILE, write_csv
    from learning_reid.datasets.layouts import open_dataset

    crops = open_dataset(dataset, root)
    file = out or (root if root.is_dir() else root.parent) / LABELS_FILE
    write_csv(crops.samples, file)
    print_notes(crops.notes)
    print(f"{len(crops.samples):,} images  {file}")


@app.command()
def cut(
    root: Root,
    out: Annotated[Path, typer.Option(help="New folder for the crops.")],
    every: Annotated[int, typer.Option(min=1, help="Use every Nth frame.")] = 10,
) -> None:
    """Cut the people of a MOT sequence (frames with gt.txt) into a folder of crops for --dataset folder."""
    from tqdm.auto import tqdm

    from learning_reid.datasets.findings import Findings, raise_first_error
    from learning_reid.datasets.mot import read_mot_crops
    from learning_reid.datasets.mot_crops import write_crops

    if not root.is_dir():
        raise UserError(f"{root} is not a folder; name the one that has gt.txt and the frames")
    found = Findings()
    samples = read_mot_crops(root, found, every)
    raise_first_error(root, found)
    if not samples:
        raise UserError(f"{root}: the ground truth has no person in these frames; try --every 1")
    with tqdm(total=len(samples), desc="crops", unit="crop", dynamic_ncols=True) as progress:
        shift = write_crops(samples, out, on_written=progress.update)
    print_notes(finding.sentence() for finding in found if finding.code != "every-nth-frame")
    if shift:
        print_notes([f"person ids start at {shift}; the ground truth starts at 0"])
    print(f"{len(samples):,} crops  {out}")


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="market1501, cuhk03 or casia-webface.")],
    handle: Annotated[
        str | None,
        typer.Option(metavar="OWNER/NAME", help="Another upload of the dataset.", show_default="a known one"),
    ] = None,
    out: Annotated[Path | None, typer.Option(help="New folder.", show_default="Kaggle's own cache")] = None,
) -> None:
    """Download a dataset from Kaggle, and write its labels as a CSV file beside the images.

    First check whether you may use it: these datasets show real people.
    """
    from learning_reid.datasets.csv_file import LABELS_FILE
    from learning_reid.datasets.kaggle import fetch_dataset

    fetched = fetch_dataset(name, handle, out)
    crops = fetched.dataset
    print_notes(fetched.notes)
    print(f"{len(crops.samples):,} images  {crops.root}")
    if fetched.table is not None:
        print(f"labels         {fetched.table}")
    else:
        print(f"{LABELS_FILE} was not written because the folder is read-only; use the dataset as it is:")
    print(f"python src/main.py doctor --dataset {crops.name} --root {crops.root}")
