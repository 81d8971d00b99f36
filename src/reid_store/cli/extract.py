"""Fill the store: find people in footage, describe them, keep them."""

from pathlib import Path
from typing import Annotated

import typer
from tqdm.auto import tqdm

from learning_reid.errors import UserError
from reid_store.cli import _store


def run(
    input: Annotated[
        list[str], typer.Option(help="A folder of frames, a video, or synthetic:SEED; may be given many times.")
    ],
    camera: Annotated[
        list[str] | None,
        typer.Option(help="The camera of each --input, in the same order.", show_default="the input's name"),
    ] = None,
    start: Annotated[
        list[str] | None,
        typer.Option(
            help="Time of the first frame of each --input; one is for all.", show_default="2000-01-01T00:00:00Z"
        ),
    ] = None,
    fps: Annotated[
        float | None, typer.Option(help="Frames per second of all inputs.", show_default="their own, else 7")
    ] = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Find people in the footage of one or more cameras and store them: box, thumbnail, vector, time.

    What is stored already is not done again; whatever was broken off goes on where it stopped. With another embedder
    the new vectors lie beside the old ones.
    """
    settings = _store.load_store_settings(config, overrides)
    cameras = [name.strip() for name in camera or map(_camera_of, input)]
    starts = (start or []) * (len(input) if len(start or []) == 1 else 1)
    for option, given in (("--camera", cameras), ("--start", starts)):
        if given and len(given) != len(input):
            raise UserError(
                f"--input is given {len(input)} times and {option} {len(given)} times: give it once for each --input, "
                "in the same order"
            )
    from sqlalchemy.orm import Session

    from learning_reid.device import seed_everything
    from learning_reid.frames.sources import open_frames
    from learning_reid.io.interrupt import InterruptHandler
    from learning_reid.pipeline import load_networks
    from reid_store.extraction import DEFAULT_START_S, ExtractionModels, Source, extract
    from reid_store.database import write_lock, open_store, database_errors
    from reid_store.records import detector_row, embedder_row
    from reid_store.server_index import index_vectors

    starts_s = [_store.parse_time(time, "--start") for time in starts] or [DEFAULT_START_S] * len(input)
    sources = [Source(*one, fps) for one in zip(input, cameras, starts_s, strict=True)]
    totals = [
        len(open_frames(source.path)) for source in sources
    ]  # what cannot be read is told before the networks load
    where, what = settings.detector, settings.embedder
    url = settings.store.url
    engine = open_store(url)
    with database_errors(url), write_lock(engine, url), InterruptHandler("storing what was begun") as stop:
        seed_everything(settings.runtime.seed)
        detector, embedder = load_networks(settings.detector, settings.embedder, settings.runtime)
        with Session(engine, expire_on_commit=False) as session, session.begin():
            rows = (
                detector_row(session, where.name, where.weights, where.min_score, detector),
                embedder_row(session, what.name, what.weights, embedder),
            )
        crew = ExtractionModels(detector, embedder, *rows)
        for source, total in zip(sources, totals, strict=True):
            with tqdm(total=total, desc=source.camera, unit="frame", dynamic_ncols=True) as bar:
                done = extract(engine, source, crew, bar.update, lambda: stop.requested)
            added = f", {done.embeddings:,} vectors of stored people" if done.embeddings else ""
            print(f"{source.camera:<15} {done.frames:,} frames and {done.detections:,} people added{added}")
            for line in done.skipped:
                print(f"note: {line}")
            if stop.requested:
                raise typer.Exit(130)
        if settings.store.approximate and engine.dialect.name == "postgresql":
            print("making the index of vectors …")
            if not index_vectors(engine, crew.embedder_row):
                print(f"note: {embedder.dimension:,} numbers are too many for it; search compares with every vector")


def _camera_of(path: str) -> str:
    place = Path(path)
    return (place.name if place.is_dir() else place.stem) or path
