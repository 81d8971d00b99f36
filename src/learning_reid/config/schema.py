"""Every setting of the walk-through: its name, type, range, default and meaning.

`docs/configuration.md` is generated from this file, and the messages about wrong settings are worded from it.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

Index = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]


class Section(BaseModel):
    """A group of settings: unknown keys are refused, text is never turned into a number, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class InputSettings(Section):
    """The frames to look at, and the person to look for."""

    frames_path: str = Field(
        description="A folder of pictures, a video file, or `synthetic:SEED[:FRAMES]`, a generated street."
    )
    query_frame: Index = Field(0, description="The frame that shows the query, counted from 0 in file order.")
    query_detection: Index | Annotated[list[Index], Field(min_length=1)] | Literal["all"] = Field(
        0,
        description="Which person of the query frame to look for: an index (0 = the detection with the highest score), "
        "a list of indices, or `all`.",
    )
    max_frames: Count | None = Field(None, description="Stop after this many frames; `null` = all of them.")
    truth: str | None = Field(
        None,
        description="A MOT-format `gt.txt` with the true boxes and identities; with it the report says how often the "
        "answer is right.",
    )


class DetectorSettings(Section):
    """Where are people in a frame?"""

    name: str = Field(
        "torchvision_frcnn",
        description="`torchvision_frcnn`, `tensorflow_frcnn`, `yolox_onnx`, or `mot_file` (boxes read from a file).",
    )
    weights: str = Field(
        "embedded",
        description="`torchvision_frcnn`: `embedded`, `coco` (downloaded once), or a file; `tensorflow_frcnn`: a "
        "`frozen_inference_graph.pb`; `yolox_onnx`: an ONNX file; `mot_file`: a MOT-format det or gt file.",
    )
    min_score: Share | None = Field(
        None, description="Boxes below this score are dropped; `null` = the score the weights ship with."
    )


class EmbedderSettings(Section):
    """Who does a person look like?"""

    name: str = Field(
        "osnet_x0_25", description="A network of the OSNet family, or any other model name torchreid knows."
    )
    weights: str = Field(
        "embedded",
        description="`embedded` (only `osnet_x0_25`), the name of published weights (downloaded once), or a file.",
    )
    backend: Literal["torch", "onnx", "openvino", "auto"] = Field(
        "torch",
        description="What computes the network; `onnx` and `openvino` need the extra `fast`. `auto` = the fastest that "
        "is installed and agrees with torch (cosine 0.999 or more; it may compute in bfloat16).",
    )
    batch_size: Count = Field(
        64, description="How many crops go through the network at once, at most (a CPU takes smaller portions)."
    )


class RankingSettings(Section):
    """Which later detection is nearest to the query?"""

    metric: Literal["euclidean", "cosine"] = Field(
        "euclidean", description="The distance; on unit-length embeddings both give the same order."
    )
    reject_above: Positive | Literal["calibrated"] | None = Field(
        None,
        description='Best matches farther away than this are answered with "not here"; `null` = always answer; '
        "`calibrated` = the threshold that `python src/main.py calibrate` keeps beside the weights. The scale differs "
        "from one network to another: there is no value that fits all.",
    )


class OutputSettings(Section):
    """What is written, and where."""

    folder: str = Field(
        "output", description="The folder that receives the video, pictures and tables; made if missing."
    )
    fps: Positive | None = Field(
        None, description="Frames per second of `annotated.mp4`; `null` = those of the source, else 7."
    )


class RuntimeSettings(Section):
    """On what, and how reproducibly, it runs."""

    device: Literal["auto", "cpu", "cuda", "mps"] = Field(
        "auto", description="`auto` = a CUDA device where there is one, else the CPU."
    )
    seed: Index = Field(0, description="The seed of everything random.")
    threads: Count | None = Field(None, description="CPU threads for the networks; `null` = each library's own choice.")


INTRODUCTION = """# Settings

This page is made by `python src/main.py settings --write`; edit `src/learning_reid/config/schema.py` instead.

A setting has its default, which the YAML file named by `--config` replaces, which `--set key=value` replaces:

    python src/main.py --config confs/demo.yml --set input.query_detection=1 --set ranking.metric=cosine

Values are YAML: `null`, `3`, `0.5`, `[0, 2]`, text. An unknown key, a wrong type or a value out of range ends the
command with one line that names the file, the key and what was expected.

Keys of the first learning-reid keep working: `model.inception` (now `detector.name: tensorflow_frcnn` with
`detector.weights`), `model.reid` (now `embedder.name: osnet_ain_x1_0` with `embedder.weights`) and `output.save_path`
(now `output.folder`).
"""


class Settings(Section):
    """The whole walk-through."""

    INTRODUCTION: ClassVar[str] = INTRODUCTION

    input: InputSettings
    detector: DetectorSettings = Field(default_factory=DetectorSettings)
    embedder: EmbedderSettings = Field(default_factory=EmbedderSettings)
    ranking: RankingSettings = Field(default_factory=RankingSettings)
    output: OutputSettings = Field(default_factory=OutputSettings)
    runtime: RuntimeSettings = Field(default_factory=RuntimeSettings)
