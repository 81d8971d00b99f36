"""What the commands of the store share: settings, times, the open store."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from learning_reid.config.load import read_settings
from learning_reid.errors import UserError
from learning_reid.io.paths import find_config
from reid_store.config import StoreSettings

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from reid_store.detection_filter import DetectionFilter
    from reid_store.schema import Model


Config = Annotated[
    Path, typer.Option(help="A YAML file of settings: store, detector, embedder.", show_default="confs/store.yml")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting; may be given many times."),
]
DEFAULT_CONFIG = Path("confs/store.yml")
Cameras = Annotated[list[str] | None, typer.Option("--camera", help="Look at this camera; may be given many times.")]
After = Annotated[str | None, typer.Option(help="From this time on.", show_default=False)]
Before = Annotated[str | None, typer.Option(help="Up to this time.", show_default=False)]


def load_store_settings(config: Path, overrides: Sequence[str] | None) -> StoreSettings:
    """The settings of --config and --set."""
    return read_settings(StoreSettings, find_config(config), overrides or [])


def parse_time(text: str, option: str) -> float:
    """A time as seconds since 1970; one that names no zone is taken as UTC, and it is said.

    >>> parse_time("2026-11-25T18:00:00+01:00", "--start")
    1795626000.0

    Raises:
        UserError: it is no time.
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(f"{option} {text}: no time; write it as 2026-11-25T18:00:00+01:00") from None
    if time.tzinfo is None:
        print(f"note: {option} {text} names no zone and is taken as UTC", file=sys.stderr)
        time = time.replace(tzinfo=UTC)
    return time.timestamp()


def parse_filter(
    cameras: Sequence[str] | None, after: str | None, before: str | None, not_frame_of: int | None = None
) -> "DetectionFilter":
    """What --camera, --after and --before choose.

    Raises:
        UserError: a time is none, or the two leave nothing between them.
    """
    from reid_store.detection_filter import DetectionFilter

    from_s = None if after is None else parse_time(after, "--after")
    to_s = None if before is None else parse_time(before, "--before")
    if from_s is not None and to_s is not None and from_s > to_s:
        raise UserError(f"--after {after} is later than --before {before}; exchange them")
    return DetectionFilter(tuple(cameras or ()), from_s, to_s, not_frame_of)


def warn_not_embedded(engine: "Engine", model: "Model", where: "DetectionFilter | None" = None) -> None:
    """Say on standard error how many of the stored people a network has not described, if any."""
    from reid_store.browse import count_not_embedded

    if lacking := count_not_embedded(engine, model, where):
        told = ", ".join(f"{number:,} of camera {camera}" for camera, number in lacking.items())
        print(
            f"note: {model.told} has not described {told}: they are not compared; run extract again with it, on the "
            "same footage",
            file=sys.stderr,
        )
