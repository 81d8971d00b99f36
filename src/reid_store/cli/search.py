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
        options.check_output_files(file)
    from sqlalchemy.orm import Session

    from learning_reid.embedding.registry import create_embedder
    from learning_reid.frames.images import IMAGE_ERRORS, read_image, describe_image_error
    from reid_store.database import open_store, database_errors
    from reid_store.records import find_embedder
    from reid_store.search import search_store, read_thumbnail, read_embedding
    from reid_store.search_results import hits_as_json, format_hits, draw_hits
    from reid_store.thumbnails import decode_jpeg

    settings = _store.load_store_settings(config, overrides)
    url, what, runtime = settings.store.url, settings.embedder, settings.runtime
    where = _store.parse_filter(camera, after, before, detection)
    engine = open_store(url, must_exist=True)
    with database_errors(url):
        with Session(engine, expire_on_commit=False) as session:
            model = find_embedder(session, what.name, what.weights)
        if detection is not None:
            query, asked = read_embedding(engine, detection, model), decode_jpeg(read_thumbnail(engine, detection))
        else:
            assert image is not None
            embedder = create_embedder(
                what.name, what.weights, what.backend, device=runtime.device, threads=runtime.threads
            )
            try:
                asked = read_image(image)
            except IMAGE_ERRORS as problem:
                raise UserError(f"{image} cannot be read ({describe_image_error(problem)}); name another") from None
            query = embedder([asked])[0]
        limit = find_threshold(threshold, what.name, what.weights, "euclidean", pairs=False)
        found = search_store(engine, query, model, top, where, approximate=settings.store.approximate)
        _store.warn_not_embedded(engine, model, where)
    print(format_hits(found, limit))
    if json_file is not None:
        from learning_reid.io.output_folder import write_json

        write_json(json_file, hits_as_json(found, limit))
    if strip is not None:
        draw_hits(strip, asked, found, limit)
