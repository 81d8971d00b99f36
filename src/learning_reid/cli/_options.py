"""Options that several commands share, and checks of their values."""

import math
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from learning_reid.device import DEVICE_PATTERN, DEVICES
from learning_reid.errors import UserError
from learning_reid.io.output_folder import write_json

Metric = Literal["euclidean", "cosine"]
Backend = Literal["torch", "onnx", "openvino", "auto"]


def parse_device(text: str) -> str:
    """Check the form of a device's name; whether it exists is checked when torch is loaded."""
    if not re.match(DEVICE_PATTERN, text):
        raise typer.BadParameter(f"{text!r} is not one of {DEVICES}")
    return text


def parse_threshold(text: str) -> float | Path:
    """Convert the value of --threshold: a distance of 0 or more, or a file that `calibrate` wrote."""
    try:
        distance = float(text)
    except ValueError:
        if Path(text).is_file():
            return Path(text)
        raise typer.BadParameter(f"{text!r} is neither a distance nor a file that calibrate wrote") from None
    if not 0 <= distance < math.inf:
        raise typer.BadParameter(f"{text!r} is not a distance; give a number of 0 or more")
    return distance


Root = Annotated[Path, typer.Option(help="Labeled crops: a folder or a CSV file.")]
Dataset = Annotated[
    str | None,
    typer.Option(help="Layout of the crops; `data list` lists them.", show_default="recognized from the files"),
]
Embedder = Annotated[
    str | None,
    typer.Option(
        help="Model name; `train --list-models` lists them.",
        show_default="the model that --weights belongs to, otherwise osnet_x0_25",
    ),
]
Weights = Annotated[
    str, typer.Option(help="`embedded`, a file, published weights (`zoo list`), or an exported .onnx or .xml file.")
]
Threshold = Annotated[
    Any,  # float | Path | None, see `parse_threshold`
    typer.Option(
        "--threshold",
        parser=parse_threshold,
        metavar="DISTANCE|FILE",
        help="Largest distance of one person, or a file of `calibrate`.",
        show_default="the calibrated one",
    ),
]
#: The same for commands with settings, which name a network already
SettingsEmbedder = Annotated[
    str | None,
    typer.Option("--embedder", help="Model name; `train --list-models` lists them.", show_default="the settings' own"),
]
SettingsWeights = Annotated[
    str | None,
    typer.Option(
        "--weights",
        help="`embedded`, a file, published weights (`zoo list`), or an exported .onnx or .xml file.",
        show_default="the settings' own",
    ),
]
BackendOption = Annotated[
    Backend, typer.Option("--backend", help="Inference library; `auto` = the fastest one that agrees with torch.")
]
MetricOption = Annotated[Metric, typer.Option("--metric", help="Distance between embeddings.")]
DeviceOption = Annotated[
    str,
    typer.Option(
        "--device",
        parser=parse_device,
        metavar="[auto|cpu|cuda|cuda:N|mps]",
        help="`auto` = a CUDA GPU if there is one, otherwise the CPU.",
    ),
]
BatchSize = Annotated[int, typer.Option(min=1, help="Largest number of crops in a batch.")]
Threads = Annotated[int | None, typer.Option(min=1, help="CPU threads.", show_default="each library's own choice")]
QueryCamera = Annotated[
    list[str] | None,
    typer.Option(
        help="Camera whose images are the queries; all others form the gallery. Repeatable.",
        show_default="the dataset's own split, or its first camera",
    ),
]
ProtocolOption = Annotated[
    str, typer.Option("--protocol", help="Evaluation protocol of the accuracy; `protocols` explains them.")
]
Json = Annotated[Path | None, typer.Option("--json", help="JSON file for the result.")]
Plot = Annotated[Path | None, typer.Option("--plot", help="PNG file for a plot of the result.")]


def recognize(dataset: str | None, root: Path) -> str:
    """Return the layout that was named, or the one recognized at `root`."""
    from learning_reid.datasets.layouts import recognize_dataset

    return dataset or recognize_dataset(root)


def check_output_files(*files: Path | None) -> None:
    """Raise a UserError, before any work is done, for a file that is a folder or whose folder does not exist."""
    for file in files:
        if file is not None and (file.is_dir() or not file.absolute().parent.is_dir()):
            raise UserError(f"{file} cannot be written there; name a file in a folder that exists")


def write_json_file(file: Path | None, values: Any) -> None:
    """Write the file of --json, if one was named."""
    if file is not None:
        write_json(file, values)


def print_notes(notes: Iterable[str]) -> None:
    """Print notes on stderr."""
    for note in notes:
        print(f"note: {note}", file=sys.stderr)
