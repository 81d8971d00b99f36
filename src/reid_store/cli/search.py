"""Who was this, and where else were they? Ask the store."""

from pathlib import Path
from typing import Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import find_threshold
from learning_reid.errors import UserError
from reid_store.cli import _store


def run(
    image: Annotated[Path | None, typer.Option(help="A crop of somebody.", show_default=False)] = None,
    detection: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=2**31 - 1,
            help="A stored detection, by its number; its own frame is left out.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=2**31 - 1, help="How many answers, at most.")] = 10,
    camera: _store.Cameras = None,
    after: _store.After = None,
    before: _store.Before = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0, help="Up to this distance it may be them.", show_default="the calibrated one"),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="A file for the answers.", show_default=False)
    ] = None,
    strip: Annotated[Path | None, typer.Option(help="A PNG of the answers to write.", show_default=False)] = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Find the stored people who look most like one: by a picture, or by the number of a stored detection."""
    if (image is None) == (detection is None):
        told = "whom to look for is not named" if image is None else "both --image and --detection are given"
        raise UserError(f"{told}: give either --image FILE or --detection NUMBER")
    if strip is not None and strip.suffix.lower() != ".png":
        raise UserError(f"--strip {strip}: the strip is a PNG; name a file that ends with .png")
    for file in (json_file, strip):
        options.check_folder_of(file)
    from sqlalchemy.orm import Session

    from learning_reid.embedding.registry import create_embedder
    from learning_reid.frames.folder import UNREADABLE, read_picture, unreadable_because
    from reid_store.open_store import open_store, told_in_a_line
    from reid_store.records import find_embedder
    from reid_store.search import search_store, thumbnail_of, vector_of
    from reid_store.search_results import answers_as_json, answers_text, draw_answers
    from reid_store.thumbnails import as_picture

    settings = _store.load_store_settings(config, overrides)
    url, what, runtime = settings.store.url, settings.embedder, settings.runtime
    where = _store.where_of(camera, after, before, detection)
    engine = open_store(url, must_exist=True)
    with told_in_a_line(url):
        with Session(engine, expire_on_commit=False) as session:
            model = find_embedder(session, what.name, what.weights)
        if detection is not None:
            query, asked = vector_of(engine, detection, model), as_picture(thumbnail_of(engine, detection))
        else:
            assert image is not None
            embedder = create_embedder(
                what.name, what.weights, what.backend, device=runtime.device, threads=runtime.threads
            )
            try:
                asked = read_picture(image)
            except UNREADABLE as problem:
                raise UserError(f"{image} cannot be read ({unreadable_because(problem)}); name another") from None
            query = embedder([asked])[0]
        limit = find_threshold(threshold, what.name, what.weights, "euclidean", pairs=False)
        found = search_store(engine, query, model, top, where, approximate=settings.store.approximate)
        _store.tell_what_is_not_compared(engine, model, where)
    print(answers_text(found, limit))
    if json_file is not None:
        from learning_reid.io.output_folder import write_json

        write_json(json_file, answers_as_json(found, limit))
    if strip is not None:
        draw_answers(strip, asked, found, limit)
