"""Print or write the documentation of every setting."""

import importlib
from typing import Annotated

import typer


def run(
    write: Annotated[bool, typer.Option("--write", help="Write the pages in docs/ instead of printing them.")] = False,
) -> None:
    """Print every setting of the pipeline, training and the store: accepted values, default, meaning."""
    from learning_reid.cli.entry_point import entry_points
    from learning_reid.config.describe import settings_page
    from learning_reid.io.paths import docs_folder

    for name, target in entry_points("learning_reid.settings").items():
        module, _, schema = target.partition(":")
        page = settings_page(getattr(importlib.import_module(module), schema))
        if not write:
            print(page)
            continue
        file = docs_folder() / f"{name}.md"
        file.write_text(page, encoding="utf-8")
        print(f"wrote {file}")
