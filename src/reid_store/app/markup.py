"""What the page shows of a tab, as HTML: the frame with its people, the matches, a line that tells how it went."""

from __future__ import annotations

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from reid_store.app.ranking import shown
from reid_store.app.session import Tab
from reid_store.browse import read_frame_detections
from reid_store.schema import Detection
from reid_store.search_results import clock, is_match

TEMPLATES = Path(__file__).with_name("templates")
IN_GALLERY = 48  # matches with a picture; the CSV file has them all
_pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_pages.filters["data_uri"] = lambda jpeg: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def style() -> str:
    """The page's style sheet."""
    return (TEMPLATES / "page.css").read_text(encoding="utf-8")


def script(name: str) -> str:
    """What a part of the page does in the browser: `people` or `courier`."""
    return (TEMPLATES / f"{name}.js").read_text(encoding="utf-8")


def line(text: str, problem: bool = False, more: tuple[str, ...] = ()) -> str:
    """How it went, in a line, and notes below it."""
    return _render("line", text=text, problem=problem, more=more)


def note(text: str) -> str:
    """Something that helps to read the page."""
    return _render("note", text=text)


def frame(tab: Tab) -> str:
    """The frame that is shown, everybody in it a button."""
    distances = {hit.detection: hit.distance for hit in tab.answer.found} if tab.answer else {}
    people = [
        {"row": one, "kind": kind, "told": "" if away is None else f"{shown(away, tab.metric):.3f}"}
        for one in sorted(read_frame_detections(tab.footage.engine, tab.still.frame), key=_area, reverse=True)
        for away in [distances.get(one.id)]
        for kind in [_kind(tab, one, away)]
    ]  # the small last, so that they lie on top
    return _render("frame", tab=tab, picture=tab.picture, people=people, when=when(tab, tab.still.time_s))


def matches(tab: Tab) -> str:
    """Who looks like the person that was clicked, nearest first."""
    hits = [
        {
            "row": hit, "rank": rank, "away": f"{shown(hit.distance, tab.metric):.3f}", "when": when(tab, hit.time_s),
            "within": is_match(hit, tab.limit),
        }
        for rank, hit in enumerate(tab.answer.found[:IN_GALLERY] if tab.answer else (), start=1)
    ]  # fmt: skip
    count = tab.answer.matches(tab.limit) if tab.answer else 0
    return _render("matches", tab=tab, hits=hits, count=count, limit=f"{shown(tab.limit, tab.metric):.3f}")


def when(tab: Tab, time_s: float) -> str:
    """A time: with its day where that is known, else from the start of the footage."""
    told = clock(time_s)
    return told if tab.footage.dated else told[11:]


def _render(template: str, **values: object) -> str:
    return _pages.get_template(f"{template}.html.j2").render(**values)


def _area(one: Detection) -> float:
    return (one.x2 - one.x1) * (one.y2 - one.y1)


def _kind(tab: Tab, one: Detection, away: float | None) -> str:
    """How a person is marked."""
    if tab.answer and one.id == tab.answer.asked:
        return "asked"
    marked = " marked" if one.id == tab.marked else ""
    return ("other" if away is None else "within" if away <= tab.limit else "far") + marked
