"""Train the embedded weights again."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

ROOT = Path(__file__).resolve().parent.parent.parent


class Which(StrEnum):
    """Which of the embedded weights."""

    detector = "detector"
    reid = "reid"
    all = "all"


def run(
    which: Annotated[Which, typer.Argument(help="Which weights.")] = Which.all,
    resume: Annotated[bool, typer.Option("--resume/--fresh", help="Go on where training stopped, or anew.")] = True,
    steps: Annotated[int | None, typer.Option(min=1, help="Another number of training steps.")] = None,
    out: Annotated[Path, typer.Option(help="The folder of the finished weights.", show_default="weights")] = ROOT
    / "weights",
    runs: Annotated[Path, typer.Option(help="The folder of checkpoints and logs.", show_default="runs/weights")] = ROOT
    / "runs"
    / "weights",
    cache: Annotated[Path, typer.Option(help="The folder of generated pictures.", show_default="data/synthetic")] = ROOT
    / "data"
    / "synthetic",
) -> None:
    """Train the embedded detector and ReID network from random weights on generated people (an hour or two).

    Ctrl-C stops after writing a checkpoint; the same command goes on from there. With REID_REAL_DATA set, the cards
    also tell how good the weights are on real pictures.
    """
    try:
        if which in (Which.detector, Which.all):
            from tools.weights.embedded_detector import make_detector_weights

            make_detector_weights(out / "detector.safetensors", runs / "detector", cache, resume=resume, steps=steps)
        if which in (Which.reid, Which.all):
            from tools.weights.embedded_reid import make_reid_weights

            make_reid_weights(out / "reid.safetensors", runs / "reid", cache, resume=resume, steps=steps)
    except KeyboardInterrupt:
        print(f"stopped; a checkpoint is in {runs}, and the same command goes on from it")
        raise typer.Exit(130) from None
