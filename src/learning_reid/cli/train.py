"""Train a network to tell people, or faces, apart."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from learning_reid.training.people import TrainingPeople

SHORT = {  # option → setting
    "arch": "model.arch",
    "epochs": "schedule.epochs",
    "batch_size": "schedule.batch_size",
    "num_instances": "schedule.num_instances",
    "lr": "schedule.lr",
    "backbone_lr": "schedule.backbone_lr",
    "loss_type": "loss.type",
    "label_smooth": "loss.label_smooth",
    "warmup_epochs": "schedule.warmup_epochs",
    "val_split": "data.val_split",
}


def run(
    config: Annotated[Path | None, typer.Option(help="A YAML file of settings.", show_default="confs/reid.yml")] = None,
    arch: Annotated[str | None, typer.Option(help="The backbone; --list-models has them.", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option(help="How often all persons are seen.", show_default=False)] = None,
    batch_size: Annotated[int | None, typer.Option(help="Pictures of a step.", show_default=False)] = None,
    num_instances: Annotated[
        int | None, typer.Option(help="Pictures of each person in a batch.", show_default=False)
    ] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate after the backbone.", show_default=False)] = None,
    backbone_lr: Annotated[
        float | None, typer.Option(help="Learning rate of the backbone.", show_default=False)
    ] = None,
    loss_type: Annotated[
        str | None,
        typer.Option(help="Metric loss; docs/training_settings.md has all.", show_default=False),
    ] = None,
    label_smooth: Annotated[
        float | None, typer.Option(help="Label smoothing of the cross-entropy.", show_default=False)
    ] = None,
    warmup_epochs: Annotated[
        int | None, typer.Option(help="Epochs in which the learning rate rises.", show_default=False)
    ] = None,
    val_split: Annotated[
        float | None, typer.Option(help="Share of the persons kept for validation.", show_default=False)
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Replace any other setting; may be given many times."),
    ] = None,
    resume: Annotated[
        str | None, typer.Option(metavar="RUN", help="Go on with a run that was broken off.", show_default=False)
    ] = None,
    list_models: Annotated[bool, typer.Option("--list-models", help="List the backbones and end.")] = False,
) -> None:
    """Train on labelled people and validate on others, by mAP; everything goes to runs/train/NAME.

    Ctrl-C stops after the current batch and keeps a checkpoint; --resume NAME goes on from there as if nothing had
    happened. docs/training.md explains the settings and several devices.
    """
    if list_models:
        from learning_reid.models.names import OSNET_NAMES, TORCHREID_NAMES

        print("\n".join([*OSNET_NAMES, *TORCHREID_NAMES]))
        return
    given = locals()
    chosen = list(overrides or [])
    chosen += [f"{key}={given[option]}" for option, key in SHORT.items() if given[option] is not None]
    from learning_reid.config.load import load_as
    from learning_reid.config.training import TrainSettings
    from learning_reid.errors import UserError
    from learning_reid.io.paths import find_config
    from learning_reid.training.runs import create_run, find_run, settings_of_run

    begun, config = None, find_config(config or Path("confs/reid.yml"))
    if resume is not None:
        if given["config"] is not None:
            raise UserError("--resume goes on with the run's own settings; leave out --config")
        folders = [text.partition("=")[2] for text in chosen if text.startswith("run.folder=")]
        begun = find_run(resume, *folders[-1:])
    settings = load_as(TrainSettings, config, chosen) if begun is None else settings_of_run(begun, chosen)

    from learning_reid.training.launch import (
        on_main_process,  # torch is loaded only now: wrong settings are told before
    )
    from learning_reid.training.loop import make_accelerator, prepare

    accelerator = make_accelerator(settings)
    runner = prepare(settings, accelerator)
    on_main_process(lambda: _begin(runner.people))
    folder = begun or on_main_process(lambda: create_run(settings, config.stem))
    outcome = runner.train(folder, resume=begun is not None)
    on_main_process(lambda: _finish(folder, outcome.interrupted))
    accelerator.end_training()  # several processes part in order
    if outcome.interrupted:
        raise typer.Exit(130)


def _begin(people: "TrainingPeople") -> None:
    for note in people.notes:
        print(f"note: {note}", file=sys.stderr)
    print(people)


def _finish(folder: Path, interrupted: bool) -> None:
    from learning_reid.training.log import read_log
    from learning_reid.visualization.training_curves import draw_training

    rows = read_log(folder)
    if rows:
        draw_training(folder / "curves.png", rows)
    validated = [row for row in rows if row["map"]]
    if validated:
        best = max(validated, key=lambda row: max(float(row["map"]), float(row["map_average"] or 0)))
        mean_ap = max(float(best["map"]), float(best["map_average"] or 0))
        print(
            f"best mAP on the validation people: {100 * mean_ap:.1f} % (epoch {best['epoch']} of {rows[-1]['epoch']})"
        )
    if interrupted:
        print(f"stopped; go on with: train --resume {folder}")
    print(folder)
