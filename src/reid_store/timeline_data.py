"""Read what the timeline page shows: detections with thumbnails, and the results of two models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, Select, func, select
from sqlalchemy.orm import Session, aliased

from learning_reid.errors import UserError
from reid_store.connect import DEFAULT_URL, store_file
from reid_store.detection_filter import DetectionFilter, check_cameras, select_detections
from reid_store.embedding_cache import open_embedding_cache
from reid_store.schema import Camera, Detection, Embedding, Model, Person, Recording, StoredFrame
from reid_store.search import read_embedding, search_store
from reid_store.sprites import COLUMNS, MAX_ROWS, Blur, SpriteSheets, cell_size

MAX_DETECTIONS = 50_000  # more would be too slow in a browser
MAX_QUERIES, NUM_RESULTS = 30, 5  # of a comparison of two models


@dataclass(frozen=True)
class TimelineData:
    """Contents of the page.

    Attributes:
        values: Input of the page's script: numbers, texts, lists and dictionaries.
        sheets: Thumbnails in the order of the detections, JPEG files in base64.
        sources: Paths of the recordings; they do not go into the page.
        frames: Small frame images by "recording:frame", JPEG files in base64; empty before `add_frame_images`.
    """

    values: dict[str, Any]
    sheets: Sequence[str]
    sources: Sequence[str] = ()
    frames: Mapping[str, str] = field(default_factory=dict)

    @property
    def detections(self) -> int:
        """Number of detections."""
        return len(self.values["detections"]["id"])


def has_persons(engine: Engine) -> bool:
    """Return whether any detection is assigned to a person."""
    with Session(engine) as session:
        return session.scalar(select(Detection.id).where(Detection.person_id.is_not(None)).limit(1)) is not None


def read_timeline(
    engine: Engine, detection_filter: DetectionFilter | None = None, blur: Blur | None = None
) -> TimelineData:
    """Read the detections of some cameras and times, ordered by person, camera and time.

    Args:
        engine: From `open_store`.
        detection_filter: Cameras and times; None = all.
        blur: What to blur in the thumbnails.

    Raises:
        UserError: A camera is unknown, or there are too many detections for a page.
    """
    detection_filter = detection_filter or DetectionFilter()
    with Session(engine) as session:
        check_cameras(session, detection_filter.cameras)
        query = _select_shown(detection_filter)
        total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
        if total > MAX_DETECTIONS:
            raise UserError(
                f"{total:,} detections are too many for a page (at most {MAX_DETECTIONS:,}); select some with "
                "--camera, --after, --before"
            )
        shown = query.subquery().c
        first_s = session.scalar(select(func.min(shown.time_s))) or 0.0
        # The page may be shared, so names of persons, cameras and recordings it does not show stay out of it.
        persons = session.execute(
            select(Person.id, Person.name).where(Person.id.in_(select(shown.person_id))).order_by(Person.id)
        ).all()
        recordings = session.scalars(
            select(Recording).where(Recording.id.in_(select(shown.recording_id))).order_by(Recording.id)
        ).all()
        used = {row.camera_id for row in recordings}
        cameras = session.execute(select(Camera.id, Camera.name).where(Camera.id.in_(used)).order_by(Camera.name)).all()
        sprites = SpriteSheets(cell_size(total), blur)
        rows = session.execute(query.execution_options(yield_per=500))
        columns, extents = _read_columns(rows, sprites, first_s, _positions(persons), [row.id for row in recordings])
        sprites.finish()
    camera_position = _positions(cameras)
    values: dict[str, Any] = {
        "cameras": [name for _, name in cameras],
        "recordings": [
            {
                "camera": camera_position[row.camera_id],
                "name": _short_name(row.source),
                **_frame_size(row.source, extent),
            }
            for row, extent in zip(recordings, extents, strict=True)
        ],
        "persons": [{"id": number, "name": name or f"person {number}"} for number, name in persons],
        "start": first_s,
        "detections": columns,
        "sprites": {
            "width": sprites.size.width,
            "height": sprites.size.height,
            "columns": COLUMNS,
            "each": COLUMNS * MAX_ROWS,
            "rows": sprites.rows,
        },
        "blur": blur or "",
        "other_store": engine.url.database != str(store_file(DEFAULT_URL)),
        "compare": None,
    }
    return TimelineData(values, sprites.sheets, [row.source for row in recordings])


def compare_models(
    engine: Engine,
    page: TimelineData,
    models: Sequence[Model],
    labels: Sequence[str],
    detection_filter: DetectionFilter | None = None,
) -> dict[str, Any]:
    """Search with two networks for the same queries, among the detections that the page shows.

    Queries are the first detection of each person or, without persons, detections spread over time. With several
    cameras, results come from the other cameras.

    Args:
        engine: From `open_store`.
        page: From `read_timeline`.
        models: Two embedders.
        labels: Their names on the page.
        detection_filter: The cameras and times that the page shows.

    Raises:
        UserError: No detection is embedded by both networks.
    """
    shown = detection_filter or DetectionFilter()
    column = page.values["detections"]
    position = {number: row for row, number in enumerate(column["id"])}
    cameras = page.values["cameras"]
    camera_of = [page.values["recordings"][row]["camera"] for row in column["recording"]]
    known = [position[number] for number in _embedded_by_both(engine, models) if number in position]
    if not known:
        raise UserError(f"no detection is embedded by both {labels[0]} and {labels[1]}; run extract with each")
    used = sorted({camera_of[row] for row in known})
    caches = [open_embedding_cache(engine, model) for model in models]
    queries = []
    for row in _choose_queries(known, column["person"], column["time"]):
        others = [cameras[camera] for camera in used if camera != camera_of[row]]
        number = column["id"][row]
        searched = DetectionFilter(
            tuple(others or [cameras[camera] for camera in used]), shown.from_s, shown.to_s, number
        )
        results = []
        for model, cache in zip(models, caches, strict=True):
            query = read_embedding(engine, number, model)
            hits = search_store(engine, query, model, NUM_RESULTS, searched, cache)
            results.append(
                [[position[hit.detection], round(hit.distance, 3)] for hit in hits if hit.detection in position]
            )
        queries.append({"query": row, "results": results})
    for cache in filter(None, caches):
        cache.close()
    return {"labels": list(labels), "embedded": len(known), "other_cameras": len(used) > 1, "queries": queries}


def _select_shown(detection_filter: DetectionFilter) -> Select[Any]:
    columns = (
        Detection.id, Detection.x1, Detection.y1, Detection.x2, Detection.y2, Detection.score, Detection.thumbnail,
        Detection.person_id, StoredFrame.recording_id, StoredFrame.index, StoredFrame.time_s,
    )  # fmt: skip
    order = Detection.person_id.is_(None), Detection.person_id, Camera.name, StoredFrame.time_s, Detection.number
    return select_detections(columns, detection_filter).order_by(*order)


def _positions(rows: Sequence[Any]) -> dict[int, int]:
    """Map ids, the first column, to row numbers."""
    return {row[0]: position for position, row in enumerate(rows)}


def _read_columns(
    rows: Any, sprites: SpriteSheets, first_s: float, person_position: Mapping[int, int], recordings: Sequence[int]
) -> tuple[dict[str, list[Any]], list[tuple[float, float]]]:
    """Return the columns of all detections, and for each recording the width and height that its boxes take up."""
    recording_position = {number: position for position, number in enumerate(recordings)}
    extents = [(1.0, 1.0)] * len(recordings)
    columns: dict[str, list[Any]] = {
        name: [] for name in ("id", "recording", "frame", "time", "box", "score", "person")
    }
    for row in rows:
        sprites.add(row.thumbnail)
        recording = recording_position[row.recording_id]
        width, height = extents[recording]
        extents[recording] = (max(width, row.x2), max(height, row.y2))
        values = (
            row.id, recording, row.index, round(row.time_s - first_s, 3),
            [round(edge) for edge in (row.x1, row.y1, row.x2, row.y2)], round(row.score, 3),
            -1 if row.person_id is None else person_position[row.person_id],
        )  # fmt: skip
        for column, value in zip(columns.values(), values, strict=True):
            column.append(value)
    return columns, extents


def _embedded_by_both(engine: Engine, models: Sequence[Model]) -> Sequence[int]:
    first, second = aliased(Embedding), aliased(Embedding)
    both = (
        select(first.detection_id)
        .join(second, second.detection_id == first.detection_id)
        .where(first.model_id == models[0].id, second.model_id == models[1].id)
    )
    with Session(engine) as session:
        return session.scalars(both).all()


def _choose_queries(known: Sequence[int], persons: Sequence[int], times: Sequence[float]) -> list[int]:
    """Choose the first detection of each person or, without persons, detections spread evenly over time."""
    first: dict[int, int] = {}
    by_time = sorted(known, key=lambda row: (times[row], row))
    for row in by_time:
        if persons[row] >= 0:
            first.setdefault(persons[row], row)
    chosen = list(first.values()) or by_time
    step = max(1, -(-len(chosen) // MAX_QUERIES))
    return chosen[::step]


def _short_name(source: str) -> str:
    """Return a source without its folders, which should not be disclosed on a page that is shared."""
    from learning_reid.frames.synthetic import is_synthetic

    return source if is_synthetic(source) else Path(source).name


def _frame_size(source: str, extent: tuple[float, float]) -> dict[str, Any]:
    """Return the size of a recording's first frame, or of the extent of its boxes if it cannot be read."""
    from learning_reid.frames.sources import open_frames
    from learning_reid.frames.synthetic import is_synthetic

    try:
        if is_synthetic(source) or Path(source).exists():
            for frame in open_frames(source, 1):
                height, width = frame.image.shape[:2]
                return {"width": width, "height": height, "exact": True}
    except (UserError, OSError, ValueError):
        pass
    return {"width": round(extent[0]), "height": round(extent[1]), "exact": False}
