"""A network as a file for other programs: ONNX or OpenVINO, float32 or int8, verified."""

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from learning_reid.cli import _options as options
from learning_reid.errors import UserError


def run(
    weights: options.Weights = "embedded",
    embedder: options.Embedder = "osnet_x0_25",
    out: Annotated[
        Path | None, typer.Option(help="The file to write.", show_default="NAME.onnx or NAME.xml here")
    ] = None,
    format: Annotated[Literal["onnx", "openvino"], typer.Option(help="What kind of file.")] = "onnx",
    int8: Annotated[bool, typer.Option("--int8", help="Quantise to eight bits; needs --calibration.")] = False,
    calibration: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Pictures of people, to read the ranges of int8 off.", show_default=False),
    ] = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Compare features with the original's, in batches of 1, 2 and 17.")
    ] = False,
    crops: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Labelled crops, on which mAP must not fall; with --verify.", show_default=False
        ),
    ] = None,
    gate: Annotated[
        float | None,
        typer.Option(help="Points of mAP that may be lost.", min=0, show_default="0.5, with --int8 1.5"),
    ] = None,
    pairs: Annotated[
        Literal["1x1", "1xN", "NxM"] | None,
        typer.Option(help="Write the cosine similarity of pictures instead of their features.", show_default=False),
    ] = None,
) -> None:
    """Write a network as a file that needs no PyTorch: pictures in, unit vectors out, a batch of any size.

    Input `input` (batch, 3, height, width) float32, RGB scaled to 0–1 and normalised by ImageNet's mean and deviation;
    output `reid_features` (batch, d). A file that fails its verification is not written. See docs/export.md.
    """
    if int8 and calibration is None:
        raise UserError("int8 reads its ranges off pictures: give a folder of them with --calibration DIR")
    if calibration is not None and not int8:
        raise UserError("--calibration is for int8: give --int8 too, or leave it out")
    if (crops is not None or gate is not None) and not verify:
        raise UserError("--crops and --gate say what to verify: give --verify too")
    from learning_reid.export.calibration_images import some_pictures
    from learning_reid.export.export import SUFFIXES, Order, export_network
    from learning_reid.export.int8 import ENOUGH
    from learning_reid.export.report import report_text
    from learning_reid.export.verify import GATES

    target = out or Path(f"{embedder}{'.int8' if int8 else ''}{'' if pairs is None else '.' + pairs}{SUFFIXES[format]}")
    if target.suffix != SUFFIXES[format]:
        raise UserError(f"--out {target}: a file for {format} ends in {SUFFIXES[format]}")
    options.check_folder_of(target)
    for file in {target, target.with_suffix(".bin" if format == "openvino" else target.suffix)}:
        if file.exists():
            raise UserError(f"{file} is there already; name another with --out, or remove it first")
    labelled = None
    if crops is not None:
        from learning_reid.datasets.registry import open_crops

        labelled = open_crops(options.recognise(None, crops), crops)
    shown = calibration or crops
    order = Order(
        name=embedder,
        weights=weights,
        target=target,
        format=format,
        pairs=pairs,
        calibration=some_pictures(calibration, most=ENOUGH) if calibration else None,
        verify=verify,
        pictures=some_pictures(shown, most=17) if shown and verify else (),
        crops=labelled,
        gate=GATES["int8" if int8 else "float32"] if gate is None else gate,
    )
    print(report_text(export_network(order, say=lambda line: print(f"{line} …", file=sys.stderr))))
