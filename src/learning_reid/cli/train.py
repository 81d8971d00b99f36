"""Train a model on labeled people or faces."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli._options import print_notes
from learning_reid.cli.commands import INTERRUPTED
from learning_reid.errors import UserError

if TYPE_CHECKING:
    from learning_reid.config.training import TrainSettings
    from learning_reid.training.training_data import TrainingData

DEFAULT_CONFIG = Path("confs/reid.yml")
OPTION_SETTINGS = {
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
    "root": "data.root",
    "dataset": "data.dataset",
}


def run(
    config: Annotated[
        Path | None,
        typer.Option(
            help="YAML file of settings, or the name of one that comes with the project.",
            show_default=str(DEFAULT_CONFIG),
        ),
    ] = None,
    root: Annotated[str | None, typer.Option(help="Labeled crops: a folder or a CSV file.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Layout of the crops; `data list` lists them.")] = None,
    arch: Annotated[
        str | None, typer.Option("--embedder", "--arch", help="Backbone; --list-models lists them.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(help="Number of epochs.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Batch size, over all devices.")] = None,
    num_instances: Annotated[int | None, typer.Option(help="Images of each person in a batch.")] = None,
    lr: Annotated[float | None, typer.Option(help="Learning rate of the layers after the backbone.")] = None,
    backbone_lr: Annotated[float | None, typer.Option(help="Learning rate of the backbone.")] = None,
    loss_type: Annotated[str | None, typer.Option(help="Metric loss; docs/training_settings.md lists them.")] = None,
    label_smooth: Annotated[float | None, typer.Option(help="Label smoothing of the cross-entropy.")] = None,
    warmup_epochs: Annotated[int | None, typer.Option(help="Number of warm-up epochs.")] = None,
    val_split: Annotated[float | None, typer.Option(help="Share of the persons used for validation.")] = None,
    overrides: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Replace any other setting; repeatable.")
    ] = None,
    resume: Annotated[str | None, typer.Option(metavar="RUN", help="Resume an interrupted run.")] = None,
    list_models: Annotated[bool, typer.Option("--list-models", help="List the backbones and exit.")] = False,
) -> None:
    """Train on labeled people and validate on others, by mAP; results go to runs/train/NAME.

    Ctrl-C stops after the current batch and keeps a checkpoint; --resume NAME continues with identical results.
    docs/training.md explains the settings and training on several devices.
    """
    values = locals()
    if list_models:
        from learning_reid.models.registry import MODELS

        for name, about in MODELS.describe().items():
            print(f"{name:<22}{about}".rstrip())
        return
    chosen = list(overrides or [])
    for option, key in OPTION_SETTINGS.items():
        if (value := values[option]) is not None:
            quoted = isinstance(value, str) and value.isascii()  # a folder may be called 2026
            chosen.append(f"{key}={json.dumps(value) if quoted else value}")
    if _train(config, chosen, resume):
        raise typer.Exit(INTERRUPTED)


def _train(config: Path | None, overrides: list[str], resume: str | None) -> bool:
    """Start or resume a run; return whether it was interrupted."""
    from learning_reid.io.paths import find_config
    from learning_reid.io.target_lock import lock_target
    from learning_reid.training.runs import create_run, find_run, load_run_settings

    run, file = None, find_config(config or DEFAULT_CONFIG)
    if resume is not None:
        if config is not None:
            raise UserError("--resume uses the run's own settings; leave out --config")
        folders = [text.partition("=")[2] for text in overrides if text.startswith("run.folder=")]
        run = find_run(resume, *folders[-1:])
    settings = _read_new(file, overrides) if run is None else load_run_settings(run, overrides)
    _check_names(settings, file.stem)

    # imported late: configuration errors appear before torch loads
    from learning_reid.training.accelerator import on_main_process
    from learning_reid.training.reid_task import create_trainer

    trainer = create_trainer(settings)
    on_main_process(lambda: _print_data(trainer.task.data))
    folder = run or on_main_process(lambda: create_run(settings, file.stem))
    with ExitStack() as locked:
        on_main_process(lambda: locked.enter_context(lock_target(folder, folder / ".lock")))
        result = trainer.train(folder, resume=run is not None)
        on_main_process(lambda: _print_result(folder, result.interrupted))
    trainer.accelerator.end_training()  # ends all processes in order
    return result.interrupted


def _read_new(file: Path, overrides: list[str]) -> "TrainSettings":
    """Read the settings of a new run; a root that is named is read, although the file would generate data."""
    from learning_reid.config.load import read_settings
    from learning_reid.config.training import GENERATED, TrainSettings

    settings = read_settings(TrainSettings, file, overrides)
    named = {text.partition("=")[0].strip() for text in overrides}
    if settings.data.dataset == GENERATED and "data.root" in named and "data.dataset" not in named:
        return read_settings(TrainSettings, file, [*overrides, "data.dataset=null"])
    return settings


def _check_names(settings: "TrainSettings", name: str) -> None:
    """Check the names in the settings before data are generated and torch is loaded."""
    from learning_reid.config.training import GENERATED
    from learning_reid.datasets.registry import READERS
    from learning_reid.losses.registry import ALIASES, METRIC_LOSSES
    from learning_reid.models.registry import check_model_name
    from learning_reid.models.weights_file import resolve_weights
    from learning_reid.training.runs import check_run_name

    if settings.data.dataset not in (None, GENERATED):
        READERS.check(settings.data.dataset)
    check_run_name(settings.run.name or name)
    check_model_name(settings.model.arch)
    METRIC_LOSSES.check(ALIASES.get(settings.loss.type, settings.loss.type))
    if settings.model.weights is not None:
        resolve_weights(settings.model.arch, settings.model.weights)


def _print_data(data: "TrainingData") -> None:
    print_notes(data.notes)
    print(data)


def _print_result(folder: Path, interrupted: bool) -> None:
    from learning_reid.training.log import read_metrics
    from learning_reid.visualization.curves import draw_training_curves

    rows = read_metrics(folder)
    if rows:
        draw_training_curves(folder / "curves.png", rows)
    validated = [row for row in rows if row["map"]]
    if validated:
        best = max(validated, key=lambda row: max(float(row["map"]), float(row["map_average"] or 0)))
        mean_ap = max(float(best["map"]), float(best["map_average"] or 0))
        print(
            f"best mAP on the validation people: {100 * mean_ap:.1f} % (epoch {best['epoch']} of {rows[-1]['epoch']})"
        )
    if interrupted:
        print(f"interrupted; resume with: train --resume {folder}")
    print(folder)
