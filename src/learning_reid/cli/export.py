"""Export a model to ONNX or OpenVINO, in float32 or int8, and verify it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.errors import UserError

if TYPE_CHECKING:
    from learning_reid.datasets.sample import CropDataset

SUFFIXES = {"onnx": ".onnx", "openvino": ".xml"}


def run(
    weights: options.Weights = "embedded",
    embedder: options.Embedder = None,
    out: Annotated[
        Path | None, typer.Option(help="File to write.", show_default="MODEL.onnx or MODEL.xml in this folder")
    ] = None,
    format: Annotated[Literal["onnx", "openvino"], typer.Option(help="File format.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="Quantize to int8; needs --calibration.")] = False,
    calibration: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Images of people, to calibrate int8 on.")
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare embeddings with the original in batches of 1, 2 and 17.")
    ] = False,
    crops: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Labeled crops to compare mAP on; with --verify.")
    ] = None,
    protocol: options.ProtocolOption = "market1501",
    gate: Annotated[
        float | None,
        typer.Option(help="Largest acceptable loss of mAP, in points.", min=0, show_default="0.5, with --int8 1.5"),
    ] = None,
    pairs: Annotated[
        Literal["1x1", "1xN", "NxM"] | None,
        typer.Option(help="Export the cosine similarity of images instead of their embeddings."),
    ] = None,
) -> None:
    """Export a model to a file that runs without PyTorch: images in, unit-length embeddings out, any batch size.

    Input `input` (batch, 3, height, width) float32, RGB scaled to 0–1 and normalized by ImageNet's mean and standard
    deviation; output `reid_features` (batch, d). A file that fails its verification is not kept. See docs/export.md.
    """
    from learning_reid.cli._model import choose_network
    from learning_reid.io.target_lock import lock_target
    from learning_reid.metrics.protocol import get_protocol

    if int8 and calibration is None:
        raise UserError("int8 is calibrated on images: give a folder of them with --calibration DIR")
    if calibration is not None and not int8:
        raise UserError("--calibration is for int8: give --int8 too, or leave it out")
    get_protocol(protocol)  # reports an unknown one
    if (crops is not None or gate is not None) and not verify:
        raise UserError("--crops and --gate configure the verification: give --verify too")
    embedder, weights, _ = choose_network(embedder, weights)
    target = out or Path(f"{embedder}{'.int8' if int8 else ''}{f'.{pairs}' if pairs else ''}{SUFFIXES[format]}")
    with lock_target(target):
        _check_target(target, format)
        from learning_reid.datasets.images import sample_images
        from learning_reid.export.exporter import ExportConfig, export_model
        from learning_reid.export.int8 import ENOUGH_IMAGES
        from learning_reid.export.verify import GATES

        image_folder = calibration or crops
        config = ExportConfig(
            name=embedder,
            weights=weights,
            target=target,
            format=format,
            pairs=pairs,
            calibration=sample_images(calibration, ENOUGH_IMAGES) if calibration else None,
            verify=verify,
            images=sample_images(image_folder, 17) if image_folder and verify else (),
            crops=None if crops is None else _open_crops(crops),
            protocol=protocol,
            gate=GATES["int8" if int8 else "float32"] if gate is None else gate,
        )
        print(export_model(config))


def _check_target(target: Path, format: str) -> None:
    if target.suffix != SUFFIXES[format]:
        raise UserError(f"--out {target}: a file for {format} ends in {SUFFIXES[format]}")
    options.check_output_files(target)
    for file in {target, target.with_suffix(".bin" if format == "openvino" else target.suffix)}:
        if file.exists():
            raise UserError(f"{file} exists already; name another with --out, or remove it first")


def _open_crops(root: Path) -> "CropDataset":
    from learning_reid.datasets.layouts import open_dataset

    return open_dataset(options.recognize(None, root), root)
