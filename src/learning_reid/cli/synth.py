"""Generate people, streets and labelled crops."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from tqdm.auto import tqdm

from learning_reid.errors import UserError, did_you_mean
from learning_reid.frames.folder import picture_files, read_picture
from learning_reid.frames.synthetic_views import view_names, write_views
from reid_synth.datasets.atomic_folder import drafting
from reid_synth.datasets.face_set import write_faces
from reid_synth.datasets.market import write_market
from reid_synth.datasets.presets import PRESETS, Preset, changed
from reid_synth.places.weather import WEATHERS
from reid_synth.worker_pool import Crew

SMALL = 300  # so few pictures are drawn sooner than other processes start


def run(
    out: Annotated[Path, typer.Option(help="The folder to write into: empty, or made.")],
    preset: Annotated[str, typer.Option(help=f"How much: {', '.join(PRESETS)}.")] = "demo",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 7,
    people: Annotated[int | None, typer.Option(help="Of the crops; half are to learn from.")] = None,
    cameras: Annotated[int | None, typer.Option(help="Of the crops and of the street.")] = None,
    frames: Annotated[int | None, typer.Option(help="Of each camera of the street.")] = None,
    change_clothes: Annotated[
        float, typer.Option(metavar="SHARE", help="So many of the people wear other clothes in half of the cameras.")
    ] = 0.0,
    weather: Annotated[str, typer.Option(help=f"Over the street: {', '.join(WEATHERS)}.")] = "sun",
    preview: Annotated[bool, typer.Option("--preview", help="Also draw preview.png, a contact sheet.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that draw.", show_default="one a processor core")
    ] = None,
) -> None:
    """Write generated pictures with everything that is true about them: a street, crops of people, and faces.

    The street goes to OUT/View_001/frame_0000.jpg …, a folder and a film for each camera, with gt.txt (MOT format) and
    calibration.yml; the crops of its people and of others to OUT/market (Market-1501 layout, and labels.csv); faces to
    OUT/faces (a folder for each person, and labels.csv). A run that is broken off leaves nothing.
    """
    if preset not in PRESETS:
        raise UserError(f"no preset {preset!r}: {did_you_mean(preset, PRESETS)}")
    plan = changed(PRESETS[preset], people, cameras, frames, change_clothes, weather)
    pictures = plan.crops.pictures + plan.faces.pictures + plan.world.cameras * plan.world.frames
    processes = workers or (1 if pictures < SMALL else os.cpu_count() or 1)
    with _told_when_broken_off(), drafting(out) as draft:
        with (
            tqdm(total=pictures, desc="pictures", unit="picture", dynamic_ncols=True) as bar,
            Crew(processes, done=bar.update) as crew,
        ):
            crew.start(write_faces, draft / "faces", plan.faces, seed)
            write_views(draft, plan, seed, crew, done=bar.update)
            write_market(draft / "market", plan.crops, seed, bar.update, crew)
            crew.finish()
        views = view_names(plan.world)
        for view in tqdm(views, desc="films", unit="film", dynamic_ncols=True):
            _film(draft / view, plan.world.frames_per_second)
        if preview:
            from learning_reid.visualization.contact_sheet import draw_contact_sheet

            draw_contact_sheet(draft, draft / "preview.png")
    _tell(out, plan, views, preview)


def _film(view: Path, frames_per_second: float) -> None:
    from learning_reid.visualization.video import VideoWriter

    with VideoWriter(view.with_suffix(".mp4"), frames_per_second) as video:
        for file in picture_files(view):
            video.write(read_picture(file))


def _tell(out: Path, plan: Preset, views: list[str], preview: bool) -> None:
    rows = [(f"{plan.world.frames} frames", f"{view}  (and {view}.mp4)") for view in views]
    rows += [(f"{plan.crops.pictures:,} crops", "market"), (f"{plan.faces.pictures:,} faces", "faces")]
    rows += [("preview", "preview.png")] if preview else []
    for what, where in rows:
        print(f"{what:<14}{out / where}")
    if plan.world.cameras == 1:
        note = "note: with one camera nobody is seen by a second one: nothing to find again across cameras"
        print(note + (", and no second half of the cameras for other clothes" * bool(plan.crops.change_clothes)))


@contextmanager
def _told_when_broken_off() -> Iterator[None]:
    """Let a request to end (SIGTERM) clean up as Ctrl-C does, and say that it did."""
    main_thread = threading.current_thread() is threading.main_thread()  # signals only ever reach that one
    before = signal.signal(signal.SIGTERM, signal.default_int_handler) if main_thread else None
    try:
        yield
    except KeyboardInterrupt:
        print("broken off: nothing of it is left", file=sys.stderr)
        raise typer.Exit(130) from None  # what a shell expects after Ctrl-C
    finally:
        if main_thread:
            signal.signal(signal.SIGTERM, before)
