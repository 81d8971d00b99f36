"""HTML of the app: the frame with its people, the matches, the status line."""

from __future__ import annotations

import base64
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from reid_store.app.ranking import convert_distance
from reid_store.app.session import Session
from reid_store.browse import read_frame_detections
from reid_store.schema import Detection
from reid_store.search_results import format_time, is_match

TEMPLATES = Path(__file__).with_name("templates")
MAX_MATCHES = 48  # shown with an image; the CSV file has all of them
_environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
_environment.filters["data_uri"] = lambda jpeg: "data:image/jpeg;base64," + base64.b64encode(jpeg).decode("ascii")


def read_style() -> str:
    """Return the style sheet of the page."""
    return (TEMPLATES / "page.css").read_text(encoding="utf-8")


def read_script(name: str) -> str:
    """Return the JavaScript of a part of the page: `people` or `download`."""
    return (TEMPLATES / f"{name}.js").read_text(encoding="utf-8")


def render_status(text: str, error: bool = False, notes: tuple[str, ...] = ()) -> str:
    """Render the status line, with notes below it."""
    return _render("status", text=text, error=error, notes=notes)


def render_summary(session: Session) -> str:
    """Render the status line of a session: what its footage shows, with notes."""
    return render_status(session.footage.summary, notes=tuple(session.footage.notes))


def render_note(text: str) -> str:
    """Render an explanation."""
    return _render("note", text=text)


def render_frame(session: Session) -> str:
    """Render the current frame; each person in it is a button."""
    distances = {hit.detection: hit.distance for hit in session.ranking.hits} if session.ranking else {}
    people = [
        {
            "row": person,
            "kind": _kind(session, person, distance),
            "distance": "" if distance is None else _format_distance(session, distance),
        }
        for person in sorted(
            read_frame_detections(session.footage.engine, session.frame.frame), key=_area, reverse=True
        )
        for distance in [distances.get(person.id)]
    ]  # small ones last, so that they lie on top
    time = _format_time(session, session.frame.time_s)
    return _render("frame", session=session, image=session.image, people=people, time=time)


def render_matches(session: Session) -> str:
    """Render the hits, nearest first."""
    hits = [
        {
            "row": hit,
            "rank": rank,
            "distance": _format_distance(session, hit.distance),
            "time": _format_time(session, hit.time_s),
            "kind": {True: "within", False: "far", None: "ranked"}[is_match(hit, session.threshold)],
        }
        for rank, hit in enumerate(session.ranking.hits[:MAX_MATCHES] if session.ranking else (), start=1)
    ]
    count = session.ranking.num_matches(session.threshold) if session.ranking else 0
    threshold = "" if session.threshold is None else _format_distance(session, session.threshold)
    return _render("matches", session=session, hits=hits, count=count, threshold=threshold)


def _format_distance(session: Session, distance: float) -> str:
    return f"{convert_distance(distance, session.metric):.3f}"


def _format_time(session: Session, time_s: float) -> str:
    """Format a time with its date if that is known, otherwise from the start of the footage."""
    text = format_time(time_s)
    return text if session.footage.has_dates else text[11:]


def _render(template: str, **values: object) -> str:
    return _environment.get_template(f"{template}.html.j2").render(**values)


def _area(person: Detection) -> float:
    return (person.x2 - person.x1) * (person.y2 - person.y1)


def _kind(session: Session, person: Detection, distance: float | None) -> str:
    """Return the CSS classes of a person."""
    if session.ranking and person.id == session.ranking.query:
        return "query"
    highlighted = " highlighted" if person.id == session.highlighted else ""
    if distance is None or session.threshold is None:
        return f"other{highlighted}"
    return ("within" if distance <= session.threshold else "far") + highlighted
