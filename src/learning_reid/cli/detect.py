"""Detect people in images or a video."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli.commands import INTERRUPTED
from learning_reid.errors import UserError

if TYPE_CHECKING:
    from learning_reid.config.schema import Settings
    from learning_reid.frames.frame import FrameSource
    from learning_reid.visualization.detection_files import DetectionFiles


def run(
    input: Annotated[str, typer.Option(help="Folder of images, video, image, stream or synthetic:SEED.")],
    out: Annotated[Path, typer.Option(help="MOT file for the detections.")],
    save_video: Annotated[Path | None, typer.Option(help="MP4 file with the boxes drawn.")] = None,
    save_crops: Annotated[Path | None, typer.Option(help="Folder for the crops.")] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file of settings, of which `detector`, `runtime` and `input.max_frames` matter.",
            show_default="only the defaults",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting, such as detector.weights; repeatable."),
    ] = None,
) -> None:
    """Detect people and write a MOT file: frame,-1,x,y,w,h,score,-1,-1,-1 for each.

    `frame` is the number in the name of the image, or counts from 1. The detector `mot_file` and `score` read the file.
    Ctrl-C keeps the detections so far.
    """
    _check_files(input, out, save_video)
    from learning_reid.config.load import load_settings
    from learning_reid.detection.registry import check_detector
    from learning_reid.frames.frame import DEFAULT_FRAME_RATE
    from learning_reid.frames.sources import open_frames
    from learning_reid.io.output_folder import create_folder
    from learning_reid.io.target_lock import lock_target

    settings = load_settings(config, [f"input.frames_path={json.dumps(input)}", *(overrides or [])])
    check_detector(settings.detector.name, settings.detector.weights)
    frames = open_frames(settings.input.frames_path, settings.input.max_frames)
    crops = None if save_crops is None else create_folder(save_crops, "--save-crops")
    from learning_reid.visualization.detection_files import DetectionFiles

    with lock_target(out):
        files = DetectionFiles(out, save_video, crops, frames.frames_per_second or DEFAULT_FRAME_RATE)
        if _detect_all(frames, settings, files):
            raise typer.Exit(INTERRUPTED)


def _check_files(input: str, out: Path, save_video: Path | None) -> None:
    """Raise a UserError for a file that cannot be written, or that would replace the input or the other result."""
    options.check_output_files(out, save_video)
    taken = [Path(input).expanduser().resolve()]
    for file in [out, *filter(None, [save_video])]:
        if file.resolve() in taken:
            raise UserError(f"{file} is named twice, as the input and as a result or for two results; name another one")
        taken.append(file.resolve())


def _detect_all(frames: "FrameSource", settings: "Settings", files: "DetectionFiles") -> bool:
    """Detect the people of all frames and report how many; return whether the user interrupted it."""
    from learning_reid.detection.registry import create_detector
    from learning_reid.io.interrupt import InterruptHandler
    from learning_reid.io.progress import progress_bar

    runtime = settings.runtime
    detector = create_detector(**dict(settings.detector), device=runtime.device, threads=runtime.threads)
    try:
        with InterruptHandler("keeping the detections so far") as interrupt, files:
            for frame in progress_bar(frames, len(frames), "detecting people"):
                files.add(frame, detector(frame))
                if interrupt.requested:
                    break
    finally:
        if files.num_frames:
            print(f"{files.path}: {files.num_detections:,} detections in {files.num_frames:,} frames")
        for line in frames.skipped:
            print(f"note: {line}")
    return interrupt.requested
