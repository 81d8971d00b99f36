"""Leaf through a store: its cameras, their frames, and who is in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session

from src.store.schema import Camera, Detection, Model, Recording, StoredFrame
from src.store.where import Where, described


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
        return session.scalars(
            select(Detection).where(Detection.frame_id == frame).order_by(Detection.number)
        ).all()


def frame_of(engine: Engine, detection: int) -> int:
    """The number of the stored frame that shows a stored detection."""
    with Session(engine) as session:
        return session.get_one(Detection, detection).frame_id


def embedders_of(engine: Engine) -> Sequence[Model]:
    """The networks that have described somebody in a store."""
    with Session(engine) as session:
        return session.scalars(select(Model).where(Model.kind == "embedder").order_by(Model.id)).all()


def count_described(engine: Engine, model: Model, where: Where | None = None) -> int:
    """How many stored detections a network has described."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(described((Detection.id,), model, where).subquery())) or 0
