"""Write a page that shows the store over time."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from learning_reid.errors import UserError
from reid_store.cli import _store

if TYPE_CHECKING:
    from sqlalchemy import Engine


def run(
    output: Annotated[Path, typer.Option(help="HTML file to write.")] = Path("report/timeline.html"),
    use_reid: Annotated[
        bool, typer.Option("--use-reid", help="Group by person across all cameras; run `identities` first.")
    ] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B", help="Compare two models on the same detections, named as for `similarity`.",
            show_default=False,
        ),
    ] = None,
    blur: Annotated[
        Literal["faces", "people"] | None,
        typer.Option(help="Blur the upper quarter of each box, or all of it.", show_default=False),
    ] = None,
    frames: Annotated[
        bool, typer.Option("--frames", help="Include small frame images, read from the footage.")
    ] = False,
    retention: Annotated[
        str | None,
        typer.Option(help="First delete what is older, of all cameras: 12h, 30d, 4w.", show_default=False),
    ] = None,
    camera: _store.Cameras = None,
    after: _store.After = None,
    before: _store.Before = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:  # fmt: skip
    """Write a self-contained page with a timeline of all stored detections.

    --retention deletes permanently: older frames with their boxes, thumbnails and embeddings, and persons without
    remaining detections. Footage stored without --start is dated to the year 2000.
    """
    from reid_store.retention import parse_duration

    keep_s = None if retention is None else parse_duration(retention)
    shown = _store.parse_filter(camera, after, before)
    if frames and blur is not None:
        raise UserError(
            f"--frames also shows people who were not detected, and they would not be blurred; omit it or --blur {blur}"
        )
    if output.is_dir():
        raise UserError(f"{output} is a folder; name a file in it: --output {output / 'timeline.html'}")
    from sqlalchemy.orm import Session

    from learning_reid.io.output_folder import create_folder
    from reid_store.database import database_errors, open_store
    from reid_store.detection_filter import check_cameras
    from reid_store.records import find_embedder
    from reid_store.timeline import summarize_timeline, write_timeline
    from reid_store.timeline_data import compare_models, has_persons, read_timeline

    url = _store.load_store_settings(config, overrides).store.url
    engine = open_store(url, must_exist=True)
    with database_errors(url):
        if use_reid and not has_persons(engine):
            raise UserError("the store has no persons yet; run: python src/main.py identities")
        models = []
        if compare is not None:
            from learning_reid.embedding.model_choice import parse_models  # imports torch

            models = parse_models(compare)
        if len(models) == 1:
            raise UserError(f"--compare names {models[0].label} twice; name two models")
        with Session(engine, expire_on_commit=False) as session:
            check_cameras(session, shown.cameras)  # before anything is deleted
            rows = [find_embedder(session, model.name, model.weights) for model in models]
        create_folder(output.parent, "--output")
        if keep_s is not None:
            _delete_older(engine, url, keep_s, str(retention))
        page = read_timeline(engine, shown, blur)
        if models and page.detections:
            for row in rows:
                _store.warn_not_embedded(engine, row, shown)
            page.values["compare"] = compare_models(engine, page, rows, [model.label for model in models], shown)
        if frames:
            from reid_store.timeline_frames import add_frame_images

            page, notes = add_frame_images(engine, page)
            for note in notes:
                print(f"note: {note}")
    write_timeline(output, page, use_reid)
    size_mb = output.stat().st_size / 1e6
    print(f"{summarize_timeline(page.values)}\n{output.absolute()} ({size_mb:,.1f} MB); open it in a browser")


def _delete_older(engine: "Engine", url: str, keep_s: float, retention: str) -> None:
    """Delete what is older than the retention time, and print what was deleted."""
    from reid_store.database import write_lock
    from reid_store.retention import delete_older

    with write_lock(engine, url):
        deleted = delete_older(engine, time.time() - keep_s)
    print(
        f"older than {retention}: {deleted.frames:,} frames, {deleted.detections:,} detections with their thumbnails, "
        f"{deleted.embeddings:,} embeddings, {deleted.recordings:,} recordings and {deleted.persons:,} persons deleted"
    )
    if not deleted.erased:
        print("note: another process reads the store, so its journal still contains them; run this again later")
