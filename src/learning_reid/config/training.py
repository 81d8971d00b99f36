"""Settings of a training run: name, type, range, default and meaning; the defaults are common in the field.

`docs/training_settings.md` is generated from this file.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from learning_reid.config.schema import Count, Device, Index, Positive, Section, Share

GENERATED = "generated"  # the dataset of synthetic people or faces
OpenShare = Annotated[float, Field(gt=0, lt=1)]


class DataSettings(Section):
    """Labeled crops for training and validation."""

    task: Literal["reid", "face"] = Field(
        "reid", description="Task: people or faces. It decides what `generated` draws."
    )
    dataset: str | None = Field(
        None,
        description="Layout; `data list` lists them. `generated` = synthetic people (or faces); `null` = recognized "
        "from the files in `data.root`.",
    )
    root: str | None = Field(
        None,
        description="Folder or CSV file of the crops; for `generated`, the folder to keep them in, `null` = "
        "data/generated.",
    )
    people: Count | None = Field(None, description="Number of training persons, chosen by `run.seed`; `null` = all.")
    val_split: OpenShare = Field(
        0.2, description="Share of the persons used for validation; none of their images is trained on."
    )
    workers: Index = Field(2, description="Number of processes that load images; 0 = the training process loads them.")


class ModelSettings(Section):
    """Backbone, projection and BNNeck."""

    arch: str = Field("osnet_x1_0", description="Backbone; `train --list-models` lists them.")
    weights: str | None = Field(
        None, description="Initial weights of the backbone, as for `embedder.weights`; `null` = random."
    )
    reid_dim: Count | None = Field(512, description="Embedding dimension; `null` = the backbone's.")
    input_size: Annotated[list[Count], Field(min_length=2, max_length=2)] = Field(
        default=[256, 128], description="Height and width of the input images, in pixels."
    )


class LossSettings(Section):
    """Loss: cross-entropy plus a metric loss."""

    type: str = Field(
        "triplet", description="Metric loss: `triplet`, `circle`, `supcon`, `center`, `arcface`, or `none`."
    )
    softmax_weight: Annotated[float, Field(ge=0)] = Field(1.0, description="Weight of the cross-entropy.")
    metric_weight: Annotated[float, Field(ge=0)] = Field(1.0, description="Weight of the metric loss.")
    label_smooth: Share = Field(0.1, description="Label smoothing of the cross-entropy.")
    triplet_margin: Positive | None = Field(0.3, description="Margin of the triplet loss; `null` = soft margin.")
    circle_margin: Positive = Field(0.25, description="Margin of the circle loss.")
    circle_scale: Positive = Field(64.0, description="Scale of the circle loss.")
    temperature: Positive = Field(0.1, description="Temperature of the supervised contrastive loss.")


class ScheduleSettings(Section):
    """Optimiser and learning-rate schedule."""

    epochs: Count = Field(60, description="Number of epochs.")
    batch_size: Count = Field(64, description="Batch size, over all devices together.")
    num_instances: Count = Field(4, description="Number of images of each person in a batch.")
    optimiser: Literal["adam", "adamw", "sgd"] = Field("adam", description="`adam`, `adamw`, or `sgd` with momentum.")
    lr: Positive = Field(3.5e-4, description="Learning rate of the layers after the backbone.")
    backbone_lr: Positive = Field(3.5e-5, description="Learning rate of the backbone.")
    weight_decay: Annotated[float, Field(ge=0)] = Field(
        5e-4, description="Weight decay of matrices and filters; biases and norms have none."
    )
    warmup_epochs: Index = Field(
        5, description="Number of warm-up epochs, in which the learning rate rises from a tenth."
    )
    schedule: Literal["cosine", "multistep", "plateau"] = Field(
        "cosine", description="Learning-rate schedule: `cosine`, `multistep`, or `plateau` (of the validation mAP)."
    )
    milestones: list[Count] = Field(
        default=[30, 50], description="Epochs after which `multistep` reduces the learning rate."
    )
    gamma: OpenShare = Field(0.1, description="Factor of a reduction, for `multistep` and `plateau`.")
    plateau_epochs: Count = Field(5, description="Number of validations without a better mAP before `plateau` reduces.")
    fixbase_epochs: Index = Field(0, description="Number of first epochs in which the backbone is frozen.")
    clip_norm: Positive | None = Field(5.0, description="Clip gradients to this norm; `null` = no clipping.")
    ema_decay: OpenShare | None = Field(
        0.99, description="Decay per step of the exponential moving average (EMA) of the weights; `null` = no EMA."
    )
    patience: Count | None = Field(
        None, description="Early stopping after this many validations without a better mAP; `null` = never."
    )


class AugmentSettings(Section):
    """Data augmentation of the training images."""

    flip: Share = Field(0.5, description="Share of the images that are flipped horizontally.")
    pad: Index = Field(10, description="Padding in pixels before a random crop back to the input size.")
    jitter: Share = Field(0.2, description="Strength of the jitter of brightness, contrast and saturation.")
    erase: Share = Field(0.5, description="Share of the images in which a random rectangle is erased.")


class RunSettings(Section):
    """Output, device and seed of a run."""

    name: str | None = Field(None, description="Name of the run; `null` = the settings file's.")
    folder: str = Field("runs/train", description="Folder of all runs; an existing run is never overwritten.")
    checkpoint_every: Count = Field(5, description="Number of epochs between checkpoints.")
    validate_every: Count = Field(1, description="Number of epochs between validations.")
    device: Device = Field("auto", description="`auto` = a CUDA GPU if there is one, otherwise the CPU.")
    amp: Literal["auto", "bf16", "fp16", "no"] = Field(
        "auto",
        description="Mixed precision: `auto` = bf16 on GPUs and on CPUs that compute it natively, otherwise float32.",
    )
    threads: Count | None = Field(None, description="CPU threads; `null` = each library's own choice.")
    seed: Index = Field(0, description="Seed of the split, the weights, the batches and the augmentation.")


INTRODUCTION = """# Settings of a training run

This page is generated by `python src/main.py settings --write`; edit `src/learning_reid/config/training.py` instead.

Later sources override earlier ones: the defaults below, the YAML file of `train --config`, `--set key=value`, and the
short options:

    python src/main.py train --config confs/reid.yml --epochs 20 --set augment.erase=0

For an unknown key, a wrong type or a value out of range, the command prints one line and exits.
"""


class TrainSettings(Section):
    """Settings of a training run."""

    INTRODUCTION: ClassVar[str] = INTRODUCTION

    data: DataSettings = Field(default_factory=DataSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    loss: LossSettings = Field(default_factory=LossSettings)
    schedule: ScheduleSettings = Field(default_factory=ScheduleSettings)
    augment: AugmentSettings = Field(default_factory=AugmentSettings)
    run: RunSettings = Field(default_factory=RunSettings)
