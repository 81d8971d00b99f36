"""The vectors of a store in a file, kept in memory for who asks more than once."""

from __future__ import annotations

from threading import Lock

import numpy as np
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from learning_reid.retrieval.index import VectorIndex
from reid_store.detection_filter import Where, described
from reid_store.schema import Detection, Embedding, Model


class HeldVectors:
    """All vectors of one network; read again when another connection has changed the file.

    Args:
        engine: of a store in a file.
        model: the network.
        approximate: hold them in a graph (`VectorIndex`).
    """

    def __init__(self, engine: Engine, model: Model, approximate: bool = False) -> None:
        self._engine, self._model, self._approximate = engine, model, approximate
        self._watch = engine.connect()  # only reads, so that all changes are those of others
        self._version: int | None = None
        self._lock = Lock()

    def nearest(self, query: np.ndarray, k: int, where: Where) -> list[tuple[int, float]]:
        """Numbers and distances of the k nearest detections, nearest first; equals by number."""
        with self._lock:
            self._read_what_is_new()
            ids, index = self._ids, self._index
        among = None
        if where != Where():
            with Session(self._engine) as session:
                wanted = np.array(session.scalars(described((Detection.id,), self._model, where)).all(), np.int64)
            among = np.flatnonzero(np.isin(ids, wanted, assume_unique=True))
        rows, distances = index.search(query, k, among)
        return list(zip(ids[rows].tolist(), distances.tolist(), strict=True))

    def close(self) -> None:
        """Let go of the file."""
        self._watch.close()

    def _read_what_is_new(self) -> None:
        version = self._watch.scalar(text("PRAGMA data_version"))
        self._watch.rollback()
        if version == self._version:
            return
        self._ids, vectors = read_vectors(self._engine, self._model, Where())
        self._index = VectorIndex(vectors, self._approximate)
        self._version = version


def held_vectors(engine: Engine, model: Model, approximate: bool = False) -> HeldVectors | None:
    """For who asks a file more than once; None on a server, which holds its vectors itself."""
    return None if engine.dialect.name == "postgresql" else HeldVectors(engine, model, approximate)


def read_vectors(engine: Engine, model: Model, where: Where) -> tuple[np.ndarray, np.ndarray]:
    """What a network said of stored detections.

    Returns:
        (n,) int64 numbers of detections, rising; (n, d) float32 vectors.
    """
    query = described((Detection.id, Embedding.reid_embedding), model, where).order_by(Detection.id)
    with Session(engine) as session:
        rows = session.execute(query).all()
    ids = np.array([row[0] for row in rows], np.int64)
    return ids, np.stack([row[1] for row in rows]) if rows else np.empty((0, model.dimension), np.float32)
