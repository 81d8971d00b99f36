"""Render the timeline page: one self-contained HTML file without network requests."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

from learning_reid.io.atomic_write import write_text
from reid_store.search_results import format_time
from reid_store.timeline_data import TimelineData

TEMPLATES = Path(__file__).with_name("templates")
_SCRIPTS = ("model", "sprites", "time", "rows", "card", "filter", "keyboard", "compare", "start")


def render_timeline(page: TimelineData, by_person: bool = False, title: str = "Timeline") -> str:
    """Render the page as HTML.

    Args:
        page: From `read_timeline`; `values["compare"]` may hold the result of `compare_models`.
        by_person: Group rows by person, with one row per camera, instead of by camera.
        title: Title of the page.
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    script = "\n".join((TEMPLATES / f"timeline_{name}.js").read_text(encoding="utf-8") for name in _SCRIPTS)
    script = f'"use strict";\n(() => {{\n{script}}})();\n'
    style = (TEMPLATES / "timeline.css").read_text(encoding="utf-8")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template("timeline.html.j2").render(
        title=title,
        summary=summarize_timeline(page.values),
        data={**page.values, "by_person": by_person},
        sheets=page.sheets,
        frames=page.frames,
        script=Markup(script),  # constant: it contains no data of the store
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii"),
        style=Markup(style),
    )


def write_timeline(path: Path, page: TimelineData, by_person: bool = False) -> None:
    """Write or replace the page.

    Raises:
        UserError: The file cannot be written.
    """
    write_text(path, render_timeline(page, by_person))


def summarize_timeline(values: dict[str, Any]) -> str:
    """Summarize what the page shows in one line."""
    column = values["detections"]
    if not column["id"]:
        return "There are no detections."
    persons = len(set(column["person"]) - {-1})
    cameras = len({values["recordings"][recording]["camera"] for recording in column["recording"]})
    first, last = (format_time(values["start"] + edge(column["time"]))[:16] for edge in (min, max))  # to the minute
    times = first if first == last else f"{first} – {last[11:] if first[:10] == last[:10] else last}"
    counts = f"{persons:,} {'person' if persons == 1 else 'persons'}, " if persons else ""
    return f"{len(column['id']):,} detections, {counts}{cameras} {'camera' if cameras == 1 else 'cameras'}, {times} UTC"
