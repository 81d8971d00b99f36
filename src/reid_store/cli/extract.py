"""Extract people from footage into the store."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli._options import SettingsEmbedder, SettingsWeights
from learning_reid.cli.commands import INTERRUPTED
from learning_reid.errors import UserError, hide_credentials
from learning_reid.io.file_names import escape_surrogates
from reid_store.cli import _store
from reid_store.config import StoreSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from reid_store.extraction import RecordingSource


def run(
    input: Annotated[list[str], typer.Option(help="Folder of frames, video, stream or synthetic:SEED. Repeatable.")],
    camera: Annotated[
        list[str] | None,
        typer.Option(help="Camera name of each --input, in the same order.", show_default="the input's name"),
    ] = None,
    start: Annotated[
        list[str] | None,
        typer.Option(
            help="Time of the first frame of each --input, or one for all.",
            show_default="2000-01-01T00:00:00Z; of streams, now",
        ),
    ] = None,
    fps: Annotated[
        float | None,
        typer.Option(help="Frame rate of all inputs.", show_default="their own timestamps or rate, otherwise 7"),
    ] = None,
    max_frames: Annotated[
        int | None, typer.Option(min=1, help="Number of frames to read of each --input.", show_default="all")
    ] = None,
    embedder: SettingsEmbedder = None,
    weights: SettingsWeights = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Detect and embed the people in footage, and store boxes, thumbnails, embeddings and times.

    Frames that are stored are skipped, and an interrupted extraction resumes. Another embedder adds its embeddings to
    the detections that are stored.
    """
    settings = _store.load_store_settings(config, overrides, embedder, weights)
    cameras = [name.strip() for name in camera or map(_default_camera, input)]
    starts = (start or []) * (len(input) if len(start or []) == 1 else 1)
    for option, values in (("--camera", cameras), ("--start", starts)):
        if values and len(values) != len(input):
            raise UserError(
                f"there are {len(input)} --input and {len(values)} {option} options; give one for each --input, in the "
                "same order"
            )
    from learning_reid.frames.sources import open_frames
    from learning_reid.pipeline import check_networks
    from reid_store.database import database_errors, open_store, write_lock
    from reid_store.extraction import DEFAULT_START_S, RecordingSource

    starts_s = [_store.parse_time(time, "--start") for time in starts] or [DEFAULT_START_S] * len(input)
    sources = [RecordingSource(*values, fps, max_frames) for values in zip(input, cameras, starts_s, strict=True)]
    totals = [len(open_frames(source.path, max_frames)) for source in sources]  # unreadable inputs are reported first
    check_networks(settings.detector, settings.embedder)
    url = settings.store.url
    engine = open_store(url)
    with database_errors(url), write_lock(engine, url):
        _extract_all(engine, sources, totals, settings)


def _extract_all(
    engine: "Engine", sources: Sequence["RecordingSource"], totals: Sequence[int], settings: StoreSettings
) -> None:
    """Load the networks and extract all recordings.

    Raises:
        typer.Exit: The user interrupted it.
    """
    from tqdm.auto import tqdm

    from learning_reid.device import seed_everything
    from learning_reid.io.interrupt import InterruptHandler
    from learning_reid.pipeline import load_networks
    from reid_store.extraction import extract, register_models
    from reid_store.server_index import index_embeddings

    with InterruptHandler("storing the current frames") as interrupt:
        seed_everything(settings.runtime.seed)
        detector, embedder = load_networks(settings.detector, settings.embedder, settings.runtime)
        models = register_models(engine, detector, embedder, settings.detector, settings.embedder)
        for source, total in zip(sources, totals, strict=True):
            with tqdm(total=total or None, desc=source.camera, unit="frame", dynamic_ncols=True) as bar:
                counts = extract(engine, source, models, bar.update, lambda: interrupt.requested)
            added = f", {counts.embeddings:,} embeddings of stored detections" if counts.embeddings else ""
            print(f"{source.camera:<15} {counts.frames:,} frames and {counts.detections:,} detections added{added}")
            for line in counts.skipped:
                print(f"note: {line}")
            if interrupt.requested:
                raise typer.Exit(INTERRUPTED)
        if settings.store.approximate and engine.dialect.name == "postgresql":
            print("building the index of embeddings …")
            if not index_embeddings(engine, models.embedder_row):
                print(f"note: {embedder.dimension:,} dimensions are too many for an index; search remains exact")


def _default_camera(path: str) -> str:
    if "://" in path:  # without protocol, credentials and parameters
        return hide_credentials(path).partition("://")[2].removeprefix("***@").partition("?")[0].rstrip("/")
    file = Path(path)
    return escape_surrogates((file.name if file.is_dir() else file.stem) or path)
