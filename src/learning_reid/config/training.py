"""Every setting of a training run: its name, type, range, default and meaning. The defaults are those of the field.

`docs/training_settings.md` is generated from this file.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from learning_reid.config.schema import Count, Index, Positive, Section, Share

OpenShare = Annotated[float, Field(gt=0, lt=1)]


class DataSettings(Section):
    """The labelled crops to learn from, and those to validate on."""

    task: Literal["reid", "face"] = Field(
        "reid", description="What is learned: people or faces; `generated` draws the one or the other."
    )
    dataset: str | None = Field(
        None,
        description="The layout, as `data list` names it; `generated` makes people (or faces) that never existed; "
        "`null` = recognised by what lies in `data.root`.",
    )
    root: str = Field("data/generated", description="Where the crops lie; for `generated`, where they are kept.")
    people: Count | None = Field(
        None, description="Learn from so many persons only (chosen by `run.seed`); `null` = all of them."
    )
    val_split: OpenShare = Field(
        0.2, description="Share of the persons kept for validation; no picture of theirs is learned from."
    )
    workers: Index = Field(2, description="Processes that read pictures; 0 = the training process itself.")


class ModelSettings(Section):
    """Backbone, projection, BN neck."""

    arch: str = Field("osnet_x1_0", description="The backbone: an OSNet, or any other network of torchreid.")
    weights: str | None = Field(
        None, description="Weights the backbone starts from, as for `embedder.weights`; `null` = random."
    )
    reid_dim: Count | None = Field(512, description="Length of the features; `null` = as the backbone gives them.")
    input_size: Annotated[list[Count], Field(min_length=2, max_length=2)] = Field(
        default=[256, 128], description="Height and width of the pictures, in pixels."
    )


class LossSettings(Section):
    """What the network is asked to do."""

    type: str = Field(
        "triplet", description="The metric loss: `triplet`, `circle`, `supcon`, `centre`, `arcface`, or `none`."
    )
    softmax_weight: Annotated[float, Field(ge=0)] = Field(1.0, description="Weight of the cross-entropy.")
    metric_weight: Annotated[float, Field(ge=0)] = Field(1.0, description="Weight of the metric loss.")
    label_smooth: Share = Field(0.1, description="Label smoothing of the cross-entropy.")
    triplet_margin: Positive | None = Field(0.3, description="Margin of the triplet loss; `null` = the soft margin.")
    circle_margin: Positive = Field(0.25, description="Margin of the circle loss.")
    circle_scale: Positive = Field(64.0, description="Scale of the circle loss.")
    temperature: Positive = Field(0.1, description="Temperature of the supervised contrastive loss.")


class ScheduleSettings(Section):
    """How the weights move."""

    epochs: Count = Field(60, description="How often all persons are seen.")
    batch_size: Count = Field(64, description="Pictures of a step, over all devices together.")
    num_instances: Count = Field(4, description="Pictures of each person in a batch.")
    optimiser: Literal["adam", "adamw", "sgd"] = Field("adam", description="`adam`, `adamw`, or `sgd` with momentum.")
    lr: Positive = Field(3.5e-4, description="Learning rate of everything after the backbone.")
    backbone_lr: Positive = Field(3.5e-5, description="Learning rate of the backbone.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(5e-4, description="Pull of matrices and filters to zero.")
    warmup_epochs: Index = Field(5, description="Epochs over which the learning rate rises from a tenth.")
    schedule: Literal["cosine", "multistep", "plateau"] = Field(
        "cosine", description="How the learning rate falls: `cosine`, in steps (`multistep`), or when mAP stands still."
    )
    milestones: list[Count] = Field(default=[30, 50], description="Epochs after which `multistep` steps down.")
    gamma: OpenShare = Field(0.1, description="Factor of a step down, for `multistep` and `plateau`.")
    plateau_epochs: Count = Field(5, description="Validations without a better mAP before `plateau` steps down.")
    fixbase_epochs: Index = Field(0, description="First epochs in which the backbone is not moved.")
    clip_norm: Positive | None = Field(5.0, description="Gradients longer than this are shortened; `null` = never.")
    ema_decay: OpenShare | None = Field(
        0.99, description="Decay of the moving average of the weights, a step at a time; `null` = none is kept."
    )
    patience: Count | None = Field(
        None, description="Stop after so many validations without a better mAP; `null` = never early."
    )


class AugmentSettings(Section):
    """What changes a picture but not the person on it. Never applied in validation."""

    flip: Share = Field(0.5, description="Share of the pictures that are mirrored.")
    pad: Index = Field(10, description="Pixels added around before cutting back to size at a random place.")
    jitter: Share = Field(0.2, description="Strength of the change of brightness, contrast and saturation.")
    erase: Share = Field(0.5, description="Share of the pictures in which a rectangle is erased.")


class RunSettings(Section):
    """Where it goes, on what, and how reproducibly."""

    name: str | None = Field(None, description="The run's name; `null` = that of the settings file.")
    folder: str = Field("runs/train", description="The folder of all runs; an existing run is never overwritten.")
    checkpoint_every: Count = Field(5, description="Epochs between checkpoints.")
    validate_every: Count = Field(1, description="Epochs between validations.")
    device: Literal["auto", "cpu", "cuda", "mps"] = Field("auto", description="`auto` = a GPU where there is one.")
    amp: Literal["auto", "bf16", "fp16", "no"] = Field(
        "auto", description="Arithmetic: `auto` = bf16 on GPUs and on CPUs that compute with it, else float32."
    )
    threads: Count | None = Field(None, description="CPU threads; `null` = each library's own choice.")
    seed: Index = Field(0, description="The seed of everything random.")


INTRODUCTION = """# Settings of a training run

This page is made by `python src/main.py settings --write`; edit `src/learning_reid/config/training.py` instead.

A setting has its default, which the YAML file named by `train --config` replaces, which `--set key=value` replaces,
which the short options replace:

    python src/main.py train --config confs/reid.yml --epochs 20 --set augment.erase=0

An unknown key, a wrong type or a value out of range ends the command with one line.
"""


class TrainSettings(Section):
    """A training run."""

    INTRODUCTION: ClassVar[str] = INTRODUCTION

    data: DataSettings = Field(default_factory=DataSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    loss: LossSettings = Field(default_factory=LossSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    augment: AugmentSettings = Field(default_factory=AugmentSettings)
    run: RunSettings = Field(default_factory=RunSettings)
