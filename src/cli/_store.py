"""What the commands of the store share: settings, times, the open store."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from src.settings.errors import UserError
from src.settings.load import load_as
from src.settings.store import StoreSettings

ROOT = Path(__file__).resolve().parents[2]

Config = Annotated[
    Path, typer.Option(help="A YAML file of settings: store, detector, embedder.", show_default="confs/store.yml")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Replace one setting; may be given many times."),
]
DEFAULT_CONFIG = ROOT / "confs" / "store.yml"


def load_store_settings(config: Path, overrides: Sequence[str] | None) -> StoreSettings:
    """The settings of --config and --set."""
    return load_as(StoreSettings, config, overrides or [])


def seconds_of(text: str, option: str) -> float:
    """A time as seconds since 1970; one that names no zone is taken as UTC, and it is said.

    >>> seconds_of("2026-11-25T18:00:00+01:00", "--start")
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
