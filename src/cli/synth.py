"""Generate people, streets and labelled crops."""

from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from tqdm.auto import tqdm

from src.frames.frame import Frame
from src.frames.mot import write_mot
from src.frames.open import open_frames
from src.settings.errors import UserError
from src.synthetic.face_set import FacePlan, write_faces
from src.synthetic.market import CLASS_PLAN, MarketPlan, write_market

_TINY_CROPS = MarketPlan(train_people=8, test_people=8, crops_per_camera=2, distractors=4, junk=2)
PRESETS: dict[str, tuple[int, MarketPlan, FacePlan]] = {  # frames of the scene, crops, faces
    "tiny": (12, _TINY_CROPS, FacePlan(train_people=3, test_people=3, pictures_each=4)),
    "demo": (70, MarketPlan(train_people=60, test_people=60), FacePlan(30, 30, pictures_each=8)),
    "class": (210, CLASS_PLAN, FacePlan(train_people=200, test_people=100, pictures_each=12)),
}


def run(
    out: Annotated[Path, typer.Option(help="The folder to write into; made if missing.")],
    preset: Annotated[str, typer.Option(help=f"How much: {', '.join(PRESETS)}.")] = "demo",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 7,
) -> None:
    """Write generated pictures: a street scene with its truth, labelled crops of people, and labelled faces.

    The scene goes to OUT/View_001/frame_0000.jpg … with OUT/gt.txt (MOT format), the crops to OUT/market (Market-1501
    layout), the faces to OUT/faces (a folder for each person, and labels.csv).
    """
    if preset not in PRESETS:
        raise UserError(f"no preset {preset!r}: choose {', '.join(PRESETS)}")
    frames, plan, faces = PRESETS[preset]
    _write_scene(out, frames, seed)
    with tqdm(total=plan.pictures, desc="crops", unit="crop") as progress:
        write_market(out / "market", plan, seed, done=progress.update)
    with tqdm(total=faces.pictures, desc="faces", unit="face") as progress:
        write_faces(out / "faces", faces, seed, done=progress.update)
    written = {
        f"{frames} frames": "View_001",
        "truth": "gt.txt",
        f"{plan.pictures} crops": "market",
        f"{faces.pictures} faces": "faces",
    }
    for what, where in written.items():
        print(f"{what:<12}{out / where}")


def _write_scene(out: Path, frames: int, seed: int) -> None:
    view = out / "View_001"
    if view.exists() and any(view.iterdir()):
        raise UserError(f"{view} already holds pictures: name another folder, or remove this one first")
    try:
        view.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out} cannot be written ({error.strerror}): name another folder") from None
    scene = open_frames(f"synthetic:{seed}:{frames}")
    frame: Frame
    for frame in tqdm(scene, total=len(scene), desc="scene", unit="frame"):
        bgr = np.ascontiguousarray(frame.image[..., ::-1])
        cv2.imwrite(str(view / f"frame_{frame.index:04d}.jpg"), bgr, [cv2.IMWRITE_JPEG_QUALITY, 92])
    if scene.truth is not None:
        write_mot(out / "gt.txt", scene.truth)
