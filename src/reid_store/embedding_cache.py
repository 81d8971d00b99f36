"""Embeddings of a SQLite store in memory, for repeated searches."""

from __future__ import annotations

from threading import Lock

import numpy as np
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from learning_reid.retrieval.vector_index import VectorIndex
from reid_store.detection_filter import DetectionFilter, select_embedded
from reid_store.schema import Detection, Embedding, Model


class EmbeddingCache:
    """All embeddings of one network, reloaded after another connection has changed the file.

    Args:
        engine: A SQLite store.
        model: The network.
        approximate: Build an approximate index (`VectorIndex`).
    """

    def __init__(self, engine: Engine, model: Model, approximate: bool = False) -> None:
        self._engine, self._model, self._approximate = engine, model, approximate
        self._version_reader = engine.connect()  # never writes, so that its data_version counts all changes
        self._version: int | None = None
        self._lock = Lock()

    def nearest(self, query: np.ndarray, k: int, detection_filter: DetectionFilter) -> list[tuple[int, float]]:
        """Return ids and distances of the k nearest detections, nearest first; equal distances by id."""
        with self._lock:
            self._reload_if_changed()
            ids, index = self._ids, self._index
        rows_allowed = None
        if detection_filter != DetectionFilter():
            with Session(self._engine) as session:
                query_ids = select_embedded((Detection.id,), self._model, detection_filter)
                allowed = np.array(session.scalars(query_ids).all(), np.int64)
            rows_allowed = np.flatnonzero(np.isin(ids, allowed, assume_unique=True))
        rows, distances = index.search(query, k, rows_allowed)
        return list(zip(ids[rows].tolist(), distances.tolist(), strict=True))

    def close(self) -> None:
        """Close the connection."""
        self._version_reader.close()

    def _reload_if_changed(self) -> None:
        version = self._version_reader.scalar(text("PRAGMA data_version"))
        self._version_reader.rollback()
        if version == self._version:
            return
        self._ids, embeddings = read_embeddings(self._engine, self._model, DetectionFilter())
        self._index = VectorIndex(embeddings, self._approximate)
        self._version = version


def open_embedding_cache(engine: Engine, model: Model, approximate: bool = False) -> EmbeddingCache | None:
    """Create a cache for a store in a file; return None for a server, which searches by itself."""
    return None if engine.dialect.name == "postgresql" else EmbeddingCache(engine, model, approximate)


def read_embeddings(engine: Engine, model: Model, detection_filter: DetectionFilter) -> tuple[np.ndarray, np.ndarray]:
    """Read a network's embeddings.

    Returns:
        (n,) int64 detection ids, ascending, and (n, d) float32 embeddings.
    """
    query = select_embedded((Detection.id, Embedding.reid_embedding), model, detection_filter)
    with Session(engine) as session:
        rows = session.execute(query.order_by(Detection.id)).all()
    ids = np.array([row[0] for row in rows], np.int64)
    return ids, np.stack([row[1] for row in rows]) if rows else np.empty((0, model.dimension), np.float32)
