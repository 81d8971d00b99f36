"""Options that several commands share, each worded once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from learning_reid.errors import UserError

Metric = Literal["euclidean", "cosine"]
Backend = Literal["torch", "onnx", "openvino", "auto"]
Device = Literal["auto", "cpu", "cuda", "mps"]

Root = Annotated[Path, typer.Option(help="Where the labelled crops lie: a folder, or a CSV file.", show_default=False)]
Dataset = Annotated[
    str | None,
    typer.Option(help="The layout of the crops; `data list` lists them.", show_default="recognised by what is there"),
]
Embedder = Annotated[str, typer.Option(help="The network: an OSNet, or any other of torchreid.")]
Weights = Annotated[
    str, typer.Option(help="`embedded`, a file, a card (.yml), or what published weights were trained on.")
]
Onnx = Annotated[
    Path | None, typer.Option(help="An exported file (.onnx or .xml) instead of --weights.", show_default=False)
]
BackendOption = Annotated[
    Backend,
    typer.Option("--backend", help="What computes the network; `auto` = the fastest installed that agrees with torch."),
]
MetricOption = Annotated[Metric, typer.Option("--metric", help="The distance between features.")]
DeviceOption = Annotated[Device, typer.Option("--device", help="`auto` = a GPU where there is one.")]
BatchSize = Annotated[int, typer.Option(min=1, help="Crops that go through the network at once, at most.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.", show_default="each library's own choice")]
QueryCamera = Annotated[
    list[str] | None,
    typer.Option(
        help="A camera whose pictures ask while all others answer; may be given many times.",
        show_default="the data set's own split, or its first camera",
    ),
]


def recognise(dataset: str | None, root: Path) -> str:
    """The layout that was named, or the one that lies there."""
    from learning_reid.datasets.registry import guess_dataset

    return dataset or guess_dataset(root)


def check_folder_of(file: Path | None) -> None:
    """Refuse a file that could not be written, before any work is done.

    Raises:
        UserError: its folder does not exist, or it is a folder itself.
    """
    if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
        raise UserError(f"{file} cannot be written there; name a file in a folder that exists")
