"""Train the embedded weights again: `python -m tools.weights [detector|reid|all]`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from learning_reid.errors import UserError
from learning_reid.io.paths import EMBEDDED_WEIGHTS

ROOT = Path(__file__).resolve().parent.parent.parent


class Which(StrEnum):
    """Which of the embedded weights."""

    detector = "detector"
    reid = "reid"
    all = "all"


def run(
    which: Annotated[Which, typer.Argument(help="Which weights.")] = Which.all,
    resume: Annotated[
        bool, typer.Option("--resume/--fresh", help="Resume an interrupted training, or restart.")
    ] = True,
    steps: Annotated[
        int | None,
        typer.Option(min=1, help="Number of training steps, rounded up to whole epochs.", show_default=False),
    ] = None,
    out: Annotated[
        Path, typer.Option(help="Folder of the finished weights.", show_default="src/learning_reid/weights")
    ] = EMBEDDED_WEIGHTS,
    runs: Annotated[Path, typer.Option(help="Folder of checkpoints and logs.", show_default="runs/weights")] = ROOT
    / "runs"
    / "weights",
    cache: Annotated[Path, typer.Option(help="Folder of generated images.", show_default="data/synthetic")] = ROOT
    / "data"
    / "synthetic",
) -> None:
    """Train the embedded detector and ReID network from random weights on generated people (one or two hours).

    Ctrl-C stops after writing a checkpoint; the same command resumes the training. If REID_REAL_DATA is set, the cards
    also report metrics on real images.
    """
    try:
        if which in (Which.detector, Which.all):
            from tools.weights.embedded_detector import make_detector_weights

            weights, run = out / "detector.safetensors", runs / "detector"
            make_detector_weights(weights, run, cache, resume=resume, steps=steps)
        if which in (Which.reid, Which.all):
            from tools.weights.embedded_reid import make_reid_weights

            make_reid_weights(out / "reid.safetensors", runs / "reid", cache, resume=resume, steps=steps)
    except KeyboardInterrupt:
        print(f"stopped; the checkpoint is in {runs}, and the same command resumes the training")
        raise typer.Exit(130) from None
    except UserError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    typer.run(run)
