"""On a server pgvector compares: with every vector, or by an index that has to be made first."""

from __future__ import annotations

import numpy as np
from pgvector.sqlalchemy import HALFVEC, Vector
from sqlalchemy import Engine, Float, cast, column, literal, select, text
from sqlalchemy.orm import Session

from reid_store.detection_filter import Where, described
from reid_store.schema import Detection, Embedding, Model

LONGEST, LONGEST_HALF = 2000, 4000  # numbers of a vector that pgvector indexes, in single and in half precision
WIDTH_ASKING = 128  # as in memory: src/learning_reid/retrieval/index.py


def index_vectors(engine: Engine, model: Model) -> bool:
    """Make pgvector's HNSW index of a network's vectors, where there is none yet; those to come go in by themselves.

    Returns:
        Whether there is one: vectors of more than 4,000 numbers are too long for it.
    """
    if (kind := _kind(model)) is None:
        return False
    with engine.begin() as connection:
        connection.execute(text(f"""
            CREATE INDEX IF NOT EXISTS ix_reid_embeddings_hnsw_{model.id} ON reid_embeddings
            USING hnsw ((reid_embedding::{kind}({model.dimension})) {kind}_l2_ops) WHERE model_id = {model.id}
        """))  # fmt: skip
    return True


def nearest_on_server(
    engine: Engine, query: np.ndarray, model: Model, k: int, where: Where, approximate: bool
) -> list[tuple[int, float]]:
    """Numbers and distances of the k nearest detections, nearest first; equals by number."""
    exact = cast(Embedding.reid_embedding, Vector(model.dimension)).l2_distance(query)
    away = (exact + literal(0, Float)).label("away")  # an index knows the distance, but not the distance and nothing
    wanted = described((Detection.id.label("id"), away), model, where)
    kind = _kind(model) if approximate else None
    with Session(engine) as session:
        if kind is not None:
            by_index = cast(Embedding.reid_embedding, {"vector": Vector, "halfvec": HALFVEC}[kind](model.dimension))
            session.execute(text(f"SET LOCAL hnsw.ef_search = {min(1000, max(WIDTH_ASKING, 2 * k))}"))
            session.execute(text("SET LOCAL hnsw.iterative_scan = relaxed_order"))  # on, where filters leave too few
            near = wanted.order_by(by_index.l2_distance(query)).limit(2 * k).subquery()
            wanted = select(near.c.id, near.c.away)
        rows = session.execute(wanted.order_by(column("away"), column("id")).limit(k)).all()
    return [(int(detection), float(distance)) for detection, distance in rows]


def _kind(model: Model) -> str | None:
    """The type by which vectors of this length are indexed."""
    if model.dimension <= LONGEST:
        return "vector"
    return "halfvec" if model.dimension <= LONGEST_HALF else None
