"""Who was this, and where else were they? The nearest stored detections; on a server pgvector finds them."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from sqlalchemy import Engine, Select, cast, select
from sqlalchemy.orm import Session

from src.ranking.neighbours import nearest
from src.settings.errors import UserError
from src.store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame


@dataclass(frozen=True)
class Where:
    """Which detections are looked through.

    Attributes:
        cameras: names; none named: all.
        from_s, to_s: seconds since 1970 in UTC, both ends counted; None = open.
        not_frame_of: leave out the frame that shows this detection: whoever is asked for stands in it.
    """

    cameras: Sequence[str] = ()
    from_s: float | None = None
    to_s: float | None = None
    not_frame_of: int | None = None


@dataclass(frozen=True, eq=False)
class Found:
    """One stored detection near to the query.

    Attributes:
        detection: its number in the store.
        distance: Euclidean, between unit vectors.
        camera, time_s, frame: where and when.
        box_xyxy: (4,) float32 pixels.
        thumbnail: a JPEG file.
        person: the identity it was put into, None before `identities` ran.
    """

    detection: int
    distance: float
    camera: str
    time_s: float
    frame: int
    box_xyxy: np.ndarray
    thumbnail: bytes
    person: int | None


def vector_of(engine: Engine, detection: int, model: Model) -> np.ndarray:
    """What a network said of a stored detection, (d,) float32.

    Raises:
        UserError: there is no such detection, or the network has not looked at it.
    """
    with Session(engine) as session:
        if session.get(Detection, detection) is None:
            raise UserError(f"the store has no detection {detection}; `search` and `timeline` show their numbers")
        found = session.get(Embedding, (detection, model.id))
        if found is None:
            raise UserError(f"{model.name} has not looked at detection {detection} yet; run extract again with it")
        return found.reid_embedding


def thumbnail_of(engine: Engine, detection: int) -> np.ndarray:
    """The small picture of a stored detection, (h, w, 3) uint8 RGB."""
    with Session(engine) as session:
        return as_picture(session.get_one(Detection, detection).thumbnail)


def as_picture(jpeg: bytes) -> np.ndarray:
    """A JPEG file as (h, w, 3) uint8 RGB."""
    return np.asarray(Image.open(io.BytesIO(jpeg)).convert("RGB"))


def search_store(
    engine: Engine, query: np.ndarray, model: Model, k: int = 10, where: Where | None = None
) -> list[Found]:
    """The k nearest stored detections, nearest first; equal distances by number.

    Args:
        engine: of `open_store`.
        query: (d,) float32, of unit length.
        model: the network that made it: only its vectors are looked at.
        k: how many, at most.
        where: which cameras and times.

    Raises:
        UserError: an unknown camera.
    """
    where = where or Where()
    _check_cameras(engine, where.cameras)
    near = _on_server if engine.dialect.name == "postgresql" else _in_file
    hits = near(engine, query, model, k, where)
    return _with_places(engine, hits)


def _in_file(engine: Engine, query: np.ndarray, model: Model, k: int, where: Where) -> list[tuple[int, float]]:
    """Read the vectors that are asked for and compare with all of them: exact."""
    with Session(engine) as session:
        rows = session.execute(
            _restricted(select(Embedding.detection_id, Embedding.reid_embedding), model, where)
        ).all()
    if not rows:
        return []
    ids = np.array([row[0] for row in rows])
    vectors = np.stack([row[1] for row in rows])  # (n, d)
    order = np.argsort(ids)  # so that equals come by number
    places, distances = nearest(query[None], vectors[order], min(k, len(ids)))
    hits = zip(ids[order][places[0]].tolist(), distances[0].tolist(), strict=True)
    return sorted(hits, key=lambda hit: (hit[1], hit[0]))


def _on_server(engine: Engine, query: np.ndarray, model: Model, k: int, where: Where) -> list[tuple[int, float]]:
    """Let pgvector sort them."""
    from pgvector.sqlalchemy import Vector

    distance = cast(Embedding.reid_embedding, Vector(model.dimension)).l2_distance(query)
    wanted = _restricted(select(Embedding.detection_id, distance.label("distance")), model, where)
    with Session(engine) as session:
        rows = session.execute(wanted.order_by(distance, Embedding.detection_id).limit(k)).all()
    return [(int(detection), float(away)) for detection, away in rows]


def _restricted(query: Select, model: Model, where: Where) -> Select:
    query = (
        query.join(Detection, Detection.id == Embedding.detection_id)
        .join(StoredFrame, StoredFrame.id == Detection.frame_id)
        .join(Recording, Recording.id == StoredFrame.recording_id)
        .join(Camera, Camera.id == Recording.camera_id)
        .where(Embedding.model_id == model.id)
    )
    if where.cameras:
        query = query.where(Camera.name.in_(where.cameras))
    if where.from_s is not None:
        query = query.where(StoredFrame.time_s >= where.from_s)
    if where.to_s is not None:
        query = query.where(StoredFrame.time_s <= where.to_s)
    if where.not_frame_of is not None:
        own = select(Detection.frame_id).where(Detection.id == where.not_frame_of).scalar_subquery()
        query = query.where(Detection.frame_id != own)
    return query


def _with_places(engine: Engine, hits: Sequence[tuple[int, float]]) -> list[Found]:
    query = (
        select(Detection, StoredFrame, Camera.name)
        .join(StoredFrame, StoredFrame.id == Detection.frame_id)
        .join(Recording, Recording.id == StoredFrame.recording_id)
        .join(Camera, Camera.id == Recording.camera_id)
        .where(Detection.id.in_([detection for detection, _ in hits]))
    )
    with Session(engine) as session:
        rows = {row[0].id: row for row in session.execute(query)}
        return [
            Found(
                number, distance, camera, frame.time_s, frame.index,
                np.array([seen.x1, seen.y1, seen.x2, seen.y2], np.float32), seen.thumbnail, seen.person_id,
            )
            for number, distance in hits
            for seen, frame, camera in [rows[number]]
        ]  # fmt: skip


def _check_cameras(engine: Engine, names: Sequence[str]) -> None:
    with Session(engine) as session:
        known = list(session.scalars(select(Camera.name).order_by(Camera.name)))
    for name in names:
        if name not in known:
            raise UserError(f"the store has no camera {name!r}; it has: {', '.join(known) or 'none'}")
