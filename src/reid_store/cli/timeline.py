"""One page on which to look at the store: who was where, and when."""

import time
from pathlib import Path
from typing import Annotated, Literal

import typer

from learning_reid.errors import UserError
from reid_store.cli import _store


def run(
    output: Annotated[Path, typer.Option(help="The page to write.")] = Path("report/timeline.html"),
    use_reid: Annotated[
        bool, typer.Option("--use-reid", help="A row for each person across all cameras; run `identities` first.")
    ] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B", help="Two models side by side on the same detections, as `similarity` names them.",
            show_default=False,
        ),
    ] = None,
    blur: Annotated[
        Literal["faces", "people"] | None,
        typer.Option(help="Make the upper quarter of each box, or all of it, unrecognisable.", show_default=False),
    ] = None,
    frames: Annotated[
        bool, typer.Option("--frames", help="Also show the frames, small, read again from the footage.")
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
    """Draw everybody in the store along the time, on one page that needs no network and nothing beside it.

    --retention deletes for good: frames older than that, their boxes, thumbnails and vectors, and the persons of whom
    nothing is left. Footage stored without a --start counts as of the year 2000.
    """
    from reid_store.retention import delete_older, parse_duration

    keep_s = None if retention is None else parse_duration(retention)
    where = _store.parse_filter(camera, after, before)
    if frames and blur is not None:
        raise UserError(
            f"--frames also shows whom no detector found, and they would not be blurred; leave out one: --blur {blur}"
        )
    if output.is_dir():
        raise UserError(f"{output} is a folder; name a file in it: --output {output / 'timeline.html'}")
    from sqlalchemy.orm import Session

    from learning_reid.embedding.model_choice import parse_models
    from learning_reid.io.output_folder import create_folder
    from reid_store.detection_filter import check_cameras
    from reid_store.database import write_lock, open_store, database_errors
    from reid_store.records import find_embedder
    from reid_store.timeline import summary, write_timeline
    from reid_store.timeline_data import compare_models, has_persons, read_timeline
    from reid_store.timeline_frames import add_frame_images

    url = _store.load_store_settings(config, overrides).store.url
    engine = open_store(url, must_exist=True)
    with database_errors(url):
        if use_reid and not has_persons(engine):
            raise UserError("nobody has been put together yet; run: python src/main.py identities")
        models = [] if compare is None else parse_models(compare)
        if len(models) == 1:
            raise UserError(f"--compare names {models[0].label} twice; name two models")
        with Session(engine, expire_on_commit=False) as session:
            check_cameras(session, where.cameras)  # before anything is deleted
            rows = [find_embedder(session, model.name, model.weights) for model in models]
        create_folder(output.parent, "--output")
        if keep_s is not None:
            with write_lock(engine, url):
                gone = delete_older(engine, time.time() - keep_s)
            print(
                f"older than {retention}: {gone.frames:,} frames, {gone.detections:,} detections with their "
                f"thumbnails, {gone.embeddings:,} vectors, {gone.recordings:,} recordings and {gone.persons:,} persons "
                "deleted"
            )
            if not gone.erased:
                print("note: another process reads the store, so its journal still holds them; run this again later")
        page = read_timeline(engine, where, blur)
        if models and page.detections:
            for row in rows:
                _store.warn_not_embedded(engine, row, where)
            page.values["compare"] = compare_models(engine, page, rows, [model.label for model in models], where)
        if frames:
            page, notes = add_frame_images(engine, page)
            for note in notes:
                print(f"note: {note}")
    write_timeline(output, page, use_reid)
    print(f"{summary(page.values)}\n{output.absolute()} ({output.stat().st_size / 1e6:,.1f} MB); open it in a browser")
