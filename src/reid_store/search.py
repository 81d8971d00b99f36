"""Search a store for the detections nearest to a query embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from learning_reid.retrieval.vector_index import VectorIndex
from reid_store.detection_filter import DetectionFilter, check_cameras, select_detections
from reid_store.embedding_cache import EmbeddingCache, read_embeddings
from reid_store.schema import Camera, Detection, Embedding, Model, Person, StoredFrame
from reid_store.server_index import nearest_on_server


@dataclass(frozen=True, eq=False)
class SearchHit:
    """A stored detection near the query.

    Attributes:
        detection: Its id in the store.
        distance: Euclidean, between unit embeddings.
        camera: Camera name.
        time_s: Seconds since 1970 in UTC.
        frame: Number of the frame in its recording.
        box_xyxy: (4,) float32 pixels.
        thumbnail: A JPEG file.
        person: Id of its person; None if it has none.
        name: The person's name, if it was set.
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


def read_embedding(engine: Engine, detection: int, model: Model) -> np.ndarray:
    """Read a network's embedding of a stored detection, (d,) float32.

    Raises:
        UserError: The detection does not exist, or the network has not embedded it.
    """
    with Session(engine) as session:
        if session.get(Detection, detection) is None:
            raise UserError(f"the store has no detection {detection}; `search` and `timeline` show their numbers")
        found = session.get(Embedding, (detection, model.id))
        if found is None:
            raise UserError(f"{model.label} has not embedded detection {detection}; run extract again with it")
        return found.reid_embedding


def read_thumbnail(engine: Engine, detection: int) -> bytes:
    """Read the thumbnail of a stored detection, a JPEG file."""
    with Session(engine) as session:
        return session.get_one(Detection, detection).thumbnail


def search_store(
    engine: Engine,
    query: np.ndarray,
    model: Model,
    k: int = 10,
    detection_filter: DetectionFilter | None = None,
    cache: EmbeddingCache | None = None,
    approximate: bool = False,
) -> list[SearchHit]:
    """Find the k stored detections nearest to a query, nearest first; equal distances are ordered by id.

    Args:
        engine: From `open_store`.
        query: (d,) float32, unit length.
        model: The network of the query embedding; only its embeddings are compared.
        k: Maximum number of results.
        detection_filter: Cameras and times to search; None = all.
        cache: This model's embeddings in memory, for repeated searches of a file; None = read what is needed.
        approximate: On a server, use the index of `index_embeddings`.

    Raises:
        UserError: A camera is unknown.
    """
    detection_filter = detection_filter or DetectionFilter()
    with Session(engine) as session:
        check_cameras(session, detection_filter.cameras)
    if engine.dialect.name == "postgresql":
        nearest = nearest_on_server(engine, query, model, k, detection_filter, approximate)
    elif cache is not None:
        nearest = cache.nearest(query, k, detection_filter)
    else:
        ids, embeddings = read_embeddings(engine, model, detection_filter)
        rows, distances = VectorIndex(embeddings).search(query, k)
        nearest = list(zip(ids[rows].tolist(), distances.tolist(), strict=True))
    return _read_hits(engine, nearest)


def _read_hits(engine: Engine, nearest: Sequence[tuple[int, float]]) -> list[SearchHit]:
    columns = Detection, StoredFrame, Camera.name, Person.name
    query = select_detections(columns).outerjoin(Person).where(Detection.id.in_([number for number, _ in nearest]))
    with Session(engine) as session:
        rows = {row[0].id: row for row in session.execute(query)}
        return [
            SearchHit(
                number, distance, camera, frame.time_s, frame.index,
                np.array([found.x1, found.y1, found.x2, found.y2], np.float32), found.thumbnail, found.person_id, name,
            )
            for number, distance in nearest
            for found, frame, camera, name in [rows[number]]
        ]  # fmt: skip
