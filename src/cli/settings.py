"""`settings`: every setting with what it accepts, its default and its meaning."""

from pathlib import Path
from typing import Annotated

import typer

from src.settings.describe import configuration_page, store_page, training_page
from src.settings.schema import Settings
from src.settings.store import StoreSettings
from src.settings.training import TrainSettings

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"


def run(
    write: Annotated[bool, typer.Option("--write", help="Write the pages of docs/ instead of printing.")] = False,
) -> None:
    """Print every setting of walk-through, training and store: what it accepts, its default, its meaning."""
    pages = {
        "configuration.md": configuration_page(Settings),
        "training_settings.md": training_page(TrainSettings),
        "store_settings.md": store_page(StoreSettings),
    }
    for name, page in pages.items():
        if write:
            DOCS.mkdir(exist_ok=True)
            (DOCS / name).write_text(page, encoding="utf-8")
            print(f"wrote {DOCS / name}")
        else:
            print(page)
