"""Who was this, and where else were they? The nearest stored detections; on a server pgvector finds them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Engine, Select, cast
from sqlalchemy.orm import Session

from src.ranking.neighbours import nearest
from src.settings.errors import UserError
from src.store.schema import Camera, Detection, Embedding, Model, StoredFrame
from src.store.where import Where, check_cameras, detections


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


def thumbnail_of(engine: Engine, detection: int) -> bytes:
    """The small picture of a stored detection, a JPEG file."""
    with Session(engine) as session:
        return session.get_one(Detection, detection).thumbnail


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
    with Session(engine) as session:
        check_cameras(session, where.cameras)
    near = _on_server if engine.dialect.name == "postgresql" else _in_file
    hits = near(engine, query, model, k, where)
    return _with_places(engine, hits)


def _in_file(engine: Engine, query: np.ndarray, model: Model, k: int, where: Where) -> list[tuple[int, float]]:
    """Read the vectors that are asked for and compare with all of them: exact."""
    with Session(engine) as session:
        rows = session.execute(_described((Detection.id, Embedding.reid_embedding), model, where)).all()
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
    wanted = _described((Detection.id, distance.label("distance")), model, where)
    with Session(engine) as session:
        rows = session.execute(wanted.order_by(distance, Detection.id).limit(k)).all()
    return [(int(detection), float(away)) for detection, away in rows]


def _described(columns: Sequence[Any], model: Model, where: Where) -> Select[Any]:
    """Of `detections`, those that a network has described."""
    described = detections(columns, where).join(Embedding, Embedding.detection_id == Detection.id)
    return described.where(Embedding.model_id == model.id)


def _with_places(engine: Engine, hits: Sequence[tuple[int, float]]) -> list[Found]:
    query = detections((Detection, StoredFrame, Camera.name)).where(Detection.id.in_([number for number, _ in hits]))
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
