"""The timeline page: one HTML file with everything in it, which asks no network for anything."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from learning_reid.errors import UserError
from learning_reid.io.output_folder import replacing
from reid_store.search_results import clock
from reid_store.timeline_data import Page

TEMPLATES = Path(__file__).with_name("templates")
_SCRIPTS = ("model", "sprites", "time", "rows", "card", "filter", "keyboard", "compare", "start")


def timeline_page(page: Page, by_person: bool = False, title: str = "Timeline") -> str:
    """The page as HTML.

    Args:
        page: of `read_page`; `values["compare"]` may hold what `compare_models` answers.
        by_person: a row for each person with the cameras as its lanes; else each camera by itself.
        title: of the page.
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    script = "\n".join((TEMPLATES / f"timeline_{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    style = (TEMPLATES / "timeline.css").read_text(encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("timeline.html.j2").render(
        title=title,
        told=summary(page.values),
        data={**page.values, "by_person": by_person},
        sheets=page.sheets,
        frames=page.frames,
        script=Markup(script),  # ours, as it stands: nothing of the store is in it
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        style=Markup(style),
    )


def write_timeline(path: Path, page: Page, by_person: bool = False) -> None:
    """Write or replace the page.

    Raises:
        UserError: it cannot be written.
    """
    try:
        with replacing(path) as part:
            part.write_text(timeline_page(page, by_person), encoding="utf-8")
    except OSError as error:
        raise UserError(f"{path} cannot be written ({error.strerror}); name another file") from None


def summary(values: dict[str, Any]) -> str:
    """One sentence on what the page shows."""
    column = values["detections"]
    if not column["id"]:
        return "Nobody is stored here."
    persons, cameras = (
        len(set(column["person"]) - {-1}),
        len({values["recordings"][r]["camera"] for r in column["recording"]}),
    )
    first, last = (clock(values["start"] + edge(column["time"]))[:16] for edge in (min, max))  # to the minute
    when = first if first == last else f"{first} – {last[11:] if first[:10] == last[:10] else last}"
    people = f"{persons:,} {'person' if persons == 1 else 'persons'}, " if persons else ""
    return f"{len(column['id']):,} detections, {people}{cameras} {'camera' if cameras == 1 else 'cameras'}, {when} UTC"
