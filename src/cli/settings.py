"""`settings`: every setting with what it accepts, its default and its meaning."""

from pathlib import Path
from typing import Annotated

import typer

from src.settings.describe import configuration_page
from src.settings.schema import Settings

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "configuration.md"


def run(
    write: Annotated[bool, typer.Option("--write", help="Write docs/configuration.md instead of printing.")] = False,
) -> None:
    """Print every setting: what it accepts, its default, its meaning."""
    page = configuration_page(Settings)
    if write:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page, encoding="utf-8")
        print(f"wrote {PAGE}")
    else:
        print(page, end="")
