"""What the commands of the store share: settings, filters, notes."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.cli._model import network_settings
from learning_reid.config.load import read_settings
from learning_reid.errors import UserError
from learning_reid.io.paths import find_config
from reid_store.config import StoreSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from reid_store.detection_filter import DetectionFilter
    from reid_store.schema import Model


Config = Annotated[
    Path, typer.Option(help="YAML file of settings: store, detector, embedder.", show_default="confs/store.yml")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Override one setting. Repeatable."),
]
MAX_INT = 2**31 - 1  # what every database accepts
DEFAULT_CONFIG = Path("confs/store.yml")
Cameras = Annotated[list[str] | None, typer.Option("--camera", help="Only this camera. Repeatable.")]
After = Annotated[str | None, typer.Option(help="Earliest time.", show_default=False)]
Before = Annotated[str | None, typer.Option(help="Latest time.", show_default=False)]


def load_store_settings(
    config: Path, overrides: Sequence[str] | None, embedder: str | None = None, weights: str | None = None
) -> StoreSettings:
    """Load the settings of --config, --embedder, --weights and --set."""
    chosen = [*network_settings(embedder, weights), *(overrides or [])]
    return read_settings(StoreSettings, find_config(config), chosen)


def parse_time(text: str, option: str) -> float:
    """Convert a time to seconds since 1970; without a time zone it is UTC, with a note on stderr.

    >>> parse_time("2026-11-25T18:00:00+01:00", "--start")
    1795626000.0

    Raises:
        UserError: The text is not a time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text} is not a time; write it as 2026-11-25T18:00:00+01:00") from None
    if time.tzinfo is None:
        print(f"note: {option} {text} has no time zone, so it is read as UTC", file=sys.stderr)
        time = time.replace(tzinfo=UTC)
    return time.timestamp()


def parse_filter(
    cameras: Sequence[str] | None, after: str | None, before: str | None, not_frame_of: int | None = None
) -> "DetectionFilter":
    """Combine --camera, --after and --before.

    Raises:
        UserError: A time is not valid, or --after is later than --before.
    """
    from reid_store.detection_filter import DetectionFilter

    from_s = None if after is None else parse_time(after, "--after")
    to_s = None if before is None else parse_time(before, "--before")
    if from_s is not None and to_s is not None and from_s > to_s:
        raise UserError(f"--after {after} is later than --before {before}; swap them")
    return DetectionFilter(tuple(cameras or ()), from_s, to_s, not_frame_of)


def warn_not_embedded(engine: "Engine", model: "Model", detection_filter: "DetectionFilter | None" = None) -> None:
    """Print on stderr how many stored detections a network has not embedded, if any."""
    from reid_store.browse import count_not_embedded

    if missing := count_not_embedded(engine, model, detection_filter):
        counts = ", ".join(f"{number:,} of camera {camera}" for camera, number in missing.items())
        print(
            f"note: detections without an embedding of {model.label} are not compared: {counts}; run extract again "
            "with it on the same footage",
            file=sys.stderr,
        )
