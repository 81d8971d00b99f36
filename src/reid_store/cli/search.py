"""Search the store for a person."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli import _options as options
from learning_reid.cli._model import choose_threshold
from learning_reid.errors import UserError
from learning_reid.io.error_collector import ErrorCollector
from reid_store.cli import _store
from reid_store.config import StoreSettings

if TYPE_CHECKING:
    import numpy as np


def run(
    image: Annotated[Path | None, typer.Option(help="Crop of a person as the query.", show_default=False)] = None,
    detection: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=_store.MAX_INT,
            help="Number of a stored detection as the query; its own frame is excluded.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, max=_store.MAX_INT, help="Maximum number of results.")] = 10,
    camera: _store.Cameras = None,
    after: _store.After = None,
    before: _store.Before = None,
    threshold: options.Threshold = None,
    json_file: options.Json = None,
    strip: Annotated[
        Path | None, typer.Option(help="PNG file for the query and the results side by side.", show_default=False)
    ] = None,
    embedder: options.SettingsEmbedder = None,
    weights: options.SettingsWeights = None,
    config: _store.Config = _store.DEFAULT_CONFIG,
    overrides: _store.Overrides = None,
) -> None:
    """Find the stored detections most similar to a query, an image or a stored detection."""
    if (image is None) == (detection is None):
        problem = "there is no query" if image is None else "--image and --detection are both given"
        raise UserError(f"{problem}: give either --image FILE or --detection NUMBER")
    if strip is not None and strip.suffix.lower() != ".png":
        raise UserError(f"--strip {strip}: the strip is a PNG file; name a file that ends with .png")
    options.check_output_files(json_file, strip)
    from sqlalchemy.orm import Session

    from reid_store.database import database_errors, open_store
    from reid_store.records import find_embedder
    from reid_store.search import read_embedding, read_thumbnail, search_store
    from reid_store.search_results import draw_hits, format_hits, hits_as_json
    from reid_store.thumbnails import decode_jpeg

    settings = _store.load_store_settings(config, overrides, embedder, weights)
    url, network = settings.store.url, settings.embedder
    searched = _store.parse_filter(camera, after, before, detection)
    engine = open_store(url, must_exist=True)
    with database_errors(url):
        with Session(engine, expire_on_commit=False) as session:
            model = find_embedder(session, network.name, network.weights)
        limit = choose_threshold(threshold, network.name, network.weights, "euclidean")
        if detection is not None:
            query, crop = read_embedding(engine, detection, model), decode_jpeg(read_thumbnail(engine, detection))
        else:
            assert image is not None
            query, crop = _embed_image(image, settings)
        hits = search_store(engine, query, model, top, searched, approximate=settings.store.approximate)
        _store.warn_not_embedded(engine, model, searched)
    print(format_hits(hits, limit.distance))
    with ErrorCollector() as problems:
        with problems.step():
            options.write_json_file(json_file, {**hits_as_json(hits, limit.distance), **limit.as_json()})
        if strip is not None:
            with problems.step():
                draw_hits(strip, crop, hits, limit.distance)


def _embed_image(image: Path, settings: StoreSettings) -> tuple["np.ndarray", "np.ndarray"]:
    """Return the embedding (d,) float32 and the pixels of an image."""
    from learning_reid.embedding.registry import create_embedder
    from learning_reid.frames.images import IMAGE_ERRORS, describe_image_error, read_image

    chosen, runtime = settings.embedder, settings.runtime
    try:
        crop = read_image(image)
    except IMAGE_ERRORS as error:
        raise UserError(f"{image} cannot be read ({describe_image_error(error)}); choose another") from None
    embedder = create_embedder(
        chosen.name, chosen.weights, chosen.backend, device=runtime.device, threads=runtime.threads
    )
    return embedder([crop])[0], crop
