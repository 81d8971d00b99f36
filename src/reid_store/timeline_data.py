"""What the timeline page shows, read from the store: who was where and when, and what two networks answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session, aliased

from learning_reid.errors import UserError
from learning_reid.frames.open_frames import open_frames
from learning_reid.frames.synthetic import is_generated
from reid_store.connect import DEFAULT_URL, store_file
from reid_store.detection_filter import Where, check_cameras, detections
from reid_store.embedding_cache import held_vectors
from reid_store.schema import Camera, Detection, Embedding, Model, Person, Recording, StoredFrame
from reid_store.search import search_store, vector_of
from reid_store.sprites import COLUMNS, MOST_ROWS, Blur, SpriteSheets, cell_size

MOST = 50_000  # detections; a page of more would be too heavy for a browser
COMPARED, NEAREST = 30, 5  # detections asked about, answers of each


@dataclass(frozen=True)
class Page:
    """What goes into the page.

    Attributes:
        values: as the page's script reads them; only numbers, texts, lists and dictionaries.
        sheets: the thumbnails, JPEG files in base64, in the order of the detections.
        sources: of the recordings; they stay out of the page.
        frames: small pictures of frames by "recording:frame", JPEG files in base64; none, or of `with_frames`.
    """

    values: dict[str, Any]
    sheets: Sequence[str]
    sources: Sequence[str] = ()
    frames: Mapping[str, str] = field(default_factory=dict)

    @property
    def detections(self) -> int:
        """How many it shows."""
        return len(self.values["detections"]["id"])


def has_persons(engine: Engine) -> bool:
    """Whether anybody has been put together."""
    with Session(engine) as session:
        return session.scalar(select(Detection.id).where(Detection.person_id.is_not(None)).limit(1)) is not None


def read_page(engine: Engine, where: Where | None = None, blur: Blur | None = None) -> Page:
    """All detections of some cameras and times, by person, camera and time.

    Args:
        engine: of `open_store`.
        where: which cameras and times.
        blur: what is made unrecognisable.

    Raises:
        UserError: an unknown camera, or more detections than a page can hold.
    """
    where = where or Where()
    with Session(engine) as session:
        check_cameras(session, where.cameras)
        query = _chosen(where)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if total > MOST:
            raise UserError(
                f"{total:,} detections are too many for a page (at most {MOST:,}); "
                "choose some with --camera, --after, --before"
            )
        shown = query.subquery().c
        first_s = session.scalar(select(func.min(shown.time_s))) or 0.0
        # a page may be passed on: of whom and what it does not show it holds not even the name
        persons, filmed = select(shown.person_id), select(shown.recording_id)
        names = session.execute(select(Person.id, Person.name).where(Person.id.in_(persons)).order_by(Person.id)).all()
        recordings = session.scalars(select(Recording).where(Recording.id.in_(filmed)).order_by(Recording.id)).all()
        used = {row.camera_id for row in recordings}
        cameras = session.execute(select(Camera.id, Camera.name).where(Camera.id.in_(used)).order_by(Camera.name)).all()
        places = {
            "person": {number: place for place, (number, _) in enumerate(names)},
            "camera": {number: place for place, (number, _) in enumerate(cameras)},
            "recording": {row.id: place for place, row in enumerate(recordings)},
        }
        sprites = SpriteSheets(cell_size(total), blur)
        extent = {row.id: (1.0, 1.0) for row in recordings}  # that all boxes of a recording take up
        columns: dict[str, list[Any]] = {
            name: [] for name in ("id", "recording", "frame", "time", "box", "score", "person")
        }
        for row in session.execute(query.execution_options(yield_per=500)):
            sprites.add(row.thumbnail)
            wide, high = extent[row.recording_id]
            extent[row.recording_id] = (max(wide, row.x2), max(high, row.y2))
            told = (
                row.id, places["recording"][row.recording_id], row.index, round(row.time_s - first_s, 3),
                [round(edge) for edge in (row.x1, row.y1, row.x2, row.y2)], round(row.score, 3),
                -1 if row.person_id is None else places["person"][row.person_id],
            )  # fmt: skip
            for column, value in zip(columns.values(), told, strict=True):
                column.append(value)
        sprites.finish()
    told_recordings = [
        {
            "camera": places["camera"][row.camera_id],
            "name": _short(row.source),
            **_frame_size(row.source, extent[row.id]),
        }
        for row in recordings
    ]
    values: dict[str, Any] = {
        "cameras": [name for _, name in cameras],
        "recordings": told_recordings,
        "persons": [{"id": number, "name": name or f"person {number}"} for number, name in names],
        "start": first_s,
        "detections": columns,
        "sprites": {
            "width": sprites.size.width,
            "height": sprites.size.height,
            "columns": COLUMNS,
            "each": COLUMNS * MOST_ROWS,
            "rows": sprites.rows,
        },
        "blur": blur or "",
        "other_store": engine.url.database != str(store_file(DEFAULT_URL)),
        "compare": None,
    }
    return Page(values, sprites.sheets, [row.source for row in recordings])


def compare_models(
    engine: Engine, page: Page, models: Sequence[Model], labels: Sequence[str], where: Where | None = None
) -> dict[str, Any]:
    """The nearest detections by two networks, for the same detections; only such as the page shows.

    Asked is the first detection of each person, or, where nobody has been put together, every n-th. Where there are
    several cameras, the answers come from the others.

    Args:
        engine: of `open_store`.
        page: of `read_page`.
        models: two embedders.
        labels: what the page calls them.
        where: which cameras and times the page shows.

    Raises:
        UserError: no detection has been looked at by both.
    """
    where = where or Where()
    column = page.values["detections"]
    places = {number: place for place, number in enumerate(column["id"])}
    cameras = page.values["cameras"]
    camera_of = [page.values["recordings"][row]["camera"] for row in column["recording"]]
    first, second = aliased(Embedding), aliased(Embedding)
    both = (
        select(first.detection_id)
        .join(second, second.detection_id == first.detection_id)
        .where(first.model_id == models[0].id, second.model_id == models[1].id)
    )
    with Session(engine) as session:
        known = [places[number] for number in session.scalars(both) if number in places]
    if not known:
        raise UserError(f"no detection has been looked at by both {labels[0]} and {labels[1]}; run extract with each")
    used = sorted({camera_of[place] for place in known})
    helds = [held_vectors(engine, model) for model in models]  # so that a file is read once and not for each question
    queries = []
    for place in _asked(known, column["person"], column["time"]):
        others = [cameras[camera] for camera in used if camera != camera_of[place]]
        number = column["id"][place]
        there = Where(tuple(others or [cameras[camera] for camera in used]), where.from_s, where.to_s, number)
        answers = []
        for model, held in zip(models, helds, strict=True):
            found = search_store(engine, vector_of(engine, number, model), model, NEAREST, there, held)
            answers.append(
                [[places[hit.detection], round(hit.distance, 3)] for hit in found if hit.detection in places]
            )
        queries.append({"asked": place, "answers": answers})
    for held in filter(None, helds):
        held.close()
    return {"labels": list(labels), "described": len(known), "other_cameras": len(used) > 1, "queries": queries}


def _chosen(where: Where) -> Select[Any]:
    columns = (
        Detection.id, Detection.x1, Detection.y1, Detection.x2, Detection.y2, Detection.score, Detection.thumbnail,
        Detection.person_id, StoredFrame.recording_id, StoredFrame.index, StoredFrame.time_s,
    )  # fmt: skip
    first = Detection.person_id.is_(None), Detection.person_id, Camera.name, StoredFrame.time_s, Detection.number
    return detections(columns, where).order_by(*first)


def _asked(known: Sequence[int], persons: Sequence[int], times: Sequence[float]) -> list[int]:
    """The first of each person; where there are no persons, spread evenly over time."""
    first: dict[int, int] = {}
    by_time = sorted(known, key=lambda place: (times[place], place))
    for place in by_time:
        if persons[place] >= 0:
            first.setdefault(persons[place], place)
    chosen = list(first.values()) or by_time
    step = max(1, -(-len(chosen) // COMPARED))
    return chosen[::step]


def _short(source: str) -> str:
    """A source without the folders above it, which are nobody's business in a page that is passed on."""
    return source if is_generated(source) else Path(source).name


def _frame_size(source: str, extent: tuple[float, float]) -> dict[str, Any]:
    """Width and height of a recording's frames: of its first one, or around all boxes where it is gone."""
    try:
        if is_generated(source) or Path(source).exists():
            for frame in open_frames(source, 1):
                height, width = frame.image.shape[:2]
                return {"width": width, "height": height, "sure": True}
    except (UserError, OSError, ValueError):
        pass
    return {"width": round(extent[0]), "height": round(extent[1]), "sure": False}
