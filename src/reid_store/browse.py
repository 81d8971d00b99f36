"""Leaf through a store: its cameras, their frames, and who is in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from learning_reid.errors import UserError
from reid_store.detection_filter import Where, described, detections
from reid_store.records import embedders
from reid_store.schema import Camera, Detection, Embedding, Model, Recording, StoredFrame


@dataclass(frozen=True)
class Still:
    """A stored frame, and where its picture is.

    Attributes:
        frame: its number in the store.
        camera: whose.
        source: of its recording: a folder, a video, or `synthetic:SEED`.
        index: in the recording, from 0.
        time_s: seconds since 1970 in UTC.
    """

    frame: int
    camera: str
    source: str
    index: int
    time_s: float


def stills_of(engine: Engine) -> dict[str, list[Still]]:
    """The stored frames of each camera, in order of time; cameras by name."""
    query = (
        select(StoredFrame.id, Camera.name, Recording.source, StoredFrame.index, StoredFrame.time_s)
        .join(Recording, Recording.id == StoredFrame.recording_id)
        .join(Camera, Camera.id == Recording.camera_id)
        .order_by(Camera.name, StoredFrame.time_s, StoredFrame.id)
    )
    stills: dict[str, list[Still]] = {}
    with Session(engine) as session:
        for row in session.execute(query):
            stills.setdefault(row.name, []).append(Still(*row))
    return stills


def people_in(engine: Engine, frame: int) -> Sequence[Detection]:
    """Who is in a stored frame, by number."""
    with Session(engine) as session:
        return session.scalars(select(Detection).where(Detection.frame_id == frame).order_by(Detection.number)).all()


def frame_of(engine: Engine, detection: int) -> int:
    """The number of the stored frame that shows a stored detection.

    Raises:
        UserError: it has been deleted.
    """
    with Session(engine) as session:
        if (found := session.get(Detection, detection)) is None:
            raise UserError(f"detection {detection} is not in the store any more; look at it again")
        return found.frame_id


def fullest_frame(engine: Engine) -> int | None:
    """The number of the stored frame that shows most people, the first of them; None where nobody is stored."""
    query = select(Detection.frame_id).group_by(Detection.frame_id)
    with Session(engine) as session:
        return session.scalar(query.order_by(func.count().desc(), Detection.frame_id).limit(1))


def embedders_of(engine: Engine) -> Sequence[Model]:
    """The networks that have described somebody in a store."""
    with Session(engine) as session:
        return session.scalars(embedders()).all()


def crowded(engine: Engine, model: Model, frames: int = 300) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Who is in the frames that show most people, and what a network said of them.

    Returns:
        (n,) int64 numbers of frames, (n, 4) float32 boxes in pixels, (n, d) float32 vectors.
    """
    fullest = select(Detection.frame_id).group_by(Detection.frame_id)
    fullest = fullest.order_by(func.count().desc(), Detection.frame_id).limit(frames)
    columns = (Detection.frame_id, Detection.x1, Detection.y1, Detection.x2, Detection.y2, Embedding.reid_embedding)
    query = described(columns, model).where(Detection.frame_id.in_(fullest)).order_by(Detection.id)
    with Session(engine) as session:
        rows = session.execute(query).all()
    vectors = np.stack([row[5] for row in rows]) if rows else np.zeros((0, model.dimension), np.float32)
    return (
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1:5] for row in rows], np.float32).reshape(-1, 4),
        vectors,
    )


def count_described(engine: Engine, model: Model, where: Where | None = None) -> int:
    """How many stored detections a network has described."""
    with Session(engine) as session:
        return (
            session.scalar(select(func.count()).select_from(described((Detection.id,), model, where).subquery())) or 0
        )


def count_lacking(engine: Engine, model: Model, where: Where | None = None) -> dict[str, int]:
    """How many stored detections a network has not described, by camera; cameras without any are left out."""
    vector = (Embedding.detection_id == Detection.id) & (Embedding.model_id == model.id)
    query = detections((Camera.name, func.count()), where).outerjoin(Embedding, vector)
    query = query.where(Embedding.detection_id.is_(None)).group_by(Camera.name).order_by(Camera.name)
    with Session(engine) as session:
        return {camera: number for camera, number in session.execute(query)}
