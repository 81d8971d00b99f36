"""Nearest neighbors on a PostgreSQL server with pgvector, exact or by an HNSW index."""

from __future__ import annotations

import numpy as np
from pgvector.sqlalchemy import HALFVEC, Vector
from sqlalchemy import Engine, Float, cast, column, literal, select, text
from sqlalchemy.orm import Session

from reid_store.detection_filter import DetectionFilter, select_embedded
from reid_store.schema import Detection, Embedding, Model

MAX_DIMENSION, MAX_HALF_DIMENSION = 2000, 4000  # that pgvector can index in single and in half precision
EF_SEARCH = 128  # as in memory: src/learning_reid/retrieval/vector_index.py


def index_embeddings(engine: Engine, model: Model) -> bool:
    """Create pgvector's HNSW index of a network's embeddings if it is missing; it is updated by later inserts.

    Returns:
        Whether there is an index; embeddings of more than 4,000 dimensions cannot have one.
    """
    if (kind := _index_type(model)) is None:
        return False
    with engine.begin() as connection:
        connection.execute(text(f"""
            CREATE INDEX IF NOT EXISTS ix_reid_embeddings_hnsw_{model.id} ON reid_embeddings
            USING hnsw ((reid_embedding::{kind}({model.dimension})) {kind}_l2_ops) WHERE model_id = {model.id}
        """))  # fmt: skip
    return True


def nearest_on_server(
    engine: Engine, query: np.ndarray, model: Model, k: int, detection_filter: DetectionFilter, approximate: bool
) -> list[tuple[int, float]]:
    """Return ids and distances of the k nearest detections, nearest first; equal distances by id."""
    exact = cast(Embedding.reid_embedding, Vector(model.dimension)).l2_distance(query)
    distance = (exact + literal(0, Float)).label("distance")  # the added 0 keeps PostgreSQL from using the index here
    wanted = select_embedded((Detection.id.label("id"), distance), model, detection_filter)
    kind = _index_type(model) if approximate else None
    with Session(engine) as session:
        if kind is not None:
            indexed = cast(Embedding.reid_embedding, {"vector": Vector, "halfvec": HALFVEC}[kind](model.dimension))
            session.execute(text(f"SET LOCAL hnsw.ef_search = {min(1000, max(EF_SEARCH, 2 * k))}"))
            session.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))  # if a filter leaves too few
            candidates = wanted.order_by(indexed.l2_distance(query)).limit(2 * k).subquery()
            wanted = select(candidates.c.id, candidates.c.distance)
        rows = session.execute(wanted.order_by(column("distance"), column("id")).limit(k)).all()
    return [(int(detection), float(distance)) for detection, distance in rows]


def _index_type(model: Model) -> str | None:
    """Return the column type in which embeddings of this dimension can be indexed."""
    if model.dimension <= MAX_DIMENSION:
        return "vector"
    return "halfvec" if model.dimension <= MAX_HALF_DIMENSION else None
