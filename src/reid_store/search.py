"""Who was this, and where else were they? The nearest stored detections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.retrieval.index import VectorIndex
from reid_store.detection_filter import Where, check_cameras, detections
from reid_store.embedding_cache import HeldVectors, read_vectors
from reid_store.schema import Camera, Detection, Embedding, Model, Person, StoredFrame
from reid_store.server_index import nearest_on_server


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
        name: that of the person, None where nobody gave one.
    """

    detection: int
    distance: float
    camera: str
    time_s: float
    frame: int
    box_xyxy: np.ndarray
    thumbnail: bytes
    person: int | None
    name: str | None = None


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
            raise UserError(f"{model.told} has not looked at detection {detection} yet; run extract again with it")
        return found.reid_embedding


def thumbnail_of(engine: Engine, detection: int) -> bytes:
    """The small picture of a stored detection, a JPEG file."""
    with Session(engine) as session:
        return session.get_one(Detection, detection).thumbnail


def search_store(
    engine: Engine,
    query: np.ndarray,
    model: Model,
    k: int = 10,
    where: Where | None = None,
    held: HeldVectors | None = None,
    approximate: bool = False,
) -> list[Found]:
    """The k nearest stored detections, nearest first; equal distances by number.

    Args:
        engine: of `open_store`.
        query: (d,) float32, of unit length.
        model: the network that made it: only its vectors are looked at.
        k: how many, at most.
        where: which cameras and times.
        held: this model's vectors in memory, for who asks a file more than once; None = read what is needed.
        approximate: on a server, use the index that `index_vectors` made.

    Raises:
        UserError: an unknown camera.
    """
    where = where or Where()
    with Session(engine) as session:
        check_cameras(session, where.cameras)
    if engine.dialect.name == "postgresql":
        hits = nearest_on_server(engine, query, model, k, where, approximate)
    elif held is not None:
        hits = held.nearest(query, k, where)
    else:
        ids, vectors = read_vectors(engine, model, where)
        rows, distances = VectorIndex(vectors).search(query, k)
        hits = list(zip(ids[rows].tolist(), distances.tolist(), strict=True))
    return _with_places(engine, hits)


def _with_places(engine: Engine, hits: Sequence[tuple[int, float]]) -> list[Found]:
    columns = Detection, StoredFrame, Camera.name, Person.name
    query = detections(columns).outerjoin(Person).where(Detection.id.in_([number for number, _ in hits]))
    with Session(engine) as session:
        rows = {row[0].id: row for row in session.execute(query)}
        return [
            Found(
                number, distance, camera, frame.time_s, frame.index,
                np.array([seen.x1, seen.y1, seen.x2, seen.y2], np.float32), seen.thumbnail, seen.person_id, name,
            )
            for number, distance in hits
            for seen, frame, camera, name in [rows[number]]
        ]  # fmt: skip
