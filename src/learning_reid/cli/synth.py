"""Generate synthetic people, streets and labeled crops."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.errors import UserError, did_you_mean

if TYPE_CHECKING:
    from reid_synth.datasets.presets import Preset

FEW_IMAGES = 300  # so few are rendered sooner than worker processes start


def run(
    out: Annotated[Path, typer.Option(help="Folder to write: empty, or created.")],
    preset: Annotated[str, typer.Option(help="Size of the dataset: tiny, demo, class or large.")] = "demo",
    seed: Annotated[int, typer.Option(min=0, help="Seed; the same seed gives the same bytes.")] = 7,
    people: Annotated[
        int | None, typer.Option(help="Number of people in the crops, half of them for training.")
    ] = None,
    cameras: Annotated[int | None, typer.Option(help="Number of cameras, of the crops and the street.")] = None,
    frames: Annotated[int | None, typer.Option(help="Number of frames of each street camera.")] = None,
    change_clothes: Annotated[
        float, typer.Option(metavar="SHARE", help="Share of people who wear other clothes in half of the cameras.")
    ] = 0.0,
    weather: Annotated[str, typer.Option(help="Weather in the street: sun, overcast, dusk or rain.")] = "sun",
    preview: Annotated[bool, typer.Option("--preview", help="Also draw preview.png, a contact sheet.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Number of rendering processes.", show_default="one per CPU core")
    ] = None,
) -> None:
    """Generate images with exact labels: a street seen by several cameras, crops of people, and faces.

    The street is written to OUT/View_001/frame_0000.jpg …, with a folder and a video for each camera, gt.txt (MOT
    format) and calibration.yml. The crops of its people and of others go to OUT/market (Market-1501 layout, and
    labels.csv), faces to OUT/faces (a folder for each person, and labels.csv). An interrupted run leaves nothing.
    """
    from reid_synth.datasets.presets import PRESETS, adjust_preset

    if preset not in PRESETS:
        raise UserError(f"no preset {preset!r}: {did_you_mean(preset, PRESETS)}")
    plan = adjust_preset(PRESETS[preset], people, cameras, frames, change_clothes, weather)
    _write(out, plan, seed, workers, preview)
    _print_summary(out, plan, preview)


def _write(out: Path, plan: "Preset", seed: int, workers: int | None, preview: bool) -> None:
    from tqdm.auto import tqdm

    from learning_reid.frames.synthetic_views import view_names, write_views
    from learning_reid.io.interrupt import InterruptHandler
    from reid_synth.datasets.atomic_folder import staged_folder
    from reid_synth.datasets.face_dataset import write_faces
    from reid_synth.datasets.market import write_market
    from reid_synth.worker_pool import WorkerPool

    images = plan.crops.images + plan.faces.images + plan.world.cameras * plan.world.frames
    processes = workers or (1 if images < FEW_IMAGES else os.cpu_count() or 1)
    with (
        InterruptHandler("stopping; nothing is kept", immediate=True),
        staged_folder(out) as draft,
        tqdm(total=images, desc="images", unit="image", dynamic_ncols=True) as bar,
    ):
        with WorkerPool(processes, done=bar.update) as pool:
            pool.start(write_faces, draft / "faces", plan.faces, seed)
            write_views(draft, plan, seed, pool, done=bar.update)
            write_market(draft / "market", plan.crops, seed, bar.update, pool)
            pool.wait()
        for view in tqdm(view_names(plan.world), desc="videos", unit="video", dynamic_ncols=True):
            _write_video(draft / view, plan.world.frames_per_second)
        if preview:
            from learning_reid.visualization.contact_sheet import draw_contact_sheet

            draw_contact_sheet(draft, draft / "preview.png")


def _write_video(view: Path, frames_per_second: float) -> None:
    from learning_reid.frames.images import image_files, read_image
    from learning_reid.visualization.video_writer import VideoWriter

    with VideoWriter(view.with_suffix(".mp4"), frames_per_second) as video:
        for file in image_files(view):
            video.write(read_image(file))


def _print_summary(out: Path, plan: "Preset", preview: bool) -> None:
    from learning_reid.frames.synthetic_views import view_names

    rows = [(f"{plan.world.frames} frames", f"{view}  (and {view}.mp4)") for view in view_names(plan.world)]
    rows += [(f"{plan.crops.images:,} crops", "market"), (f"{plan.faces.images:,} faces", "faces")]
    rows += [("preview", "preview.png")] if preview else []
    for content, name in rows:
        print(f"{content:<14}{out / name}")
    if plan.world.cameras == 1:
        note = "note: with one camera there are no matches across cameras"
        print(note + (", so no person changes clothes between cameras" if plan.crops.change_clothes else ""))
